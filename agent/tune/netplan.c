/* SPDX-License-Identifier: Apache-2.0 */
/* What a link is to become, within what its device can do. */
#include <linux/rtnetlink.h>
#include <string.h>

#include "nettune.h"
#include "text.h"

const char *net_driver(const struct link *l)
{
	return *l->driver ? l->driver : *l->kind ? l->kind : "this driver";
}

int net_refuse(struct change *c, bool forcible, char *text)
{
	c->outcome = OUTCOME_REFUSED;
	c->forcible = forcible;
	free(c->error);
	c->error = text;
	return 0;
}

void net_settle(struct change *c)
{
	c->outcome = strcmp(c->before, c->wanted) == 0 ? OUTCOME_UNCHANGED : OUTCOME_WOULD_CHANGE;
}

/* The number that the text asks for; false when it is the maximum and the device names none. */
static bool read_mtu(const struct link *l, const char *text, uint32_t *mtu)
{
	wide number;

	if (strcmp(text, "max") == 0) {
		*mtu = l->max_mtu;
		return l->max_mtu != 0 && l->max_mtu < LINK_MTU_MOST;
	}
	if (number_parse(text, &number) < 0)
		return false;
	*mtu = (uint32_t)number;
	return true;
}

uint32_t net_wished_mtu(const struct link *l, const char *text)
{
	uint32_t mtu;

	return read_mtu(l, text, &mtu) && mtu >= l->min_mtu && (!l->max_mtu || mtu <= l->max_mtu)
		       ? mtu
		       : l->mtu;
}

/* The MTU that the link below, or a veth's other end, will have when this one has `mtu`; 0: there
 * is none here. */
static uint32_t lower_mtu(const struct net_view *v, const struct link *l, uint32_t mtu,
			  const uint32_t *mtus, const struct link **lower)
{
	uint32_t then;

	*lower = l->lower && !l->lower_elsewhere ? links_at(&v->links, l->lower) : NULL;
	if (!*lower || *lower == l)
		return 0;
	then = mtus[*lower - v->links.v];
	/* Each end is bound by the other: what is above ours will be refused there. */
	return strcmp(l->kind, "veth") == 0 && then > mtu ? (*lower)->mtu : then;
}

/* Below 1280 bytes the kernel takes IPv6 off the link and those that follow it, and what people or
 * routers configured does not come back. */
static int refuse_small(const struct net_view *v, const struct link *l, struct change *c)
{
	_cleanup_addresses struct addresses all = {0};
	_cleanup_free unsigned *steps = NULL;
	char address[INET6_ADDRSTRLEN];
	int r = net_followers(&v->links, l, &steps);

	if (r == 0)
		r = addresses_read(&all);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++) {
		const struct address *a = &all.v[i];
		const struct link *at = links_at(&v->links, a->link);

		if (at && (at == l || steps[at - v->links.v]) && a->ip.family == AF_INET6 &&
		    a->scope == RT_SCOPE_UNIVERSE)
			return NET_REFUSE(
				c, false,
				"below %d bytes the kernel takes IPv6 off %s, and %s would "
				"not come back; remove that address first if you mean it",
				LINK_MTU_IPV6, at->name, ip_text(&a->ip, address));
	}
	return NET_REFUSE(c, true, "below %d bytes there is no IPv6 on %s; --force does it",
			  LINK_MTU_IPV6, l->name);
}

int net_plan_mtu(const struct net_view *v, const struct link *l, const char *text,
		 const uint32_t *mtus, struct change *c)
{
	const struct link *lower;
	uint32_t mtu, below;

	if (format(&c->before, "%u", l->mtu) < 0)
		return -ENOMEM;
	if (!read_mtu(l, text, &mtu))
		return NET_REFUSE(c, false,
				  "%s names no maximum MTU: write the number that the path "
				  "carries",
				  net_driver(l));
	if (format(&c->wanted, "%u", mtu) < 0)
		return -ENOMEM;
	if (mtu == l->mtu) {
		net_settle(c);
		return 0;
	}
	if (l->max_mtu && mtu > l->max_mtu)
		return NET_REFUSE(c, false, "above the device's maximum of %u bytes%s", l->max_mtu,
				  strcmp(l->driver, "virtio_net") == 0
					  ? ": only the hypervisor can grant more"
					  : "");
	if (mtu < l->min_mtu)
		return NET_REFUSE(c, false, "below the device's minimum of %u bytes", l->min_mtu);
	if (mtu < LINK_MTU_IPV6)
		return refuse_small(v, l, c);
	below = lower_mtu(v, l, mtu, mtus, &lower);
	if (below && mtu > below)
		return NET_REFUSE(c, true,
				  "above the %u bytes that %s %s carries: larger packets would be "
				  "lost; --force does it",
				  below,
				  strcmp(l->kind, "veth") == 0 ? "its peer" : "the link below,",
				  lower->name);
	net_settle(c);
	return 0;
}

int net_plan_txqueuelen(const struct link *l, const char *text, struct change *c)
{
	wide number;

	if (number_parse(text, &number) < 0)
		return -EINVAL;
	if (format(&c->before, "%u", l->txqueuelen) < 0 ||
	    format(&c->wanted, "%u", (unsigned)number) < 0)
		return -ENOMEM;
	net_settle(c);
	return 0;
}

static uint32_t power_of_two_up(uint32_t value)
{
	uint32_t power = 1;

	while (power < value && power < 1u << 31)
		power <<= 1;
	return power;
}

