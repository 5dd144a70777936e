/* SPDX-License-Identifier: Apache-2.0 */
/* What an etcd counts about itself, from its own metrics: `nodefit-net scrape etcd` takes it from
 * there and prints it, nodefit reads it back. */
#pragma once

#include "histogram.h"
#include "scrape.h"

/* etcd advises seven members at the most (etcd.io: FAQ, "What is maximum cluster size?"). */
#define ETCD_PEERS_MOST 8
#define ETCD_PEER_ID    20

enum etcd_number {
	ETCD_HAS_LEADER,     /* 0 or 1 */
	ETCD_IS_LEADER,      /* 0 or 1 */
	ETCD_STARTED,        /* seconds since 1970; another number: another process */
	ETCD_LEADER_CHANGES, /* from here on they only grow */
	ETCD_HEARTBEAT_FAILURES,
	ETCD_SLOW_APPLIES,
	ETCD_PROPOSALS_FAILED,
	ETCD_NUMBERS
};

struct etcd_stat {
	double numbers[ETCD_NUMBERS];
	bool known[ETCD_NUMBERS];
	char version[32];
	struct histogram wal_fsync, backend_commit; /* seconds; n == 0: not told */
	struct {
		char id[ETCD_PEER_ID]; /* in hexadecimal */
		struct histogram rtt;  /* seconds */
	} peers[ETCD_PEERS_MOST];
	size_t n_peers;
	bool left_out; /* there are more peers */
};

/* How each number is called in the lines and in the metrics. */
extern const struct etcd_number_name {
	const char *key, *metric;
} etcd_numbers[ETCD_NUMBERS];

/* Is it a member's id as etcd prints one? */
bool etcd_peer_id_ok(const char *id);
void etcd_stat_print(const struct etcd_stat *s, FILE *out);
/* 0, or -EBADMSG, *out untouched, when a line says what can't be. Lines of other keys are passed
 * over. */
int etcd_stat_read(const struct scrape *lines, struct etcd_stat *out);
