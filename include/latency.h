/* SPDX-License-Identifier: Apache-2.0 */
/* Sync latencies: their quantiles, and how certain p99 is. */
#pragma once

#include "report.h"

#define LATENCIES_MOST 28000

/* Times are in ms. */
struct latencies {
	double ms[LATENCIES_MOST]; /* in the order of time */
	double sorted[LATENCIES_MOST];
	size_t n;
	double least_effect;           /* so many of them at least count as one; 0 is 1 */
	double p99, effect, low, high; /* of the last look: p99, the design effect, the interval */
};

/* Works p99 out, with an interval that misses it with the probability `alpha`. n > 0. */
void latencies_look(struct latencies *l, double alpha);
/* Looks with 95%, and tells quantiles, interval and histogram as figures and bins. n > 0. Returns
 * p50. */
double latencies_tell(struct latencies *l, struct result *r);

/* --- a histogram that only grows --- */

#define LATENCY_BINS 17

struct latency_total {
	double counts[LATENCY_BINS];
	double sum; /* ms */
};

void latency_add(struct latency_total *t, double ms);
/* As the result's bins, and the figure "sum". */
void latency_tell_total(const struct latency_total *t, struct result *r);
/* Adds those of a result. */
void latency_add_total(struct latency_total *t, const struct result *r);
