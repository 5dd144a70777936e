/* SPDX-License-Identifier: Apache-2.0 */
/* Do the NIC's queues use the CPUs that there are? */
#include "queues.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "ethtool.h"
#include "nics.h"
#include "procstat.h"
#include "virt.h"

#define INTERRUPTS_MOST (64 << 20) /* a column a CPU, a row an interrupt */

struct queues_params {
	double interval;
	double enough;
};

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	{.name = "enough",
	 .type = PARAM_COUNT,
	 .offset = offsetof(struct queues_params, enough),
	 .least = 1,
	 .most = 4096,
	 .fallback = "8",
	 .help = "channels beyond which no more are asked for, however many CPUs there are; 8 is "
		 "what the kernel gave drivers as their default until 5.18"},
	{0}};

/* Of two numbers, where 0 is none: some drivers count one side only. */
static unsigned smaller(unsigned a, unsigned b)
{
	return a == 0 || (b && b < a) ? b : a;
}

/* Channels that receive, and that send; a driver may count both kinds in one. */
static void read_channels(const struct ethtool *e, struct nic_queues *q)
{
	struct ethtool_values v = {0};
	unsigned now[2] = {0}, most[2] = {0};

	q->error = ethtool_get(e, &ethtool_channels, q->name, &v, NULL);
	if (q->error < 0)
		return;
	for (size_t i = 0; ethtool_channels.fields[i].name; i++) {
		const char *name = ethtool_channels.fields[i].name;

		if (!v.v[i].present)
			continue;
		for (int side = 0; side < 2; side++) {
			if (strcmp(name, side ? "rx" : "tx") == 0)
				continue; /* the other side's */
			now[side] += v.v[i].value;
			if (v.v[i].max > most[side])
				most[side] = v.v[i].max;
		}
		q->combined = q->combined || strcmp(name, "combined") == 0;
	}
	q->now = smaller(now[0], now[1]);
	q->most = smaller(most[0], most[1]);
}

static void read_rings(const struct ethtool *e, struct nic_queues *q)
{
	struct ethtool_values v = {0};

	q->ring_rx = q->ring_rx_most = q->ring_tx = q->ring_tx_most = RINGS_UNTOLD;
	if (ethtool_get(e, &ethtool_rings, q->name, &v, NULL) < 0)
		return;
	for (size_t i = 0; ethtool_rings.fields[i].name; i++) {
		const char *name = ethtool_rings.fields[i].name;

		if (v.v[i].present && strcmp(name, "rx") == 0) {
			q->ring_rx = v.v[i].value;
			q->ring_rx_most = v.v[i].max;
		} else if (v.v[i].present && strcmp(name, "tx") == 0) {
			q->ring_tx = v.v[i].value;
			q->ring_tx_most = v.v[i].max;
		}
	}
}

