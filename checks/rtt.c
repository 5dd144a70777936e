/* SPDX-License-Identifier: Apache-2.0 */
/* How far away is what this node talks to? */
#include "rtt.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "netlink.h"
#include "resolve.h"

#define QUICK_COUNT 5

struct rtt_params {
	double interval, count, gap, wait, warn, fail, p99_warn, p99_fail, loss_warn, loss_fail;
	int worst; /* 0: fail, 1: warn */
	struct targets targets;
};

#define ROW(field, kind, low, high, value, text)                                                   \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct rtt_params, field),        \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	ROW(targets, PARAM_TARGETS, 0, 0, "",
	    "[NAME=]HOST:PORT[@WARN[/FAIL]] with blanks between, such as api=10.0.0.1:6443 "
	    "etcd=[fd00::1]:2379@10ms/50ms users=eu.example.com:443; at most 16"),
	ROW(count, PARAM_COUNT, 3, RTT_COUNT_MOST, "20",
	    "connects to each target; --quick makes 5"),
	ROW(gap, PARAM_DURATION, 0.001, 1, "50ms", "between two connects to a target"),
	ROW(wait, PARAM_DURATION, 0.01, 3, "3s",
	    "for an answer; a lost first packet is sent again after 1s"),
	ROW(warn, PARAM_DURATION, 0.00001, TARGET_LIMIT_MAX, "100ms",
	    "median from which to warn; etcd's default heartbeat allows for no more"),
	ROW(fail, PARAM_DURATION, 0.00001, TARGET_LIMIT_MAX, "500ms", "median from which to fail"),
	ROW(p99_warn, PARAM_DURATION, 0.00001, TARGET_LIMIT_MAX, "500ms",
	    "99th percentile from which to warn; of less than 100 connects it is the worst"),
	ROW(p99_fail, PARAM_DURATION, 0.00001, TARGET_LIMIT_MAX, "3s",
	    "99th percentile from which to fail"),
	ROW(loss_warn, PARAM_PERCENT, 0.1, 100, "5%",
	    "share of connects that were lost, or had to be sent again, from which to warn"),
	ROW(loss_fail, PARAM_PERCENT, 0.1, 100, "50%", "the same from which to fail"),
	{.name = "worst",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct rtt_params, worst),
	 .choices = "fail warn",
	 .fallback = "fail",
	 .help = "the worst verdict; warn where the targets being far must not make the node "
		 "unfit"},
	{0}};

struct measuring {
	struct rtt_series series[TARGETS_MOST];
	const struct target *targets[TARGETS_MOST]; /* whose series it is */
	size_t n;
};

/* The names' addresses; those without one are findings. */
static void resolve(const struct check_run *run, const struct targets *t, struct measuring *m,
		    struct findings *findings)
{
	const char *names[RESOLVE_MOST];
	const struct target *of[RESOLVE_MOST];
	struct resolved found[RESOLVE_MOST];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].ip.family)
			continue;
		of[n] = &t->v[i];
		names[n++] = t->v[i].host;
	}
	if (n) {
		run->progress(run, "resolving %zu names", n);
		r = names_resolve(run->sys, names, n, found);
	}
	if (r < 0) {
		finding_advise(
			finding_add(findings, VERDICT_UNKNOWN, "NamesUnresolved",
				    "host names can't be resolved: %s",
				    r == -ENOENT ? "nodefit-net is not installed" : strerror(-r)),
			r == -ENOENT ? "install nodefit-net beside nodefit, or name "
				       "addresses in targets="
				     : "look at /etc/resolv.conf, or name addresses in "
				       "targets=");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!found[i].ip.family) {
			finding_advise(finding_add(findings, VERDICT_UNKNOWN, "NameUnresolved",
						   "%s: %.100s has no address: %s", of[i]->name,
						   of[i]->host, found[i].error),
				       "look at /etc/resolv.conf and the name; getent hosts %.100s",
				       of[i]->host);
			continue;
		}
		m->targets[m->n] = of[i];
		m->series[m->n++] = (struct rtt_series){.ip = found[i].ip, .port = of[i]->port};
	}
}

