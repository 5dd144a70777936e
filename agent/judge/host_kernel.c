/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups, the clock, random numbers and modules. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>

#include "host.h"
#include "hoststat.h"
#include "text.h"

#define MODULES_MOST (8 << 20) /* of modules.dep; a distribution's is below 1 MiB */
#define CONFIG_MOST  65536
#define MOUNTS_MOST  (2 << 20)
/* Of the monotonic clock, which begins at boot: a first boot's preflight runs before time servers
 * have answered. */
#define CLOCK_SETTLES_NS    (120ULL * 1000000000)
#define CLOCK_ERROR_MOST_US 16000000 /* NTP_PHASE_LIMIT: include/linux/timex.h */

/* --- control groups --- */

enum cgroups { CGROUPS_NONE, CGROUPS_V1, CGROUPS_V2 };

/* Where ours is the view of a container that has none, the first process's mounts tell. */
static enum cgroups find_cgroups(const struct sys *sys)
{
	_cleanup_free char *mounts = NULL;
	struct stat st;

	if (sys_stat(sys, "/sys/fs/cgroup/cgroup.controllers", &st) == 0)
		return CGROUPS_V2;
	if (sys_stat(sys, "/sys/fs/cgroup/memory", &st) == 0)
		return CGROUPS_V1;
	if (sys_read(sys, "/proc/1/mounts", MOUNTS_MOST, &mounts, NULL) < 0)
		return CGROUPS_NONE;
	if (strstr(mounts, " /sys/fs/cgroup cgroup2 "))
		return CGROUPS_V2;
	return strstr(mounts, " cgroup ") ? CGROUPS_V1 : CGROUPS_NONE;
}

static void judge_controllers(struct host *h)
{
	/* What kubelet needs (pkg/kubelet/cm), and what only limits of disk traffic need. */
	static const char *const needed[] = {"cpu", "cpuset", "memory", "pids"};
	_cleanup_free char *list = NULL;
	char missing[64] = "";

	if (sys_read_line(h->sys, "/sys/fs/cgroup/cgroup.controllers", &list) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!word_in(list, needed[i]))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", needed[i]);
	if (*missing)
		finding_advise(finding_add(h->findings, VERDICT_FAIL, "NoController",
					   "cgroup v2 lacks the controllers%s", missing),
			       "the kernel is built without, a boot parameter (cgroup_disable=) "
			       "takes them, or cgroup v1 holds them");
	else if (!word_in(list, "io"))
		finding_advise(finding_add(h->findings, VERDICT_WARN, "NoController",
					   "cgroup v2 lacks the controller io"),
			       "disk traffic of pods can't be limited: take a kernel with "
			       "CONFIG_BLK_CGROUP");
}

void host_cgroups(struct host *h)
{
	enum cgroups found = find_cgroups(h->sys);

	if (found != CGROUPS_NONE)
		result_fact(h->result, "cgroup", found == CGROUPS_V2 ? "v2" : "v1");
	if (found == CGROUPS_V2)
		judge_controllers(h);
	else if (found == CGROUPS_V1)
		finding_advise(
			finding_add(h->findings, VERDICT_WARN, "CgroupV1",
				    "control groups are version 1, or both mixed"),
			"kubelet 1.35 and later refuse them unless failCgroupV1: false: boot "
			"with systemd.unified_cgroup_hierarchy=1");
	else
		finding_advise(finding_add(h->findings, VERDICT_FAIL, "NoCgroups",
					   "no control groups are mounted at /sys/fs/cgroup"),
			       "kubelet and the runtime need them: mount cgroup2 there, as systemd "
			       "does");
}

/* --- the clock --- */

