/* SPDX-License-Identifier: Apache-2.0 */
/* What Cilium needs of a kernel and of the node around it. */
#include "ebpf.h"

#include <errno.h>
#include <string.h>

#include "text.h"

#define BPFFS_MAGIC   0xcafe4a11u /* linux/magic.h */
#define CGROUP2_MAGIC 0x63677270u
#define NODEPORT_LOW  30000
#define NODEPORT_HIGH 32767

/* docs.cilium.io, "System Requirements", of each series: a kernel from kernel.org, or Red
 * Hat's 4.18 with what was ported back to it, told by its release. */
static const struct need {
	unsigned minor; /* from 1.MINOR on */
	unsigned kernel[2], rhel[2];
} needs[] = {
	{0, {4, 19}, {8, 0}},
	{16, {5, 4}, {8, 6}},
	{18, {5, 10}, {8, 6}},
	{19, {5, 10}, {8, 10}},
};

/* "5.10.0-28-amd64": the first two numbers. */
static bool two_numbers(const char *text, unsigned out[2])
{
	out[1] = 0;
	return sscanf(text, "%4u.%4u", &out[0], &out[1]) >= 1;
}

static bool at_least(const unsigned is[2], const unsigned least[2])
{
	return is[0] > least[0] || (is[0] == least[0] && is[1] >= least[1]);
}

bool cilium_version_parse(const char *text, struct cilium_version *out)
{
	struct cilium_version v = {.major = 0};
	wide numbers[2];
	char copy[32];
	char *dot, *rest;

	text += *text == 'v';
	if (strlen(text) >= sizeof(copy))
		return false;
	memcpy(copy, text, strlen(text) + 1);
	dot = strchr(copy, '.');
	if (!dot)
		return false;
	*dot = '\0';
	rest = dot + 1 + strspn(dot + 1, "0123456789");
	/* "1.18.2", "1.18.0-rc.1": the series is enough. */
	if (*rest == '.' && rest[1] >= '0' && rest[1] <= '9')
		*rest = '\0';
	if (number_parse(copy, &numbers[0]) < 0 || number_parse(dot + 1, &numbers[1]) < 0 ||
	    numbers[0] < 0 || numbers[0] > 99 || numbers[1] < 0 || numbers[1] > 999)
		return false;
	v.major = (unsigned)numbers[0];
	v.minor = (unsigned)numbers[1];
	*out = v;
	return true;
}

/* --- reading --- */

static void take_os(const struct sys *sys, struct ebpf_node *node)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} rows[] = {{"ID=", node->os, sizeof(node->os)},
		    {"ID_LIKE=", node->os_like, sizeof(node->os_like)},
		    {"VERSION_ID=", node->os_version, sizeof(node->os_version)}};
	_cleanup_free char *text = NULL;
	char *rest, *line;

	/* The image of the DaemonSet has none: there the first process is the node's. */
	if (sys_read(sys, "/etc/os-release", 16384, &text, NULL) < 0 &&
	    sys_read(sys, "/usr/lib/os-release", 16384, &text, NULL) < 0 &&
	    sys_read(sys, "/proc/1/root/usr/lib/os-release", 16384, &text, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			char *value = line + strlen(rows[i].key);

			if (strncmp(line, rows[i].key, strlen(rows[i].key)) != 0)
				continue;
			value = text_strip(value);
			if (*value == '"' || *value == '\'') {
				value[strcspn(value + 1, "\"'") + 1] = '\0';
				value++;
			}
			text_cut(rows[i].to, rows[i].size, value);
		}
	}
}

static bool is_file_system(const struct sys *sys, const char *path, unsigned magic)
{
	struct statfs fs;

	return sys_statfs(sys, path, &fs) == 0 && (unsigned)fs.f_type == magic;
}

static bool exists(const struct sys *sys, const char *path)
{
	struct stat st;

	return sys_stat(sys, path, &st) == 0;
}

/* "none [integrity] confidentiality": the one in brackets. */
static void take_lockdown(const struct sys *sys, struct ebpf_node *node)
{
	_cleanup_free char *text = NULL;
	char *open, *end;

	if (sys_read_line(sys, "/sys/kernel/security/lockdown", &text) < 0)
		return;
	open = strchr(text, '[');
	end = open ? strchr(open, ']') : NULL;
	if (!end)
		return;
	*end = '\0';
	text_cut(node->lockdown, sizeof(node->lockdown), open + 1);
}

