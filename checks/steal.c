/* SPDX-License-Identifier: Apache-2.0 */
/* What the hypervisor takes from each CPU. */
#include "check.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "procstat.h"
#include "stats.h"
#include "virt.h"

#define STEP_S        1.0 /* a reading a second; a bad one costs a second, not the window */
#define STEPS_MOST    600
#define READINGS_MOST 64         /* of the sliding window */
#define FUSE_MAGIC    0x65735546 /* linux/magic.h: FUSE_SUPER_MAGIC */

struct steal_params {
	double interval, sliding, window, longest, warn, fail, worst_warn, worst_fail;
};

#define ROW_PERCENT(field, value, text)                                                            \
	{                                                                                          \
		.name = #field, .type = PARAM_PERCENT,                                             \
		.offset = offsetof(struct steal_params, field), .least = 0.1, .most = 100,         \
		.fallback = value, .help = text                                                    \
	}
#define ROW_SECONDS(field, value, text)                                                            \
	{                                                                                          \
		.name = #field, .type = PARAM_DURATION,                                            \
		.offset = offsetof(struct steal_params, field), .least = 2, .most = STEPS_MOST,    \
		.fallback = value, .help = text                                                    \
	}

static const struct param params[] = {
	CHECK_INTERVAL("10s"),
	ROW_SECONDS(sliding, "1m", "in the agent: how much of the past is judged"),
	ROW_SECONDS(window, "10s", "how long to measure"),
	ROW_SECONDS(longest, "30s", "how long to go on while a threshold lies within the interval"),
	ROW_PERCENT(warn, "5%", "mean of all CPUs from which to warn"),
	ROW_PERCENT(fail, "10%", "mean of all CPUs from which to fail"),
	ROW_PERCENT(worst_warn, "10%", "worst single CPU from which to warn"),
	ROW_PERCENT(worst_fail, "25%", "worst single CPU from which to fail"),
	{0}};

struct cpu_sum {
	unsigned cpu;
	uint64_t steal, total;
};

struct measurement {
	struct cpu_sum *cpus; /* by number */
	size_t n_cpus;
	double steps[STEPS_MOST]; /* each step's mean over the CPUs, in percent */
	size_t n_steps;
	size_t dropped; /* CPU readings that said nothing */
	double seconds;
	double since_boot; /* percent */
	bool ever;         /* some CPU's counter is not zero */
};

static struct cpu_sum *sum_of(struct measurement *m, unsigned cpu)
{
	struct cpu_sum *sum;

	for (size_t i = 0; i < m->n_cpus; i++)
		if (m->cpus[i].cpu == cpu)
			return &m->cpus[i];
	sum = array_add(&m->cpus, &m->n_cpus, sizeof(*sum));
	if (sum)
		sum->cpu = cpu;
	return sum;
}

/* Adds what happened between two readings. CPUs that came or went meanwhile are passed over. */
static int add_step(struct measurement *m, const struct proc_stat *before,
		    const struct proc_stat *after, double elapsed_s, long ticks_per_s)
{
	uint64_t all_steal = 0, all_total = 0;

	for (size_t a = 0, b = 0; a < after->n; a++) {
		const struct cpu_ticks *now = &after->v[a];
		uint64_t steal, total;
		struct cpu_sum *sum;

		while (b < before->n && before->v[b].cpu < now->cpu)
			b++;
		if (b == before->n || before->v[b].cpu != now->cpu)
			continue;
		if (!procstat_delta(&before->v[b], now, elapsed_s, ticks_per_s, &steal, &total)) {
			m->dropped++;
			continue;
		}
		sum = sum_of(m, now->cpu);
		if (!sum)
			return -ENOMEM;
		sum->steal += steal;
		sum->total += total;
		all_steal += steal;
		all_total += total;
	}
	if (all_total && m->n_steps < STEPS_MOST)
		m->steps[m->n_steps++] = 100.0 * (double)all_steal / (double)all_total;
	m->seconds += elapsed_s;
	return 0;
}

static void add_since_boot(struct measurement *m, const struct proc_stat *s)
{
	double steal = 0, total = 0;

	for (size_t i = 0; i < s->n; i++) {
		for (int k = 0; k < TICKS; k++)
			total += (double)s->v[i].ticks[k];
		steal += (double)s->v[i].ticks[TICK_STEAL];
	}
	m->since_boot = total > 0 ? 100 * steal / total : 0;
	m->ever = steal > 0;
}

/* Is the mean's 95% interval, at least a point wide to each side, clear of both thresholds? */
static bool settled(const struct measurement *m, const struct steal_params *p)
{
	double mean, half;

	if (m->n_steps < 2)
		return false;
	stats_mean(m->steps, m->n_steps, &mean, &half);
	half = double_max(half, 1);
	return (mean + half < p->warn || mean - half > p->warn) &&
	       (mean + half < p->fail || mean - half > p->fail);
}

