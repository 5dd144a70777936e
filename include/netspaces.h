/* SPDX-License-Identifier: Apache-2.0 */
/* The network namespaces of this machine that processes live in. */
#pragma once

#include "sys.h"

/* kubelet's maxPods is 110 unless it is raised, and each pod has one. */
#define NETSPACES_MOST     256
#define NETSPACE_WHO       40
#define NETSPACE_PROCESSES 65536 /* so many are looked at */

struct netspace {
	int fd;
	uint64_t inode;         /* as `lsns -t net` and the kernel's log call it */
	char who[NETSPACE_WHO]; /* a process in it: "nginx (123)" */
};

struct netspaces {
	struct netspace v[NETSPACES_MOST]; /* our own first */
	size_t n;
	size_t more;   /* processes in others, which found no place */
	size_t hidden; /* processes whose own can't be seen: without CAP_SYS_PTRACE */
};

/* All of them, as far as /proc shows them. 0 or -errno when not even our own can be opened. */
int netspaces_open(const struct sys *sys, struct netspaces *out);
void netspaces_close(struct netspaces *s);
#define _cleanup_netspaces _cleanup_(netspaces_close)

/* Moves this thread there; only for a worker, which has one. 0 or -errno: EPERM without
 * CAP_SYS_ADMIN. */
int netspace_enter(const struct netspace *s);
