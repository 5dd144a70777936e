/* SPDX-License-Identifier: Apache-2.0 */
/* Is the etcd that lives on this node well, by its own metrics? */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "etcdnode.h"

#define SCRAPE_S 5.0 /* nodefit-net takes 2.5 s at the most */
#define QUICK_S  3.0

struct etcd_params {
	double interval, window;
	struct etcd_limits limits;
	char metrics[TEXT_PARAM_MAX];
};

#define ROW(field, at, kind, low, high, value, text)                                               \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct etcd_params, at),          \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	ROW(window, window, PARAM_DURATION, 1, 600, "5s",
	    "between two readings; the agent's are an interval= apart"),
	ROW(wal_warn, limits.wal_warn, PARAM_DURATION, 1e-4, 10, "10ms",
	    "p99 of WAL fsync that passes; etcd has no edge between 8 and 16 ms: there it is "
	    "estimated"),
	ROW(wal_fail, limits.wal_fail, PARAM_DURATION, 1e-4, 10, "16ms",
	    "the same above which to fail, once a whole bucket lies above"),
	ROW(commit_warn, limits.commit_warn, PARAM_DURATION, 1e-4, 10, "25ms",
	    "p99 of backend commit that passes; the edges are 16 and 32 ms"),
	ROW(commit_fail, limits.commit_fail, PARAM_DURATION, 1e-4, 10, "64ms",
	    "the same above which to fail"),
	ROW(least, limits.least, PARAM_COUNT, 10, 1e6, "200",
	    "writes below which p99 is not judged; where the window has fewer, all since etcd's "
	    "start are"),
	ROW(late, limits.late_percent, PARAM_PERCENT, 0, 100, "1%",
	    "heartbeats sent too late, as a share of all, from which to warn"),
	ROW(metrics, metrics, PARAM_TEXT, 0, 63, "",
	    "HOST:PORT that tells metrics by plain HTTP, where it is not the one that is found"),
	{0}};

/* The agent's last reading. A worker writes the next one into memory that both share. */
struct reading {
	bool whole; /* a worker may have died over it */
	uint64_t at;
	struct etcd_stat stat;
};
struct shared {
	struct reading last, next;
};
struct etcd_state {
	struct shared *shared; /* NULL until there is an etcd */
};

/* "address=…" lines. Empty: the usual ones. */
static void ask_for(const struct check_run *run, const struct etcd_place *place, char *request,
		    size_t size)
{
	const struct etcd_params *p = run->params;
	size_t used = 0;

	*request = '\0';
	if (*p->metrics) {
		snprintf(request, size, "address=%s\n", p->metrics);
		return;
	}
	for (size_t i = 0; i < place->n && used < size; i++)
		used += (size_t)snprintf(request + used, size - used, "address=%s\n",
					 place->addresses[i]);
}

/* Why it is not told anything, in words for people. */
static void judge_silence(const struct check_run *run, const struct etcd_place *place,
			  const char *error, bool refused, struct result *r)
{
	const struct etcd_params *p = run->params;

	/* It was found by nothing but its port, or was not told to speak plainly: that is
	 * somebody's choice, and no fault. */
	if (refused && !*p->metrics &&
	    (place->found == ETCD_LISTENER || (place->tls && place->n == 0))) {
		result_judge(r, VERDICT_SKIPPED, "EtcdTellsNothing",
			     "%s: it tells its metrics by TLS only, or nowhere", place->who);
		result_advise(r, "etcd --listen-metrics-urls=http://127.0.0.1:2381, as kubeadm has "
				 "it; or [check.etcd] metrics=");
		return;
	}
	result_judge(r, VERDICT_UNKNOWN, "EtcdSilent", "%s does not tell its metrics: %s",
		     place->who, error);
	result_advise(r, "see whether it runs: crictl ps --name etcd; [check.etcd] metrics= names "
			 "another address");
}

/* 0, or -errno with the result judged. */
static int scrape(const struct check_run *run, const struct etcd_place *place,
		  struct reading *reading, struct result *r)
{
	const struct etcd_params *p = run->params;
	char request[512];
	struct scrape s;
	int error;

	ask_for(run, place, request, sizeof(request));
	reading->whole = false;
	reading->at = run->sys->now(run->sys);
	error = scrape_run(run->sys, "etcd", request, NULL, SCRAPE_S, &s);
	if (error < 0) {
		if (error == -EPROTO && *p->metrics)
			result_judge(r, VERDICT_UNKNOWN, "EtcdSilent",
				     "[check.etcd] metrics=%.63s is no numeric HOST:PORT, or it "
				     "could not be asked",
				     p->metrics);
		else
			result_judge(r, VERDICT_UNKNOWN, "EtcdSilent",
				     error == -ENOENT
					     ? "nodefit-net, which asks etcd, is not installed"
					     : "nodefit-net could not ask etcd: %s",
				     strerror(-error));
		return error;
	}
	if (scrape_value(&s, "error")) {
		judge_silence(run, place, scrape_value(&s, "error"),
			      scrape_value(&s, "refused") != NULL, r);
		error = -ENODATA;
	} else {
		error = etcd_stat_read(&s, &reading->stat);
		if (error == 0 && scrape_value(&s, "address"))
			result_fact(r, "metrics", scrape_value(&s, "address"));
		else if (error == 0)
			error = -EBADMSG;
		if (error < 0)
			result_judge(r, VERDICT_UNKNOWN, "EtcdSilent",
				     "nodefit-net's answer is not in order");
	}
	scrape_clear(&s);
	reading->whole = error == 0;
	return error;
}

