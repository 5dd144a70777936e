/* SPDX-License-Identifier: Apache-2.0 */
/* How much packet filter is there, and what grows? */
#include "rules.h"

#include <string.h>

#include "check.h"
#include "findings.h"

#define READ_S 60.0
/* The agent compares with a census that is about so old. */
#define GROWTH_S 3600.0
#define PAST     16

struct rules_params {
	double interval;
	struct rules_limits limits;
};

#define ROW(field, value, text)                                                                    \
	{                                                                                          \
		.name = #field, .type = PARAM_COUNT,                                               \
		.offset = offsetof(struct rules_params, limits) +                                  \
			  offsetof(struct rules_limits, field),                                    \
		.least = 1, .most = 1e9, .fallback = value, .help = text                           \
	}

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	ROW(services_warn, "5000",
	    "Services' ports in kube-proxy's iptables mode (KUBE-SVC-* chains) from which to warn: "
	    "the first packet of a connection walks along KUBE-SERVICES, a rule for each"),
	ROW(services_fail, "20000",
	    "the same from which to fail: twice what Kubernetes is tested with in a cluster"),
	ROW(rules_warn, "100000",
	    "rules of iptables, both backends, from which to warn: each change by iptables reads "
	    "or replaces them all, which takes seconds"),
	ROW(rules_fail, "500000", "the same from which to fail: updates fall behind for minutes"),
	{0}};

/* Per table "legacy.ip.nat.rules" and "legacy.ip.nat.chains", after the sums. */
static void tell_tables(const struct rules *c, struct result *r)
{
	for (size_t i = 0; i < c->n_tables; i++) {
		const struct rules_table *t = &c->tables[i];
		char name[48], table[RULES_TOLD];

		snprintf(name, sizeof(name), "%s.%s.%s", rules_backend_text(t->backend),
			 rules_family_text(t->family), rules_tell_name(t->name, table));
		result_figure_of(r, name, "rules", (double)t->rules, "");
		result_figure_of(r, name, "chains", (double)t->chains, "");
	}
}

static void tell(const struct rules *c, struct result *r)
{
	uint64_t services = rules_service_chains(c) + rules_service_elements(c);
	char text[160], table[RULES_TOLD], chain[RULES_TOLD];

	result_figure(r, "rules", (double)rules_sum(c->rules), "");
	result_figure(r, "chains", (double)rules_sum(c->chains), "");
	result_figure(r, "tables", (double)rules_sum(c->n_of), "");
	result_figure(r, "service_chains", (double)rules_service_chains(c), "");
	result_figure(r, "service_walk", (double)rules_service_walk(c), "");
	result_figure(r, "service_elements", (double)rules_service_elements(c), "");
	if (services)
		result_figure(r, "rules_per_service",
			      (double)rules_sum(c->rules) / (double)services, "");
	for (size_t i = 0; i < RULES_BACKENDS; i++) {
		result_figure_of(r, rules_backend_text(i), "rules", (double)c->rules[i], "");
		result_figure_of(r, rules_backend_text(i), "chains", (double)c->chains[i], "");
	}
	tell_tables(c, r);
	if (c->longest.rules) {
		snprintf(text, sizeof(text), "%s (%s %s %s), %llu rules",
			 rules_tell_name(c->longest.chain, chain),
			 rules_backend_text(c->longest.backend),
			 rules_family_text(c->longest.family),
			 rules_tell_name(c->longest.table, table),
			 (unsigned long long)c->longest.rules);
		result_fact(r, "longest_chain", text);
	}
	if (c->moved)
		result_fact(r, "moved",
			    "the rules changed while they were counted: the figures are of several "
			    "moments");
}

