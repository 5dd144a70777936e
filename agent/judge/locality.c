/* SPDX-License-Identifier: Apache-2.0 */
#include "locality.h"

#include <string.h>

#include "processes.h"

#define FILE_MOST 65536

static const char flag[] = "--node-label";

static const struct {
	const char *key;
	size_t offset;
} labels[] = {
	{"failure-domain.beta.kubernetes.io/region", offsetof(struct instance, region)},
	{"failure-domain.beta.kubernetes.io/zone", offsetof(struct instance, zone)},
	{"topology.kubernetes.io/region", offsetof(struct instance, region)},
	{"topology.kubernetes.io/zone", offsetof(struct instance, zone)},
};

static void take_label(const char *text, size_t len, struct instance *out)
{
	char value[INSTANCE_WORD_MAX];

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		size_t key = strlen(labels[i].key);

		if (len <= key || text[key] != '=' || memcmp(text, labels[i].key, key) != 0 ||
		    len - key - 1 >= sizeof(value))
			continue;
		memcpy(value, text + key + 1, len - key - 1);
		value[len - key - 1] = '\0';
		if (instance_word(value))
			memcpy((char *)out + labels[i].offset, value, sizeof(value));
	}
}

/* "a=b,c=d" up to a blank, a quote or the end. Returns what follows. */
static const char *take_list(const char *text, struct instance *out)
{
	for (;;) {
		size_t len = strcspn(text, ", \t\n\"'\\");

		take_label(text, len, out);
		text += len;
		if (*text != ',')
			return text;
		text++;
	}
}

static void parse_line(const char *line, struct instance *out)
{
	while ((line = strstr(line, flag))) {
		line += strlen(flag);
		line += *line == 's';
		/* Only between the flag and its value: --node-labels=, --node-labels "...". */
		if (!*line || !strchr("= \t", *line))
			continue;
		line += strspn(line, "= \t\"'");
		line = take_list(line, out);
	}
}

void labels_parse(const char *text, struct instance *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_free char *line = strndup(text, len);

		if (!line)
			return;
		if (line[strspn(line, " \t")] != '#')
			parse_line(line, out);
		text += len + (text[len] == '\n');
	}
}

bool labels_read(const struct sys *sys, struct instance *out)
{
	static const char *const programs[] = {"kubelet", "k3s-server", "k3s-agent"};
	/* Those that come last on the command line last; see nodelink.c. */
	static const char *const files[] = {"/var/lib/kubelet/kubeadm-flags.env",
					    "/etc/default/kubelet", "/etc/sysconfig/kubelet"};
	_cleanup_processes struct processes all = {.n = 0};
	struct instance i = {0};

	(void)processes_read(sys, &all);
	for (size_t p = 0; p < ARRAY_LEN(programs); p++) {
		const struct process *its = processes_find(&all, programs[p]);
		_cleanup_free char *words = NULL;

		if (its && process_words(sys, its->pid, &words) == 0)
			labels_parse(words, &i);
	}
	for (size_t f = 0; f < ARRAY_LEN(files) && !*i.region && !*i.zone; f++) {
		_cleanup_free char *text = NULL;

		if (sys_read(sys, files[f], FILE_MOST, &text, NULL) == 0)
			labels_parse(text, &i);
	}
	if (!*i.region && !*i.zone)
		return false;
	*out = i;
	return true;
}
