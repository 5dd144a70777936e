/* SPDX-License-Identifier: Apache-2.0 */
/* How long this process's own control groups have held its CPU time back (CFS bandwidth control;
 * kernel: Documentation/scheduler/sched-bwc.rst, Documentation/admin-guide/cgroup-v2.rst). */
#pragma once

#include <stdint.h>

#include "sys.h"

#define THROTTLE_LEVELS 16
#define THROTTLE_PATH   256

/* The own group first, then those above it that can be seen from here. */
struct throttle {
	struct {
		char path[THROTTLE_PATH]; /* of the folder */
		uint64_t ns;              /* since the group was made, summed over its CPUs */
	} v[THROTTLE_LEVELS];
	size_t n;
};

/* A cpu.stat of either version: throttled_time in ns (1) or throttled_usec (2). 0; -ENODATA when it
 * has neither, as without the controller; -EBADMSG when it is not in the kernel's form. */
int throttle_parse(const char *text, uint64_t *ns);

/* The folder of a process's group for the cpu controller, and where its file system begins, by the
 * texts of /proc/PID/cgroup and /proc/PID/mountinfo. 0, or -ENOENT when it can't be seen from here
 * (not mounted, or only other groups are). */
int throttle_folder(const char *cgroup, const char *mountinfo, char folder[THROTTLE_PATH],
		    size_t *top);

/* All levels of this process. None that is limited is an empty list. 0 or -errno. */
int throttle_read(const struct sys *sys, struct throttle *out);

/* What was held back between two readings, in ns, and where the most (NULL: nowhere). A level that
 * is in one reading only, or ran backwards, counts nothing. */
uint64_t throttle_between(const struct throttle *before, const struct throttle *after,
			  const char **where);
