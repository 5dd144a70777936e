/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/net/softnet_stat: a line an online CPU, its columns 32-bit numbers as eight hexadecimal
 * digits (kernel: net/core/net-procfs.c, softnet_seq_show()). The counters count since boot, for
 * the whole machine whatever the network namespace, and wrap around. */
#pragma once

#include <stdint.h>

#include "sys.h"

/* 9 columns in 2.6; later kernels append: RPS, flow limits, the backlog's length and the CPU's
 * number (13 in all), the lengths of its two halves (15). */
#define SOFTNET_COLUMNS_LEAST 9
#define SOFTNET_COLUMNS_MOST  64

struct softnet_cpu {
	unsigned cpu; /* its number, or without a column for it the line's, from 0 */
	uint32_t processed;
	uint32_t dropped;  /* the backlog (net.core.netdev_max_backlog) was full */
	uint32_t squeezed; /* work was left when net.core.netdev_budget or its time was spent */
};

struct softnet {
	struct softnet_cpu *v; /* by number */
	size_t n;
	bool numbered; /* the CPUs' numbers are the kernel's */
};

/* Reads the text. 0, -ENOMEM, or -EBADMSG when it is not in the kernel's form: another count of
 * digits or columns, CPUs out of order, no line, a last line without its end. */
int softnet_parse(const char *text, struct softnet *out);
int softnet_read(const struct sys *sys, struct softnet *out);
void softnet_clear(struct softnet *s);
#define _cleanup_softnet _cleanup_(softnet_clear)

/* What happened between two readings, of all CPUs that are in both. */
struct softnet_delta {
	uint64_t processed, dropped, squeezed;
	unsigned worst_cpu; /* with the most drops, then the most squeezes */
	size_t cpus;        /* that were counted */
};

/* False when no CPU can be told to be the same in both: CPUs came or went where lines have no
 * number, or every counter ran backwards (by more than half of what it holds). */
bool softnet_compare(const struct softnet *before, const struct softnet *after,
		     struct softnet_delta *out);
