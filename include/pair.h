/* SPDX-License-Identifier: Apache-2.0 */
/* A pair of links between two network namespaces, as a container runtime makes one. */
#pragma once

#include <netinet/in.h>

#include "netlink.h"

/* Makes the veth `name` in this thread's network namespace, and its other end `peer` in that of the
 * descriptor. Both go when either namespace does. 0 or -errno: -EOPNOTSUPP without veth in this
 * kernel. */
int pair_make(const char *name, const char *peer, int peer_namespace);

/* Gives a link of this namespace an IPv4 address with 30 bits of network, and sets it up. 0 or
 * -errno. */
int pair_open(const char *name, struct in_addr address);
