/* SPDX-License-Identifier: Apache-2.0 */
/* What a census adds up, and how it is judged. */
#include "rules.h"

#include <string.h>

#include "findings.h"

uint64_t rules_sum(const uint64_t counts[RULES_BACKENDS])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < RULES_BACKENDS; i++)
		sum += counts[i];
	return sum;
}

const char *rules_backend_text(enum rules_backend backend)
{
	static const char *const texts[RULES_BACKENDS] = {"legacy", "iptables-nft", "nftables"};

	return texts[backend];
}

const char *rules_family_text(uint8_t family)
{
	return family == NFPROTO_IPV4     ? "ip"
	       : family == NFPROTO_IPV6   ? "ip6"
	       : family == NFPROTO_INET   ? "inet"
	       : family == NFPROTO_ARP    ? "arp"
	       : family == NFPROTO_BRIDGE ? "bridge"
	       : family == NFPROTO_NETDEV ? "netdev"
					  : "other";
}

const char *rules_tell_name(const char *name, char out[RULES_TOLD])
{
	size_t n = 0;

	for (; n < RULES_TOLD - 1 && name[n]; n++)
		out[n] = name[n] >= ' ' && name[n] < 0x7f ? name[n] : '?';
	out[n] = '\0';
	return out;
}

/* iptables-nft has its own tables' names, in its own families. */
enum rules_backend rules_backend_of(uint8_t family, const char *table)
{
	static const char *const names[] = {"filter", "nat", "mangle", "raw", "security"};

	if (family == NFPROTO_IPV4 || family == NFPROTO_IPV6)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strcmp(table, names[i]) == 0)
				return RULES_IPTABLES_NFT;
	return RULES_NFTABLES;
}

static struct rules_services *services_of(struct rules *r, uint8_t family)
{
	return family == NFPROTO_IPV4   ? &r->services[RULES_IPV4]
	       : family == NFPROTO_IPV6 ? &r->services[RULES_IPV6]
					: NULL;
}

static struct rules_table *find_table(struct rules *r, enum rules_backend backend, uint8_t family,
				      const char *name)
{
	/* Chains come table by table: the newest first. */
	for (size_t i = r->n_tables; i-- > 0;)
		if (r->tables[i].backend == backend && r->tables[i].family == family &&
		    strcmp(r->tables[i].name, name) == 0)
			return &r->tables[i];
	return NULL;
}

void rules_add_table(struct rules *r, enum rules_backend backend, uint8_t family, const char *name)
{
	struct rules_services *s = services_of(r, family);

	r->n_of[backend]++;
	if (s && backend == RULES_NFTABLES && strcmp(name, "kube-proxy") == 0)
		s->table = true;
	if (r->n_tables == RULES_TABLES_MOST)
		return;
	r->tables[r->n_tables] = (struct rules_table){.backend = backend, .family = family};
	snprintf(r->tables[r->n_tables].name, sizeof(r->tables[0].name), "%s", name);
	r->n_tables++;
}

static void note_services(struct rules *r, enum rules_backend backend, uint8_t family,
			  const char *table, const char *chain, uint64_t rules)
{
	struct rules_services *s = services_of(r, family);

	if (!s || backend == RULES_NFTABLES || strcmp(table, "nat") != 0)
		return;
	if (strncmp(chain, "KUBE-SVC-", strlen("KUBE-SVC-")) == 0)
		s->chains[backend]++;
	else if (strcmp(chain, "KUBE-SERVICES") == 0)
		s->walk[backend] = rules;
}

void rules_add_chain(struct rules *r, enum rules_backend backend, uint8_t family, const char *table,
		     const char *chain, uint64_t rules)
{
	struct rules_table *t = find_table(r, backend, family, table);

	if (t) {
		t->rules += rules;
		t->chains++;
	}
	r->rules[backend] += rules;
	r->chains[backend]++;
	if (rules > r->longest.rules) {
		r->longest.rules = rules;
		r->longest.backend = backend;
		r->longest.family = family;
		snprintf(r->longest.table, sizeof(r->longest.table), "%s", table);
		snprintf(r->longest.chain, sizeof(r->longest.chain), "%s", chain);
	}
	note_services(r, backend, family, table, chain, rules);
}

void rules_note_hook(struct rules *r, uint8_t family, const char *table, const char *chain)
{
	static const char *const names[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
					    "POSTROUTING"};
	struct rules_table *t = find_table(r, RULES_IPTABLES_NFT, family, table);

	if (!t)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(chain, names[i]) == 0) {
			t->ours = true;
			return;
		}
	t->foreign = true;
}

static void move(uint64_t counts[RULES_BACKENDS], uint64_t n)
{
	counts[RULES_IPTABLES_NFT] -= n;
	counts[RULES_NFTABLES] += n;
}