static void run(const struct check_run *run, struct result *r)
{
	const struct rules_params *p = run->params;
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	_cleanup_free struct rules *c = calloc(1, sizeof(*c));
	uint64_t services;

	for (const struct param *row = params + 1; row->name; row++) {
		double limit;

		memcpy(&limit, (const char *)run->params + row->offset, sizeof(limit));
		result_threshold(r, row->name, limit, "");
	}
	if (!netlink_reaches(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "RulesUnreachable",
			     "this root is not in our network namespace: its rules can't be read");
		return;
	}
	if (!findings || !c) {
		result_judge(r, VERDICT_UNKNOWN, "RulesUnreadable", "%s", strerror(ENOMEM));
		return;
	}
	rules_read(run->sys, true, READ_S, c);
	services = rules_service_chains(c) + rules_service_elements(c);
	tell(c, r);
	rules_judge(c, &p->limits, findings);
	if (findings->n == 0 && rules_sum(c->n_of) == 0)
		finding_add(findings, VERDICT_PASS, "NoRules", "no table, so no rule");
	else if (findings->n == 0)
		finding_add(findings, VERDICT_PASS, "RulesFew",
			    "%llu rules in %llu chains, %llu Services' ports",
			    (unsigned long long)rules_sum(c->rules),
			    (unsigned long long)rules_sum(c->chains), (unsigned long long)services);
	findings_tell(findings, r);
}

/* Earlier censuses, the oldest first. */
struct rules_state {
	double rules[PAST], at[PAST];
	size_t n;
};

static const struct figure *figure(const struct result *r, const char *name)
{
	for (size_t i = 0; i < r->n_figures; i++)
		if (strcmp(r->figures[i].name, name) == 0)
			return &r->figures[i];
	return NULL;
}

static void drop_oldest(struct rules_state *s)
{
	s->n--;
	memmove(&s->rules[0], &s->rules[1], s->n * sizeof(s->rules[0]));
	memmove(&s->at[0], &s->at[1], s->n * sizeof(s->at[0]));
}

/* Tells how many rules an hour there are more; the answer itself is the worker's. */
static bool watch(const struct check_run *run, void *state, struct result *r)
{
	const struct figure *rules = figure(r, "rules");
	struct rules_state *s = state;
	double now = (double)run->sys->now(run->sys) / 1e9;

	if (!rules || r->verdict == VERDICT_UNKNOWN)
		return true;
	while (s->n > 1 && now - s->at[0] > GROWTH_S)
		drop_oldest(s);
	if (s->n && now > s->at[0]) {
		double hours = (now - s->at[0]) / 3600;

		result_figure(r, "growth", (rules->value - s->rules[0]) / hours, "/h");
		result_figure(r, "growth_window", hours * 3600, "s");
	}
	/* A short interval has wider steps. */
	if (s->n && now - s->at[s->n - 1] < GROWTH_S / (PAST - 2))
		return true;
	if (s->n == PAST)
		drop_oldest(s);
	s->rules[s->n] = rules->value;
	s->at[s->n++] = now;
	return true;
}

const struct check rules_check = {
	.name = "rules",
	.summary = "the packet filter is not too much to walk along or to change",
	.about = "Counts rules and chains of every table, iptables' legacy backend by getsockopt "
		 "and nf_tables over netlink, and the Services that kube-proxy has put there: "
		 "KUBE-SVC-* chains in its iptables mode, elements of the map service-ips in its "
		 "nftables mode, one for each port of a Service that has endpoints. Reading makes "
		 "no table, loads no module and takes no iptables lock. Rules are not what a "
		 "packet meets: table nat is asked for the first packet of a connection alone, "
		 "and that one walks along KUBE-SERVICES, a rule for each Service's port, not "
		 "along all rules; in nftables mode it is one look-up. So Services are judged by "
		 "services_warn and services_fail in iptables mode alone. What many rules cost is "
		 "their change: iptables replaces (legacy) or lists (nft) all of them, seconds "
		 "from 100,000 on, while new endpoints wait. Both backends in use warn: packets "
		 "pass through both, and each tool shows only its own. KUBE-IPTABLES-HINT and "
		 "KUBE-KUBELET-CANARY are kubelet's and hold no rules. The agent tells how fast "
		 "the rules grow (growth, over the last hour). The cost: about 1 s of a CPU for "
		 "100,000 rules of nf_tables, so do not measure often. "
		 "Sources: kubernetes: pkg/proxy/iptables and pkg/proxy/nftables/proxier.go, "
		 "community: sig-scalability/configs-and-limits/thresholds.md (10,000 Services); "
		 "kernel: net/ipv4/netfilter/ip_tables.c, net/netfilter/nf_tables_api.c.",
	.params = params,
	.params_size = sizeof(struct rules_params),
	.deadline_s = READ_S + 30,
	.run = run,
	.watch = watch,
	.watch_runs = true,
	.state_size = sizeof(struct rules_state),
};
