/* SPDX-License-Identifier: Apache-2.0 */
/* The bit sets of the family's feature replies (Documentation/networking/ethtool-netlink.rst,
 * "Bit sets"), in their verbose form: names, not positions. */
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "ethtool.h"

#define FEATURES_MOST 512

static struct ethtool_feature *feature(struct ethtool_features *f, const char *name)
{
	struct ethtool_feature *slot;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	slot = f->n < FEATURES_MOST ? array_add(&f->v, &f->n, sizeof(*slot)) : NULL;
	if (slot)
		snprintf(slot->name, sizeof(slot->name), "%s", name);
	return slot;
}

enum bits { HW, WANTED, ACTIVE, NOCHANGE };

static int read_bits(struct nlattr *set, enum bits what, struct ethtool_features *f)
{
	struct nlattr *bits, *bit;
	bool is_list;
	int left;

	if (!set)
		return 0;
	bits = nla_find(nla_data(set), nla_len(set), ETHTOOL_A_BITSET_BITS);
	/* Without a mask every listed bit is set; with it, those with the value flag are. */
	is_list = nla_find(nla_data(set), nla_len(set), ETHTOOL_A_BITSET_NOMASK) != NULL;
	if (!bits)
		return 0;
	nla_for_each_nested(bit, bits, left)
	{
		char name[sizeof(((struct ethtool_feature *)0)->name)];
		struct ethtool_feature *slot;

		if (!netlink_name(nla_find(nla_data(bit), nla_len(bit), ETHTOOL_A_BITSET_BIT_NAME),
				  name, sizeof(name)))
			continue;
		slot = feature(f, name);
		if (!slot)
			return -EBADMSG;
		if (!is_list && !nla_find(nla_data(bit), nla_len(bit), ETHTOOL_A_BITSET_BIT_VALUE))
			continue; /* this driver does not have it: fixed off */
		if (what == HW)
			slot->changeable = true;
		else if (what == NOCHANGE)
			slot->changeable = false;
		else if (what == WANTED)
			slot->wanted = true;
		else
			slot->active = true;
	}
	return 0;
}

int ethtool_parse_features(struct nlmsghdr *message, struct ethtool_features *out)
{
	struct nlattr *a[ETHTOOL_A_FEATURES_MAX + 1] = {0};
	static const uint16_t sets[] = {[HW] = ETHTOOL_A_FEATURES_HW,
					[WANTED] = ETHTOOL_A_FEATURES_WANTED,
					[ACTIVE] = ETHTOOL_A_FEATURES_ACTIVE,
					[NOCHANGE] = ETHTOOL_A_FEATURES_NOCHANGE};

	if (nlmsg_parse(message, GENL_HDRLEN, a, ETHTOOL_A_FEATURES_MAX, NULL) < 0)
		return -EBADMSG;
	for (enum bits what = HW; what <= NOCHANGE; what++) {
		int r = read_bits(a[sets[what]], what, out);

		if (r < 0)
			return r;
	}
	return 0;
}
