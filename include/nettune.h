/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the net tuner. Its keys are "LINK/ATTRIBUTE" and "LINK/ATTRIBUTE/NAME":
 * "eth0/mtu", "eth0/channels" (all of them are one change), "eth0/coalesce/rx-usecs" and
 * "eth0/features/rx-gro" (a driver may move their neighbours by itself). */
#pragma once

#include "ethtool.h"
#include "link.h"
#include "netwish.h"
#include "route.h"
#include "tuner.h"

/* What a plan looks at; read once. */
struct net_view {
	const struct sys *sys;
	struct links links;
	struct ethtool ethtool;
	unsigned node_link; /* index; 0: not asked, or nothing says */
	unsigned cpus;      /* online */
};

/* 0 or -errno. */
int net_view_open(const struct sys *sys, struct net_view *out);
void net_view_close(struct net_view *v);

/* --- which links a section is about: netselect.c --- */

/* The links that devices= chooses. `missing` gets what was named outright and is not there, and
 * patterns that nothing matches yet. 0 or -ENOMEM. */
int net_select(const struct net_view *v, const char *devices, const struct link ***out, size_t *n,
	       struct strings *missing);

/* --- values as text: netvalue.c --- */

/* "rx 2 tx 2": what is present, in the fields' order. 0 or -ENOMEM. */
int net_value_print(const struct ethtool_group *g, const struct ethtool_values *values, char **out);
/* Reads it again. 0 or -EINVAL. */
int net_value_parse(const struct ethtool_group *g, const char *text, struct ethtool_values *out);
/* One field: its index by name (of the NULL name when there is none), and its number as text. */
size_t net_field(const struct ethtool_group *g, const char *name);
int net_number_print(const struct ethtool_field *f, uint32_t value, char **out);
bool net_number_parse(const struct ethtool_field *f, const char *text, uint32_t *out);
/* The group whose name an attribute is, or NULL. */
const struct ethtool_group *net_group(const char *attribute);
/* The kernel's names behind a feature that ethtool(8) has an older name for ("tso"), or the name
 * itself; by index until NULL. */
const char *net_feature_alias(const char *name, size_t index);

/* --- what to do: netplan.c --- */

/* The MTU that the text asks for where the device can have it, else what it has. */
uint32_t net_wished_mtu(const struct link *l, const char *text);

/* Fills in a change whose key, wish and origin are set: before, wanted, outcome, notes. `mtus` is
 * what every link (index by index as the view's) is to have. 0 or -errno. */
int net_plan_mtu(const struct net_view *v, const struct link *l, const char *text,
		 const uint32_t *mtus, struct change *c);
int net_plan_txqueuelen(const struct link *l, const char *text, struct change *c);
int net_plan_group(const struct net_view *v, const struct link *l, const struct ethtool_group *g,
		   const struct ethtool_values *now, const struct net_pairs *wanted,
		   struct change *c);
int net_plan_coalesce(const struct link *l, const struct ethtool_values *now,
		      const struct net_pair *pair, struct change *c);

/* The device does not even tell: refuses the change. 0 or -ENOMEM. */
int net_refuse_unread(const struct link *l, int error, const struct refusal *words,
		      struct change *c);
/* "veth", "virtio_net": what drives the link, for messages. */
const char *net_driver(const struct link *l);
/* before and wanted are there: is there anything to do? */
void net_settle(struct change *c);
/* Refuses the change for `text`, which is the change's from now on. 0. */
int net_refuse(struct change *c, bool forcible, char *text);
/* The same with a format; -ENOMEM when there is no memory for it. */
#define NET_REFUSE(c, forcible, ...)                                                               \
	({                                                                                         \
		char *_text;                                                                       \
		int _r = format(&_text, __VA_ARGS__);                                              \
		_r < 0 ? _r : net_refuse(c, forcible, _text);                                      \
	})

/* --- links that change along: netfollow.c --- */

#define NET_STACK_DEEP 8

/* On how many others the link stands; what carries it comes before it in a plan. */
unsigned net_depth(const struct links *links, const struct link *l);

/* How many steps each link (index by index as `links`) is from `self` in taking on its MTU; 0: it
 * does not follow it. *steps is the caller's. 0 or -ENOMEM. */
int net_followers(const struct links *links, const struct link *self, unsigned **steps);

/* --- features: netfeature.c --- */

#define NET_FEATURES_MOST (NET_PAIRS_MOST * 6)

/* One feature by the kernel's name, and the pair that wishes it. */
struct net_feature_wish {
	const char *name;
	bool on;
	size_t pair;
};

/* "on", "off", and as ethtool(8) has it, "off [requested on]" where the kernel does not do what it
 * was asked for: it would as soon as it can, so that is a part of the value. */
int net_feature_print(const struct ethtool_feature *f, char **out);
/* What such a text asks for. */
bool net_feature_asks(const char *text);
/* All features that the pairs wish, in the order of writing: what goes off goes before what it
 * needs, what comes on comes after it; so taking it back in the reverse order is right as well. */
size_t net_feature_wishes(const struct net_pairs *pairs,
			  struct net_feature_wish out[NET_FEATURES_MOST]);
/* As the functions of netplan.c; `features` becomes what it will be after the change. */
int net_plan_feature(const struct link *l, struct ethtool_features *features,
		     const struct net_feature_wish *wish, struct change *c);

/* --- the tuner's functions: netkey.c --- */

/* "eth0/features/rx-gro" in its parts. */
struct net_place {
	char link[IF_NAMESIZE];
	char attribute[16];
	const char *name; /* of the key, or "" */
};

/* 0 or -EINVAL. */
int net_key_split(const char *key, struct net_place *out);

int net_read(const struct sys *sys, const char *key, char **value);
int net_write(const struct sys *sys, const char *key, const char *value, char **words);
const char *net_explain(const char *key, int error);
int net_flips(const struct sys *sys, const char *key, struct strings *keys);
