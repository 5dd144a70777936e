/* SPDX-License-Identifier: Apache-2.0 */
/* How long TCP connections to other machines take to be made. */
#pragma once

#include "findings.h"
#include "params.h"
#include "sys.h"

#define RTT_COUNT_MOST 100
/* A target that never answers gets no more connects than that. */
#define RTT_HOPELESS 3

struct rtt_plan {
	unsigned count; /* connects to each target, at most RTT_COUNT_MOST */
	double gap_s;   /* between two beginnings */
	double wait_s;  /* for an answer */
};

/* One target's connects. What was answered is made or refused. */
struct rtt_series {
	struct ip ip;
	uint16_t port;
	double ms[RTT_COUNT_MOST]; /* of each answer, in the order of time */
	unsigned n;                /* answers */
	unsigned refused;          /* of them with a reset: nothing listens there */
	unsigned retried;          /* of them only after the first packet was sent again */
	unsigned lost;             /* no answer within the time */
	unsigned failed;           /* the kernel had no way to send it */
	int error;                 /* of the last such, as errno; or 0 */
};

/* Connects to all of them side by side, each anew once the one before has ended, and closes at once
 * without a byte of data. A made connection's time is the kernel's own measure of the handshake
 * (TCP_INFO's tcpi_rtt, tcp(7)), which a busy CPU here lengthens little; where the kernel took
 * none, because a packet was sent again (Karn's rule) or the answer was a reset, it is the time
 * until the kernel told. `progress` (or NULL) is told how many connects are done, at most once a
 * second. */
void rtt_measure(const struct sys *sys, struct rtt_series *series, size_t n,
		 const struct rtt_plan *plan, void (*progress)(void *context, unsigned done),
		 void *context);

/* Of one series; times in seconds. */
struct rtt_limits {
	double warn, fail;           /* of the median */
	double p99_warn, p99_fail;   /* of the 99th percentile: of few connects it is the worst */
	double loss_warn, loss_fail; /* percent of the connects that were lost or retried */
	bool mild;                   /* what would fail is a warning */
};

/* Judges, and tells the figures NAME.min, NAME.p50, NAME.p99 (ms) and NAME.loss (%). */
void rtt_judge(const char *name, struct rtt_series *series, const struct rtt_limits *limits,
	       struct findings *findings, struct result *r);
