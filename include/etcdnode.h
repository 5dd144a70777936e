/* SPDX-License-Identifier: Apache-2.0 */
/* The etcd of this node: where it lives, where it tells its metrics, and what they say of it. */
#pragma once

#include "etcdstat.h"
#include "findings.h"

#define ETCD_ADDRESSES 4

/* Where an etcd lives on this node, by its command line, its environment, or the static pod's
 * manifest. */
struct etcd_place {
	enum {
		ETCD_NOWHERE,
		ETCD_PROCESS,
		ETCD_MANIFEST, /* of a static pod, whose process can't be seen */
		ETCD_LISTENER, /* somebody listens on its ports */
	} found;
	char who[64];                       /* in words */
	char addresses[ETCD_ADDRESSES][64]; /* "HOST:PORT" that may tell metrics by plain HTTP */
	size_t n;
	bool tls;                       /* those that are configured speak TLS only */
	double heartbeat_s, election_s; /* its own or the default 100 ms and 1 s */
	bool intervals_told;
};

/* The first etcd in this network namespace. */
void etcd_find(const struct sys *sys, struct etcd_place *out);
/* Does somebody listen on etcd's client or peer port? (etcd.c) */
bool etcd_port_is_open(const struct sys *sys);
/* Reads "--NAME=VALUE", "--NAME" "VALUE" and "ETCD_NAME=VALUE" among NUL-ended words; what comes
 * later counts. */
void etcd_take_words(struct etcd_place *place, const char *words, size_t len);

/* --- judging --- */

struct etcd_limits {
	/* Seconds of p99, which is estimated within its bucket. It passes up to warn, and fails
	 * when the bucket begins at or above fail; between it warns. */
	double wal_warn, wal_fail, commit_warn, commit_fail;
	double least;        /* observations below which p99 is not judged */
	double late_percent; /* of the heartbeats, from which to warn */
};

struct etcd_view {
	const struct etcd_place *place;
	const struct etcd_stat *now, *before; /* before may be NULL */
	double seconds;                       /* between them */
};

/* What is found goes to the findings, the figures to the result. */
void etcd_judge(const struct etcd_view *view, const struct etcd_limits *limits,
		struct findings *findings, struct result *r);
