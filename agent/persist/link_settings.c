/* SPDX-License-Identifier: Apache-2.0 */
/* The net tuner's settings in systemd.link's words (systemd.link(5) of 252). */
#include <string.h>

#include "nettune.h"
#include "persist.h"

/* Names that end in "Sec" take a unit; on and off become yes and no. */
static const struct {
	const char *attribute, *name, *link;
} names[] = {
	{"mtu", "", "MTUBytes"},
	{"txqueuelen", "", "TransmitQueueLength"},
	{"channels", "combined", "CombinedChannels"},
	{"channels", "rx", "RxChannels"},
	{"channels", "tx", "TxChannels"},
	{"ring", "rx", "RxBufferSize"},
	{"ring", "tx", "TxBufferSize"},
	{"ring", "rx-mini", "RxMiniBufferSize"},
	{"ring", "rx-jumbo", "RxJumboBufferSize"},
	{"coalesce", "adaptive-rx", "UseAdaptiveRxCoalesce"},
	{"coalesce", "adaptive-tx", "UseAdaptiveTxCoalesce"},
	{"coalesce", "rx-usecs", "RxCoalesceSec"},
	{"coalesce", "rx-frames", "RxMaxCoalescedFrames"},
	{"coalesce", "rx-usecs-irq", "RxCoalesceIrqSec"},
	{"coalesce", "rx-frames-irq", "RxMaxCoalescedIrqFrames"},
	{"coalesce", "tx-usecs", "TxCoalesceSec"},
	{"coalesce", "tx-frames", "TxMaxCoalescedFrames"},
	{"coalesce", "tx-usecs-irq", "TxCoalesceIrqSec"},
	{"coalesce", "tx-frames-irq", "TxMaxCoalescedIrqFrames"},
	{"features", "rx-checksum", "ReceiveChecksumOffload"},
	{"features", "tx", "TransmitChecksumOffload"}, /* all of tx-checksum-* */
	{"features", "tx-tcp-segmentation", "TCPSegmentationOffload"},
	{"features", "tx-tcp6-segmentation", "TCP6SegmentationOffload"},
	{"features", "tx-generic-segmentation", "GenericSegmentationOffload"},
	{"features", "rx-gro", "GenericReceiveOffload"},
	{"features", "rx-gro-hw", "GenericReceiveOffloadHardware"},
	{"features", "rx-lro", "LargeReceiveOffload"},
	{"features", "rx-vlan-hw-parse", "ReceiveVLANCTAGHardwareAcceleration"},
	{"features", "tx-vlan-hw-insert", "TransmitVLANCTAGHardwareAcceleration"},
	{"features", "rx-vlan-filter", "ReceiveVLANCTAGFilter"},
	{"features", "tx-vlan-stag-hw-insert", "TransmitVLANSTAGHardwareAcceleration"},
	{"features", "rx-ntuple-filter", "NTupleFilter"},
};

static int add(struct link_settings *s, const char *attribute, const char *name, const char *value)
{
	const char *link = NULL, *unit;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && !link; i++)
		if (strcmp(names[i].attribute, attribute) == 0 && strcmp(names[i].name, name) == 0)
			link = names[i].link;
	if (!link)
		return -ENOTSUP;
	while (at < s->n && strcmp(s->v[at].name, link) != 0)
		at++;
	if (at == LINK_SETTINGS_MAX)
		return -ENOTSUP;
	if (strcmp(value, "on") == 0)
		value = "yes";
	else if (strcmp(value, "off") == 0)
		value = "no";
	unit = strcmp(link + strlen(link) - strlen("Sec"), "Sec") == 0 ? "us" : "";
	if ((size_t)snprintf(s->text[at], sizeof(s->text[at]), "%s%s", value, unit) >=
	    sizeof(s->text[at]))
		return -ENOTSUP;
	s->v[at] = (struct link_setting){link, s->text[at]};
	s->n += at == s->n;
	return 0;
}

/* Did the profile name it? Of a group the row holds all that the device has. */
static bool is_named(const struct net_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->v[i].name, name) == 0)
			return true;
	return pairs->all_max;
}

static int add_group(struct link_settings *s, const struct ethtool_group *g, const struct change *c,
		     const struct net_pairs *pairs)
{
	struct ethtool_values values;
	size_t combined = net_field(g, "combined");
	int r = net_value_parse(g, c->wanted, &values);

	/* Separate channels instead of the combined ones: without that 0 it would be both. */
	if (r == 0 && g->fields[combined].name && !pairs->all_max && is_named(pairs, "combined") &&
	    values.v[combined].value == 0)
		return -ENOTSUP;
	for (size_t i = 0; g->fields[i].name && r == 0; i++) {
		_cleanup_free char *number = NULL;

		/* systemd takes no 0, and what there is none of needs none. */
		if (!values.v[i].present || !values.v[i].value ||
		    !is_named(pairs, g->fields[i].name))
			continue;
		r = net_number_print(&g->fields[i], values.v[i].value, &number);
		if (r == 0)
			r = add(s, g->name, g->fields[i].name, number);
	}
	return r;
}

int link_settings_add(struct link_settings *s, const struct change *c)
{
	const struct ethtool_group *g;
	struct net_pairs pairs = {0};
	struct net_place at;
	const char *why;
	int r = net_key_split(c->key, &at);

	if (r < 0)
		return -ENOTSUP;
	g = net_group(at.attribute);
	if (g || strcmp(at.attribute, "features") == 0)
		r = net_pairs_parse(at.attribute, c->wish + strlen("= "), &pairs, &why);
	if (r < 0)
		return -ENOTSUP;
	if (g && !*at.name)
		return add_group(s, g, c, &pairs);
	if (!g && strncmp(at.name, "tx-checksum-", strlen("tx-checksum-")) == 0 &&
	    is_named(&pairs, "tx"))
		at.name = "tx";
	return add(s, at.attribute, at.name, c->wanted);
}
