/* SPDX-License-Identifier: Apache-2.0 */
/* The NICs that a node's network rests on, and the numbers that sysfs tells of each. */
#pragma once

#include <stdint.h>

#include "link.h"

struct nic {
	struct link link;
	bool node;  /* carries the node's address */
	bool below; /* a port of the node's bond or bridge, or what its VLAN lies on */
};

/* The node's first, then those below it, then the others by index. */
struct nics {
	struct nic *v;
	size_t n;
};

/* Of the links those that matter: the node's own (`node` is its index, 0: nothing says), whatever
 * it is made of; what lies below it; and every other piece of hardware that is up. 0 or -ENOMEM. */
int nics_pick(const struct links *links, unsigned node, struct nics *out);
/* The same of this machine. Without any NIC that is an empty list. 0 or -errno. */
int nics_read(const struct sys *sys, struct nics *out);
void nics_clear(struct nics *nics);
#define _cleanup_nics _cleanup_(nics_clear)

/* What its figures are called after: NULL for the node's, whose names are plain so that they are
 * the same on every node. */
const char *nic_called(const struct nic *nic);

/* Has this NIC others below it, which do the work? */
bool nics_has_ports(const struct nics *nics, const struct nic *nic);

/* Does sysfs show this very link? It may be another network namespace's. */
bool nic_in_sysfs(const struct sys *sys, const struct link *link);
/* The whole number in /sys/class/net/LINK/FILE. 0 or -errno: -EINVAL also from a driver that
 * has no answer while the link is down. */
int nic_number(const struct sys *sys, const char *link, const char *file, int64_t *out);
