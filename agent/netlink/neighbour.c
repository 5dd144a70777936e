/* SPDX-License-Identifier: Apache-2.0 */
/* Is a neighbour there? Its entry is put into the state NUD_PROBE, in which the kernel asks it
 * three times, a second apart (net.ipv4.neigh.*.ucast_solicit), and calls it reachable or failed.
 */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "link.h"
#include "route.h"

#define STEP_NS 10000000ull

struct entry {
	uint16_t state; /* NUD_…, or 0 when there is none */
	uint8_t flags;  /* NTF_… */
	bool has_more_flags;
	uint32_t more_flags; /* NTF_EXT_… */
	uint8_t address[LINK_ADDRESS_MAX];
	size_t address_len;
};

struct search {
	unsigned link;
	const struct ip *ip;
	struct entry *entry;
};

static int on_neighbour(struct nlmsghdr *message, void *context)
{
	struct search *s = context;
	struct nlattr *a[NDA_MAX + 1] = {0};
	const struct ndmsg *info = nlmsg_data(message);

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse(message, sizeof(*info), a, NDA_MAX, NULL) < 0)
		return -EBADMSG;
	if (info->ndm_ifindex != (int)s->link || info->ndm_family != s->ip->family || !a[NDA_DST] ||
	    (size_t)nla_len(a[NDA_DST]) != ip_len(s->ip->family) ||
	    memcmp(nla_data(a[NDA_DST]), s->ip->bytes, ip_len(s->ip->family)) != 0)
		return 0;
	*s->entry = (struct entry){.state = info->ndm_state, .flags = info->ndm_flags};
	s->entry->has_more_flags = netlink_u32(a[NDA_FLAGS_EXT], &s->entry->more_flags);
	if (a[NDA_LLADDR] && nla_len(a[NDA_LLADDR]) > 0 &&
	    nla_len(a[NDA_LLADDR]) <= LINK_ADDRESS_MAX) {
		s->entry->address_len = (size_t)nla_len(a[NDA_LLADDR]);
		memcpy(s->entry->address, nla_data(a[NDA_LLADDR]), s->entry->address_len);
	}
	return 0;
}

static int read_entry(struct nl_sock *sock, unsigned link, const struct ip *ip, struct entry *out)
{
	struct ndmsg info = {.ndm_family = (uint8_t)ip->family};
	struct search s = {.link = link, .ip = ip, .entry = out};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETNEIGH, NLM_F_DUMP);
	int r;

	*out = (struct entry){0};
	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, NDA_IFINDEX, link) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = netlink_ask(sock, msg, on_neighbour, &s, NULL);
	return r == -EINTR ? 0 : r; /* read again anyway */
}

/* Makes the kernel ask: a known neighbour where it was, an unknown one everywhere. The entry keeps
 * its flags: another program may have made it (Cilium's are managed, FRR's externally learnt). */
static int solicit(struct nl_sock *sock, unsigned link, const struct ip *ip,
		   const struct entry *known)
{
	bool unicast = known->address_len && !(known->state & NUD_FAILED);
	struct ndmsg info = {.ndm_family = (uint8_t)ip->family,
			     .ndm_ifindex = (int)link,
			     .ndm_state = unicast ? NUD_PROBE : NUD_NONE,
			     .ndm_flags = unicast ? known->flags : NTF_USE};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);

	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, NDA_DST, (int)ip_len(ip->family), ip->bytes) < 0 ||
	    (unicast && nla_put(msg, NDA_LLADDR, (int)known->address_len, known->address) < 0) ||
	    (unicast && known->has_more_flags &&
	     nla_put_u32(msg, NDA_FLAGS_EXT, known->more_flags) < 0)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return netlink_ask(sock, msg, NULL, NULL, NULL);
}

int neighbour_answers(const struct sys *sys, unsigned link, const struct ip *ip, double wait_s)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	uint64_t end = sys->now(sys) + (uint64_t)(wait_s * 1e9);
	struct entry entry;
	int r = netlink_open(NETLINK_ROUTE, &sock);

	if (r == 0)
		r = read_entry(sock, link, ip, &entry);
	/* Somebody's fixed entry, or a link without neighbours: nothing to ask. */
	if (r == 0 && entry.state & (NUD_PERMANENT | NUD_NOARP))
		return 1;
	if (r == 0)
		r = solicit(sock, link, ip, &entry);
	while (r == 0 && sys->now(sys) < end) {
		r = read_entry(sock, link, ip, &entry);
		if (r == 0 && entry.state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP))
			return 1;
		if (r == 0 && entry.state & NUD_FAILED)
			return 0;
		sys->sleep_until(sys, sys->now(sys) + STEP_NS);
	}
	return r;
}
