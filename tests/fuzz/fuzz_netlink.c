/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the kernel's answer: nothing is read past their end, what was parsed is bounded, and
 * a link's name is one that the kernel would have. */
#include <stdlib.h>
#include <string.h>

#include "ethtool.h"
#include "link.h"
#include "listeners.h"
#include "route.h"

static void check_link(struct nlmsghdr *h)
{
	struct link l;

	if (link_parse(h, &l) < 0)
		return;
	if (!*l.name || strlen(l.name) >= sizeof(l.name) || strchr(l.name, '/') || !l.index ||
	    l.address_len > LINK_ADDRESS_MAX || l.permanent_len > LINK_ADDRESS_MAX ||
	    strlen(l.kind) >= sizeof(l.kind))
		abort();
}

static void check_routes(struct nlmsghdr *h)
{
	char text[INET6_ADDRSTRLEN];
	struct address a;
	struct route r;

	if (address_parse(h, &a) == 0 && *ip_text(&a.ip, text) == '?')
		abort();
	for (unsigned hop = 0; route_parse(h, hop, &r) == 0; hop++)
		if (r.has_gateway && *ip_text(&r.gateway, text) == '?')
			abort();
}

static void check_listener(struct nlmsghdr *h)
{
	struct listener l = {.inode = UINT64_MAX};
	int r = listener_read(h, &l);

	if ((r == 1) != (l.inode != UINT64_MAX) || (r < 0 && r != -EBADMSG))
		abort();
}

static void check_ethtool(struct nlmsghdr *h)
{
	static const struct ethtool_group *const groups[] = {&ethtool_channels, &ethtool_rings,
							     &ethtool_coalesce};
	struct ethtool_features f = {0};
	struct ethtool_values v;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (ethtool_parse(h, groups[i], &v) < 0)
			continue;
		for (size_t k = 0; groups[i]->fields[k].name; k++)
			if (groups[i]->fields[k].flag && v.v[k].value > 1)
				abort();
	}
	ethtool_parse_features(h, &f);
	for (size_t i = 0; i < f.n; i++)
		if (!*f.v[i].name || strlen(f.v[i].name) >= sizeof(f.v[i].name))
			abort();
	ethtool_features_clear(&f);
}

static int on_message(struct nlmsghdr *h, void *context)
{
	(void)context;
	check_link(h);
	check_listener(h);
	check_routes(h);
	check_ethtool(h);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct refusal words = {""};
	bool interrupted = false;
	uint32_t seq = 0;
	char *copy = malloc(size ? size : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (size >= NLMSG_HDRLEN)
		memcpy(&seq, copy + offsetof(struct nlmsghdr, nlmsg_seq), sizeof(seq));
	if (netlink_walk(copy, size, seq, on_message, NULL, &words, &interrupted) > 1 ||
	    strlen(words.text) >= sizeof(words.text))
		abort();
	free(copy);
	return 0;
}
