/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, routes and neighbours over rtnetlink. Addresses are in network byte order. */
#pragma once

#include "ip.h"
#include "netlink.h"

struct address {
	unsigned link; /* index */
	struct ip ip;
	uint8_t prefix; /* bits */
	uint8_t scope;  /* RT_SCOPE_UNIVERSE … */
	uint32_t flags; /* IFA_F_PERMANENT … */
};

struct route {
	struct ip to;
	uint8_t prefix; /* 0: a default route */
	uint8_t type;   /* RTN_UNICAST … */
	uint32_t table;
	unsigned link;     /* of the next hop, or 0 */
	bool has_gateway;  /* of the next hop */
	struct ip gateway; /* may be IPv6 on an IPv4 route */
	uint32_t metric;   /* the lower one wins */
	uint32_t mtu;      /* RTAX_MTU, or 0 */
};

struct addresses {
	struct address *v;
	size_t n;
};
struct routes {
	struct route *v;
	size_t n;
};

/* All addresses. 0 or -errno. */
int addresses_read(struct addresses *out);
void addresses_clear(struct addresses *a);
#define _cleanup_addresses _cleanup_(addresses_clear)

/* The main table's unicast routes of a family; with `all` also other tables'. One of several next
 * hops has a row for each. At most 65536 rows. 0 or -errno. */
int routes_read(int family, bool all, struct routes *out);
void routes_clear(struct routes *r);
#define _cleanup_routes _cleanup_(routes_clear)

/* All default routes of both families, IPv4's first. 0 or -errno. */
int routes_default(struct routes *out);
/* The default route of the lowest metric, IPv4's before IPv6's. 0, -ENOENT when there is none, or
 * -errno. */
int route_default(struct route *out);

/* The index of the link that carries the node's address: the one kubelet was told by --node-ip
 * (kubeadm-flags.env, default/kubelet, sysconfig/kubelet), else the default route's. 0 or -errno;
 * -ENOENT when nothing says. */
int node_link(const struct sys *sys, unsigned *link);

/* Asks a neighbour whether it is there, by ARP or neighbour discovery, for at most `wait_s`
 * seconds. 1 it is, 0 it does not answer, or -errno. */
int neighbour_answers(const struct sys *sys, unsigned link, const struct ip *ip, double wait_s);

/* Single messages; -EBADMSG when they can't be one. */
int address_parse(struct nlmsghdr *message, struct address *out);
/* The hop-th next hop, from 0; -ENOENT when there are not that many. */
int route_parse(struct nlmsghdr *message, unsigned hop, struct route *out);
