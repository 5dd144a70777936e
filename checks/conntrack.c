/* SPDX-License-Identifier: Apache-2.0 */
/* Is there room for new connections? */
#include "conntrack.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "netlink.h"
#include "netspaces.h"
#include "procstat.h"
#include "text.h"

struct conntrack_params {
	double interval, window, warn, fail, drop_warn, drop_fail, early_drop_warn,
		insert_failed_warn;
};

#define ROW(field, kind, low, high, value, text)                                                   \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct conntrack_params, field),  \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	ROW(window, PARAM_DURATION, 0.1, 60, "3s", "how long to count losses"),
	ROW(warn, PARAM_PERCENT, 1, 100, "90%",
	    "of nf_conntrack_max from which to warn, in any namespace; Netdata does"),
	ROW(fail, PARAM_PERCENT, 1, 100, "95%",
	    "the same from which to fail; the kernel itself begins to throw out from here"),
	ROW(drop_warn, PARAM_COUNT, 1, 1e9, "1", "dropped packets a second from which to warn"),
	ROW(drop_fail, PARAM_COUNT, 1, 1e9, "100", "the same from which to fail"),
	ROW(early_drop_warn, PARAM_COUNT, 1, 1e9, "1",
	    "connections a second thrown out for new ones from which to warn"),
	ROW(insert_failed_warn, PARAM_COUNT, 1, 1e9, "10",
	    "connections a second that lost their place to another from which to warn"),
	{0}};

struct tables {
	struct netspaces spaces;
	struct conntrack_space v[NETSPACES_MOST]; /* of the same index, until they are ranked */
	bool before[NETSPACES_MOST];              /* has that reading */
	bool closed;                              /* other namespaces can't be entered */
};

static unsigned cpus_of(const struct sys *sys)
{
	struct proc_stat stat = {0};
	unsigned n = 1;

	if (procstat_read(sys, &stat) == 0) {
		n = (unsigned)stat.n;
		procstat_clear(&stat);
	}
	return n;
}

/* Calls `look` in every namespace; our own is the first and, at the end, the current one. */
static void visit(const struct check_run *run, struct tables *t,
		  void (*look)(const struct check_run *run, struct tables *t, size_t i))
{
	look(run, t, 0);
	for (size_t i = 1; i < t->spaces.n; i++) {
		if (netspace_enter(&t->spaces.v[i]) < 0)
			t->closed = true;
		else
			look(run, t, i);
	}
	if (t->spaces.n > 1)
		(void)netspace_enter(&t->spaces.v[0]);
}

static void look_before(const struct check_run *run, struct tables *t, size_t i)
{
	t->before[i] = conntrack_read_stat(run->sys, &t->v[i].before) == 0;
}

static void look_after(const struct check_run *run, struct tables *t, size_t i)
{
	struct conntrack_space *s = &t->v[i];

	s->own = i == 0;
	if (t->spaces.n) {
		s->inode = t->spaces.v[i].inode;
		text_cut(s->who, sizeof(s->who), t->spaces.v[i].who);
	}
	if (conntrack_read(run->sys, &s->count, &s->max) < 0)
		s->count = s->max = 0;
	s->has_stat = t->before[i] && conntrack_read_stat(run->sys, &s->after) == 0;
}

static double wait_for(const struct check_run *run)
{
	const struct conntrack_params *p = run->params;
	const struct sys *sys = run->sys;
	double window = run->quick ? double_min(1, p->window) : p->window;
	uint64_t start = sys->now(sys);

	run->progress(run, "counting losses for %.3g s", window);
	sys->sleep_until(sys, start + (uint64_t)(window * 1e9));
	return (double)(sys->now(sys) - start) / 1e9;
}

static void tell_others(const struct tables *t, size_t n, struct result *r)
{
	double fullest = 0;
	char text[96];

	for (size_t i = 0; i < n; i++)
		if (!t->v[i].own)
			fullest = double_max(fullest, conntrack_fullness(&t->v[i]));
	result_figure(r, "namespaces", (double)n, "");
	if (n > 1 && !t->closed)
		result_figure(r, "fullest_other", fullest, "%");
	if (t->closed)
		result_fact(r, "namespaces", "others can't be entered: without CAP_SYS_ADMIN");
	if (t->spaces.more) {
		snprintf(text, sizeof(text), "the first %d; some more were not looked at",
			 NETSPACES_MOST);
		result_fact(r, "namespaces", text);
	}
	if (t->spaces.hidden) {
		snprintf(text, sizeof(text),
			 "those of %zu processes can't be seen: without CAP_SYS_PTRACE",
			 t->spaces.hidden);
		result_fact(r, "hidden_namespaces", text);
	}
}

