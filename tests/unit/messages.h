/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink messages as the kernel would send them, built with libnl, and walked over in every
 * truncation: each copy ends exactly where its buffer does, so that a sanitizer sees a byte read
 * past it. */
#pragma once

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "ethtool.h"
#include "helpers.h"
#include "link.h"
#include "route.h"

#define SEQ 7

HELPER struct nl_msg *message(int type, const void *fixed, size_t len)
{
	struct nl_msg *m = nlmsg_alloc();

	assert_non_null(m);
	assert_non_null(nlmsg_put(m, 0, SEQ, type, 0, 0));
	assert_int_equal(nlmsg_append(m, (void *)fixed, len, NLMSG_ALIGNTO), 0);
	return m;
}

/* eth0: a virtio NIC with an XDP program, in a bridge. */
HELPER struct nl_msg *link_message(void)
{
	struct ifinfomsg info = {.ifi_index = 2, .ifi_flags = IFF_UP | IFF_RUNNING};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct nl_msg *m = message(RTM_NEWLINK, &info, sizeof(info));
	struct nlattr *nest;

	nla_put_string(m, IFLA_IFNAME, "eth0");
	nla_put_u32(m, IFLA_MTU, 1450);
	nla_put_u32(m, IFLA_MIN_MTU, 68);
	nla_put_u32(m, IFLA_MAX_MTU, 1450);
	nla_put_u32(m, IFLA_TXQLEN, 1000);
	nla_put_u32(m, IFLA_MASTER, 9);
	nla_put_u8(m, IFLA_CARRIER, 1);
	nla_put(m, IFLA_ADDRESS, sizeof(mac), mac);
	nla_put(m, IFLA_PERM_ADDRESS, sizeof(mac), mac);
	nla_put_string(m, IFLA_PARENT_DEV_NAME, "virtio0");
	nest = nla_nest_start(m, IFLA_XDP);
	nla_put_u8(m, IFLA_XDP_ATTACHED, XDP_ATTACHED_DRV);
	nla_nest_end(m, nest);
	return m;
}

/* vx0: a VXLAN over link 2 with an IPv6 underlay. */
HELPER struct nl_msg *vxlan_message(void)
{
	struct ifinfomsg info = {.ifi_index = 5, .ifi_flags = IFF_UP};
	static const uint8_t group[16] = {0x20, 1, 0xd, 0xb8};
	struct nl_msg *m = message(RTM_NEWLINK, &info, sizeof(info));
	struct nlattr *outer, *data;

	nla_put_string(m, IFLA_IFNAME, "vx0");
	nla_put_u32(m, IFLA_MTU, 1430);
	nla_put_u32(m, IFLA_LINK, 2);
	outer = nla_nest_start(m, IFLA_LINKINFO);
	nla_put_string(m, IFLA_INFO_KIND, "vxlan");
	data = nla_nest_start(m, IFLA_INFO_DATA);
	nla_put_u32(m, IFLA_VXLAN_LINK, 2);
	nla_put(m, IFLA_VXLAN_GROUP6, sizeof(group), group);
	nla_put_u8(m, IFLA_VXLAN_COLLECT_METADATA, 1);
	nla_nest_end(m, data);
	nla_nest_end(m, outer);
	return m;
}

HELPER struct nl_msg *genl_message(uint8_t command)
{
	struct genlmsghdr g = {.cmd = command, .version = 1};

	return message(0x1c, &g, sizeof(g));
}

HELPER struct nl_msg *channels_message(void)
{
	struct nl_msg *m = genl_message(ETHTOOL_MSG_CHANNELS_GET_REPLY);

	nla_put_u32(m, ETHTOOL_A_CHANNELS_COMBINED_MAX, 4);
	nla_put_u32(m, ETHTOOL_A_CHANNELS_COMBINED_COUNT, 2);
	return m;
}

HELPER void put_bit(struct nl_msg *m, const char *name, bool set)
{
	struct nlattr *bit = nla_nest_start(m, ETHTOOL_A_BITSET_BITS_BIT);

	nla_put_string(m, ETHTOOL_A_BITSET_BIT_NAME, name);
	if (set)
		nla_put_flag(m, ETHTOOL_A_BITSET_BIT_VALUE);
	nla_nest_end(m, bit);
}

HELPER struct nl_msg *features_message(void)
{
	struct nl_msg *m = genl_message(ETHTOOL_MSG_FEATURES_GET_REPLY);
	struct nlattr *set = nla_nest_start(m, ETHTOOL_A_FEATURES_HW), *bits;

	bits = nla_nest_start(m, ETHTOOL_A_BITSET_BITS);
	put_bit(m, "rx-gro", true);
	put_bit(m, "rx-hashing", false);
	put_bit(m, "rx-lro", true);
	nla_nest_end(m, bits);
	nla_nest_end(m, set);
	set = nla_nest_start(m, ETHTOOL_A_FEATURES_ACTIVE);
	nla_put_flag(m, ETHTOOL_A_BITSET_NOMASK);
	bits = nla_nest_start(m, ETHTOOL_A_BITSET_BITS);
	put_bit(m, "rx-gro", false);
	nla_nest_end(m, bits);
	nla_nest_end(m, set);
	return m;
}

HELPER struct nl_msg *route_message(void)
{
	struct rtmsg info = {
		.rtm_family = AF_INET, .rtm_type = RTN_UNICAST, .rtm_table = RT_TABLE_MAIN};
	struct nl_msg *m = message(RTM_NEWROUTE, &info, sizeof(info));
	struct {
		struct rtnexthop hop;
		struct nlattr a;
		uint8_t gateway[4];
	} hops[] = {{.hop = {.rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 2},
		     .a = {.nla_len = 8, .nla_type = RTA_GATEWAY},
		     .gateway = {192, 0, 2, 254}},
		    {.hop = {.rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 3},
		     .a = {.nla_len = 8, .nla_type = RTA_GATEWAY},
		     .gateway = {192, 0, 2, 253}}};
	struct nlattr *metrics;

	nla_put_u32(m, RTA_PRIORITY, 100);
	nla_put(m, RTA_MULTIPATH, sizeof(hops), hops);
	metrics = nla_nest_start(m, RTA_METRICS);
	nla_put_u32(m, RTAX_MTU, 1400);
	nla_nest_end(m, metrics);
	return m;
}

/* Calls `parse` with every shorter copy whose header tells its own length. */
HELPER void in_every_length(struct nl_msg *m, void (*parse)(struct nlmsghdr *h))
{
	const struct nlmsghdr *whole = nlmsg_hdr(m);

	for (uint32_t len = NLMSG_HDRLEN; len <= whole->nlmsg_len; len++) {
		struct nlmsghdr *copy = malloc(len);

		assert_non_null(copy);
		memcpy(copy, whole, len);
		copy->nlmsg_len = len;
		parse(copy);
		free(copy);
	}
	nlmsg_free(m);
}