void rules_disown(struct rules *r)
{
	for (size_t i = 0; i < r->n_tables; i++) {
		struct rules_table *t = &r->tables[i];

		if (t->backend != RULES_IPTABLES_NFT || t->ours || !t->foreign)
			continue;
		t->backend = RULES_NFTABLES;
		move(r->rules, t->rules);
		move(r->chains, t->chains);
		move(r->n_of, 1);
		if (r->longest.backend == RULES_IPTABLES_NFT && r->longest.family == t->family &&
		    strcmp(r->longest.table, t->name) == 0)
			r->longest.backend = RULES_NFTABLES;
	}
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t rules_service_chains(const struct rules *r)
{
	uint64_t most = 0;

	for (size_t i = 0; i < RULES_FAMILIES; i++)
		for (size_t b = 0; b < ARRAY_LEN(r->services[i].chains); b++)
			most = larger(most, r->services[i].chains[b]);
	return most;
}

uint64_t rules_service_walk(const struct rules *r)
{
	uint64_t most = 0;

	for (size_t i = 0; i < RULES_FAMILIES; i++)
		for (size_t b = 0; b < ARRAY_LEN(r->services[i].walk); b++)
			most = larger(most, r->services[i].walk[b]);
	return most;
}

uint64_t rules_service_elements(const struct rules *r)
{
	return larger(r->services[RULES_IPV4].elements, r->services[RULES_IPV6].elements);
}

static void judge_services(const struct rules *r, const struct rules_limits *limits,
			   struct findings *findings)
{
	double services = (double)rules_service_chains(r);

	if (services < limits->services_warn)
		return;
	finding_advise(
		finding_add(findings,
			    services >= limits->services_fail ? VERDICT_FAIL : VERDICT_WARN,
			    "ManyServices",
			    "%.0f Services' ports in iptables: the first packet of a connection "
			    "walks along up to %.0f rules of KUBE-SERVICES; later ones do not",
			    services, (double)rules_service_walk(r)),
		"use kube-proxy's mode nftables (kernel 5.13 or newer) or Cilium's "
		"kubeProxyReplacement: both look a Service up instead of walking");
}

static void judge_rules(const struct rules *r, const struct rules_limits *limits,
			struct findings *findings)
{
	double rules = (double)(r->rules[RULES_LEGACY] + r->rules[RULES_IPTABLES_NFT]);

	if (rules < limits->rules_warn)
		return;
	finding_advise(
		finding_add(findings, rules >= limits->rules_fail ? VERDICT_FAIL : VERDICT_WARN,
			    "ManyRules",
			    "%.0f iptables rules in %.0f chains: each change reads or replaces "
			    "them all, which takes seconds",
			    rules,
			    (double)(r->chains[RULES_LEGACY] + r->chains[RULES_IPTABLES_NFT])),
		"find who adds them (`nodefit check rules` names the longest chain), or use "
		"kube-proxy's mode nftables or Cilium, whose changes touch only what changes");
}

static void judge_backends(const struct rules *r, struct findings *findings)
{
	if (!r->rules[RULES_LEGACY] || !r->rules[RULES_IPTABLES_NFT])
		return;
	finding_advise(finding_add(findings, VERDICT_WARN, "TwoBackends",
				   "both iptables backends hold rules: %.0f in legacy, %.0f in "
				   "nft; packets pass through both, and each tool shows only its "
				   "own",
				   (double)r->rules[RULES_LEGACY],
				   (double)r->rules[RULES_IPTABLES_NFT]),
		       "let all use one (update-alternatives --config iptables, newer images of "
		       "the CNI plugin), and restart the node to be rid of the other's rules");
}

static void judge_errors(const struct rules *r, struct findings *findings)
{
	static const char *const parts[] = {"iptables' legacy tables", "nf_tables"};
	const int errors[] = {r->legacy_error, r->nft_error};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (errors[i] == 0)
			continue;
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "RulesUnreadable",
					   "%s can't be read: %s", parts[i],
					   errors[i] == -ETIMEDOUT ? "not within the time limit"
					   : errors[i] == -EAGAIN  ? "they changed at every attempt"
								   : strerror(-errors[i])),
			       errors[i] == -EPERM || errors[i] == -EACCES
				       ? "run as root, with CAP_NET_ADMIN and CAP_NET_RAW"
				       : "measure again: nodefit check rules");
	}
}

void rules_judge(const struct rules *r, const struct rules_limits *limits,
		 struct findings *findings)
{
	judge_errors(r, findings);
	judge_services(r, limits, findings);
	judge_rules(r, limits, findings);
	judge_backends(r, findings);
}