static void judge(const struct check_run *run, struct tables *t, double seconds,
		  struct findings *findings, struct result *r)
{
	const struct conntrack_params *p = run->params;
	const struct conntrack_limits limits = {p->warn,
						p->fail,
						p->drop_warn,
						p->drop_fail,
						p->early_drop_warn,
						p->insert_failed_warn};
	size_t n = t->spaces.n ? t->spaces.n : 1;
	char origin[160];

	conntrack_origin(run->sys, t->v[0].max, cpus_of(run->sys), origin, sizeof(origin));
	conntrack_tell(&t->v[0], seconds, r);
	tell_others(t, n, r);
	if (!t->v[0].has_stat)
		result_fact(r, "losses",
			    "not known: no /proc/net/stat/nf_conntrack "
			    "(CONFIG_NF_CONNTRACK_PROCFS)");
	if (t->v[0].max > 0)
		finding_add(findings, VERDICT_PASS, "ConntrackHasRoom",
			    "%.0f of %.0f connections (%.1f%%) are tracked", t->v[0].count,
			    t->v[0].max, conntrack_fullness(&t->v[0]));
	else
		finding_add(findings, VERDICT_PASS, "ConntrackUnlimited",
			    "%.0f connections are tracked, without a limit", t->v[0].count);
	conntrack_rank(t->v, n);
	for (size_t i = 0; i < n; i++)
		conntrack_judge(&t->v[i], seconds, &limits, origin, findings);
	result_fact(r, "max_set_by", origin); /* first: not all of what follows may find a place */
	findings_tell(findings, r);
}

static void run(const struct check_run *run, struct result *r)
{
	_cleanup_free struct tables *t = calloc(1, sizeof(*t));
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	double count, max, seconds;
	int error = conntrack_read(run->sys, &count, &max);

	if (error == -ENOENT) {
		result_judge(r, VERDICT_SKIPPED, "NotTracked",
			     "connections are not tracked: nf_conntrack is not loaded yet");
		return;
	}
	if (error < 0 || !t || !findings) {
		result_judge(r, VERDICT_UNKNOWN, "ConntrackUnreadable",
			     "the table's count and limit can't be read: %s",
			     strerror(error < 0 ? -error : ENOMEM));
		return;
	}
	if (netlink_reaches(run->sys))
		(void)netspaces_open(run->sys, &t->spaces);
	visit(run, t, look_before);
	seconds = wait_for(run);
	visit(run, t, look_after);
	judge(run, t, seconds, findings, r);
	netspaces_close(&t->spaces);
}

const struct check conntrack_check = {
	.name = "conntrack",
	.summary = "the table of tracked connections has room",
	.about =
		"Compares, in the host's network namespace and in every other that a process lives "
		"in (256 at the most), the number of tracked connections with nf_conntrack_max, "
		"and "
		"counts over a few seconds what was lost: packets dropped, connections thrown out "
		"early for new ones, and connections whose place was taken. The limit is one for "
		"all, set in the host's namespace; each namespace's count is held against it by "
		"itself, so that a busy pod's table may be full while the host's is empty. It says "
		"who set the limit: a sysctl.d file, kube-proxy's formula max(32768 x CPUs, "
		"131072), or the kernel. Where the module is not loaded there is nothing to judge. "
		"The danger: a full table drops new connections silently, with one line in the "
		"kernel's log; a greater one costs about 320 bytes a connection, and longer hash "
		"chains unless the buckets grow with it. "
		"Sources: kernel: net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc, "
		"early_drop), Documentation/networking/nf_conntrack-sysctl.rst; Kubernetes: "
		"pkg/proxy/apis/config (conntrack.maxPerCore, min); Netdata: "
		"netfilter_conntrack_full.",
	.params = params,
	.params_size = sizeof(struct conntrack_params),
	.deadline_s = 90,
	.run = run,
};
