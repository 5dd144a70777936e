/* SPDX-License-Identifier: Apache-2.0 */
/* Features of links: what they hang on, and what becomes of them. */
#include <string.h>

#include "nettune.h"

/* What the kernel itself takes off when another one is off (netdev_fix_features in
 * net/core/dev.c): of `any` one must be on. Drivers have more such rules of their own; those show
 * when the feature is read back. Each stands behind what it needs. */
static const struct {
	const char *name, *any[3];
} needs[] = {
	{"tx-tcp-segmentation", {"tx-scatter-gather"}},
	{"tx-tcp-segmentation", {"tx-checksum-ip-generic", "tx-checksum-ipv4"}},
	{"tx-tcp6-segmentation", {"tx-scatter-gather"}},
	{"tx-tcp6-segmentation", {"tx-checksum-ip-generic", "tx-checksum-ipv6"}},
	{"tx-tcp-ecn-segmentation", {"tx-tcp-segmentation", "tx-tcp6-segmentation"}},
	{"tx-tcp-mangleid-segmentation", {"tx-tcp-segmentation"}},
	{"tx-generic-segmentation", {"tx-scatter-gather"}},
	{"rx-gro-hw", {"rx-checksum"}},
	{"tls-hw-tx-offload", {"tx-checksum-ip-generic", "tx-checksum-ipv4"}},
	{"tls-hw-rx-offload", {"rx-checksum"}},
};

static struct ethtool_feature *find(const struct ethtool_features *features, const char *name)
{
	for (size_t i = 0; i < features->n; i++)
		if (strcmp(features->v[i].name, name) == 0)
			return &features->v[i];
	return NULL;
}

int net_feature_print(const struct ethtool_feature *f, char **out)
{
	bool differs = f->changeable && f->wanted != f->active;

	return format(out, "%s%s", f->active ? "on" : "off",
		      !differs    ? ""
		      : f->wanted ? " [requested on]"
				  : " [requested off]");
}

bool net_feature_asks(const char *text)
{
	return strcmp(text, "on") == 0 || strstr(text, "[requested on]");
}

/* Where it is to be written: the greater, the later. What needs nothing stays as it was named. */
static int rank(const struct net_feature_wish *w)
{
	int place = 0;

	for (size_t i = 0; i < ARRAY_LEN(needs); i++)
		if (strcmp(needs[i].name, w->name) == 0)
			place = (int)i + 1;
	return w->on ? place : -place;
}

size_t net_feature_wishes(const struct net_pairs *pairs,
			  struct net_feature_wish out[NET_FEATURES_MOST])
{
	size_t n = 0;

	for (size_t i = 0; i < pairs->n; i++) {
		const char *name;

		for (size_t k = 0; (name = net_feature_alias(pairs->v[i].name, k)); k++) {
			struct net_feature_wish w = {name, pairs->v[i].value, i};
			size_t at = n++;

			for (; at > 0 && rank(&out[at - 1]) > rank(&w); at--)
				out[at] = out[at - 1];
			out[at] = w;
		}
	}
	return n;
}

/* What this feature needs and will not have, or NULL. */
static const char *find_lack(const struct ethtool_features *features, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		const struct ethtool_feature *f = NULL;
		const char *lack = NULL;

		if (strcmp(needs[i].name, name) != 0)
			continue;
		for (size_t k = 0; needs[i].any[k] && !(f && f->active); k++) {
			f = find(features, needs[i].any[k]);
			/* The one to name is the one that could be on. */
			if (f && (!lack || f->changeable))
				lack = f->name;
		}
		if (lack && !(f && f->active))
			return lack;
	}
	return NULL;
}

int net_plan_feature(const struct link *l, struct ethtool_features *features,
		     const struct net_feature_wish *wish, struct change *c)
{
	struct ethtool_feature *f = find(features, wish->name);
	const char *lack = wish->on ? find_lack(features, wish->name) : NULL;

	if (format(&c->wanted, "%s", wish->on ? "on" : "off") < 0)
		return -ENOMEM;
	if (!f)
		return NET_REFUSE(c, false, "this kernel knows no feature of that name");
	if (net_feature_print(f, &c->before) < 0)
		return -ENOMEM;
	if (f->active != wish->on && !f->changeable)
		return NET_REFUSE(c, false, "fixed by %s", net_driver(l));
	if (lack) {
		f->active = false;
		return NET_REFUSE(c, false, "it needs %s, which is off or shall be off", lack);
	}
	f->wanted = f->active = wish->on;
	net_settle(c);
	return 0;
}
