/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "nettune.h"
#include "text.h"

const struct ethtool_group *net_group(const char *attribute)
{
	static const struct ethtool_group *const groups[] = {&ethtool_channels, &ethtool_rings,
							     &ethtool_coalesce};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i]->name, attribute) == 0)
			return groups[i];
	return NULL;
}

size_t net_field(const struct ethtool_group *g, const char *name)
{
	size_t i = 0;

	while (g->fields[i].name && strcmp(g->fields[i].name, name) != 0)
		i++;
	return i;
}

static void print_number(const struct ethtool_field *f, uint32_t value, char out[16])
{
	if (f->flag)
		snprintf(out, 16, "%s", value ? "on" : "off");
	else
		snprintf(out, 16, "%u", value);
}

int net_number_print(const struct ethtool_field *f, uint32_t value, char **out)
{
	char number[16];

	print_number(f, value, number);
	return format(out, "%s", number);
}

int net_value_print(const struct ethtool_group *g, const struct ethtool_values *values, char **out)
{
	_cleanup_free char *text = strdup("");

	for (size_t i = 0; text && g->fields[i].name; i++) {
		char *longer, number[16];
		int r;

		if (!values->v[i].present)
			continue;
		print_number(&g->fields[i], values->v[i].value, number);
		r = format(&longer, "%s%s%s %s", text, *text ? " " : "", g->fields[i].name, number);
		if (r < 0)
			return r;
		free(text);
		text = longer;
	}
	if (!text)
		return -ENOMEM;
	*out = TAKE(text);
	return 0;
}

bool net_number_parse(const struct ethtool_field *f, const char *text, uint32_t *out)
{
	wide number;

	if (f->flag) {
		*out = strcmp(text, "on") == 0;
		return *out || strcmp(text, "off") == 0;
	}
	if (number_parse(text, &number) < 0 || number < 0 || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

int net_value_parse(const struct ethtool_group *g, const char *text, struct ethtool_values *out)
{
	struct ethtool_values values = {0};
	_cleanup_free char *copy = strdup(text);
	char *rest, *name;

	if (!copy)
		return -ENOMEM;
	for (name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		const char *number = strtok_r(NULL, " ", &rest);
		size_t i = net_field(g, name);

		if (!number || !g->fields[i].name || values.v[i].present ||
		    !net_number_parse(&g->fields[i], number, &values.v[i].value))
			return -EINVAL;
		values.v[i].present = true;
	}
	*out = values;
	return 0;
}

/* ethtool(8)'s older names, and what they stand for in the kernel (netdev_features_strings in
 * net/ethtool/common.c). */
static const struct {
	const char *name, *list[6];
} aliases[] = {
	{"rx", {"rx-checksum"}},
	{"tx",
	 {"tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc",
	  "tx-checksum-sctp"}},
	{"sg", {"tx-scatter-gather", "tx-scatter-gather-fraglist"}},
	{"tso",
	 {"tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation",
	  "tx-tcp6-segmentation"}},
	{"gso", {"tx-generic-segmentation"}},
	{"gro", {"rx-gro"}},
	{"lro", {"rx-lro"}},
	{"rxvlan", {"rx-vlan-hw-parse"}},
	{"txvlan", {"tx-vlan-hw-insert"}},
	{"ntuple", {"rx-ntuple-filter"}},
	{"rxhash", {"rx-hashing"}},
};

const char *net_feature_alias(const char *name, size_t index)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(aliases[i].name, name) == 0)
			return index < ARRAY_LEN(aliases[i].list) ? aliases[i].list[index] : NULL;
	return index == 0 ? name : NULL;
}
