/* SPDX-License-Identifier: Apache-2.0 */
/* The net tuner: MTU, features, rings, channels, coalescing and the queue length of links. */
#include <string.h>

#include "mtuwriters.h"
#include "nettune.h"
#include "text.h"

/* In the order of writing. The MTU comes first: channels and rings are then sized once. */
static const char *const attributes[] = {"mtu",      "features", "ring",
					 "channels", "coalesce", "txqueuelen"};

/* A [net.NAME] and the links that it is about. */
struct section {
	const char *name;
	const struct link **links;
	size_t n;
	struct strings missing;
};

struct planning {
	const struct profile *profile;
	struct net_view view;
	struct section *sections;
	size_t n_sections;
	uint32_t *mtus; /* that the links are to have, index by index */
	struct changes *out;
};

static struct change *add_change(struct changes *out, const struct setting *s, const char *link,
				 const char *attribute)
{
	struct change *c = array_add(&out->v, &out->n, sizeof(*c));

	if (!c)
		return NULL;
	c->tuner = &net_tuner;
	c->op = OP_SET;
	c->origin_file = s->file;
	c->origin_line = s->line;
	return format(&c->key, "%s/%s", link, attribute) == 0 &&
			       format(&c->wish, "= %s", s->value) == 0
		       ? c
		       : NULL;
}

static int add_pending(struct changes *out, const struct setting *s, const char *link,
		       const char *why)
{
	struct change *c = add_change(out, s, link, s->key);

	if (!c || format(&c->wanted, "%s", s->value) < 0 || format(&c->error, "%s", why) < 0)
		return -ENOMEM;
	c->outcome = OUTCOME_PENDING;
	return 0;
}

static bool is_attribute(const struct setting *s)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (strcmp(attributes[i], s->key) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct setting *s)
{
	return !s->overridden && net_is_section(s->section);
}

/* The link's group of settings can't be read: one row says so. */
static int plan_unreadable(struct planning *p, const struct link *l, const struct setting *s,
			   int error, const struct refusal *words)
{
	struct change *c = add_change(p->out, s, l->name, s->key);

	if (!c || format(&c->wanted, "%s", s->value) < 0)
		return -ENOMEM;
	return net_refuse_unread(l, error, words, c);
}

/* ethtool's older names stand for several features: the name is obeyed when one of them can be had,
 * and those that can't are then no fault. */
static void excuse_members(struct change *rows, const struct net_feature_wish *wishes, size_t n)
{
	bool obeyed[NET_PAIRS_MOST] = {false};

	for (size_t i = 0; i < n; i++)
		if (rows[i].outcome != OUTCOME_REFUSED)
			obeyed[wishes[i].pair] = true;
	for (size_t i = 0; i < n; i++) {
		rows[i].optional = rows[i].outcome == OUTCOME_REFUSED && obeyed[wishes[i].pair];
		if (rows[i].optional)
			rows[i].outcome = OUTCOME_ABSENT;
	}
}

static int plan_features(struct planning *p, const struct link *l, const struct setting *s,
			 const struct net_pairs *pairs)
{
	_cleanup_features struct ethtool_features features = {0};
	struct net_feature_wish wishes[NET_FEATURES_MOST];
	size_t first = p->out->n, n = net_feature_wishes(pairs, wishes);
	struct refusal words = {""};
	int r = ethtool_features(&p->view.ethtool, l->name, &features, &words);

	if (r < 0)
		return r == -ENOMEM ? r : plan_unreadable(p, l, s, r, &words);
	for (size_t i = 0; i < n && r == 0; i++) {
		char attribute[64];
		struct change *c;

		snprintf(attribute, sizeof(attribute), "features/%s", wishes[i].name);
		c = add_change(p->out, s, l->name, attribute);
		r = c ? net_plan_feature(l, &features, &wishes[i], c) : -ENOMEM;
	}
	if (r == 0)
		excuse_members(p->out->v + first, wishes, n);
	return r;
}

static int plan_group(struct planning *p, const struct link *l, const struct setting *s,
		      const struct ethtool_group *g, const struct net_pairs *pairs)
{
	struct refusal words = {""};
	struct ethtool_values now = {0};
	struct change *c;
	int r = ethtool_get(&p->view.ethtool, g, l->name, &now, &words);

	if (r < 0)
		return r == -ENOMEM ? r : plan_unreadable(p, l, s, r, &words);
	c = add_change(p->out, s, l->name, s->key);
	return c ? net_plan_group(&p->view, l, g, &now, pairs, c) : -ENOMEM;
}

static int plan_coalesce(struct planning *p, const struct link *l, const struct setting *s,
			 const struct net_pairs *pairs)
{
	struct refusal words = {""};
	struct ethtool_values now = {0};
	int r = ethtool_get(&p->view.ethtool, &ethtool_coalesce, l->name, &now, &words);

	if (r < 0)
		return r == -ENOMEM ? r : plan_unreadable(p, l, s, r, &words);
	for (size_t i = 0; i < pairs->n && r == 0; i++) {
		struct change *c;
		char attribute[64];

		snprintf(attribute, sizeof(attribute), "coalesce/%s", pairs->v[i].name);
		c = add_change(p->out, s, l->name, attribute);
		r = c ? net_plan_coalesce(l, &now, &pairs->v[i], c) : -ENOMEM;
	}
	return r;
}

/* Who would put another MTU there: now, at boot, or when the link comes up again. */
static int find_contests(const struct sys *sys, const struct link *l, struct change *c)
{
	bool permanent = l->permanent_len == LINK_MAC_LEN;
	char mac[LINK_MAC_TEXT];
	wide mtu;

	if (!c->wanted || number_parse(c->wanted, &mtu) < 0)
		return 0;
	return mtu_writers_find(sys, l->name,
				link_mac(permanent ? l->permanent : l->address,
					 permanent ? l->permanent_len : l->address_len, mac),
				(unsigned)mtu, &c->contested_by, &c->contests);
}