static void judge_source(struct host *h)
{
	/* Each reading of these is an access to a device, microseconds long; or a mere tick. */
	static const char slow[] = "hpet acpi_pm pit refined-jiffies jiffies";
	_cleanup_free char *source = NULL;

	if (sys_read_line(h->sys,
			  "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			  &source) < 0)
		return;
	result_fact(h->result, "clocksource", source);
	if (word_in(slow, source))
		finding_advise(finding_add(h->findings, VERDICT_WARN, "SlowClock",
					   "the clock is read from %.32s, which is slow", source),
			       "dmesg | grep clocksource tells why tsc or the hypervisor's was "
			       "given up; it may be the host's fault");
}

void host_judge_time(struct host *h, const struct timex *t)
{
	double error = (double)t->maxerror / 1e6;

	/* Not STA_UNSYNC: chrony without rtcsync leaves that on for ever. The error that nobody
	 * bounds grows up to this (kernel: kernel/time/ntp.c); systemd judges by it, too. */
	if (t->maxerror >= CLOCK_ERROR_MOST_US && h->sys->now(h->sys) < CLOCK_SETTLES_NS) {
		result_fact(h->result, "clock", "not synchronised yet, just after boot");
		return;
	}
	if (t->maxerror >= CLOCK_ERROR_MOST_US) {
		finding_advise(
			finding_add(h->findings, VERDICT_WARN, "ClockUnsynchronised",
				    "nothing synchronises the clock"),
			"certificates, leases and logs need one time: systemctl enable --now "
			"systemd-timesyncd, or chrony");
		return;
	}
	result_figure(h->result, "clock_error", 1e3 * error, "ms");
	if (error >= h->params->clock_warn)
		finding_advise(finding_add(h->findings, VERDICT_WARN, "ClockUncertain",
					   "the clock may be wrong by %.3g s", error),
			       "its time server has not been heard for long: timedatectl "
			       "timesync-status, or chronyc tracking");
}

void host_clock(struct host *h)
{
	struct timex t = {0};

	judge_source(h);
	if (h->ours && adjtimex(&t) >= 0)
		host_judge_time(h, &t);
}

/* --- random numbers --- */

void host_entropy(struct host *h)
{
	_cleanup_free char *text = NULL;
	unsigned char byte;
	wide bits;

	/* Since Linux 5.18 it is 256 for ever; before, a low number means nothing once the
	 * generator has begun. */
	if (sys_read_line(h->sys, "/proc/sys/kernel/random/entropy_avail", &text) == 0 &&
	    number_parse(text, &bits) == 0)
		result_figure(h->result, "entropy", (double)bits, "bit");
	if (h->ours && getrandom(&byte, 1, GRND_NONBLOCK) < 0 && errno == EAGAIN)
		finding_advise(finding_add(h->findings, VERDICT_WARN, "NoEntropy",
					   "the kernel has no random numbers yet"),
			       "kubelet waits for its keys: give the machine a virtio-rng device");
}

/* --- modules --- */

enum presence { PRESENT, LOADABLE, ABSENT, UNTOLD };

static enum presence find_in_lists(const struct sys *sys, const char *name)
{
	static const char *const files[] = {"modules.builtin", "modules.dep"};
	_cleanup_free char *release = NULL;
	bool read = false;

	if (sys_read_line(sys, "/proc/sys/kernel/osrelease", &release) < 0)
		return UNTOLD;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		_cleanup_free char *text = NULL;
		char path[256];

		snprintf(path, sizeof(path), "/lib/modules/%.128s/%s", release, files[i]);
		if (sys_read(sys, path, MODULES_MOST, &text, NULL) < 0)
			continue;
		read = true;
		if (modules_has(text, name))
			return i == 0 ? PRESENT : LOADABLE;
	}
	return read ? ABSENT : UNTOLD;
}

static enum presence find_module(const struct sys *sys, const char *name, const char *sign)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (sys_stat(sys, sign, &st) == 0 || sys_stat(sys, path, &st) == 0)
		return PRESENT;
	return find_in_lists(sys, name);
}

static bool has_overlay(const struct sys *sys)
{
	_cleanup_free char *text = NULL;

	return sys_read(sys, "/proc/filesystems", CONFIG_MOST, &text, NULL) == 0 &&
	       strstr(text, "\toverlay\n");
}

/* What a runtime takes for a network's configuration (containernetworking: libcni). */
static bool is_network(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && word_in(".conf .conflist .json", dot);
}

/* Does a network plugin that puts pods on a Linux bridge run here? Runtimes take the first
 * configuration by name; others lie there unused, such as the one that came with the runtime, or a
 * predecessor's that was put aside. It is looked through for the plugin's name only. */
static bool uses_bridge(const struct sys *sys)
{
	static const char folder[] = "/etc/cni/net.d";
	_cleanup_free char *text = NULL, *path = NULL;
	struct strings names = {0};
	size_t i = 0;

	if (sys_list(sys, folder, &names) < 0)
		return false;
	while (i < names.n && !is_network(names.v[i]))
		i++;
	if (i < names.n && format(&path, "%s/%s", folder, names.v[i]) == 0)
		(void)sys_read(sys, path, CONFIG_MOST, &text, NULL);
	strings_clear(&names);
	return text && (strstr(text, "\"bridge\"") || strstr(text, "\"flannel\""));
}

static void judge_module(struct host *h, const char *name, const char *why, bool must_be_loaded,
			 enum presence p)
{
	if (p == PRESENT || p == UNTOLD || (p == LOADABLE && !must_be_loaded))
		return;
	finding_advise(finding_add(h->findings, VERDICT_WARN, "ModuleMissing", "%s %s: %s", name,
				   p == LOADABLE ? "is not loaded" : "is not there", why),
		       p == LOADABLE ? "modprobe %s, and its name in a file of "
				       "/etc/modules-load.d"
				     : "install the kernel's package of extra modules that has %s",
		       name);
}

void host_modules(struct host *h)
{
	const struct sys *sys = h->sys;

	judge_module(h, "overlay", "the runtime's images need it", false,
		     has_overlay(sys) ? PRESENT : find_in_lists(sys, "overlay"));
	judge_module(h, "nf_conntrack", "kube-proxy and network plugins need it", false,
		     find_module(sys, "nf_conntrack", "/proc/sys/net/netfilter/nf_conntrack_max"));
	if (uses_bridge(sys))
		judge_module(h, "br_netfilter",
			     "Services fail between pods of one node on a Linux bridge", true,
			     find_module(sys, "br_netfilter",
					 "/proc/sys/net/bridge/bridge-nf-call-iptables"));
}
