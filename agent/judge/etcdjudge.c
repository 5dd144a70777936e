/* SPDX-License-Identifier: Apache-2.0 */
/* What an etcd's own counters say of it. */
#include <math.h>
#include <string.h>

#include "etcdnode.h"

/* Probes of a peer that its median needs; there is one each few seconds (etcd:
 * server/etcdserver/api/rafthttp/probing_status.go). */
#define RTT_LEAST 10
/* etcd.io, "Tuning": the election timeout is at least ten times the round trip. */
#define RTTS_OF_ELECTION 10

/* One kind of write, and what is said of it. */
struct writes {
	const char *what, *figure, *reason;
	double warn, fail;
	struct histogram h;  /* that is judged */
	struct quantile p99; /* of it; high 0: too few for one */
};

static bool same_process(const struct etcd_view *v)
{
	const struct etcd_stat *now = v->now, *before = v->before;

	/* Printed and read back in full: the same start is the same number. */
	return before && now->known[ETCD_STARTED] && before->known[ETCD_STARTED] &&
	       fabs(now->numbers[ETCD_STARTED] - before->numbers[ETCD_STARTED]) < 1e-6;
}

/* How much a counter has grown in the window, or 0. */
static double growth(const struct etcd_view *v, enum etcd_number n)
{
	if (!same_process(v) || !v->now->known[n] || !v->before->known[n] ||
	    v->now->numbers[n] < v->before->numbers[n])
		return 0;
	return v->now->numbers[n] - v->before->numbers[n];
}

/* What the window has seen, or, where that is too little, all since its start. True: the window. */
static bool choose(const struct etcd_view *v, const struct histogram *now,
		   const struct histogram *before, double least, struct histogram *out)
{
	if (same_process(v) && before && histogram_since(now, before, out) == 0 &&
	    histogram_count(out) >= least)
		return true;
	*out = *now;
	return false;
}

static void tell_figures(const struct writes *w, struct result *r)
{
	result_figure_of(r, w->figure, "n", histogram_count(&w->h), "");
	if (w->p99.high <= 0)
		return;
	result_figure_of(r, w->figure, "p99", w->p99.estimate * 1e3, "ms");
	result_figure_of(r, w->figure, "p99_low", w->p99.low * 1e3, "ms");
	result_figure_of(r, w->figure, "p99_high", w->p99.high * 1e3, "ms");
}

/* Where the limit lies within the bucket, as all do between 8 and 16 ms, the estimate decides: it
 * is rather too high, as most of a bucket's writes are near its lower edge. */
static bool passes(const struct writes *w)
{
	return w->p99.high <= w->warn || (!isinf(w->p99.high) && w->p99.estimate <= w->warn);
}

static void judge_writes(const struct writes *w, struct findings *findings)
{
	double estimate = w->p99.estimate * 1e3, low = w->p99.low * 1e3, high = w->p99.high * 1e3;

	if (passes(w)) /* too few for a p99, too */
		return;
	if (w->p99.low >= w->fail && isinf(high))
		finding_add(findings, VERDICT_FAIL, w->reason,
			    "etcd's %s takes more than %.4g ms at p99 (n %.0f)", w->what, low,
			    histogram_count(&w->h));
	else if (w->p99.low >= w->fail)
		finding_add(findings, VERDICT_FAIL, w->reason,
			    "etcd's %s takes %.4g to %.4g ms at p99 (n %.0f)", w->what, low, high,
			    histogram_count(&w->h));
	else
		finding_add(findings, VERDICT_WARN, w->reason,
			    "etcd's %s takes about %.3g ms at p99, between its buckets' edges "
			    "%.4g and %.4g ms (n %.0f)",
			    w->what, estimate, low, high, histogram_count(&w->h));
	finding_advise(&findings->v[findings->n - 1],
		       "give etcd a disk of its own, a local SSD or a volume with more IOPS, and "
		       "keep other writers off it");
}

static void judge_leader(const struct etcd_view *v, const struct etcd_limits *limits,
			 struct findings *findings)
{
	double changes = growth(v, ETCD_LEADER_CHANGES), late = growth(v, ETCD_HEARTBEAT_FAILURES),
	       sent;

	if (v->now->numbers[ETCD_HAS_LEADER] < 1)
		finding_advise(finding_add(findings, VERDICT_FAIL, "EtcdNoLeader",
					   "this etcd has no leader: it serves no writes"),
			       "see that most members run and reach each other on port 2380: "
			       "etcdctl endpoint status --cluster");
	else if (changes >= 1)
		finding_advise(finding_add(findings, VERDICT_WARN, "EtcdLeaderChanged",
					   "etcd's leader changed in the last %.0f s (changes: "
					   "%.0f)",
					   v->seconds, changes),
			       "a slow disk, a starved CPU or a slow network between members does "
			       "it: nodefit check fsync steal link");
	sent = v->seconds / v->place->heartbeat_s * (double)(v->now->n_peers ? v->now->n_peers : 1);
	if (late >= 1 && late >= sent * limits->late_percent / 100)
		finding_advise(
			finding_add(findings, VERDICT_WARN, "EtcdHeartbeatsLate",
				    "etcd sent %.0f of about %.0f heartbeats too late in "
				    "%.0f s",
				    late, sent, v->seconds),
			"the leader is held up, mostly by its disk or a starved CPU: nodefit "
			"check steal, and give it a disk of its own");
}

static void judge_peer(const struct etcd_view *v, size_t i, struct findings *findings,
		       struct result *r)
{
	const struct histogram *now = &v->now->peers[i].rtt, *before = NULL;
	const struct etcd_place *place = v->place;
	struct histogram h;
	struct quantile q;
	char name[40];

