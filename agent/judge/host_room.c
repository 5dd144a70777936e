/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs, memory, swap, pressure and disk space. */
#include <errno.h>
#include <string.h>

#include "helper.h"
#include "host.h"
#include "hoststat.h"
#include "procstat.h"
#include "text.h"

#define TEXT_MOST    65536
#define KUBELET_FILE "/var/lib/kubelet/config.yaml"
#define CONFIG_MOST  65536
#define DEADLINE_S   5
#define MIB          (1024.0 * 1024)

void host_size(struct host *h)
{
	_cleanup_free char *text = NULL;
	struct proc_stat stat = {0};
	double kib;

	if (procstat_read(h->sys, &stat) == 0) {
		result_figure(h->result, "cpus", (double)stat.n, "CPUs");
		if ((double)stat.n < h->params->cpus)
			finding_advise(finding_add(h->findings, VERDICT_FAIL, "TooFewCpus",
						   "%zu CPUs, %.0f are needed", stat.n,
						   h->params->cpus),
				       "take a larger machine, or set [check.host] cpus=");
		procstat_clear(&stat);
	}
	if (sys_read(h->sys, "/proc/meminfo", TEXT_MOST, &text, NULL) < 0 ||
	    meminfo_parse(text, "MemTotal", &kib) < 0)
		return;
	result_figure(h->result, "memory", kib / 1024, "MiB");
	if (kib * 1024 < h->params->memory)
		finding_advise(finding_add(h->findings, VERDICT_FAIL, "TooLittleMemory",
					   "%.0f MiB of memory, %.0f MiB are needed", kib / 1024,
					   h->params->memory / MIB),
			       "take a larger machine, or set [check.host] memory=");
}

/* --- swap --- */

/* As `nodefit-net yaml` prints "failSwapOn: false" at the top of the document: behind the line's
 * number. */
static bool says_false(const char *lines)
{
	static const char key[] = "\tfailSwapOn\tfalse\n";

	for (; *lines; lines = strchr(lines, '\n') ? strchr(lines, '\n') + 1 : "") {
		size_t digits = strspn(lines, "0123456789");

		if (strncmp(lines + digits, key, strlen(key)) == 0)
			return true;
	}
	return false;
}

/* The value of --config among a command line's words; the default where it has none. */
static void find_config(const char *words, char *path, size_t size)
{
	static const char flag[] = " --config";
	const char *at = words ? strstr(words, flag) : NULL;

	snprintf(path, size, "%s", KUBELET_FILE);
	if (!at || !strchr("= ", at[strlen(flag)]) || at[strlen(flag) + 1] != '/')
		return;
	at += strlen(flag) + 1;
	snprintf(path, size, "%.*s", (int)strcspn(at, " "), at);
}

/* Its configuration is YAML or JSON, which is YAML too. -errno when it can't be read. */
static int config_takes_swap(const struct sys *sys, const char *path, bool *takes)
{
	_cleanup_free char *text = NULL, *lines = NULL;
	size_t len;
	int r = sys_read(sys, path, CONFIG_MOST, &text, &len);

	if (r == 0)
		r = helper_run(sys,
			       &(struct helper_call){.verb = "yaml",
						     .input = text,
						     .len = len,
						     .deadline_s = DEADLINE_S,
						     .most = (size_t)8 * CONFIG_MOST},
			       &lines);
	if (r == 0)
		*takes = says_false(lines);
	return r;
}

/* By the command line of one that runs, or by its configuration file. One that runs with settings
 * that can't be read has started in spite of the swap; the distributions in one program all let
 * theirs (k3s: pkg/daemons/agent). */
static bool kubelet_takes_swap(const struct host *h)
{
	const struct process *kubelet = processes_find(&h->processes, "kubelet");
	_cleanup_free char *words = NULL;
	bool takes = kubelet != NULL;
	char path[512];

	for (size_t i = 0; i < h->processes.n; i++)
		if (word_in(HOST_ALL_IN_ONE, h->processes.v[i].name))
			return true;
	if (kubelet && process_words(h->sys, kubelet->pid, &words) == 0 &&
	    strstr(words, "--fail-swap-on=false"))
		return true;
	find_config(words, path, sizeof(path));
	(void)config_takes_swap(h->sys, path, &takes);
	return takes;
}

void host_swap(struct host *h)
{
	_cleanup_free char *text = NULL;
	struct swaps s;

	/* A kernel without swap has no such file. */
	if (h->params->swap == HOST_SWAP_ALLOW ||
	    sys_read(h->sys, "/proc/swaps", TEXT_MOST, &text, NULL) < 0)
		return;
	if (swaps_parse(text, &s) < 0) {
		finding_add(h->findings, VERDICT_UNKNOWN, "SwapUnreadable",
			    "/proc/swaps is not in the kernel's form");
		return;
	}
	result_figure(h->result, "swap", s.kib / 1024, "MiB");
	if (s.n == 0 || kubelet_takes_swap(h))
		return;
	finding_advise(finding_add(h->findings,
				   h->params->swap == HOST_SWAP_FAIL ? VERDICT_FAIL : VERDICT_WARN,
				   "SwapOn", "swap is on: %s, %.0f MiB", s.first, s.kib / 1024),
		       "kubelet does not start: swapoff -a and take it out of /etc/fstab, or set "
		       "failSwapOn: false in kubelet's configuration");
}

