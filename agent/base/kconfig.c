/* SPDX-License-Identifier: Apache-2.0 */
#include "kconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PREFIX     "CONFIG_"
#define TEXT_MOST  ((size_t)1 << 20)
#define DEADLINE_S 5.0

const struct kconfig_option kconfig_options[KCONFIG_OPTIONS] = {
	{"BPF", NEED_ALWAYS},
	{"BPF_SYSCALL", NEED_ALWAYS},
	{"BPF_JIT", NEED_ALWAYS},
	{"NET_CLS_BPF", NEED_ALWAYS},
	{"NET_CLS_ACT", NEED_ALWAYS},
	{"NET_SCH_INGRESS", NEED_ALWAYS},
	{"CGROUPS", NEED_ALWAYS},
	{"CGROUP_BPF", NEED_ALWAYS},
	{"FIB_RULES", NEED_ALWAYS},
	{"PERF_EVENTS", NEED_FOR_PARTS},
	{"SCHEDSTATS", NEED_FOR_PARTS},
	{"CRYPTO_SHA1", NEED_FOR_PARTS},
	{"VXLAN", NEED_FOR_TUNNEL},
	{"GENEVE", NEED_FOR_TUNNEL},
	{"CRYPTO_USER_API_HASH", NEED_FOR_PARTS},
};

void kconfig_take_line(struct kconfig *k, const char *line)
{
	const char *name = line + strlen(PREFIX), *equals;

	k->marked = k->marked || strncmp(line, "# " PREFIX, strlen("# " PREFIX)) == 0;
	if (strncmp(line, PREFIX, strlen(PREFIX)) != 0)
		return;
	equals = strchr(name, '=');
	if (!equals)
		return;
	k->marked = true;
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++) {
		const char *option = kconfig_options[i].name;

		if (strlen(option) != (size_t)(equals - name) ||
		    memcmp(option, name, strlen(option)) != 0)
			continue;
		k->v[i] = strcmp(equals + 1, "y") == 0   ? KCONFIG_YES
			  : strcmp(equals + 1, "m") == 0 ? KCONFIG_MODULE
							 : KCONFIG_NO;
	}
}

void kconfig_print(const struct kconfig *k, FILE *out)
{
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++)
		if (k->v[i] != KCONFIG_NO)
			fprintf(out, PREFIX "%s=%c\n", kconfig_options[i].name,
				k->v[i] == KCONFIG_YES ? 'y' : 'm');
}

/* The compressed one, by the program that may err over it. */
static bool read_packed(const struct sys *sys, const char *path, struct kconfig *out)
{
	_cleanup_fd int fd = sys_open(sys, path, O_RDONLY, 0);
	struct kconfig k = {.marked = false};
	struct scrape s;
	char line[128];

	if (fd < 0 || scrape_run(sys, "kernel-config", "", &fd, DEADLINE_S, &s) < 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		snprintf(line, sizeof(line), "%s=%s", s.pairs[i].key, s.pairs[i].value);
		kconfig_take_line(&k, line);
	}
	k.known = s.n && !scrape_value(&s, "error");
	scrape_clear(&s);
	if (k.known)
		*out = k;
	return k.known;
}

static bool read_plain(const struct sys *sys, const char *path, struct kconfig *out)
{
	_cleanup_free char *text = NULL;
	struct kconfig k = {.marked = false};
	char *rest, *line;

	if (sys_read(sys, path, TEXT_MOST, &text, NULL) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		kconfig_take_line(&k, line);
	k.known = k.marked;
	if (k.known)
		*out = k;
	return k.known;
}

void kconfig_read(const struct sys *sys, struct kconfig *out)
{
	_cleanup_free char *release = NULL;
	struct kconfig k = {.known = false};
	char path[256] = "/proc/config.gz";

	if (read_packed(sys, path, &k)) {
		snprintf(k.source, sizeof(k.source), "%.63s", path);
		*out = k;
		return;
	}
	*out = k;
	if (sys_read_line(sys, "/proc/sys/kernel/osrelease", &release) < 0 ||
	    strlen(release) > 128 || strchr(release, '/'))
		return;
	for (int i = 0; i < 2 && !k.known; i++) {
		if (i == 0)
			snprintf(path, sizeof(path), "/boot/config-%s", release);
		else
			snprintf(path, sizeof(path), "/lib/modules/%s/config", release);
		if (read_plain(sys, path, &k))
			snprintf(k.source, sizeof(k.source), "%.63s", path);
	}
	*out = k;
}
