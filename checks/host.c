/* SPDX-License-Identifier: Apache-2.0 */
/* Is the host as kubelet and kubeadm need it? */
#include "host.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "netlink.h"

#define ROW(field, kind, low, high, value, text)                                                   \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct host_params, field),       \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}
#define CHOICE(field, words, value, text)                                                          \
	{                                                                                          \
		.name = #field, .type = PARAM_CHOICE,                                              \
		.offset = offsetof(struct host_params, field), .choices = words,                   \
		.fallback = value, .help = text                                                    \
	}

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	CHOICE(role, "worker control-plane", "worker", "whose ports must be free or their owners'"),
	CHOICE(swap, "fail warn allow", "fail",
	       "the verdict when swap is on, unless kubelet's configuration takes it"),
	ROW(cpus, PARAM_COUNT, 1, 4096, "1",
	    "that are needed; kubeadm wants 2 for a control plane"),
	ROW(memory, PARAM_BYTES, 0, 1e15, "0",
	    "that is needed; kubeadm wants 1700M for a control plane"),
	ROW(files, PARAM_COUNT, 1024, 1e9, "65536",
	    "open files, the container runtime's hard limit, below which to warn"),
	ROW(clock_warn, PARAM_DURATION, 0.001, 16, "5s",
	    "by which the clock may be wrong from which to warn"),
	ROW(memory_stall_warn, PARAM_PERCENT, 0.1, 100, "10%",
	    "of the last minute that everything waited for memory from which to warn"),
	ROW(memory_stall_fail, PARAM_PERCENT, 0.1, 100, "50%", "the same from which to fail"),
	ROW(io_stall_warn, PARAM_PERCENT, 0.1, 100, "50%",
	    "of the last minute that everything waited for the disk from which to warn"),
	ROW(space_warn, PARAM_PERCENT, 1, 100, "85%",
	    "used of the file system with kubelet's files from which to warn"),
	ROW(space_fail, PARAM_PERCENT, 1, 100, "90%",
	    "the same from which to fail; kubelet evicts below nodefs.available 10%"),
	ROW(images_warn, PARAM_PERCENT, 1, 100, "80%",
	    "used of the file system with the images from which to warn"),
	ROW(images_fail, PARAM_PERCENT, 1, 100, "85%",
	    "the same from which to fail; kubelet evicts below imagefs.available 15%"),
	ROW(inodes_warn, PARAM_PERCENT, 1, 100, "90%",
	    "of the inodes of kubelet's file system in use from which to warn"),
	ROW(inodes_fail, PARAM_PERCENT, 1, 100, "95%",
	    "the same from which to fail; kubelet evicts below nodefs.inodesFree 5%"),
	{0}};

/* In this order they are told where they are equally bad. */
static host_item *const items[] = {host_size,     host_swap,    host_cgroups, host_disk,
				   host_pressure, host_ports,   host_clock,   host_runtime,
				   host_modules,  host_entropy, NULL};

static void run(const struct check_run *run, struct result *r)
{
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	struct host h = {.sys = run->sys,
			 .params = run->params,
			 .ours = netlink_reaches(run->sys),
			 .findings = findings,
			 .result = r};

	if (!findings) {
		result_judge(r, VERDICT_UNKNOWN, "OutOfMemory", "%s", strerror(ENOMEM));
		return;
	}
	(void)processes_read(run->sys, &h.processes); /* without /proc there are none to be seen */
	for (size_t i = 0; items[i]; i++)
		items[i](&h);
	processes_clear(&h.processes);
	finding_add(findings, VERDICT_PASS, "HostReady",
		    "swap, control groups, disk, ports, clock, limits and modules are as kubelet "
		    "needs them");
	findings_tell(findings, r);
}

const struct check host_check = {
	.name = "host",
	.summary = "the host is as kubelet and kubeadm need it",
	.about =
		"Looks at what kubeadm's preflight wants and kubelet stumbles over later: CPUs and "
		"memory (as a profile asks), swap (kubelet does not start with it unless "
		"failSwapOn: false), control groups (version 2 and the controllers cpu, cpuset, "
		"memory, pids and io; kubelet 1.35 refuses version 1 by default), the space and "
		"inodes of /var/lib/kubelet and of the images by kubelet's own eviction limits, "
		"the share of the last minute in which everything waited for memory or disk "
		"(PSI, where the kernel counts it), ports of Kubernetes that others have, a clock "
		"that nothing synchronises or that is slow to read, the runtime's limit of open "
		"files, modules (overlay, nf_conntrack; br_netfilter only under a network plugin "
		"with a Linux bridge), and random numbers. What is not installed yet is not "
		"missed. The danger: this is what holds now; swap in /etc/fstab or a module that "
		"was loaded by hand is different after a boot. "
		"Sources: Kubernetes: cmd/kubeadm/app/preflight, pkg/kubelet/eviction "
		"(defaults_linux.go), \"Ports and Protocols\", KEP-5573 (cgroup v1); kernel: "
		"Documentation/accounting/psi.rst, adjtimex(2), getrandom(2).",
	.params = params,
	.params_size = sizeof(struct host_params),
	.deadline_s = 30,
	.run = run,
};
