/* SPDX-License-Identifier: Apache-2.0 */
/* Single settings of a link by their key: read, written, and put into words. */
#include <string.h>

#include "nettune.h"
#include "text.h"

int net_key_split(const char *key, struct net_place *out)
{
	size_t link = strcspn(key, "/"), attribute;

	if (link == 0 || link >= sizeof(out->link) || !key[link])
		return -EINVAL;
	snprintf(out->link, sizeof(out->link), "%.*s", (int)link, key);
	key += link + 1;
	attribute = strcspn(key, "/");
	if (attribute >= sizeof(out->attribute))
		return -EINVAL;
	snprintf(out->attribute, sizeof(out->attribute), "%.*s", (int)attribute, key);
	out->name = key[attribute] ? key + attribute + 1 : "";
	return 0;
}

static int read_feature(const struct ethtool *e, const struct net_place *at, char **value)
{
	_cleanup_features struct ethtool_features features = {0};
	int r = ethtool_features(e, at->link, &features, NULL);

	for (size_t i = 0; i < features.n && r == 0; i++)
		if (strcmp(features.v[i].name, at->name) == 0)
			return net_feature_print(&features.v[i], value);
	return r < 0 ? r : -ENOENT;
}

/* A link that is gone is, for rollback, a key that is gone. */
static int gone(int error)
{
	return error == -ENODEV ? -ENOENT : error;
}

int net_read(const struct sys *sys, const char *key, char **value)
{
	_cleanup_ethtool struct ethtool e = {0};
	const struct ethtool_group *g;
	struct ethtool_values values = {0};
	struct net_place at;
	struct link l;
	size_t field;
	int r = netlink_reaches(sys) ? net_key_split(key, &at) : -EXDEV;

	if (r < 0)
		return r;
	g = net_group(at.attribute);
	if (!g && strcmp(at.attribute, "features") != 0) {
		r = link_read(sys, at.link, &l);
		return r < 0 ? gone(r)
			     : format(value, "%u",
				      strcmp(at.attribute, "mtu") == 0 ? l.mtu : l.txqueuelen);
	}
	r = ethtool_open(&e);
	if (r < 0)
		return r;
	if (!g)
		return gone(read_feature(&e, &at, value));
	r = ethtool_get(&e, g, at.link, &values, NULL);
	if (r < 0)
		return gone(r);
	if (!*at.name)
		return net_value_print(g, &values, value);
	field = net_field(g, at.name);
	return g->fields[field].name && values.v[field].present
		       ? net_number_print(&g->fields[field], values.v[field].value, value)
		       : -ENOENT;
}

/* Sends only what differs: a driver may refuse to be told what it has. */
static int write_group(const struct ethtool *e, const struct ethtool_group *g,
		       const struct net_place *at, const char *text, struct refusal *words)
{
	struct ethtool_values now = {0}, then = {0};
	size_t field = net_field(g, at->name);
	bool differs = false;
	int r = 0;

	if (!*at->name) {
		r = net_value_parse(g, text, &then);
	} else {
		then.v[field].present = true;
		if (!g->fields[field].name ||
		    !net_number_parse(&g->fields[field], text, &then.v[field].value))
			r = -EINVAL;
	}
	if (r == 0)
		r = ethtool_get(e, g, at->link, &now, words);
	if (r < 0)
		return r;
	for (size_t i = 0; g->fields[i].name; i++) {
		then.v[i].present =
			then.v[i].present && now.v[i].present && then.v[i].value != now.v[i].value;
		differs = differs || then.v[i].present;
	}
	return differs ? ethtool_set(e, g, at->link, &then, words) : 0;
}

int net_write(const struct sys *sys, const char *key, const char *value, char **words)
{
	_cleanup_ethtool struct ethtool e = {0};
	const struct ethtool_group *g;
	struct refusal refusal = {""};
	struct net_place at;
	struct link l;
	wide number;
	int r = netlink_reaches(sys) ? net_key_split(key, &at) : -EXDEV;

	if (r == 0)
		r = ethtool_open(&e);
	if (r < 0)
		return r;
	g = net_group(at.attribute);
	if (g) {
		r = write_group(&e, g, &at, value, &refusal);
	} else if (strcmp(at.attribute, "features") == 0) {
		r = ethtool_feature_set(&e, at.link, at.name, net_feature_asks(value), &refusal);
	} else {
		r = number_parse(value, &number);
		if (r == 0)
			r = link_read(sys, at.link, &l);
		if (r == 0)
			r = link_set(l.index,
				     strcmp(at.attribute, "mtu") == 0 ? LINK_MTU : LINK_TXQUEUELEN,
				     (uint32_t)number, &refusal);
	}
	if (r < 0 && *refusal.text)
		*words = strdup(refusal.text);
	return gone(r);
}

const char *net_explain(const char *key, int error)
{
	(void)key;
	switch (-error) {
	case EOPNOTSUPP:
		return "not supported by this driver";
	case EINVAL:
		return "the driver refuses the value (EINVAL)";
	case ERANGE:
		return "beyond the device's limits (ERANGE)";
	case EPERM:
	case EACCES:
		return "not permitted: it takes root and CAP_NET_ADMIN in the host's network "
		       "namespace";
	case EBUSY:
		return "the device is busy: an XDP program, AF_XDP sockets or an RSS table hold it";
	case ENOMEM:
		return "the driver finds no memory for it (ENOMEM)";
	case ENOENT:
		return "there is no such link, or this driver has no such setting";
	case EXDEV:
		return "links can be seen in the host's network namespace only";
	default:
		return strerror(-error);
	}
}

/* The nearest ones first: each can be put back once the one below it is. */
int net_flips(const struct sys *sys, const char *key, struct strings *keys)
{
	_cleanup_links struct links links = {0};
	_cleanup_free unsigned *steps = NULL;
	const struct link *self;
	struct net_place at;
	int r = net_key_split(key, &at);

	if (r < 0 || strcmp(at.attribute, "mtu") != 0)
		return r;
	r = links_read(sys, &links);
	self = r == 0 ? links_find(&links, at.link) : NULL;
	if (self)
		r = net_followers(&links, self, &steps);
	for (unsigned step = 1; self && step <= NET_STACK_DEEP; step++)
		for (size_t i = 0; i < links.n && r == 0; i++)
			if (steps[i] == step)
				r = strings_addf(keys, "%s/mtu", links.v[i].name);
	return r;
}