/* --- pressure --- */

static bool read_pressure(struct host *h, const char *what, double *full)
{
	_cleanup_free char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/pressure/%s", what);
	/* The file may be there and switched off: EOPNOTSUPP (psi=0, or a distribution's default).
	 * Nobody needs it. */
	if (sys_read(h->sys, path, 4096, &text, NULL) < 0 || pressure_parse(text, full) < 0)
		return false;
	result_figure_of(h->result, what, "full", *full, "%");
	return true;
}

void host_pressure(struct host *h)
{
	const struct host_params *p = h->params;
	double full;

	if (read_pressure(h, "memory", &full) && full >= p->memory_stall_warn)
		finding_advise(
			finding_add(h->findings,
				    full >= p->memory_stall_fail ? VERDICT_FAIL : VERDICT_WARN,
				    "MemoryPressure",
				    "in %.3g%% of the last minute everything waited for "
				    "memory",
				    full),
			"look who takes the memory (ps, systemd-cgtop -m), or add some");
	if (read_pressure(h, "io", &full) && full >= p->io_stall_warn)
		finding_advise(finding_add(h->findings, VERDICT_WARN, "IoPressure",
					   "in %.3g%% of the last minute everything waited for the "
					   "disk",
					   full),
			       "look who loads it (iotop, pidstat -d), or take a faster disk");
}

/* --- disk --- */

struct store {
	const char *path;
	struct statfs fs;
	dev_t device;
};

static bool look_at(const struct sys *sys, const char *const *paths, struct store *out)
{
	for (; *paths; paths++) {
		struct store s = {.path = *paths};
		struct stat st;

		if (sys_stat(sys, s.path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    sys_statfs(sys, s.path, &s.fs) < 0 || s.fs.f_blocks == 0)
			continue;
		s.device = st.st_dev;
		*out = s;
		return true;
	}
	return false;
}

/* As kubelet counts: what a user without privileges may still take is available. */
static double used(const struct store *s)
{
	return 100 - 100 * (double)s->fs.f_bavail / (double)s->fs.f_blocks;
}

static void judge_space(struct host *h, const struct store *s, const char *what, double warn,
			double fail)
{
	double u = used(s);
	double left = (double)s->fs.f_bavail * (double)s->fs.f_bsize / MIB;

	if (u < warn)
		return;
	finding_advise(finding_add(h->findings, u >= fail ? VERDICT_FAIL : VERDICT_WARN, "DiskFull",
				   "%s, with %s, is %.3g%% full; %.0f MiB are left", s->path, what,
				   u, left),
		       "%s: make room or a larger file system (journalctl --vacuum-size=, crictl "
		       "rmi --prune)",
		       u >= fail ? "kubelet evicts pods and refuses new ones"
				 : "kubelet evicts pods not far from here");
}

static void judge_inodes(struct host *h, const struct store *s)
{
	const struct host_params *p = h->params;
	double u;

	if (s->fs.f_files == 0) /* btrfs counts none */
		return;
	u = 100 - 100 * (double)s->fs.f_ffree / (double)s->fs.f_files;
	result_figure(h->result, "inodes_used", u, "%");
	if (u >= p->inodes_warn)
		finding_advise(finding_add(h->findings,
					   u >= p->inodes_fail ? VERDICT_FAIL : VERDICT_WARN,
					   "InodesFull", "%.3g%% of the inodes of %s are used", u,
					   s->path),
			       "find the folder with the many small files (du --inodes -x), or "
			       "make a file system with more inodes");
}

void host_disk(struct host *h)
{
	static const char *const nodes[] = {"/var/lib/kubelet", "/var/lib", NULL};
	static const char *const images[] = {"/var/lib/containerd", "/var/lib/containers",
					     "/var/lib/docker", NULL};
	const struct host_params *p = h->params;
	struct store node, image;

	if (!look_at(h->sys, nodes, &node))
		return;
	result_figure(h->result, "disk_used", used(&node), "%");
	judge_inodes(h, &node);
	if (look_at(h->sys, images, &image)) {
		/* Where both are one, the tighter limit, which is the images', holds. */
		judge_space(h, &image, "the images", p->images_warn, p->images_fail);
		if (image.device == node.device)
			return;
		result_figure(h->result, "images_used", used(&image), "%");
	}
	judge_space(h, &node, "kubelet's own files", p->space_warn, p->space_fail);
}