static int measure(const struct check_run *run, struct measurement *m)
{
	const struct steal_params *p = run->params;
	const struct sys *sys = run->sys;
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	double window = run->quick ? double_min(3, p->window) : p->window;
	double longest = run->quick ? window : double_max(window, p->longest);
	struct proc_stat before = {0}, after = {0};
	uint64_t start = sys->now(sys), then = start;
	int r = procstat_read(sys, &before);

	while (r == 0 && m->seconds < longest - STEP_S / 2) {
		uint64_t now;

		sys->sleep_until(sys, then + (uint64_t)(STEP_S * 1e9));
		now = sys->now(sys);
		r = procstat_read(sys, &after);
		if (r < 0)
			break;
		r = add_step(m, &before, &after, (double)(now - then) / 1e9, ticks_per_s);
		procstat_clear(&before);
		before = after;
		after = (struct proc_stat){0};
		then = now;
		run->progress(run, "%.0f of %.0f s", m->seconds,
			      m->seconds < window - STEP_S / 2 ? window : longest);
		if (m->seconds >= window - STEP_S / 2 && settled(m, p))
			break;
	}
	if (r == 0)
		add_since_boot(m, &before);
	procstat_clear(&before);
	procstat_clear(&after);
	return r;
}

static const struct cpu_sum *worst_cpu(const struct measurement *m)
{
	const struct cpu_sum *worst = NULL;

	for (size_t i = 0; i < m->n_cpus; i++)
		if (m->cpus[i].total &&
		    (!worst || (double)m->cpus[i].steal / (double)m->cpus[i].total >
				       (double)worst->steal / (double)worst->total))
			worst = &m->cpus[i];
	return worst;
}

static void judge(const struct measurement *m, const struct steal_params *p,
		  const struct virt *virt, struct result *r)
{
	const struct cpu_sum *worst = worst_cpu(m);
	double mean, half, high, steal = 0, total = 0;
	enum verdict verdict;
	char text[200];

	if (!worst || m->n_steps < 2) {
		result_judge(r, VERDICT_UNKNOWN, "StealUnreadable",
			     "the counters of /proc/stat ran backwards or stood still in every "
			     "reading");
		result_advise(r, "measure again: nodefit check steal");
		return;
	}
	for (size_t i = 0; i < m->n_cpus; i++) {
		steal += (double)m->cpus[i].steal;
		total += (double)m->cpus[i].total;
	}
	stats_mean(m->steps, m->n_steps, &mean, &half);
	mean = 100 * steal / total;
	high = 100 * (double)worst->steal / (double)worst->total;
	result_figure(r, "mean", mean, "%");
	result_figure(r, "mean_half_width", half, "%");
	result_figure(r, "worst", high, "%");
	result_figure(r, "worst_cpu", worst->cpu, "");
	result_figure(r, "since_boot", m->since_boot, "%");
	result_figure(r, "cpus", (double)m->n_cpus, "");
	result_figure(r, "window", m->seconds, "s");
	result_figure(r, "dropped_readings", (double)m->dropped, "");
	snprintf(text, sizeof(text),
		 "%.1f%% of all CPUs over %.0f s, worst CPU %u: %.1f%%, %.1f%% since boot", mean,
		 m->seconds, worst->cpu, high, m->since_boot);
	if (virt->steal == STEAL_UNTOLD && !m->ever) {
		result_judge(r, VERDICT_UNKNOWN, "StealUntold",
			     "the hypervisor (%s) does not report steal: 0 means nothing",
			     virt->name);
		result_advise(r, "measure it yourself under load, or let the profile's [verdict] "
				 "tolerate_unknown= name steal");
		return;
	}
	verdict = mean >= p->fail || high >= p->worst_fail   ? VERDICT_FAIL
		  : mean >= p->warn || high >= p->worst_warn ? VERDICT_WARN
							     : VERDICT_PASS;
	result_judge(r, verdict, verdict == VERDICT_PASS ? "StealLow" : "StealHigh", "%s", text);
	if (verdict != VERDICT_PASS)
		result_advise(r, "the host is overcommitted or the instance's CPU credits are "
				 "spent: move the machine, or take a type with dedicated CPUs");
}

