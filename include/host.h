/* SPDX-License-Identifier: Apache-2.0 */
/* What kubelet and kubeadm's preflight need of the host: an item is a function and a row in
 * checks/host.c. It adds findings for what is wrong, and none when all is well or when it can't be
 * told and does not matter yet (a runtime that is not installed). */
#pragma once

#include "findings.h"
#include "processes.h"
#include "sys.h"

enum host_role { HOST_WORKER, HOST_CONTROL_PLANE };
enum host_swap { HOST_SWAP_FAIL, HOST_SWAP_WARN, HOST_SWAP_ALLOW };

/* Percent and counts as people write them; memory in bytes, times in seconds. */
struct host_params {
	double interval, cpus, memory, files, clock_warn;
	double memory_stall_warn, memory_stall_fail, io_stall_warn;
	double space_warn, space_fail, images_warn, images_fail, inodes_warn, inodes_fail;
	int role, swap; /* enum host_role, enum host_swap */
};

struct host {
	const struct sys *sys;
	const struct host_params *params;
	bool ours; /* system calls speak of the machine below sys's root */
	struct processes processes;
	struct findings *findings;
	struct result *result;
};

/* Distributions that have all components in one program, which also writes their settings. */
#define HOST_ALL_IN_ONE "k3s-server k3s-agent k3s rke2 k0s kubelite hyperkube"

/* What adjtimex(2) says of the clock. */
struct timex;
void host_judge_time(struct host *h, const struct timex *t);

typedef void host_item(struct host *h);
host_item host_size, host_swap, host_pressure, host_disk;       /* agent/judge/host_room.c */
host_item host_cgroups, host_clock, host_entropy, host_modules; /* host_kernel.c */
host_item host_runtime, host_ports;                             /* host_runtime.c */
