/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

#include "text.h"

#define TRIES 5 /* of a dump that changes while it is read */

static void read_address(const struct nlattr *a, uint8_t *out, size_t *len)
{
	if (!a || nla_len(a) <= 0 || nla_len(a) > LINK_ADDRESS_MAX)
		return;
	*len = (size_t)nla_len(a);
	memcpy(out, nla_data(a), *len);
}

/* The addresses that say which family the tunnel's outer packets have, kind by kind. */
static const struct {
	const char *kind;
	uint16_t link, v4, v6, local_v4, local_v6, meta;
	int always; /* the kind itself says it */
} tunnels[] = {
	{"vxlan", IFLA_VXLAN_LINK, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, IFLA_VXLAN_LOCAL,
	 IFLA_VXLAN_LOCAL6, IFLA_VXLAN_COLLECT_METADATA, AF_UNSPEC},
	{"geneve", 0, IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6, 0, 0, IFLA_GENEVE_COLLECT_METADATA,
	 AF_UNSPEC},
	{"ipip", IFLA_IPTUN_LINK, 0, 0, 0, 0, IFLA_IPTUN_COLLECT_METADATA, AF_INET},
	{"sit", IFLA_IPTUN_LINK, 0, 0, 0, 0, IFLA_IPTUN_COLLECT_METADATA, AF_INET},
	{"ip6tnl", IFLA_IPTUN_LINK, 0, 0, 0, 0, IFLA_IPTUN_COLLECT_METADATA, AF_INET6},
	{"gre", IFLA_GRE_LINK, 0, 0, 0, 0, IFLA_GRE_COLLECT_METADATA, AF_INET},
	{"gretap", IFLA_GRE_LINK, 0, 0, 0, 0, IFLA_GRE_COLLECT_METADATA, AF_INET},
	{"ip6gre", IFLA_GRE_LINK, 0, 0, 0, 0, IFLA_GRE_COLLECT_METADATA, AF_INET6},
	{"ip6gretap", IFLA_GRE_LINK, 0, 0, 0, 0, IFLA_GRE_COLLECT_METADATA, AF_INET6},
};

static const struct nlattr *find(struct nlattr *data, uint16_t type)
{
	return type ? nla_find(nla_data(data), nla_len(data), type) : NULL;
}

static void read_tunnel(struct nlattr *data, struct link *l)
{
	for (size_t i = 0; i < ARRAY_LEN(tunnels); i++) {
		uint32_t index;
		uint8_t meta;

		if (strcmp(tunnels[i].kind, l->kind) != 0)
			continue;
		l->remote_family = tunnels[i].always;
		if (netlink_u32(find(data, tunnels[i].link), &index))
			l->underlay = index;
		if (find(data, tunnels[i].v4) || find(data, tunnels[i].local_v4))
			l->remote_family = AF_INET;
		if (find(data, tunnels[i].v6) || find(data, tunnels[i].local_v6))
			l->remote_family = AF_INET6;
		/* vxlan sends a byte, the others a bare flag. */
		l->collects_meta = find(data, tunnels[i].meta) &&
				   (!netlink_u8(find(data, tunnels[i].meta), &meta) || meta);
	}
}

static void read_kind(struct nlattr *info, struct link *l)
{
	struct nlattr *data;

	if (!info)
		return;
	netlink_name(nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND), l->kind,
		     sizeof(l->kind));
	data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA);
	if (data)
		read_tunnel(data, l);
}

static void read_xdp(const struct nlattr *xdp, struct link *l)
{
	uint8_t mode;

	if (xdp && netlink_u8(nla_find(nla_data(xdp), nla_len(xdp), IFLA_XDP_ATTACHED), &mode))
		l->xdp = mode != XDP_ATTACHED_NONE;
}

