/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#define TRIES       5 /* of a dump that changes while it is read */
#define ROUTES_MOST 65536

static bool read_ip(const struct nlattr *a, int family, struct ip *out)
{
	if (!a || (family != AF_INET && family != AF_INET6) || (size_t)nla_len(a) != ip_len(family))
		return false;
	*out = (struct ip){.family = family};
	memcpy(out->bytes, nla_data(a), ip_len(family));
	return true;
}

int address_parse(struct nlmsghdr *message, struct address *out)
{
	struct nlattr *a[IFA_MAX + 1] = {0};
	const struct ifaddrmsg *info = nlmsg_data(message);
	struct address found = {0};

	if (message->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(message, sizeof(*info), a, IFA_MAX, NULL) < 0)
		return -EBADMSG;
	/* On a point-to-point link IFA_ADDRESS is the peer's. */
	if (!read_ip(a[IFA_LOCAL], info->ifa_family, &found.ip) &&
	    !read_ip(a[IFA_ADDRESS], info->ifa_family, &found.ip))
		return -EBADMSG;
	found.link = info->ifa_index;
	found.prefix = info->ifa_prefixlen;
	found.scope = info->ifa_scope;
	found.flags = info->ifa_flags;
	netlink_u32(a[IFA_FLAGS], &found.flags);
	*out = found;
	return 0;
}

static void read_via(const struct nlattr *via, struct route *route)
{
	const struct rtvia *v;

	if (!via || (size_t)nla_len(via) < sizeof(*v))
		return;
	v = nla_data(via);
	if ((size_t)nla_len(via) < sizeof(*v) + ip_len(v->rtvia_family) ||
	    (v->rtvia_family != AF_INET && v->rtvia_family != AF_INET6))
		return;
	route->gateway = (struct ip){.family = v->rtvia_family};
	memcpy(route->gateway.bytes, v->rtvia_addr, ip_len(v->rtvia_family));
	route->has_gateway = true;
}

/* One next hop of several. False when there are not that many. */
static bool read_hop(struct nlattr *multipath, unsigned index, int family, struct route *route)
{
	struct rtnexthop *hop = nla_data(multipath);
	size_t left = (size_t)nla_len(multipath);
	struct nlattr *first;
	int len;

	while (left >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left &&
	       index > 0) {
		size_t step = RTNH_ALIGN(hop->rtnh_len);

		left = step < left ? left - step : 0;
		hop = (void *)((char *)hop + step);
		index--;
	}
	if (left < sizeof(*hop) || hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > left)
		return false;
	route->link = hop->rtnh_ifindex > 0 ? (unsigned)hop->rtnh_ifindex : 0;
	first = (struct nlattr *)(hop + 1);
	len = (int)(hop->rtnh_len - sizeof(*hop));
	route->has_gateway = read_ip(nla_find(first, len, RTA_GATEWAY), family, &route->gateway);
	read_via(nla_find(first, len, RTA_VIA), route);
	return true;
}