/* What is known without any measuring. True when that is all. */
static bool begin(const struct check_run *run, struct virt *virt, struct result *r)
{
	const struct steal_params *p = run->params;
	struct statfs fs;

	result_threshold(r, "warn", p->warn, "%");
	result_threshold(r, "fail", p->fail, "%");
	result_threshold(r, "worst_warn", p->worst_warn, "%");
	result_threshold(r, "worst_fail", p->worst_fail, "%");
	virt_detect(run->sys, virt);
	result_fact(r, "virtualization", virt->name);
	if (sys_statfs(run->sys, "/proc/stat", &fs) == 0 && fs.f_type == FUSE_MAGIC) {
		result_judge(r, VERDICT_UNKNOWN, "ProcStatFaked",
			     "/proc/stat is a container's (lxcfs), not the machine's");
		result_advise(r, "run on the host, or mount the host's /proc");
		return true;
	}
	if (virt->steal == STEAL_NONE)
		result_judge(r, VERDICT_PASS, "BareMetal", "bare metal: nobody to steal");
	return virt->steal == STEAL_NONE;
}

static void unreadable(int error, struct result *r)
{
	result_judge(r, VERDICT_UNKNOWN, "StealUnreadable", "/proc/stat can't be read: %s",
		     error == -EBADMSG   ? "not in the kernel's form"
		     : error == -ENODATA ? "it has no steal column"
					 : strerror(-error));
}

static void run(const struct check_run *run, struct result *r)
{
	struct measurement m = {0};
	struct virt virt;
	int error;

	if (begin(run, &virt, r))
		return;
	error = measure(run, &m);
	if (error == 0)
		judge(&m, run->params, &virt, r);
	else
		unreadable(error, r);
	free(m.cpus);
}

/* The readings of the sliding window, the oldest first. */
struct steal_state {
	struct proc_stat v[READINGS_MOST];
	uint64_t at[READINGS_MOST];
	size_t n;
};

static void drop_oldest(struct steal_state *s)
{
	procstat_clear(&s->v[0]);
	s->n--;
	memmove(&s->v[0], &s->v[1], s->n * sizeof(s->v[0]));
	memmove(&s->at[0], &s->at[1], s->n * sizeof(s->at[0]));
}

static void forget(void *state)
{
	struct steal_state *s = state;

	while (s->n)
		drop_oldest(s);
}

static bool watch(const struct check_run *run, void *state, struct result *r)
{
	const struct steal_params *p = run->params;
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	struct steal_state *s = state;
	struct measurement m = {0};
	struct virt virt;
	int error;

	if (begin(run, &virt, r))
		return true;
	/* With two there is a mean, however far apart they are. */
	while (s->n == READINGS_MOST ||
	       (s->n > 2 && (double)(run->sys->now(run->sys) - s->at[0]) / 1e9 > p->sliding))
		drop_oldest(s);
	/* A long window has wider steps. */
	if (s->n > 2 &&
	    (double)(s->at[s->n - 1] - s->at[s->n - 2]) / 1e9 < p->sliding / (READINGS_MOST - 2))
		procstat_clear(&s->v[--s->n]);
	error = procstat_read(run->sys, &s->v[s->n]);
	if (error < 0) {
		unreadable(error, r);
		return true;
	}
	s->at[s->n++] = run->sys->now(run->sys);
	for (size_t i = 1; i < s->n && error == 0; i++)
		error = add_step(&m, &s->v[i - 1], &s->v[i],
				 (double)(s->at[i] - s->at[i - 1]) / 1e9, ticks_per_s);
	if (error == 0 && s->n > 2) {
		add_since_boot(&m, &s->v[s->n - 1]);
		judge(&m, p, &virt, r);
	}
	free(m.cpus);
	return error == 0 && s->n > 2;
}

const struct check steal_check = {
	.name = "steal",
	.summary = "the hypervisor gives the CPUs that it promises",
	.about =
		"Reads /proc/stat once a second for 10 s, and up to 30 s while the answer's 95% "
		"interval holds a threshold. Steal is the time in which a virtual CPU wanted to "
		"run "
		"and the host ran something else: busy neighbours, a throttled instance, spent CPU "
		"credits. Readings that run backwards are dropped. The mean of all CPUs is judged "
		"by "
		"warn and fail, a single bad CPU by worst_warn and worst_fail. KVM tells by a "
		"CPUID "
		"bit whether it reports steal; Hyper-V never does: then 0 is unknown, not good. "
		"The agent reads every interval= and judges the last sliding=. "
		"Sources: proc(5); kernel: Documentation/virt/kvm/x86/cpuid.rst, fs/proc/stat.c.",
	.params = params,
	.params_size = sizeof(struct steal_params),
	.disturbed_by = LOAD_CPU,
	.deadline_s = STEPS_MOST + 15,
	.run = run,
	.watch = watch,
	.state_size = sizeof(struct steal_state),
	.forget = forget,
};