static void tell(void *context, unsigned done)
{
	const struct check_run *run = context;

	run->progress(run, "%u connects", done);
}

static void judge(const struct check_run *run, struct measuring *m, struct findings *findings,
		  struct result *r)
{
	const struct rtt_params *p = run->params;

	for (size_t i = 0; i < m->n; i++) {
		const struct target *t = m->targets[i];
		const struct rtt_limits limits = {
			.warn = t->warn > 0 ? t->warn : p->warn,
			/* A target with a limit to warn alone never fails by its median. */
			.fail = t->fail > 0   ? t->fail
				: t->warn > 0 ? 1e9
					      : p->fail,
			.p99_warn = double_max(p->p99_warn, t->warn),
			.p99_fail = double_max(p->p99_fail, t->fail),
			.loss_warn = p->loss_warn,
			.loss_fail = p->loss_fail,
			.mild = p->worst == 1};

		rtt_judge(t->name, &m->series[i], &limits, findings, r);
	}
}

static void measure(const struct check_run *run, struct measuring *m, struct findings *findings,
		    struct result *r)
{
	const struct rtt_params *p = run->params;
	const struct rtt_plan plan = {
		.count = (unsigned)(run->quick ? double_min(QUICK_COUNT, p->count) : p->count),
		.gap_s = p->gap,
		.wait_s = p->wait};

	for (size_t i = 0; i < p->targets.n; i++) {
		const struct target *t = &p->targets.v[i];

		if (!t->ip.family)
			continue;
		m->targets[m->n] = t;
		m->series[m->n++] = (struct rtt_series){.ip = t->ip, .port = t->port};
	}
	resolve(run, &p->targets, m, findings);
	rtt_measure(run->sys, m->series, m->n, &plan, tell, (void *)run);
	judge(run, m, findings, r);
	findings_tell(findings, r);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct rtt_params *p = run->params;
	_cleanup_free struct measuring *m = calloc(1, sizeof(*m));
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));

	if (p->targets.n == 0) {
		result_judge(r, VERDICT_SKIPPED, "NoTargets",
			     "no targets= to connect to ([check.rtt])");
		return;
	}
	for (const struct param *row = params; row->name; row++) {
		double limit;

		if (row->type > PARAM_PERCENT ||
		    !(strstr(row->name, "warn") || strstr(row->name, "fail")))
			continue;
		memcpy(&limit, (const char *)p + row->offset, sizeof(limit));
		if (row->type == PARAM_DURATION)
			result_threshold(r, row->name, 1e3 * limit, "ms");
		else
			result_threshold(r, row->name, limit, "%");
	}
	if (!netlink_reaches(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "NetUnreachable",
			     "this root is not in our network namespace: its way to the targets "
			     "can't be measured");
		return;
	}
	if (!m || !findings) {
		result_judge(r, VERDICT_UNKNOWN, "OutOfMemory", "%s", strerror(ENOMEM));
		return;
	}
	measure(run, m, findings, r);
}

const struct check rtt_check = {
	.name = "rtt",
	.summary = "what the node talks to is near and answers",
	.about = "Makes TCP connections to each of targets=, 20 of them, and judges the time until "
		 "they are made: their median and their 99th percentile, and how many were lost, "
		 "refused, or made only after the first packet was sent again (a second later). "
		 "It is the kernel's own measure of the handshake, and the connection is closed "
		 "without a byte; nothing is sent without targets=. Name the API server, the other "
		 "etcd members and the regions of your users, each with limits of its own where "
		 "they differ. nodefit itself connects to addresses only: host names are resolved "
		 "by nodefit-net, which has no privileges. The danger: a proxy or load balancer "
		 "answers the handshake itself, and what is behind it may be farther away; and a "
		 "server may log each connection that ends without a word (etcd does). "
		 "Sources: tcp(7), TCP_INFO; RFC 6298 (Karn's rule, the first retransmission after "
		 "1 s); etcd.io tuning guide (heartbeat 100 ms, to be about the round-trip time).",
	.params = params,
	.params_size = sizeof(struct rtt_params),
	/* 100 connects of 3 s each; who never answers is given up after three. */
	.deadline_s = 330,
	.run = run,
};