static int plan_one(struct planning *p, const struct link *l, const struct setting *s)
{
	const struct ethtool_group *g = net_group(s->key);
	bool features = strcmp(s->key, "features") == 0;
	struct net_pairs pairs;
	struct change *c;
	const char *why;
	int r;

	if ((g || features) && net_pairs_parse(s->key, s->value, &pairs, &why) < 0)
		return -EINVAL;
	if (features)
		return plan_features(p, l, s, &pairs);
	if (g == &ethtool_coalesce)
		return plan_coalesce(p, l, s, &pairs);
	if (g)
		return plan_group(p, l, s, g, &pairs);
	c = add_change(p->out, s, l->name, s->key);
	if (!c)
		return -ENOMEM;
	if (strcmp(s->key, "mtu") != 0)
		return net_plan_txqueuelen(l, s->value, c);
	r = net_plan_mtu(&p->view, l, s->value, p->mtus, c);
	if (c->outcome == OUTCOME_REFUSED)
		p->mtus[l - p->view.links.v] = l->mtu;
	return r < 0 ? r : find_contests(p->view.sys, l, c);
}

static bool section_has(const struct section *s, const struct link *l)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->links[i] == l)
			return true;
	return false;
}

/* What the profile wants of this attribute of this link: the last section that says it. */
static const struct setting *wish_for(const struct planning *p, const struct link *l,
				      const char *attribute)
{
	const struct setting *found = NULL;

	for (size_t i = 0; i < p->n_sections; i++) {
		const struct setting *s = profile_find(p->profile, p->sections[i].name, attribute);

		if (s && section_has(&p->sections[i], l))
			found = s;
	}
	return found;
}

static int plan_link(struct planning *p, const struct link *l)
{
	for (size_t k = 0; k < ARRAY_LEN(attributes); k++) {
		const struct setting *s = wish_for(p, l, attributes[k]);
		int r = s ? plan_one(p, l, s) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* What carries others comes first, whatever its number: only then can they have its new MTU. */
static int plan_links(struct planning *p)
{
	const struct links *links = &p->view.links;
	int r = 0;

	p->mtus = calloc(links->n + 1, sizeof(*p->mtus));
	if (!p->mtus)
		return -ENOMEM;
	for (size_t i = 0; i < links->n; i++) {
		const struct setting *s = wish_for(p, &links->v[i], "mtu");

		p->mtus[i] = s ? net_wished_mtu(&links->v[i], s->value) : links->v[i].mtu;
	}
	for (unsigned depth = 0; depth <= NET_STACK_DEEP; depth++)
		for (size_t i = 0; i < links->n && r == 0; i++)
			if (net_depth(links, &links->v[i]) == depth)
				r = plan_link(p, &links->v[i]);
	return r;
}

static int plan_missing(struct planning *p)
{
	for (size_t i = 0; i < p->n_sections; i++) {
		const struct section *section = &p->sections[i];

		for (size_t m = 0; m < section->missing.n; m++) {
			for (size_t k = 0; k < ARRAY_LEN(attributes); k++) {
				const struct setting *s =
					profile_find(p->profile, section->name, attributes[k]);

				if (s && add_pending(p->out, s, section->missing.v[m],
						     "no such link here yet") < 0)
					return -ENOMEM;
			}
		}
	}
	return 0;
}

static int find_sections(struct planning *p)
{
	for (size_t i = 0; i < p->profile->n; i++) {
		const struct setting *s = &p->profile->settings[i], *devices;
		struct section *section;
		size_t k = 0;
		int r;

		if (!is_wanted(s))
			continue;
		while (k < p->n_sections && strcmp(p->sections[k].name, s->section) != 0)
			k++;
		if (k < p->n_sections)
			continue;
		section = array_add(&p->sections, &p->n_sections, sizeof(*section));
		if (!section)
			return -ENOMEM;
		section->name = s->section;
		devices = profile_find(p->profile, s->section, "devices");
		if (devices && strstr(devices->value, "@node-ip") && !p->view.node_link &&
		    node_link(p->view.sys, &p->view.node_link) < 0)
			p->view.node_link = 0; /* no route yet */
		r = net_select(&p->view, devices ? devices->value : "*", &section->links,
			       &section->n, &section->missing);
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan(const struct sys *sys, const struct profile *profile, struct changes *out)
{
	struct planning p = {.profile = profile, .out = out};
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < profile->n; i++)
		any = any ||
		      (is_wanted(&profile->settings[i]) && is_attribute(&profile->settings[i]));
	if (!any)
		return 0;
	if (!netlink_reaches(sys)) {
		for (size_t i = 0; i < profile->n && r == 0; i++)
			if (is_wanted(&profile->settings[i]) && is_attribute(&profile->settings[i]))
				r = add_pending(out, &profile->settings[i],
						profile->settings[i].section,
						"links can be seen on the running machine only, in "
						"the host's network namespace");
		return r;
	}
	r = net_view_open(sys, &p.view);
	if (r == 0) {
		r = find_sections(&p);
		if (r == 0)
			r = plan_links(&p);
		if (r == 0)
			r = plan_missing(&p);
		net_view_close(&p.view);
	}
	for (size_t i = 0; i < p.n_sections; i++) {
		free(p.sections[i].links);
		strings_clear(&p.sections[i].missing);
	}
	free(p.sections);
	free(p.mtus);
	return r;
}

const struct tuner net_tuner = {.name = "net",
				.plan = plan,
				.read = net_read,
				.write = net_write,
				.explain = net_explain,
				.flips = net_flips,
				.flips_copy = true};
