/* SPDX-License-Identifier: Apache-2.0 */
/* The cpuN lines of /proc/stat (kernel: fs/proc/stat.c; proc(5)). Each number is in ticks of
 * 1/sysconf(_SC_CLK_TCK) s since boot. guest and guest_nice are inside user and nice already. */
#pragma once

#include <stdint.h>

#include "sys.h"

#define CPUS_MOST 8192

enum {
	TICK_USER,
	TICK_NICE,
	TICK_SYSTEM,
	TICK_IDLE,
	TICK_IOWAIT,
	TICK_IRQ,
	TICK_SOFTIRQ,
	TICK_STEAL,
	TICKS
};

struct cpu_ticks {
	unsigned cpu;
	uint64_t ticks[TICKS];
};

struct proc_stat {
	struct cpu_ticks *v; /* online CPUs, by number */
	size_t n;
};

/* Reads the text. Fields after softirq may be missing (kernels before 2.6.11 have no steal): that
 * is -ENODATA. 0, -ENOMEM, or -EBADMSG when a cpuN line is malformed, out of order or absent. */
int procstat_parse(const char *text, struct proc_stat *out);
int procstat_read(const struct sys *sys, struct proc_stat *out);
void procstat_clear(struct proc_stat *s);

/* The ticks between two readings of one CPU. False when a counter ran backwards (iowait and steal
 * do), or by more than 1.5 times what `elapsed_s` can hold: such an interval says nothing. */
bool procstat_delta(const struct cpu_ticks *before, const struct cpu_ticks *after, double elapsed_s,
		    long ticks_per_s, uint64_t *steal, uint64_t *total);