	for (size_t k = 0; v->before && k < v->before->n_peers; k++)
		if (strcmp(v->before->peers[k].id, v->now->peers[i].id) == 0)
			before = &v->before->peers[k].rtt;
	choose(v, now, before, RTT_LEAST, &h);
	if (histogram_count(&h) < RTT_LEAST || !histogram_quantile(&h, 0.5, &q))
		return;
	snprintf(name, sizeof(name), "peer.%s", v->now->peers[i].id);
	result_figure_of(r, name, "rtt_p50", q.estimate * 1e3, "ms");
	/* Only what the bucket proves. */
	if (q.low < place->heartbeat_s && q.low * RTTS_OF_ELECTION < place->election_s)
		return;
	finding_advise(finding_add(findings, VERDICT_WARN, "EtcdPeerFar",
				   "the round trip to etcd's peer %s is %.4g ms or more; the "
				   "heartbeat is %.0f ms, the election timeout %.0f ms",
				   v->now->peers[i].id, q.low * 1e3, place->heartbeat_s * 1e3,
				   place->election_s * 1e3),
		       "on all members: --heartbeat-interval of about the round trip, "
		       "--election-timeout of ten times that; or move them closer");
}

_Static_assert(HISTOGRAM_BUCKETS <= BINS_MOST, "a bin for each bucket");

/* The histogram of the log's writes, a bin each, as results have it. */
static void tell_bins(const struct histogram *h, struct result *r)
{
	snprintf(r->bins_unit, sizeof(r->bins_unit), "ms");
	for (size_t i = 0; i < h->n && i < HISTOGRAM_BUCKETS; i++) {
		r->bins[i].upper = h->v[i].edge * 1e3;
		r->bins[i].count = h->v[i].count - (i ? h->v[i - 1].count : 0);
		r->n_bins = i + 1;
	}
}

static void tell_numbers(const struct etcd_view *v, struct result *r)
{
	static const enum etcd_number told[] = {ETCD_LEADER_CHANGES, ETCD_HEARTBEAT_FAILURES,
						ETCD_SLOW_APPLIES, ETCD_PROPOSALS_FAILED};

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (same_process(v) && v->now->known[told[i]])
			result_figure(r, etcd_numbers[told[i]].key, growth(v, told[i]), "");
	if (v->now->known[ETCD_IS_LEADER])
		result_fact(r, "role",
			    v->now->numbers[ETCD_IS_LEADER] >= 1 ? "leader" : "follower");
	if (*v->now->version)
		result_fact(r, "version", v->now->version);
}

static const char *describe(const struct writes *w, char text[48])
{
	if (w->p99.high <= w->warn)
		snprintf(text, 48, "at most %.4g ms", w->p99.high * 1e3);
	else
		snprintf(text, 48, "about %.3g ms", w->p99.estimate * 1e3);
	return text;
}

static void tell_pass(const struct writes *wal, const struct writes *commit,
		      const struct etcd_limits *limits, struct findings *findings)
{
	char wals[48], commits[48];

	if (wal->p99.high <= 0)
		finding_add(findings, VERDICT_PASS, "EtcdQuiet",
			    "%.0f writes since etcd's start are too few to judge (%.0f)",
			    histogram_count(&wal->h), limits->least);
	else if (commit->p99.high <= 0)
		finding_add(findings, VERDICT_PASS, "EtcdFast",
			    "etcd's WAL fsync takes %s at p99 (n %.0f)", describe(wal, wals),
			    histogram_count(&wal->h));
	else
		finding_add(findings, VERDICT_PASS, "EtcdFast",
			    "etcd's WAL fsync takes %s at p99 (n %.0f), its backend commit %s "
			    "(n %.0f)",
			    describe(wal, wals), histogram_count(&wal->h),
			    describe(commit, commits), histogram_count(&commit->h));
}

void etcd_judge(const struct etcd_view *v, const struct etcd_limits *limits,
		struct findings *findings, struct result *r)
{
	struct writes kinds[] = {{.what = "WAL fsync",
				  .figure = "wal_fsync",
				  .reason = "EtcdWalSlow",
				  .warn = limits->wal_warn,
				  .fail = limits->wal_fail},
				 {.what = "backend commit",
				  .figure = "backend_commit",
				  .reason = "EtcdCommitSlow",
				  .warn = limits->commit_warn,
				  .fail = limits->commit_fail}};
	const struct histogram *now[] = {&v->now->wal_fsync, &v->now->backend_commit};
	const struct histogram *before[] = {v->before ? &v->before->wal_fsync : NULL,
					    v->before ? &v->before->backend_commit : NULL};
	bool window = false;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool recent = choose(v, now[i], before[i], limits->least, &kinds[i].h);

		window = i == 0 ? recent : window;
		if (histogram_count(&kinds[i].h) >= limits->least)
			histogram_quantile(&kinds[i].h, 0.99, &kinds[i].p99);
		tell_figures(&kinds[i], r);
		judge_writes(&kinds[i], findings);
	}
	/* No part of the message: it would change with the load. */
	result_fact(r, "judged",
		    window       ? "what was written between two readings"
		    : !v->before ? "all since etcd's start"
		    : !same_process(v)
			    ? "all since etcd's start, which was just now"
			    : "all since etcd's start: too little was written meanwhile");
	if (v->before)
		result_figure(r, "window", v->seconds, "s");
	tell_bins(&kinds[0].h, r);
	tell_numbers(v, r);
	judge_leader(v, limits, findings);
	for (size_t i = 0; i < v->now->n_peers; i++)
		judge_peer(v, i, findings, r);
	tell_pass(&kinds[0], &kinds[1], limits, findings);
}
