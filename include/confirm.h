/* SPDX-License-Identifier: Apache-2.0 */
/* Changing links so that the node stays within reach: look before, look after, and put everything
 * back when what answered before does not answer any more. */
#pragma once

#include "apply.h"
#include "link.h"
#include "netwish.h"
#include "route.h"

#define REACH_LINKS_MOST 64

/* --- what is within reach: reach.c --- */

struct reach {
	struct {
		unsigned index;
		char name[IF_NAMESIZE];
	} carriers[REACH_LINKS_MOST]; /* links about to change that have carrier */
	size_t n_carriers;
	bool is_management;   /* a changing link carries the default route */
	bool has_gateway;     /* its gateway answered ARP or neighbour discovery */
	bool echoes;          /* ... and an ICMP echo */
	unsigned raised_from; /* the gateway link's MTU, when it shall become greater; else 0 */
	struct route route;
	struct net_endpoint endpoints[NET_CONFIRM_MOST]; /* those that took a connection */
	size_t n_endpoints;
};

/* What answers now, of all that the changes could cut off. Takes some seconds where something does
 * not. 0 or -errno. */
int reach_look(const struct sys *sys, const struct profile *p, const struct changes *plan,
	       struct reach *out);
/* Does it all still answer? 1; 0 with *lost in words; or -errno. `wait_s`: for each question. */
int reach_same(const struct sys *sys, const struct reach *r, double wait_s, char **lost);

/* --- the process that outlives us: guard.c --- */

struct guard {
	int pid;
	int pipe;
};

/* Forks a process of its own session that puts the plan's link changes back unless it is released:
 * when this process is gone, however it ended, or after `seconds`. 0 or -errno. */
int guard_start(const struct sys *sys, struct journal *j, struct changes *plan, double seconds,
		struct guard *out);
/* All is well, or put back already: the guard ends without doing anything. */
void guard_release(struct guard *g);

/* --- confirm.c --- */

/* Writes the plan's link changes. With a confirm time other than 0 (below 0: 10 s where a link that
 * carries the default route changes) they are put back unless all that answered before does so
 * again within it. 0 or -errno with *why; what became of each is in its row. */
int links_write(const struct sys *sys, const struct profile *p, struct journal *j,
		struct changes *plan, double confirm_s, char **why);
/* Puts the plan's link changes that `wanted` marks back, the last one first, and what changed along
 * with them; each row says `why`. 0 or -errno. */
int links_revert(const struct sys *sys, const struct journal *j, struct changes *plan,
		 const bool *wanted, const char *why);