static void take_ports(const struct sys *sys, struct ebpf_node *node)
{
	_cleanup_free char *range = NULL, *reserved = NULL;
	wide numbers[NUMBERS_MAX];

	if (sys_read_line(sys, "/proc/sys/net/ipv4/ip_local_port_range", &range) == 0 &&
	    numbers_parse(range, numbers) == 2 && numbers[0] > 0 && numbers[1] < RANGE_LIMIT &&
	    numbers[0] <= numbers[1]) {
		node->port_low = (unsigned)numbers[0];
		node->port_high = (unsigned)numbers[1];
	}
	if (sys_read_line(sys, "/proc/sys/net/ipv4/ip_local_reserved_ports", &reserved) == 0)
		(void)ranges_add(&node->reserved, reserved);
}

void ebpf_read(const struct sys *sys, struct ebpf_node *out)
{
	_cleanup_free char *release = NULL, *jit = NULL, *file_systems = NULL;
	wide number;

	*out = (struct ebpf_node){.jit = -1};
	if (sys_read_line(sys, "/proc/sys/kernel/osrelease", &release) == 0)
		text_cut(out->release, sizeof(out->release), release);
	take_os(sys, out);
	kconfig_read(sys, &out->config);
	out->btf = exists(sys, "/sys/kernel/btf/vmlinux");
	out->bpffs = is_file_system(sys, "/sys/fs/bpf", BPFFS_MAGIC);
	out->cgroup2_mounted = is_file_system(sys, "/sys/fs/cgroup", CGROUP2_MAGIC) ||
			       is_file_system(sys, "/sys/fs/cgroup/unified", CGROUP2_MAGIC) ||
			       is_file_system(sys, "/run/cilium/cgroupv2", CGROUP2_MAGIC);
	out->cgroup2_supported = out->cgroup2_mounted || (sys_read(sys, "/proc/filesystems", 65536,
								   &file_systems, NULL) == 0 &&
							  strstr(file_systems, "\tcgroup2\n"));
	if (sys_read_line(sys, "/proc/sys/net/core/bpf_jit_enable", &jit) == 0 &&
	    number_parse(jit, &number) == 0 && number >= 0 && number <= 2)
		out->jit = (int)number;
	take_lockdown(sys, out);
	take_ports(sys, out);
	out->cilium = exists(sys, "/run/cilium/cilium.sock") ||
		      exists(sys, "/var/run/cilium/cilium.sock") ||
		      exists(sys, "/etc/cni/net.d/05-cilium.conflist") ||
		      exists(sys, "/sys/class/net/cilium_host");
}

/* --- judging --- */

/* Red Hat's and those built from its sources; a CentOS Stream 8 ("8") is newer than all of them. */
static bool is_ported_back(const struct ebpf_node *n, const unsigned kernel[2],
			   const struct need *need)
{
	static const unsigned rhcos[2] = {4, 12}; /* OpenShift's: of RHEL 8.6 (the same page) */
	unsigned version[2];

	/* Other kernels for the same distribution, such as Oracle's 5.4, have nothing of it. */
	if (kernel[0] != 4 || kernel[1] != 18 || !two_numbers(n->os_version, version))
		return false;
	if (strcmp(n->os, "rhcos") == 0)
		return at_least(version, rhcos);
	if (!word_in("rhel centos rocky almalinux ol", n->os) && !word_in(n->os_like, "rhel"))
		return false;
	return at_least(version, need->rhel) ||
	       (strcmp(n->os, "centos") == 0 && strcmp(n->os_version, "8") == 0);
}

static void judge_kernel(const struct ebpf_node *n, const struct cilium_version *v,
			 struct findings *findings)
{
	const struct need *need = needs;
	unsigned kernel[2];

	for (size_t i = 0; i < ARRAY_LEN(needs); i++)
		if (v->major > 1 || v->minor >= needs[i].minor)
			need = &needs[i];
	if (!two_numbers(n->release, kernel)) {
		finding_add(findings, VERDICT_UNKNOWN, "KernelUnknown",
			    "the kernel's release can't be read");
		return;
	}
	if (at_least(kernel, need->kernel) || is_ported_back(n, kernel, need))
		return;
	finding_advise(finding_add(findings, VERDICT_FAIL, "KernelTooOld",
				   "Linux %u.%u is too old for Cilium %u.%u: that needs %u.%u, or "
				   "RHEL %u.%u",
				   kernel[0], kernel[1], v->major, v->minor, need->kernel[0],
				   need->kernel[1], need->rhel[0], need->rhel[1]),
		       "install a newer kernel, or an older Cilium");
}