static void read_steering(const struct sys *sys, struct nic_queues *q)
{
	struct strings names = {0};
	bool any = false;
	char path[512];

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", q->name);
	if (sys_list(sys, path, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free char *mask = NULL;
		unsigned cpus;

		if (strncmp(names.v[i], "rx-", 3) != 0)
			continue;
		q->rx_queues++;
		snprintf(path, sizeof(path), "/sys/class/net/%s/queues/%s/rps_cpus", q->name,
			 names.v[i]);
		if (sys_read_line(sys, path, &mask) < 0)
			continue;
		cpus = queues_mask_cpus(mask);
		/* The one that is steered least is the bottleneck. */
		if (!any || cpus < q->rps)
			q->rps = cpus;
		any = true;
	}
	strings_clear(&names);
}

/* The CPUs that serve an interrupt: those that the hardware was given, else those allowed. */
static int read_affinity(const struct sys *sys, const char *irq, struct ranges *cpus)
{
	static const char *const files[] = {"effective_affinity_list", "smp_affinity_list"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		_cleanup_free char *text = NULL;
		char path[64];

		snprintf(path, sizeof(path), "/proc/irq/%.16s/%s", irq, files[i]);
		if (sys_read_line(sys, path, &text) == 0 && *text)
			return ranges_add(cpus, text);
	}
	return -ENOENT;
}

static void read_interrupts(const struct sys *sys, const char *interrupts, struct nic_queues *q)
{
	/* virtio's function lies one storey higher than the NIC's device. */
	static const char *const folders[] = {"device/msi_irqs", "device/../msi_irqs"};
	struct strings names = {0};
	struct ranges cpus = {0};

	for (size_t i = 0; i < ARRAY_LEN(folders) && names.n == 0; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/class/net/%s/%s", q->name, folders[i]);
		(void)sys_list(sys, path, &names);
	}
	for (size_t i = 0; i < names.n; i++) {
		char name[64];

		if (queues_irq_name(interrupts, (unsigned)strtoul(names.v[i], NULL, 10), name,
				    sizeof(name)) &&
		    queues_is_queue_irq(name, q->name, q->now) &&
		    read_affinity(sys, names.v[i], &cpus) == 0)
			q->irqs++;
	}
	strings_clear(&names);
	for (unsigned n = 0; n < RANGE_LIMIT; n++) {
		if (!ranges_hold(&cpus, n, n))
			continue;
		q->irq_cpus++;
		q->irq_cpu = n;
	}
}

static void tell_ring(struct result *r, const struct nic *nic, const char *name, int64_t value)
{
	if (value >= 0)
		result_figure_of(r, nic_called(nic), name, (double)value, "entries");
}

static void tell(struct result *r, const struct nic *nic, const struct nic_queues *q)
{
	if (q->now) {
		result_figure_of(r, nic_called(nic), "channels", q->now, "");
		result_figure_of(r, nic_called(nic), "channels_max", q->most, "");
	}
	if (q->rx_queues) {
		result_figure_of(r, nic_called(nic), "rx_queues", q->rx_queues, "");
		result_figure_of(r, nic_called(nic), "rps", q->rps, "CPUs");
	}
	if (q->irqs) {
		result_figure_of(r, nic_called(nic), "irqs", q->irqs, "");
		result_figure_of(r, nic_called(nic), "irq_cpus", q->irq_cpus, "CPUs");
	}
	tell_ring(r, nic, "ring_rx", q->ring_rx);
	tell_ring(r, nic, "ring_rx_max", q->ring_rx_most);
	tell_ring(r, nic, "ring_tx", q->ring_tx);
	tell_ring(r, nic, "ring_tx_max", q->ring_tx_most);
	/* Alone it harms nobody: `nodefit check link` sees whether packets are lost. */
	if (q->ring_rx > 0 && q->ring_rx < q->ring_rx_most / 2) {
		char text[104];

		snprintf(text, sizeof(text),
			 "rx %lld of %lld: where rx_missed or rx_fifo grow, [net] ring=rx max",
			 (long long)q->ring_rx, (long long)q->ring_rx_most);
		result_fact(r, nic->node ? "ring" : q->name, text);
	}
}

static unsigned cpus_online(const struct sys *sys)
{
	struct proc_stat stat = {0};
	unsigned n = procstat_read(sys, &stat) == 0 ? (unsigned)stat.n : 0;

	procstat_clear(&stat);
	return n;
}

static void look_at(const struct check_run *run, const struct nics *nics,
		    const struct queues_rule *rule, struct result *r)
{
	_cleanup_free char *interrupts = NULL;
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	_cleanup_ethtool struct ethtool e = {0};
	int error = ethtool_open(&e);

	if (error < 0 || !findings) {
		result_judge(r, VERDICT_UNKNOWN, "QueuesUnreadable", "the NICs can't be asked: %s",
			     strerror(findings ? -error : ENOMEM));
		return;
	}
	(void)sys_read(run->sys, "/proc/interrupts", INTERRUPTS_MOST, &interrupts, NULL);
	for (size_t i = 0; i < nics->n; i++) {
		const struct nic *nic = &nics->v[i];
		struct nic_queues q = {.name = nic->link.name,
				       .driver =
					       *nic->link.kind ? nic->link.kind : nic->link.driver,
				       .is_virtual = nic->link.is_virtual};

		/* The queues that count are those of the hardware below. */
		if (nics_has_ports(nics, nic) || (nic->below && nic->link.is_virtual))
			continue;
		read_channels(&e, &q);
		read_rings(&e, &q);
		if (nic_in_sysfs(run->sys, &nic->link)) {
			read_steering(run->sys, &q);
			read_interrupts(run->sys, interrupts ? interrupts : "", &q);
		}
		tell(r, nic, &q);
		queues_judge(&q, rule, findings);
	}
	if (findings->n == 0)
		finding_add(findings, VERDICT_PASS, "QueuesOfSoftware",
			    "%s: no hardware lies below it", nics->v[0].link.name);
	findings_tell(findings, r);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct queues_params *p = run->params;
	_cleanup_nics struct nics nics = {0};
	struct queues_rule rule = {.enough = (unsigned)p->enough, .cpus = cpus_online(run->sys)};
	struct virt virt;
	int error;

	result_threshold(r, "enough", p->enough, "");
	if (!netlink_reaches(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "NicUnreachable",
			     "this root is not in our network namespace: its NICs can't be asked");
		return;
	}
	error = nics_read(run->sys, &nics);
	if (error < 0 || rule.cpus == 0) {
		result_judge(r, VERDICT_UNKNOWN, "QueuesUnreadable", "%s can't be read: %s",
			     error < 0 ? "the links" : "/proc/stat",
			     strerror(error < 0 ? -error : EIO));
		return;
	}
	if (nics.n == 0) {
		result_judge(r, VERDICT_UNKNOWN, "NoNic",
			     "no NIC: no default route, and no hardware that is up");
		result_advise(r, "in a container, use the host's network");
		return;
	}
	virt_detect(run->sys, &virt);
	rule.bare_metal = virt.steal == STEAL_NONE;
	result_fact(r, "nic", nics.v[0].link.name);
	result_fact(r, "driver",
		    *nics.v[0].link.kind ? nics.v[0].link.kind : nics.v[0].link.driver);
	result_figure(r, "cpus", rule.cpus, "");
	look_at(run, &nics, &rule, r);
}

const struct check queues_check = {
	.name = "queues",
	.summary = "the NIC's queues use the CPUs that there are",
	.about = "Asks the NIC that carries the node's address, and every other hardware that is "
		 "up, for its channels (queues with an interrupt each). Fewer than min(CPUs, the "
		 "device's maximum) means that one CPU handles packets for others: it warns; more "
		 "than enough= are never asked for. Where the device's maximum is below the CPUs "
		 "only the hypervisor can grant more (virtio-net often has one queue pair), and "
		 "receive packet steering softens it. All queues' interrupts on one CPU warn "
		 "too; that is irqbalance's part. Rings below their maximum are only told: a "
		 "larger ring costs memory and cache, and helps only where packets are lost. "
		 "The danger: a change of channels resets queues on most drivers, drops packets "
		 "and, with XDP loaded, is refused. "
		 "Sources: ethtool(8); kernel: Documentation/networking/scaling.rst, "
		 "net/core/dev.c (netif_get_num_default_rss_queues).",
	.params = params,
	.params_size = sizeof(struct queues_params),
	.deadline_s = 10,
	.run = run,
	.of_links = true,
};