static bool is_power_of_two(uint32_t value)
{
	return power_of_two_up(value) == value;
}

/* The number for one field, with a note where it is not the one asked for. */
static int clamp(const struct net_view *v, const struct ethtool_group *g, size_t field,
		 const struct ethtool_values *now, const struct net_pair *pair, uint32_t *out,
		 struct change *c)
{
	uint32_t current = now->v[field].value, max = now->v[field].max, value = pair->value;
	const char *name = g->fields[field].name;

	if (pair->max) {
		value = max;
		if (g == &ethtool_channels && value > v->cpus)
			value = v->cpus; /* more than CPUs only cost memory */
		*out = value;
		return 0;
	}
	if (max && value > max) {
		*out = max;
		return strings_addf(&c->notes,
				    "%s %u is above the device's maximum: %u it will be; only the "
				    "hypervisor or the hardware can grant more",
				    name, value, max);
	}
	/* Split virtqueues and most drivers' rings hold powers of two only; some drivers would
	 * round by themselves, and then differ from the wish for ever. A device that has or takes
	 * other sizes (bnxt: 511 of 2047) is none of those. */
	if (g == &ethtool_rings && !is_power_of_two(value) && (!max || is_power_of_two(max)) &&
	    (!current || is_power_of_two(current))) {
		*out = power_of_two_up(value);
		return strings_addf(&c->notes, "%s %u is no power of two: rounded up to %u", name,
				    value, *out);
	}
	*out = value;
	return 0;
}

/* "max" alone: combined channels where the device has them, else all that it has. */
static void spread_max(const struct ethtool_group *g, const struct ethtool_values *now,
		       struct net_pairs *out)
{
	size_t combined = net_field(g, "combined");
	bool only_combined = g->fields[combined].name && now->v[combined].present;

	*out = (struct net_pairs){0};
	for (size_t i = 0; g->fields[i].name; i++) {
		if (!now->v[i].present || (only_combined && i != combined))
			continue;
		out->v[out->n].max = true;
		snprintf(out->v[out->n++].name, sizeof(out->v->name), "%s", g->fields[i].name);
	}
}

/* Would that number be the end of receiving or sending? Combined channels do both. */
static bool leaves_none(const struct ethtool_group *g, const struct ethtool_values *then,
			const char *name)
{
	size_t rx = net_field(g, "rx"), tx = net_field(g, "tx"), both = net_field(g, "combined");

	if (then->v[net_field(g, name)].value != 0)
		return false;
	if (!g->fields[both].name)
		return true;
	return then->v[both].value == 0 && (then->v[rx].value == 0 || then->v[tx].value == 0);
}

static int refuse_field(const struct link *l, const struct ethtool_group *g,
			const struct ethtool_values *now, const char *name, struct change *c)
{
	_cleanup_free char *has = NULL;

	if (net_value_print(g, now, &has) < 0)
		return -ENOMEM;
	return NET_REFUSE(c, false, "%s has no %s %s; it has: %s", net_driver(l), name, g->name,
			  *has ? has : "none");
}

int net_refuse_unread(const struct link *l, int error, const struct refusal *words,
		      struct change *c)
{
	if (error == -EOPNOTSUPP)
		return NET_REFUSE(c, false, "not supported by %s", net_driver(l));
	return NET_REFUSE(c, false, "cannot be read: %s%s%s", strerror(-error),
			  *words->text ? "; the kernel says: " : "", words->text);
}

int net_plan_group(const struct net_view *v, const struct link *l, const struct ethtool_group *g,
		   const struct ethtool_values *now, const struct net_pairs *wanted,
		   struct change *c)
{
	struct ethtool_values then = *now;
	struct net_pairs pairs = *wanted;

	if (pairs.all_max)
		spread_max(g, now, &pairs);
	for (size_t i = 0; i < pairs.n; i++) {
		size_t field = net_field(g, pairs.v[i].name);

		if (!g->fields[field].name || !now->v[field].present)
			return refuse_field(l, g, now, pairs.v[i].name, c);
		if (clamp(v, g, field, now, &pairs.v[i], &then.v[field].value, c) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < pairs.n; i++)
		if (leaves_none(g, &then, pairs.v[i].name))
			return NET_REFUSE(c, false, "%s 0 would leave %s without one",
					  pairs.v[i].name, l->name);
	if (net_value_print(g, now, &c->before) < 0 || net_value_print(g, &then, &c->wanted) < 0)
		return -ENOMEM;
	net_settle(c);
	if (c->outcome == OUTCOME_WOULD_CHANGE && g == &ethtool_channels && l->xdp)
		return NET_REFUSE(
			c, false,
			"an XDP program is loaded on %s: its queues can't change under it",
			l->name);
	return 0;
}

int net_plan_coalesce(const struct link *l, const struct ethtool_values *now,
		      const struct net_pair *pair, struct change *c)
{
	const struct ethtool_group *g = &ethtool_coalesce;
	size_t field = net_field(g, pair->name);
	int r = net_number_print(&g->fields[field], pair->value, &c->wanted);

	if (r < 0)
		return r;
	if (!now->v[field].present)
		return refuse_field(l, g, now, pair->name, c);
	r = net_number_print(&g->fields[field], now->v[field].value, &c->before);
	if (r == 0)
		net_settle(c);
	return r;
}