/* Adds the names of the options of this kind that are not set. */
static size_t list_missing(const struct kconfig *k, enum kconfig_need need, char *list, size_t size)
{
	size_t n = 0, used = 0;

	*list = '\0';
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++) {
		if (kconfig_options[i].need != need || k->v[i] != KCONFIG_NO)
			continue;
		n++;
		if (used < size)
			used += (size_t)snprintf(list + used, size - used, "%s%s", used ? ", " : "",
						 kconfig_options[i].name);
	}
	return n;
}

static void judge_config(const struct ebpf_node *n, struct findings *findings)
{
	char list[160];

	if (!n->config.known) {
		if (!n->cilium)
			finding_advise(finding_add(findings, VERDICT_UNKNOWN,
						   "KernelConfigUnreadable",
						   "the kernel's configuration can't be read: "
						   "neither /proc/config.gz nor /boot/config-%s",
						   *n->release ? n->release : "RELEASE"),
				       "modprobe configs, or see that /boot is mounted (in a "
				       "container, the host's)");
		return;
	}
	if (list_missing(&n->config, NEED_ALWAYS, list, sizeof(list)))
		finding_advise(finding_add(findings, VERDICT_FAIL, "KernelLacksBpf",
					   "the kernel is built without %s", list),
			       "install the distribution's standard kernel");
	/* Where it runs already, its users know what they go without. */
	if (!n->cilium && list_missing(&n->config, NEED_FOR_PARTS, list, sizeof(list)))
		finding_advise(finding_add(findings, VERDICT_WARN, "KernelLacksOptions",
					   "the kernel is built without %s, which Cilium's "
					   "guide asks for",
					   list),
			       "install the distribution's standard kernel, or try the parts of "
			       "Cilium that you use");
	if (list_missing(&n->config, NEED_FOR_TUNNEL, list, sizeof(list)) == 2)
		finding_advise(finding_add(findings, VERDICT_WARN, "KernelLacksTunnels",
					   "the kernel has neither VXLAN nor Geneve"),
			       "Cilium with routingMode=native, in a network that routes pods");
}

static void judge_surroundings(const struct ebpf_node *n, struct findings *findings)
{
	if (!n->cgroup2_supported)
		finding_advise(finding_add(findings, VERDICT_FAIL, "NoCgroup2",
					   "the kernel has no cgroup v2, on which Cilium's socket "
					   "load balancing rests"),
			       "install the distribution's standard kernel");
	if (!n->btf)
		finding_advise(finding_add(findings, VERDICT_WARN, "NoBtf",
					   "the kernel tells no types (BTF): parts of Cilium can't "
					   "be loaded"),
			       "a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions have it");
	if (n->jit == 0)
		finding_advise(
			finding_add(findings, VERDICT_WARN, "BpfInterpreted",
				    "net.core.bpf_jit_enable is 0: BPF programs are "
				    "interpreted"),
			"sysctl net.core.bpf_jit_enable=1, as Cilium sets it when it starts");
	if (strcmp(n->lockdown, "confidentiality") == 0)
		finding_advise(finding_add(findings, VERDICT_WARN, "KernelLockdown",
					   "the kernel is locked down for confidentiality: BPF "
					   "programs can't read its memory"),
			       "boot with lockdown=integrity");
	if (n->port_low && n->port_low <= NODEPORT_HIGH && n->port_high >= NODEPORT_LOW &&
	    !ranges_hold(&n->reserved, NODEPORT_LOW, NODEPORT_HIGH))
		finding_advise(finding_add(findings, VERDICT_WARN, "NodePortsUnprotected",
					   "outgoing connections take ports %u-%u, NodePorts %d-%d "
					   "among them, and no single reserved range covers those",
					   n->port_low, n->port_high, NODEPORT_LOW, NODEPORT_HIGH),
			       "net.ipv4.ip_local_reserved_ports=+%d-%d in [sysctl]: without it "
			       "Cilium writes it itself, or stops where it may not",
			       NODEPORT_LOW, NODEPORT_HIGH);
}

void ebpf_judge(const struct ebpf_node *node, const struct cilium_version *version,
		struct findings *findings)
{
	judge_kernel(node, version, findings);
	judge_config(node, findings);
	judge_surroundings(node, findings);
}
