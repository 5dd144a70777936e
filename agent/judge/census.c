/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the census of the packet filter, of both backends. */
#include "rules.h"

#include <string.h>
#include <sys/socket.h>

/* How often it is begun again when it changed meanwhile. */
#define ATTEMPTS 3
/* One chain that is longer than this is not listed: the jumps to it are counted instead. */
#define LONG 16384

#define MODULES_MOST (4 << 20)

bool rules_nft_absent(const struct sys *sys)
{
	_cleanup_free char *release = NULL, *built_in = NULL;
	char path[160];
	struct stat st;

	if (sys_stat(sys, "/sys/module/nf_tables", &st) == 0 ||
	    sys_read_line(sys, "/proc/sys/kernel/osrelease", &release) < 0)
		return false;
	/* Without the modules' folder there is nothing to be loaded, and asking harms nobody. */
	snprintf(path, sizeof(path), "/lib/modules/%.100s/modules.builtin", release);
	if (sys_read(sys, path, MODULES_MOST, &built_in, NULL) < 0)
		return false;
	return !strstr(built_in, "/nf_tables.ko");
}

/* --- legacy --- */

struct legacy {
	struct rules *rules;
	uint8_t family; /* NFPROTO_… */
	const char *table;
};

static int add_legacy(const char *chain, uint32_t rules, void *context)
{
	const struct legacy *l = context;

	rules_add_chain(l->rules, RULES_LEGACY, l->family, l->table, chain, rules);
	return 0;
}

/* A table that changes while it is read is read again; its chains are forgotten. */
static int read_table(const struct sys *sys, int family, const char *table, uint64_t until,
		      struct rules *r)
{
	struct legacy to = {
		.rules = r,
		.family = family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
		.table = table,
	};
	struct rules before = *r;
	int error = -EAGAIN;

	for (int i = 0; i < ATTEMPTS && error == -EAGAIN; i++) {
		*r = before;
		rules_add_table(r, RULES_LEGACY, to.family, table);
		error = xtables_read(sys, family, table, until, add_legacy, &to);
	}
	if (error < 0)
		*r = before;
	/* It has gone since; or the tables of a family that is switched off (ipv6.disable=1), which
	 * no packet meets. */
	return error == -ENOENT || error == -EAFNOSUPPORT ? 0 : error;
}

static int read_legacy(const struct sys *sys, uint64_t until, struct rules *r)
{
	static const int families[] = {AF_INET, AF_INET6};
	char names[XTABLES_MOST][XTABLES_NAME];
	int error = 0;

	for (size_t i = 0; i < ARRAY_LEN(families) && error == 0; i++) {
		int n = xtables_names(sys, families[i], names);

		error = n < 0 ? n : 0;
		for (int k = 0; k < n && error == 0; k++)
			error = read_table(sys, families[i], names[k], until, r);
	}
	return error;
}

/* --- nf_tables --- */

struct census {
	struct nft *nft;
	struct rules *rules;
	bool all;
	struct nft_chain late; /* too long to be listed: counted at the end; use 0: none */
};

static int add_table(const struct nft_table *t, void *context)
{
	struct census *c = context;

	rules_add_table(c->rules, rules_backend_of(t->family, t->name), t->family, t->name);
	return 0;
}

static void add_counted(struct census *c, const struct nft_chain *chain, uint64_t rules)
{
	rules_add_chain(c->rules, rules_backend_of(chain->family, chain->table), chain->family,
			chain->table, chain->name, rules);
	if (chain->base)
		rules_note_hook(c->rules, chain->family, chain->table, chain->name);
}

static int add_chain(const struct nft_chain *chain, void *context)
{
	struct census *c = context;
	uint64_t rules = 0;
	int r = 0;

	if (chain->use == 0 || (!c->all && strcmp(chain->name, "KUBE-SERVICES") != 0)) {
		/* Nothing, or nothing that is wanted. */
	} else if (chain->base || (!c->all && chain->use > LONG)) {
		rules = chain->use;
	} else if (chain->use > LONG && c->late.use == 0) {
		c->late = *chain;
		return 0;
	} else {
		r = nft_count_rules(c->nft, chain, &rules);
	}
	if (r == 0)
		add_counted(c, chain, rules);
	return r;
}

static int add_late(struct census *c)
{
	uint64_t jumps = 0;
	int r = c->late.use ? nft_count_jumps(c->nft, &c->late, &jumps) : 0;

	/* Fewer uses than jumps: it has changed since. */
	if (r == 0 && c->late.use)
		add_counted(c, &c->late, c->late.use > jumps ? c->late.use - jumps : 0);
	return r;
}

static int add_elements(struct census *c)
{
	static const uint8_t families[RULES_FAMILIES] = {NFPROTO_IPV4, NFPROTO_IPV6};
	int r = 0;

	for (size_t i = 0; i < RULES_FAMILIES && r == 0; i++) {
		if (c->rules->services[i].table)
			r = nft_count_elements(c->nft, families[i], "kube-proxy", "service-ips",
					       &c->rules->services[i].elements);
		if (r == -ENOENT) /* the other family may have the map */
			r = 0;
	}
	return r;
}

/* Is that how a kernel without nf_tables answers? */
static bool has_none(int error)
{
	return error == -EPROTONOSUPPORT || error == -EAFNOSUPPORT || error == -EINVAL ||
	       error == -EOPNOTSUPP;
}

static int count_nft(const struct sys *sys, bool all, uint64_t until, struct rules *r)
{
	_cleanup_nft struct nft nft = {0};
	struct census c = {.nft = &nft, .rules = r, .all = all};
	uint32_t first = 0, last = 0;
	int error = nft_open(sys, until, &nft);

	if (error == 0)
		error = nft_generation(&nft, &first);
	if (error < 0)
		return has_none(error) ? 0 : error;
	error = nft_tables(&nft, add_table, &c);
	if (error == 0)
		error = nft_chains(&nft, add_chain, &c);
	if (error == 0)
		error = add_late(&c);
	if (error == 0)
		error = add_elements(&c);
	if (error == 0)
		error = nft_generation(&nft, &last);
	rules_disown(r);
	r->moved = nft.moved || first != last;
	return error;
}

static int read_nft(const struct sys *sys, bool all, uint64_t until, struct rules *r)
{
	struct rules before = *r;
	int error = 0;

	for (int i = 0; i < ATTEMPTS; i++) {
		*r = before;
		error = count_nft(sys, all, until, r);
		/* What was listed first may be gone when its contents are asked for. */
		if (error != -ENOBUFS && error != -ENOENT && (error < 0 || !r->moved))
			break;
	}
	if (error < 0)
		*r = before;
	return error;
}

void rules_read(const struct sys *sys, bool all, double seconds, struct rules *out)
{
	uint64_t until = sys->now(sys) + (uint64_t)(seconds * 1e9);

	*out = (struct rules){0};
	out->legacy_error = read_legacy(sys, until, out);
	if (!rules_nft_absent(sys))
		out->nft_error = read_nft(sys, all, until, out);
}