int link_parse(struct nlmsghdr *message, struct link *out)
{
	struct nlattr *a[IFLA_MAX + 1] = {0};
	const struct ifinfomsg *info = nlmsg_data(message);
	struct link l = {0};
	uint32_t number;
	uint8_t carrier;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(message, sizeof(*info), a, IFLA_MAX, NULL) < 0 || info->ifi_index <= 0 ||
	    !netlink_name(a[IFLA_IFNAME], l.name, sizeof(l.name)) || strchr(l.name, '/') ||
	    !netlink_u32(a[IFLA_MTU], &l.mtu))
		return -EBADMSG;
	l.index = (unsigned)info->ifi_index;
	l.flags = info->ifi_flags;
	netlink_u32(a[IFLA_MIN_MTU], &l.min_mtu);
	netlink_u32(a[IFLA_MAX_MTU], &l.max_mtu);
	netlink_u32(a[IFLA_TXQLEN], &l.txqueuelen);
	netlink_u32(a[IFLA_NUM_RX_QUEUES], &l.rx_queues);
	netlink_u32(a[IFLA_NUM_TX_QUEUES], &l.tx_queues);
	if (netlink_u32(a[IFLA_MASTER], &number))
		l.master = number;
	if (netlink_u32(a[IFLA_LINK], &number))
		l.lower = number;
	l.lower_elsewhere = a[IFLA_LINK_NETNSID] != NULL;
	l.carrier = netlink_u8(a[IFLA_CARRIER], &carrier) ? carrier && l.flags & IFF_UP
							  : (l.flags & IFF_RUNNING) != 0;
	read_address(a[IFLA_ADDRESS], l.address, &l.address_len);
	read_address(a[IFLA_PERM_ADDRESS], l.permanent, &l.permanent_len);
	read_kind(a[IFLA_LINKINFO], &l);
	read_xdp(a[IFLA_XDP], &l);
	/* Only hardware has a parent device; sysfs, where it can be seen, knows better. */
	l.is_virtual = !a[IFLA_PARENT_DEV_NAME] && (*l.kind || l.flags & IFF_LOOPBACK);
	*out = l;
	return 0;
}

/* sysfs may be of another network namespace: then a link of that name is not this one. Should even
 * its number be the same, what software has made (a veth, a bridge) is still no hardware. */
static void ask_sysfs(const struct sys *sys, struct link *l)
{
	_cleanup_free char *index = NULL;
	char path[64], target[512];
	const char *slash;

	/* InfiniBand's links have a kind and a device, which Linux before 5.14 does not tell. */
	if (l->is_virtual && strcmp(l->kind, "ipoib") != 0)
		return;
	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", l->name);
	if (sys_read_line(sys, path, &index) < 0 || strtoul(index, NULL, 10) != l->index)
		return;
	snprintf(path, sizeof(path), "/sys/class/net/%s", l->name);
	if (sys_readlink(sys, path, target, sizeof(target)) == 0)
		l->is_virtual = strstr(target, "/devices/virtual/") != NULL;
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver", l->name);
	if (sys_readlink(sys, path, target, sizeof(target)) == 0) {
		slash = strrchr(target, '/');
		snprintf(l->driver, sizeof(l->driver), "%.31s", slash ? slash + 1 : target);
	}
}

static int add(struct nlmsghdr *message, void *context)
{
	struct links *links = context;
	struct link l, *slot;
	int r;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	r = link_parse(message, &l);
	if (r < 0)
		return r;
	slot = array_add(&links->v, &links->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = l;
	return 0;
}

int link_read(const struct sys *sys, const char *name, struct link *out)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	_cleanup_links struct links links = {0};
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nl_msg *msg;
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r < 0)
		return r;
	msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, name) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = netlink_ask(sock, msg, add, &links, NULL);
	if (r == 0 && links.n != 1)
		r = -ENODEV;
	if (r < 0)
		return r;
	ask_sysfs(sys, &links.v[0]);
	*out = links.v[0];
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

int links_read(const struct sys *sys, struct links *out)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	_cleanup_links struct links links = {0};
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r < 0)
		return r;
	for (int i = 0; i < TRIES; i++) {
		struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
		struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);

		links_clear(&links);
		if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
		    nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0) {
			nlmsg_free(msg);
			return -ENOMEM;
		}
		r = netlink_ask(sock, msg, add, &links, NULL);
		if (r != -EINTR)
			break;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < links.n; i++)
		ask_sysfs(sys, &links.v[i]);
	if (links.n)
		qsort(links.v, links.n, sizeof(*links.v), by_index);
	*out = links;
	links = (struct links){0};
	return 0;
}

void links_clear(struct links *links)
{
	free(links->v);
	*links = (struct links){0};
}

const struct link *links_find(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->v[i].name, name) == 0)
			return &links->v[i];
	return NULL;
}

const char *link_mac(const uint8_t *address, size_t len, char out[LINK_MAC_TEXT])
{
	if (len != LINK_MAC_LEN)
		return NULL;
	snprintf(out, LINK_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1],
		 address[2], address[3], address[4], address[5]);
	return out;
}

const struct link *links_at(const struct links *links, unsigned index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].index == index)
			return &links->v[i];
	return NULL;
}

int link_set(unsigned index, enum link_attribute attribute, uint32_t value, struct refusal *refusal)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
	struct nl_msg *msg;
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r < 0)
		return r;
	msg = nlmsg_alloc_simple(RTM_SETLINK, 0);
	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, attribute == LINK_MTU ? IFLA_MTU : IFLA_TXQLEN, value) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return netlink_ask(sock, msg, NULL, NULL, refusal);
}
