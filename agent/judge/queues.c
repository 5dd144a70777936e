/* SPDX-License-Identifier: Apache-2.0 */
#include "queues.h"

#include <string.h>

#define HEX "0123456789abcdefABCDEF"

unsigned queues_mask_cpus(const char *mask)
{
	unsigned n = 0;

	for (const char *c = mask; *c; c++) {
		const char *digit = strchr(HEX, *c);
		unsigned value;

		if (*c == ',')
			continue;
		if (!digit)
			return 0;
		value = (unsigned)(digit - HEX);
		n += (unsigned)__builtin_popcount(value < 16 ? value : value - 6);
	}
	return n;
}

bool queues_is_queue_irq(const char *name, const char *link, unsigned channels)
{
	/* Numbered too, but not a queue: mlx5_async0, and what others call their control. */
	static const char *const others[] = {"async", "cmd", "pages", "config", "ctrl", "mgmnt"};
	size_t len = strcspn(name, "@");

	if (len == 0 || name[len - 1] < '0' || name[len - 1] > '9')
		return false;
	if (strlen(link) == len && memcmp(name, link, len) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		const char *at = strstr(name, others[i]);

		if (at && at < name + len)
			return false;
	}
	if (channels && strncmp(name, "virtio", strlen("virtio")) == 0) {
		const char *number = name + len;

		while (number > name && number[-1] >= '0' && number[-1] <= '9')
			number--;
		return strtoul(number, NULL, 10) < channels;
	}
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

bool queues_irq_name(const char *interrupts, unsigned irq, char *name, size_t size)
{
	for (const char *line = interrupts; *line; line += *line == '\n') {
		const char *stop = line + strcspn(line, "\n"), *word;
		char *colon;
		unsigned long number = strtoul(line, &colon, 10);

		if (colon == line || colon >= stop || *colon != ':' || number != irq) {
			line = stop;
			continue;
		}
		while (stop > colon + 1 && blank(stop[-1]))
			stop--;
		for (word = stop; word > colon + 1 && !blank(word[-1]);)
			word--;
		snprintf(name, size, "%.*s", (int)(stop - word), word);
		return true;
	}
	return false;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* "4 channels for 8 CPUs, 4 at the most" */
static void describe(const struct nic_queues *q, const struct queues_rule *rule, char *text,
		     size_t size)
{
	snprintf(text, size, "%s: %u channel%s for %u CPUs, %u at the most", q->name, q->now,
		 q->now == 1 ? "" : "s", rule->cpus, q->most);
}

/* The driver does not tell, or can't be asked. */
static void judge_untold(const struct nic_queues *q, struct findings *findings)
{
	const char *driver = *q->driver ? q->driver : "its driver";

	if (q->error && q->error != -EOPNOTSUPP)
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "QueuesUnreadable",
					   "%s: its channels can't be read: %s", q->name,
					   strerror(-q->error)),
			       "run as root in the host's network namespace");
	else
		finding_add(findings, VERDICT_PASS, "QueuesUntold",
			    "%s: %s tells no channels; it has %u receive queue%s", q->name, driver,
			    q->rx_queues, q->rx_queues == 1 ? "" : "s");
}

/* The device itself has too few. */
static void judge_device(const struct nic_queues *q, const struct queues_rule *rule,
			 const char *text, struct findings *findings)
{
	struct finding *f;

	if (q->rps > 1) {
		finding_add(findings, VERDICT_PASS, "QueuesSteered",
			    "%s; packet steering (RPS) spreads them over %u CPUs", text, q->rps);
		return;
	}
	f = finding_add(findings, VERDICT_WARN, "QueuesTooFew", "%s", text);
	finding_advise(f,
		       "%s; receive packet steering (RPS) softens it: a mask of CPUs in "
		       "/sys/class/net/%s/queues/rx-*/rps_cpus",
		       rule->bare_metal ? "this NIC has no more queues"
					: "only the hypervisor can grant more queues",
		       q->name);
}

static void judge_channels(const struct nic_queues *q, const struct queues_rule *rule,
			   struct findings *findings)
{
	unsigned wanted = least(rule->cpus, rule->enough);
	char text[160];

	describe(q, rule, text, sizeof(text));
	if (q->is_virtual && q->now < wanted) {
		finding_add(findings, VERDICT_PASS, "QueuesOfSoftware",
			    "%s: a link made in software", text);
	} else if (q->now < least(wanted, q->most)) {
		struct finding *f = finding_add(findings, VERDICT_WARN, "QueuesUnused", "%s", text);

		if (q->combined)
			finding_advise(f,
				       "`[net] channels=combined max` in the profile, or now: "
				       "ethtool -L %s combined %u (traffic pauses for a moment)",
				       q->name, least(rule->cpus, q->most));
		else
			finding_advise(f,
				       "`[net] channels=rx max tx max` in the profile, or now: "
				       "ethtool -L %s rx %u tx %u (traffic pauses for a moment)",
				       q->name, least(rule->cpus, q->most),
				       least(rule->cpus, q->most));
	} else if (q->now < wanted) {
		judge_device(q, rule, text, findings);
	} else {
		finding_add(findings, VERDICT_PASS, "QueuesSpread", "%s", text);
	}
}

void queues_judge(const struct nic_queues *q, const struct queues_rule *rule,
		  struct findings *findings)
{
	if (rule->cpus == 1)
		finding_add(findings, VERDICT_PASS, "OneCpu", "%s: one CPU, nothing to spread",
			    q->name);
	else if (q->error || q->now == 0)
		judge_untold(q, findings);
	else
		judge_channels(q, rule, findings);
	if (rule->cpus > 1 && q->irqs > 1 && q->now > 1 && q->irq_cpus == 1)
		finding_advise(
			finding_add(findings, VERDICT_WARN, "QueuesOnOneCpu",
				    "%s: CPU %u alone serves the interrupts of all %u queues",
				    q->name, q->irq_cpu, q->irqs),
			"start irqbalance, or spread them: /proc/irq/N/smp_affinity_list "
			"(see %s in /proc/interrupts)",
			q->name);
}
