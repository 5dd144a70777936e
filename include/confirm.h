/* SPDX-License-Identifier: Apache-2.0 */
/* Changing links so that the node stays within reach: look before, look after, and put everything
 * back when what answered before does not answer any more. */
#pragma once

#include "apply.h"
#include "link.h"
#include "netwish.h"
#include "route.h"

#define REACH_LINKS_MOST    256
#define REACH_GATEWAYS_MOST 8

/* --- what is within reach: reach.c --- */

struct reach {
	struct {
		unsigned index;
		char name[IF_NAMESIZE];
	} carriers[REACH_LINKS_MOST]; /* links about to change that have carrier */
	size_t n_carriers;
	/* Of default routes that changing links carry: those that answered ARP or neighbour
	 * discovery. */
	struct reach_gateway {
		unsigned link;
		struct ip ip;
		bool echoes;  /* it answered a ping, too */
		uint32_t mtu; /* of the link, before */
	} gateways[REACH_GATEWAYS_MOST];
	size_t n_gateways;
	bool at_stake; /* a default route, the node's address or a server: to be confirmed */
	bool forced;   /* a greater MTU needs no proof */
	struct net_endpoint endpoints[NET_CONFIRM_MOST]; /* those that took a connection */
	size_t n_endpoints;
};

/* What answers now, of all that the changes could cut off. Takes some seconds where something does
 * not; without `ask` nothing is asked. A greater MTU for a link that carries a default route is
 * refused in *plan, unless `forced`, where no gateway answers pings: nothing could show then that
 * the path carries it. 0 or -errno. */
int reach_look(const struct sys *sys, const struct profile *p, struct changes *plan, bool ask,
	       bool forced, struct reach *out);
/* Does it all still answer? 1; 0 with *lost in words; or -errno. `wait_s`: for each question. */
int reach_same(const struct sys *sys, const struct reach *r, double wait_s, char **lost);

/* --- the process that outlives us: guard.c --- */

struct guard {
	int pid;
	int socket;
};

/* Forks a process of its own session that puts the plan's link changes back unless it is released:
 * when this process is gone, however it ended, or has not touched it for `seconds`. 0 or -errno. */
int guard_start(const struct sys *sys, struct journal *j, struct changes *plan, double seconds,
		struct guard *out);
/* Its time begins anew. 0, or -EPIPE when it is gone: it was killed, or has put things back because
 * we were late. Then it has ended for good. */
int guard_touch(struct guard *g);
/* All is well, or put back already: it ends without doing anything. 0 or -EPIPE as above. */
int guard_release(struct guard *g);

/* --- confirm.c --- */

/* Writes the plan's link changes. With a confirm time other than 0 (below 0: 10 s where something
 * is at stake) they are put back unless all that answered before does so again within it; until
 * then the journal on disk says that they are not confirmed. 0 or -errno; what became of each is in
 * its row. */
int links_write(const struct sys *sys, const struct profile *p, struct journal *j,
		struct changes *plan, const struct apply_options *options);
/* Puts the plan's link changes that `wanted` marks back, the last one first, and what changed along
 * with them; each row says `why`. 0, -EIO when something could not be put back, or -errno. */
int links_revert(const struct sys *sys, const struct journal *j, struct changes *plan,
		 const bool *wanted, const char *why);
/* Puts back what an earlier run changed and never confirmed, because it was killed along with its
 * guard. 0 or -errno with *why. */
int links_recover(const struct sys *sys, struct journal *j, char **why);
