/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of what the kernel tells of the host: swap, pressure, limits, listening sockets, modules.
 * All take text from /proc or /lib/modules and read nothing beyond its NUL. */
#pragma once

#include <stdint.h>

#include "sys.h"

struct swaps {
	unsigned n;
	double kib, used_kib;
	char first[64]; /* the first one's name, unprintable bytes as "?" */
};

/* /proc/swaps (kernel: mm/swapfile.c, swap_show). 0 or -EBADMSG. */
int swaps_parse(const char *text, struct swaps *out);

/* /proc/pressure/{memory,io}: the share of the last 60 s in which all that could run was waiting,
 * in percent (kernel: Documentation/accounting/psi.rst, "full avg60"). 0 or -EBADMSG. */
int pressure_parse(const char *text, double *full);

#define LIMIT_NONE UINT64_MAX
/* /proc/PID/limits: "Max open files" (kernel: fs/proc/base.c, proc_pid_limits). 0 or -EBADMSG. */
int open_files_parse(const char *text, uint64_t *soft, uint64_t *hard);

/* Is the module in modules.dep or modules.builtin (depmod(8))? "-" and "_" are the same. */
bool modules_has(const char *text, const char *name);

/* "Name:  NUMBER kB" of /proc/meminfo, in KiB. 0 or -EBADMSG. */
int meminfo_parse(const char *text, const char *name, double *kib);
