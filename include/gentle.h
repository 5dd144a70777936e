/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent remembers of the disk from round to round: a whole measurement at first, then a
 * few syncs a round, and whether an etcd is about. */
#pragma once

#include "latency.h"

#define GENTLE_SAMPLES 3 /* a round */
#define GENTLE_MOST    1024
/* What follows each other within milliseconds is one observation of the disk, not three, and so few
 * rounds are none at all: one stall would decide. */
#define GENTLE_ROUNDS_LEAST 5
/* So often the disk is measured whole, unless it passes: a node that boots is busy. */
#define GENTLE_WHOLE_MOST 3
/* Samples from which p99 is good news too. */
#define GENTLE_ENOUGH 100
/* To look at all processes' open files is dear on a full node: only each tenth round. An etcd that
 * was seen is believed to be only restarting for as long. */
#define GENTLE_WHOLE_SEARCH 10

struct gentle {
	struct {
		double ms;
		uint64_t at;    /* by sys.now() */
	} samples[GENTLE_MOST]; /* the oldest first */
	size_t n;
	unsigned rounds;
	unsigned etcd;              /* for so many rounds an etcd is still believed to be here */
	unsigned whole;             /* measurements that were made */
	bool measured;              /* enough of them: from now on it is gentle */
	enum verdict verdict;       /* the last that was measured */
	struct latency_total total; /* of all samples since the first measurement */
};

/* Shall this round look through all processes' files for an etcd? */
bool gentle_searches_whole(const struct gentle *g);
/* Adds the samples of the last `sliding` seconds. */
void gentle_recall(const struct gentle *g, uint64_t now, double sliding, struct latencies *l);
/* Tells one of this round's samples, for gentle_note(). `i` from 0. */
void gentle_tell(struct result *r, unsigned i, double ms);
/* The verdict of `l`, which gentle_recall() and this round have filled: another than before only
 * where the interval of p99 proves it, or, for the better, where there are enough. */
enum verdict gentle_judge(const struct gentle *g, const struct latencies *l, double warn_ms,
			  double fail_ms);
/* Remembers what is in a round's result, and puts the histogram of all samples in its place.
 * `beside_etcd`: nothing was measured because of one. `fast`: the verdict is of something else, the
 * disk is fast. */
void gentle_note(struct gentle *g, uint64_t now, bool beside_etcd, bool fast, struct result *r);
