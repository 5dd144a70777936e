/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>

#define NETWORK_BITS 30

/* The other end has a header and attributes of its own, within an attribute. */
static bool put_peer(struct nl_msg *msg, const char *peer, int peer_namespace)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA), *nest;

	nest = data ? nla_nest_start(msg, VETH_INFO_PEER) : NULL;
	if (!nest || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, peer) < 0 ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)peer_namespace) < 0)
		return false;
	nla_nest_end(msg, nest);
	nla_nest_end(msg, data);
	return true;
}

static bool put_veth(struct nl_msg *msg, const char *name, const char *peer, int peer_namespace)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nlattr *nest;

	if (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, name) < 0)
		return false;
	nest = nla_nest_start(msg, IFLA_LINKINFO);
	if (!nest || nla_put_string(msg, IFLA_INFO_KIND, "veth") < 0 ||
	    !put_peer(msg, peer, peer_namespace))
		return false;
	nla_nest_end(msg, nest);
	return true;
}

int pair_make(const char *name, const char *peer, int peer_namespace)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	struct nl_msg *msg;
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r < 0)
		return r;
	msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	if (!msg || !put_veth(msg, name, peer, peer_namespace)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return netlink_ask(sock, msg, NULL, NULL, NULL);
}

static int add_address(struct nl_sock *sock, unsigned index, struct in_addr address)
{
	struct ifaddrmsg info = {
		.ifa_family = AF_INET, .ifa_prefixlen = NETWORK_BITS, .ifa_index = index};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);

	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, IFA_LOCAL, sizeof(address), &address) < 0 ||
	    nla_put(msg, IFA_ADDRESS, sizeof(address), &address) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return netlink_ask(sock, msg, NULL, NULL, NULL);
}

static int set_up(struct nl_sock *sock, unsigned index)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
				 .ifi_index = (int)index,
				 .ifi_flags = IFF_UP,
				 .ifi_change = IFF_UP};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);

	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return netlink_ask(sock, msg, NULL, NULL, NULL);
}

int pair_open(const char *name, struct in_addr address)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	unsigned index = if_nametoindex(name);
	int r;

	if (!index)
		return negative_errno();
	r = netlink_open(NETLINK_ROUTE, &sock);
	if (r == 0)
		r = add_address(sock, index, address);
	return r < 0 ? r : set_up(sock, index);
}
