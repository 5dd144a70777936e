/* SPDX-License-Identifier: Apache-2.0 */
/* The generic netlink family "ethtool". */
#include "ethtool.h"

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <string.h>

#define ATTRIBUTES_MAX 64

#define FIELD(text, kind, member)                                                                  \
	{                                                                                          \
		.name = text, .attribute = ETHTOOL_A_##kind, .offset = member                      \
	}
#define WITH_MAX(text, kind, kind_max, member, member_max)                                         \
	{                                                                                          \
		.name = text, .attribute = ETHTOOL_A_##kind,                                       \
		.max_attribute = ETHTOOL_A_##kind_max, .offset = member, .max_offset = member_max  \
	}

#define CHANNEL(text, kind, member)                                                                \
	WITH_MAX(text, CHANNELS_##kind##_COUNT, CHANNELS_##kind##_MAX,                             \
		 offsetof(struct ethtool_channels, member##_count),                                \
		 offsetof(struct ethtool_channels, max_##member))

static const struct ethtool_field channel_fields[] = {
	CHANNEL("rx", RX, rx), CHANNEL("tx", TX, tx), CHANNEL("combined", COMBINED, combined), {0}};

#define RING(text, kind, member)                                                                   \
	WITH_MAX(text, RINGS_##kind, RINGS_##kind##_MAX,                                           \
		 offsetof(struct ethtool_ringparam, member##_pending),                             \
		 offsetof(struct ethtool_ringparam, member##_max_pending))

static const struct ethtool_field ring_fields[] = {RING("rx", RX, rx),
						   RING("tx", TX, tx),
						   RING("rx-mini", RX_MINI, rx_mini),
						   RING("rx-jumbo", RX_JUMBO, rx_jumbo),
						   {0}};

#define COALESCE(text, kind, member)                                                               \
	FIELD(text, COALESCE_##kind, offsetof(struct ethtool_coalesce, member))
#define ADAPTIVE(text, kind, member)                                                               \
	{                                                                                          \
		.name = text, .attribute = ETHTOOL_A_COALESCE_##kind,                              \
		.offset = offsetof(struct ethtool_coalesce, member), .flag = true                  \
	}

/* As ethtool(8) names them; the values per packet rate are not here: adaptive does that. */
static const struct ethtool_field coalesce_fields[] = {
	ADAPTIVE("adaptive-rx", USE_ADAPTIVE_RX, use_adaptive_rx_coalesce),
	ADAPTIVE("adaptive-tx", USE_ADAPTIVE_TX, use_adaptive_tx_coalesce),
	COALESCE("rx-usecs", RX_USECS, rx_coalesce_usecs),
	COALESCE("rx-frames", RX_MAX_FRAMES, rx_max_coalesced_frames),
	COALESCE("rx-usecs-irq", RX_USECS_IRQ, rx_coalesce_usecs_irq),
	COALESCE("rx-frames-irq", RX_MAX_FRAMES_IRQ, rx_max_coalesced_frames_irq),
	COALESCE("tx-usecs", TX_USECS, tx_coalesce_usecs),
	COALESCE("tx-frames", TX_MAX_FRAMES, tx_max_coalesced_frames),
	COALESCE("tx-usecs-irq", TX_USECS_IRQ, tx_coalesce_usecs_irq),
	COALESCE("tx-frames-irq", TX_MAX_FRAMES_IRQ, tx_max_coalesced_frames_irq),
	{0}};

const struct ethtool_group ethtool_channels = {
	"channels",        ETHTOOL_MSG_CHANNELS_GET, ETHTOOL_MSG_CHANNELS_SET,
	ETHTOOL_GCHANNELS, ETHTOOL_SCHANNELS,        sizeof(struct ethtool_channels),
	channel_fields};
const struct ethtool_group ethtool_rings = {"ring",
					    ETHTOOL_MSG_RINGS_GET,
					    ETHTOOL_MSG_RINGS_SET,
					    ETHTOOL_GRINGPARAM,
					    ETHTOOL_SRINGPARAM,
					    sizeof(struct ethtool_ringparam),
					    ring_fields};
const struct ethtool_group ethtool_coalesce = {
	"coalesce",        ETHTOOL_MSG_COALESCE_GET, ETHTOOL_MSG_COALESCE_SET,
	ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE,        sizeof(struct ethtool_coalesce),
	coalesce_fields};

int ethtool_open(struct ethtool *out)
{
	struct ethtool e = {0};
	int r = netlink_open(NETLINK_GENERIC, &e.sock);

	/* No generic netlink in this kernel, or in this sandbox: the ioctl is left. */
	if (r == -ENOMEM)
		return r;
	if (r == 0) {
		e.family = genl_ctrl_resolve(e.sock, ETHTOOL_GENL_NAME);
		if (e.family < 0)
			netlink_close(&e.sock);
	}
	*out = e;
	return 0;
}

void ethtool_close(struct ethtool *e)
{
	netlink_close(&e->sock);
}

/* The family or the command is missing: the ioctl may know. */
static bool is_missing(int error)
{
	return error == -ENOENT || error == -EOPNOTSUPP;
}

/* A request about one link; the header's attribute is 1 in every command. */
static struct nl_msg *request(const struct ethtool *e, uint8_t command, const char *link)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nlattr *header;

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, e->family, 0, 0, command,
			 ETHTOOL_GENL_VERSION) ||
	    !(header = nla_nest_start(msg, ETHTOOL_A_CHANNELS_HEADER | NLA_F_NESTED)) ||
	    nla_put_string(msg, ETHTOOL_A_HEADER_DEV_NAME, link) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	nla_nest_end(msg, header);
	return msg;
}

int ethtool_parse(struct nlmsghdr *message, const struct ethtool_group *g,
		  struct ethtool_values *out)
{
	struct nlattr *a[ATTRIBUTES_MAX + 1] = {0};
	struct ethtool_values values = {0};

	if (nlmsg_parse(message, GENL_HDRLEN, a, ATTRIBUTES_MAX, NULL) < 0)
		return -EBADMSG;
	for (size_t i = 0; g->fields[i].name; i++) {
		const struct ethtool_field *f = &g->fields[i];
		uint8_t flag = 0;

		if (f->flag) {
			values.v[i].present = netlink_u8(a[f->attribute], &flag);
			values.v[i].value = flag != 0;
			values.v[i].max = 1;
			continue;
		}
		values.v[i].present = netlink_u32(a[f->attribute], &values.v[i].value);
		if (f->max_attribute &&
		    (!netlink_u32(a[f->max_attribute], &values.v[i].max) || values.v[i].max == 0))
			values.v[i].present = false;
	}
	*out = values;
	return 0;
}

struct asking {
	const struct ethtool_group *group;
	struct ethtool_values *values;
	struct ethtool_features *features;
};

static int on_values(struct nlmsghdr *message, void *context)
{
	struct asking *a = context;

	return ethtool_parse(message, a->group, a->values);
}

static int on_features(struct nlmsghdr *message, void *context)
{
	struct asking *a = context;

	return ethtool_parse_features(message, a->features);
}

int ethtool_get(const struct ethtool *e, const struct ethtool_group *g, const char *link,
		struct ethtool_values *out, struct refusal *refusal)
{
	struct asking a = {.group = g, .values = out};
	int r = -ENOENT;

	if (e->sock) {
		struct nl_msg *msg = request(e, g->get, link);

		r = msg ? netlink_ask(e->sock, msg, on_values, &a, refusal) : -ENOMEM;
	}
	return is_missing(r) ? ethtool_ioctl_get(g, link, out) : r;
}

int ethtool_set(const struct ethtool *e, const struct ethtool_group *g, const char *link,
		const struct ethtool_values *values, struct refusal *refusal)
{
	struct nl_msg *msg;
	int r;

	if (!e->sock)
		return ethtool_ioctl_set(g, link, values);
	msg = request(e, g->set, link);
	if (!msg)
		return -ENOMEM;
	for (size_t i = 0; g->fields[i].name; i++) {
		const struct ethtool_field *f = &g->fields[i];

		if (values->v[i].present &&
		    (f->flag ? nla_put_u8(msg, f->attribute, (uint8_t)values->v[i].value)
			     : nla_put_u32(msg, f->attribute, values->v[i].value)) < 0) {
			nlmsg_free(msg);
			return -ENOMEM;
		}
	}
	r = netlink_ask(e->sock, msg, NULL, NULL, refusal);
	return is_missing(r) ? ethtool_ioctl_set(g, link, values) : r;
}

int ethtool_features(const struct ethtool *e, const char *link, struct ethtool_features *out,
		     struct refusal *refusal)
{
	_cleanup_features struct ethtool_features found = {0};
	struct asking a = {.features = &found};
	int r = -ENOENT;

	if (e->sock) {
		struct nl_msg *msg = request(e, ETHTOOL_MSG_FEATURES_GET, link);

		r = msg ? netlink_ask(e->sock, msg, on_features, &a, refusal) : -ENOMEM;
	}
	if (is_missing(r))
		return ethtool_ioctl_features(link, out);
	if (r < 0)
		return r;
	*out = found;
	found = (struct ethtool_features){0};
	return 0;
}

void ethtool_features_clear(struct ethtool_features *f)
{
	free(f->v);
	*f = (struct ethtool_features){0};
}

int ethtool_feature_set(const struct ethtool *e, const char *link, const char *feature, bool on,
			struct refusal *refusal)
{
	struct nlattr *wanted, *bits, *bit;
	struct nl_msg *msg;
	int r;

	if (!e->sock)
		return ethtool_ioctl_feature_set(link, feature, on);
	msg = request(e, ETHTOOL_MSG_FEATURES_SET, link);
	if (!msg)
		return -ENOMEM;
	wanted = nla_nest_start(msg, ETHTOOL_A_FEATURES_WANTED | NLA_F_NESTED);
	bits = wanted ? nla_nest_start(msg, ETHTOOL_A_BITSET_BITS | NLA_F_NESTED) : NULL;
	bit = bits ? nla_nest_start(msg, ETHTOOL_A_BITSET_BITS_BIT | NLA_F_NESTED) : NULL;
	if (!bit || nla_put_string(msg, ETHTOOL_A_BITSET_BIT_NAME, feature) < 0 ||
	    (on && nla_put_flag(msg, ETHTOOL_A_BITSET_BIT_VALUE) < 0)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	nla_nest_end(msg, bit);
	nla_nest_end(msg, bits);
	nla_nest_end(msg, wanted);
	r = netlink_ask(e->sock, msg, NULL, NULL, refusal);
	return is_missing(r) ? ethtool_ioctl_feature_set(link, feature, on) : r;
}