int route_parse(struct nlmsghdr *message, unsigned hop, struct route *out)
{
	struct nlattr *a[RTA_MAX + 1] = {0};
	const struct rtmsg *info = nlmsg_data(message);
	struct route route = {0};

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(message, sizeof(*info), a, RTA_MAX, NULL) < 0 ||
	    (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
		return -EBADMSG;
	route.to.family = info->rtm_family;
	if (info->rtm_dst_len && !read_ip(a[RTA_DST], info->rtm_family, &route.to))
		return -EBADMSG;
	route.prefix = info->rtm_dst_len;
	route.type = info->rtm_type;
	route.table = info->rtm_table;
	netlink_u32(a[RTA_TABLE], &route.table);
	netlink_u32(a[RTA_OIF], &route.link);
	netlink_u32(a[RTA_PRIORITY], &route.metric);
	route.has_gateway = read_ip(a[RTA_GATEWAY], info->rtm_family, &route.gateway);
	read_via(a[RTA_VIA], &route);
	if (a[RTA_MULTIPATH] && !read_hop(a[RTA_MULTIPATH], hop, info->rtm_family, &route))
		return -ENOENT;
	if (!a[RTA_MULTIPATH] && hop > 0)
		return -ENOENT;
	if (a[RTA_METRICS])
		netlink_u32(nla_find(nla_data(a[RTA_METRICS]), nla_len(a[RTA_METRICS]), RTAX_MTU),
			    &route.mtu);
	*out = route;
	return 0;
}

static int add_address(struct nlmsghdr *message, void *context)
{
	struct addresses *all = context;
	struct address found, *slot;
	int r = address_parse(message, &found);

	if (r < 0)
		return r;
	slot = array_add(&all->v, &all->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = found;
	return 0;
}

int addresses_read(struct addresses *out)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	_cleanup_addresses struct addresses found = {0};
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r < 0)
		return r;
	for (int i = 0; i < TRIES; i++) {
		struct ifaddrmsg info = {.ifa_family = AF_UNSPEC};
		struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);

		addresses_clear(&found);
		if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0) {
			nlmsg_free(msg);
			return -ENOMEM;
		}
		r = netlink_ask(sock, msg, add_address, &found, NULL);
		if (r != -EINTR)
			break;
	}
	if (r < 0)
		return r;
	*out = found;
	found = (struct addresses){0};
	return 0;
}

void addresses_clear(struct addresses *a)
{
	free(a->v);
	*a = (struct addresses){0};
}

struct wanted_routes {
	struct routes found;
	bool all;
};

static int add_route(struct nlmsghdr *message, void *context)
{
	struct wanted_routes *w = context;
	struct route route, *slot;

	/* Multicast routes come with families of their own. */
	for (unsigned hop = 0; route_parse(message, hop, &route) == 0; hop++) {
		if (route.type != RTN_UNICAST || (!w->all && route.table != RT_TABLE_MAIN) ||
		    w->found.n >= ROUTES_MOST)
			return 0;
		slot = array_add(&w->found.v, &w->found.n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = route;
	}
	return 0;
}

int routes_read(int family, bool all, struct routes *out)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	struct wanted_routes wanted = {.all = all};
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r < 0)
		return r;
	for (int i = 0; i < TRIES; i++) {
		struct rtmsg info = {.rtm_family = (unsigned char)family,
				     .rtm_table = all ? RT_TABLE_UNSPEC : RT_TABLE_MAIN};
		struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);

		routes_clear(&wanted.found);
		if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0) {
			nlmsg_free(msg);
			return -ENOMEM;
		}
		r = netlink_ask(sock, msg, add_route, &wanted, NULL);
		if (r != -EINTR)
			break;
	}
	/* A table that nothing was ever put into does not exist. */
	if (r < 0 && r != -ENOENT) {
		routes_clear(&wanted.found);
		return r;
	}
	*out = wanted.found;
	return 0;
}

void routes_clear(struct routes *r)
{
	free(r->v);
	*r = (struct routes){0};
}

int routes_default(struct routes *out)
{
	static const int families[] = {AF_INET, AF_INET6};
	_cleanup_routes struct routes found = {0};

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		_cleanup_routes struct routes routes = {0};
		int r = routes_read(families[i], false, &routes);

		if (r < 0 && r != -EAFNOSUPPORT && r != -EOPNOTSUPP)
			return r;
		for (size_t k = 0; k < routes.n; k++) {
			struct route *slot;

			if (routes.v[k].prefix != 0 || !routes.v[k].link)
				continue;
			slot = array_add(&found.v, &found.n, sizeof(*slot));
			if (!slot)
				return -ENOMEM;
			*slot = routes.v[k];
		}
	}
	out->v = TAKE(found.v);
	out->n = found.n;
	return 0;
}

int route_default(struct route *out)
{
	_cleanup_routes struct routes all = {0};
	const struct route *best = NULL;
	int r = routes_default(&all);

	for (size_t i = 0; i < all.n && r == 0; i++)
		if (!best ||
		    (all.v[i].to.family == best->to.family && all.v[i].metric < best->metric))
			best = &all.v[i];
	if (best)
		*out = *best;
	return r < 0 ? r : best ? 0 : -ENOENT;
}
