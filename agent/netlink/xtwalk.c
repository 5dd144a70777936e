/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a table of iptables' legacy backend: the chains on hooks first, each ended by its
 * policy; then each other chain, begun by an entry with the target ERROR, which holds its name, and
 * ended by a RETURN; then one ERROR more. (linux/netfilter/x_tables.h; libiptc has the same) */
#include "xtables.h"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

/* An entry's two lengths, wherever they lie. */
struct entry {
	uint16_t target, next;
	const unsigned char *bytes;
};

static size_t head_size(const struct xtables_walk *w)
{
	return w->six ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
}

static bool read_entry(const struct xtables_walk *w, const unsigned char *bytes, struct entry *e)
{
	size_t target = w->six ? offsetof(struct ip6t_entry, target_offset)
			       : offsetof(struct ipt_entry, target_offset);
	size_t next = w->six ? offsetof(struct ip6t_entry, next_offset)
			     : offsetof(struct ipt_entry, next_offset);

	memcpy(&e->target, bytes + target, sizeof(e->target));
	memcpy(&e->next, bytes + next, sizeof(e->next));
	e->bytes = bytes;
	return e->target >= head_size(w) && e->next >= e->target + sizeof(struct xt_entry_target) &&
	       e->next <= w->size - w->at;
}

/* The name that an ERROR entry holds, or false: a rule. "ERROR" itself is the table's end. */
static bool read_head(const struct entry *e, char name[XTABLES_CHAIN])
{
	const unsigned char *target = e->bytes + e->target;
	const char *kind = (const char *)target + offsetof(struct xt_entry_target, u.user.name);

	if (strncmp(kind, XT_ERROR_TARGET, XT_EXTENSION_MAXNAMELEN) != 0 ||
	    e->next < e->target + offsetof(struct xt_error_target, errorname) + XTABLES_CHAIN)
		return false;
	memcpy(name, target + offsetof(struct xt_error_target, errorname), XTABLES_CHAIN);
	name[XTABLES_CHAIN - 1] = '\0';
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return true;
}

/* The chain that began last is complete. */
static int close_chain(struct xtables_walk *w)
{
	if (!w->open)
		return 0;
	w->open = false;
	/* Its policy, or the RETURN. */
	return w->in_chain == 0 ? -EBADMSG : w->take(w->chain, w->in_chain - 1, w->context);
}

static int open_chain(struct xtables_walk *w, const char *name)
{
	int r = close_chain(w);

	snprintf(w->chain, sizeof(w->chain), "%s", name);
	w->in_chain = 0;
	w->open = true;
	return r;
}

/* The chain of the hook that begins here, or NULL. */
static const char *hook_at(const struct xtables_walk *w)
{
	static const char *const names[NF_INET_NUMHOOKS] = {"PREROUTING", "INPUT", "FORWARD",
							    "OUTPUT", "POSTROUTING"};

	for (size_t i = 0; i < NF_INET_NUMHOOKS; i++)
		if (w->hooks & 1u << i && w->begins[i] == w->at)
			return names[i];
	return NULL;
}

static int take_entry(struct xtables_walk *w, const struct entry *e)
{
	const char *hook = hook_at(w);
	char name[XTABLES_CHAIN];
	int r = hook ? open_chain(w, hook) : 0;

	if (r < 0)
		return r;
	w->seen++;
	if (!read_head(e, name)) {
		w->in_chain++;
		return w->open ? 0 : -EBADMSG; /* a rule of no chain */
	}
	if (w->at + e->next == w->size)
		return close_chain(w);
	return open_chain(w, name);
}

int xtables_walk(struct xtables_walk *w, const unsigned char *bytes, uint32_t from, uint32_t len)
{
	if (w->at < from)
		return -EBADMSG;
	while (w->at < w->size && w->at - from < len && len - (w->at - from) >= head_size(w)) {
		struct entry e;
		int r;

		if (!read_entry(w, bytes + (w->at - from), &e))
			return -EBADMSG;
		if (e.next > len - (w->at - from))
			return 0; /* cut */
		r = take_entry(w, &e);
		if (r < 0)
			return r;
		w->at += e.next;
	}
	return 0;
}

int xtables_walk_end(const struct xtables_walk *w)
{
	return w->at == w->size && w->seen == w->entries && !w->open ? 0 : -EBADMSG;
}
