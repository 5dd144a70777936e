/* SPDX-License-Identifier: Apache-2.0 */
#include "rtt.h"

#include <errno.h>
#include <string.h>

#include "stats.h"

static enum verdict worst_of(const struct rtt_limits *l)
{
	return l->mild ? VERDICT_WARN : VERDICT_FAIL;
}

/* Not one connect could be begun. */
static void judge_no_way(const char *name, const char *at, const struct rtt_series *s,
			 const struct rtt_limits *l, struct findings *findings)
{
	if (s->error == EMFILE || s->error == ENFILE || s->error == ENOBUFS || s->error == ENOMEM)
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "TargetUnmeasured",
					   "%s: this machine has no socket to spare: %s", name,
					   strerror(s->error)),
			       "see what it runs out of: sysctl fs.file-nr; free -m; ss -s");
	else if (s->error == EADDRNOTAVAIL)
		finding_advise(finding_add(findings, worst_of(l), "NoLocalPort",
					   "%s: no local port or address is left to connect to %s",
					   name, at),
			       "see who holds the ports: ss -s; widen "
			       "net.ipv4.ip_local_port_range, or, for IPv6, give the node an "
			       "address");
	else
		finding_advise(finding_add(findings, worst_of(l), "TargetUnreachable",
					   "%s: no way to %s port %u: %s", name, at, s->port,
					   strerror(s->error)),
			       "look at the routes (ip route get %s) and at firewalls that reject",
			       at);
}

/* Nobody answered, or nothing but refusals. True when that is all there is to say. */
static bool judge_dead(const char *name, const struct rtt_series *s, const struct rtt_limits *l,
		       struct findings *findings)
{
	char at[INET6_ADDRSTRLEN];

	ip_text(&s->ip, at);
	if (s->n && s->refused == s->n) {
		finding_advise(finding_add(findings, worst_of(l), "TargetRefuses",
					   "%s: %s refuses connections to port %u", name, at,
					   s->port),
			       "the machine is there, its service is not: start it, or mend "
			       "targets=");
		return true;
	}
	if (s->n)
		return false;
	if (s->failed)
		judge_no_way(name, at, s, l, findings);
	else
		finding_advise(finding_add(findings, worst_of(l), "TargetSilent",
					   "%s: no answer of %s port %u", name, at, s->port),
			       "it is down, or a firewall or network policy drops the packets");
	return true;
}

static void judge_loss(const char *name, const struct rtt_series *s, const struct rtt_limits *l,
		       double loss, struct findings *findings)
{
	if (loss >= l->loss_warn)
		finding_advise(finding_add(findings,
					   loss >= l->loss_fail ? worst_of(l) : VERDICT_WARN,
					   "TargetLossy",
					   "%s: %.3g%% of %u connects were lost or had to be sent "
					   "again",
					   name, loss, s->n + s->lost + s->failed),
			       "packets are lost on the way: compare `nodefit check link` here and "
			       "there, and the networks between");
	if (s->refused)
		finding_advise(finding_add(findings, VERDICT_WARN, "TargetRefusesSome",
					   "%s: %u of %u connects were refused", name, s->refused,
					   s->n),
			       "its service restarts, or one of several behind that address is "
			       "down");
}

static void judge_time(const char *name, const char *what, double ms, double warn_s, double fail_s,
		       const struct rtt_limits *l, struct findings *findings)
{
	bool fails = ms >= 1e3 * fail_s;

	if (ms < 1e3 * warn_s && !fails)
		return;
	finding_advise(finding_add(findings, fails ? worst_of(l) : VERDICT_WARN, "TargetFar",
				   "%s: %s is %.4g ms, %s from %.4g ms", name, what, ms,
				   fails && !l->mild ? "fail" : "warn",
				   1e3 * (fails && !l->mild ? fail_s : warn_s)),
		       "place the node nearer, or look for a detour on the way; or set this "
		       "target's own limits (@WARN/FAIL)");
}

void rtt_judge(const char *name, struct rtt_series *s, const struct rtt_limits *l,
	       struct findings *findings, struct result *r)
{
	unsigned tried = s->n + s->lost + s->failed;
	double loss = tried ? 100.0 * (s->lost + s->failed + s->retried) / tried : 0, p50, p99;
	size_t before = findings->n;

	result_figure_of(r, name, "loss", loss, "%");
	if (judge_dead(name, s, l, findings))
		return;
	stats_sort(s->ms, s->n);
	p50 = stats_quantile(s->ms, s->n, 0.5);
	p99 = stats_quantile(s->ms, s->n, 0.99);
	result_figure_of(r, name, "min", s->ms[0], "ms");
	result_figure_of(r, name, "p50", p50, "ms");
	result_figure_of(r, name, "p99", p99, "ms");
	judge_loss(name, s, l, loss, findings);
	judge_time(name, "the median", p50, l->warn, l->fail, l, findings);
	judge_time(name, "p99", p99, l->p99_warn, l->p99_fail, l, findings);
	if (findings->n == before)
		finding_add(findings, VERDICT_PASS, "TargetsNear",
			    "%s: median %.4g ms, p99 %.4g ms", name, p50, p99);
}
