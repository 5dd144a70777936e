/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time that vanishes: what a spinning thread missed, and who took it. */
#pragma once

#include <stdint.h>

#include "latency.h"
#include "report.h"

/* Between two looks at the clock. Timer interrupts, NMIs and a CPU's SMIs take 1 to 50 us; a host
 * that runs something else takes longer. */
#define JITTER_GAP_NS  100000
#define JITTER_LONG_NS 1000000
/* What the system does for one measurement. */
#define JITTER_BURSTS_MOST 2048
/* A CPU that gave less than this of the time asked for says nothing of its host: in percent, and in
 * ns of all CPUs. */
#define JITTER_RAN_LEAST    5
#define JITTER_RAN_LEAST_NS 100000000

/* /proc/PID/task/TID/schedstat (kernel: Documentation/scheduler/sched-stats.rst). */
struct schedstat {
	uint64_t ran, waited; /* ns on a CPU, and ready but not on one */
	uint64_t turns;
};

/* 0; -ENODATA where the kernel does not count (all is 0); -EBADMSG when it is not in its form. */
int schedstat_parse(const char *text, struct schedstat *out);

/* One stretch of spinning on one CPU; times in ns. */
struct jitter_burst {
	unsigned cpu;
	uint64_t wanted; /* how long it was to run */
	uint64_t waited; /* of that behind other tasks, or held back by its own control group */
	uint64_t lost;   /* in gaps that no waiting explains */
	uint64_t worst;  /* the longest of them */
	uint32_t gaps, long_gaps;
	bool told;              /* /proc/stat could be read before and after: */
	uint64_t irq, reported; /* in interrupts and softirqs; as steal */
};

/* A gap of which the thread waited so long for the CPU: that is noted, and what is left when it is
 * a gap itself. */
void jitter_gap(struct jitter_burst *b, struct latency_total *gaps, uint64_t gap, uint64_t waited);

struct jitter {
	struct jitter_burst *bursts;
	size_t n;
	size_t cpus, online; /* measured, of how many */
	struct latency_total gaps;
	double seconds;           /* from the first burst to the last */
	uint64_t throttled;       /* ns that its own control groups were held back meanwhile */
	const char *throttled_by; /* a folder, or NULL */
	uint64_t switches;        /* involuntary ones */
	bool by_clock;            /* the kernel doesn't count waiting: it is what the thread's own
				   * clock lacks, and reported steal with it */
	bool bare_metal;
};

/* In percent of the time that the CPUs gave or the host took. */
struct jitter_rule {
	double warn, fail, worst_warn, worst_fail;
};

/* Figures, histogram and verdict. Interrupts' time, also of those too short to make a gap, is taken
 * off what was lost; a threshold is passed when the lower end of the 95% interval over the bursts
 * is. */
void jitter_judge(const struct jitter *j, const struct jitter_rule *rule, struct result *r);