static void wait_for(const struct check_run *run, uint64_t start, double window)
{
	for (double done = 0; done < window - 0.01;) {
		double next = double_min(window, done + 1);

		run->sys->sleep_until(run->sys, start + (uint64_t)(next * 1e9));
		done = (double)(run->sys->now(run->sys) - start) / 1e9;
		run->progress(run, "%.0f of %.0f s", done, window);
	}
}

static void judge(const struct check_run *run, const struct etcd_place *place,
		  const struct reading *before, const struct reading *now, struct result *r)
{
	const struct etcd_params *p = run->params;
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	const struct etcd_view view = {.place = place,
				       .now = &now->stat,
				       .before = &before->stat,
				       .seconds = (double)(now->at - before->at) / 1e9};

	if (!findings) {
		result_judge(r, VERDICT_UNKNOWN, "EtcdSilent", "out of memory");
		return;
	}
	etcd_judge(&view, &p->limits, findings, r);
	findings_tell(findings, r);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct etcd_params *p = run->params;
	const struct etcd_state *state = run->gentle;
	struct shared *shared = state ? state->shared : NULL;
	_cleanup_free struct reading *own = calloc(2, sizeof(*own));
	const struct reading *before;
	struct reading *now;
	double window = run->quick ? double_min(QUICK_S, p->window) : p->window;
	struct etcd_place place;

	if (shared)
		shared->next.whole = false;
	result_threshold(r, "wal_warn", p->limits.wal_warn * 1e3, "ms");
	result_threshold(r, "wal_fail", p->limits.wal_fail * 1e3, "ms");
	result_threshold(r, "commit_warn", p->limits.commit_warn * 1e3, "ms");
	result_threshold(r, "commit_fail", p->limits.commit_fail * 1e3, "ms");
	etcd_find(run->sys, &place);
	if (place.found == ETCD_NOWHERE && !*p->metrics) {
		result_judge(r, VERDICT_SKIPPED, "NoEtcd", "no etcd lives on this node");
		return;
	}
	result_fact(r, "etcd", *place.who ? place.who : "by [check.etcd] metrics=");
	if (!own) {
		result_judge(r, VERDICT_UNKNOWN, "EtcdSilent", "out of memory");
		return;
	}
	before = shared && shared->last.whole ? &shared->last : own;
	now = shared ? &shared->next : own + 1;
	if (before == own) {
		if (scrape(run, &place, own, r) < 0)
			return;
		r->n_facts = 1; /* the second reading tells the same */
		wait_for(run, own->at, window);
	}
	if (scrape(run, &place, now, r) == 0)
		judge(run, &place, before, now, r);
}

/* From the first etcd on, readings are kept. */
static bool watch(const struct check_run *run, void *context, struct result *r)
{
	struct etcd_state *state = context;
	struct shared *shared = state->shared;

	(void)run;
	if (shared && shared->next.whole)
		shared->last = shared->next;
	if (!shared && r->verdict != VERDICT_SKIPPED) {
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (shared != MAP_FAILED) /* else each round takes two readings */
			state->shared = shared;
	}
	return true;
}

static void forget(void *context)
{
	struct etcd_state *state = context;

	if (state->shared)
		munmap(state->shared, sizeof(*state->shared));
	state->shared = NULL;
}

const struct check etcd_check = {
	.name = "etcd",
	.summary = "the etcd on this node writes in time and has a leader",
	.about =
		"Finds the etcd that lives on this node (a process named etcd, k3s's, kubeadm's "
		"static pod) and reads its own metrics twice, window= apart, with nodefit-net: how "
		"long its WAL fsyncs and backend commits took between the two, or since its start "
		"where that is less than least=. etcd counts in buckets whose edges are 1 ms, 2, "
		"4, "
		"8, 16 and so on, so p99 lies between two of them, where it is estimated: it "
		"passes up to wal_warn=, fails when its whole bucket lies at or above wal_fail=, "
		"and warns between. No leader fails; a change of leader in the window, "
		"heartbeats that were late, and a peer whose round trip reaches the heartbeat or a "
		"tenth of the election timeout warn. Where no etcd lives it is skipped, and where "
		"it tells its metrics by TLS only, too. Of several, the first is looked at. The "
		"danger: an etcd whose disk is slow loses its leader, and the whole cluster stops "
		"answering. "
		"Sources: etcd.io: Hardware, Tuning, Metrics (WAL fsync p99 below 10 ms, backend "
		"commit below 25 ms); etcd: server/storage/wal/metrics.go, "
		"server/storage/backend/metrics.go, server/etcdserver/metrics.go; kubernetes: "
		"cmd/kubeadm/app/phases/etcd/local.go.",
	.params = params,
	.params_size = sizeof(struct etcd_params),
	.disturbed_by = LOAD_DISK,
	.deadline_s = 600 + 15,
	.run = run,
	.watch = watch,
	.watch_runs = true,
	.state_size = sizeof(struct etcd_state),
	.forget = forget,
};
