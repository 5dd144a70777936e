/* SPDX-License-Identifier: Apache-2.0 */
/* A table of iptables' legacy backend as the kernel gives it, built entry by entry. */
#pragma once

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "xtables.h"

#define XTABLE_MOST 65536

struct xtable {
	unsigned char bytes[XTABLE_MOST];
	struct xtables_walk walk; /* size, entries, hooks and begins are kept up to date */
};

/* Appends an entry with `matches` bytes between its head and its target. */
__attribute__((unused)) static void xtable_add(struct xtable *t, const char *target,
					       const char *name, size_t matches)
{
	unsigned char *e = t->bytes + t->walk.size;
	size_t head = t->walk.six ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
	uint16_t at = (uint16_t)(head + matches);
	uint16_t size = (uint16_t)(at + (name ? sizeof(struct xt_error_target)
					      : sizeof(struct xt_standard_target)));

	if (t->walk.size + size > XTABLE_MOST)
		return;
	memset(e, 0, size);
	memcpy(e + (t->walk.six ? offsetof(struct ip6t_entry, target_offset)
				: offsetof(struct ipt_entry, target_offset)),
	       &at, sizeof(at));
	memcpy(e + (t->walk.six ? offsetof(struct ip6t_entry, next_offset)
				: offsetof(struct ipt_entry, next_offset)),
	       &size, sizeof(size));
	snprintf((char *)e + at + offsetof(struct xt_entry_target, u.user.name),
		 XT_EXTENSION_MAXNAMELEN, "%s", target);
	if (name)
		snprintf((char *)e + at + offsetof(struct xt_error_target, errorname),
			 XT_FUNCTION_MAXNAMELEN, "%s", name);
	t->walk.size += size;
	t->walk.entries++;
}

/* The chain of a hook with so many rules, and its policy. */
__attribute__((unused)) static void xtable_hook(struct xtable *t, unsigned hook, unsigned rules)
{
	t->walk.hooks |= 1u << hook;
	t->walk.begins[hook] = t->walk.size;
	for (unsigned i = 0; i <= rules; i++)
		xtable_add(t, XT_STANDARD_TARGET, NULL, i < rules ? 8 * (size_t)i : 0);
}

__attribute__((unused)) static void xtable_chain(struct xtable *t, const char *name, unsigned rules)
{
	xtable_add(t, XT_ERROR_TARGET, name, 0);
	for (unsigned i = 0; i <= rules; i++)
		xtable_add(t, XT_STANDARD_TARGET, NULL, i < rules ? 8 * (size_t)i : 0);
}

__attribute__((unused)) static void xtable_end(struct xtable *t)
{
	xtable_add(t, XT_ERROR_TARGET, "ERROR", 0);
}
