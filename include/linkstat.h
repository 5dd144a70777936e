/* SPDX-License-Identifier: Apache-2.0 */
/* A link's counters in sysfs (kernel: Documentation/networking/statistics.rst,
 * Documentation/ABI/testing/sysfs-class-net-statistics), and their rates over a while. */
#pragma once

#include "findings.h"
#include "sys.h"

enum {
	COUNT_RX_PACKETS,
	COUNT_TX_PACKETS,
	COUNT_RX_ERRORS,
	COUNT_TX_ERRORS,
	COUNT_RX_DROPPED,
	COUNT_TX_DROPPED,
	COUNT_RX_MISSED,
	COUNT_RX_FIFO,
	COUNT_RX_NOHANDLER,
	COUNT_CARRIER,
	LINK_COUNTS
};

enum count_kind {
	COUNT_OF_TRAFFIC,
	COUNT_OF_ERRORS,
	COUNT_OF_DROPS,
	COUNT_HARMLESS, /* nobody wanted the packet */
	COUNT_OF_CHANGES,
};

struct link_count {
	const char *name; /* as a figure, at most 16 bytes */
	const char *file; /* below /sys/class/net/LINK */
	enum count_kind kind;
	unsigned packets; /* the counter that it is a share of */
	bool within;      /* counted in `packets` too */
};

extern const struct link_count link_counts[LINK_COUNTS];

/* One reading. */
struct link_reading {
	uint64_t v[LINK_COUNTS];
	bool known[LINK_COUNTS];
};

/* Reads what there is. False when there is nothing at all. */
bool linkstat_read(const struct sys *sys, const char *link, struct link_reading *out);

struct link_rate {
	bool known; /* false: not told, or it ran backwards */
	double n;   /* in the whole time */
	double per_s;
	double percent; /* of the packets; 0 where those are not known */
};

/* The rates between two readings, `seconds` apart. Returns how many counters ran backwards (a
 * driver's reset, or 32 bits of hardware that wrapped): those are no reading. */
unsigned linkstat_rates(const struct link_reading *before, const struct link_reading *after,
			double seconds, struct link_rate out[LINK_COUNTS]);

struct link_limits {
	double error_warn, error_fail; /* percent of the packets */
	double drop_warn, drop_fail;
	double least; /* a second, below which nothing is judged */
};

/* Adds a finding for errors and one for drops above their limits, each of its worst counter. */
void linkstat_judge(const char *link, const struct link_rate rates[LINK_COUNTS],
		    const struct link_limits *limits, struct findings *findings);
