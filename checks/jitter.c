/* SPDX-License-Identifier: Apache-2.0 */
/* What the hypervisor takes and does not report. */
#include "jitter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "check.h"
#include "procstat.h"
#include "throttle.h"
#include "virt.h"

#define BURST_LEAST_S 0.005
#define BURSTS_LEAST  3 /* for an interval */
#define QUICK_S       1.5
#define READING_NS    2000000    /* of a pause, for /proc/stat */
#define PATIENCE      2          /* times the window, where others leave it too little */
#define FUSE_MAGIC    0x65735546 /* linux/magic.h: FUSE_SUPER_MAGIC */

struct jitter_params {
	double interval, window, burst, share, warn, fail, worst_warn, worst_fail;
};

#define ROW(field, kind, low, high, value, text)                                                   \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct jitter_params, field),     \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

static const struct param params[] = {
	CHECK_INTERVAL("off"),
	ROW(window, PARAM_DURATION, 1, 60, "3s", "how long to measure, pauses included"),
	ROW(burst, PARAM_DURATION, BURST_LEAST_S, 1, "50ms",
	    "how long to spin on one CPU before it is the next one's turn"),
	ROW(share, PARAM_PERCENT, 1, 100, "50%",
	    "of the time one CPU spins, never more than one at once; the rest is pauses"),
	ROW(warn, PARAM_PERCENT, 0.1, 100, "10%", "stolen from all CPUs from which to warn"),
	ROW(fail, PARAM_PERCENT, 0.1, 100, "30%", "stolen from all CPUs from which to fail"),
	ROW(worst_warn, PARAM_PERCENT, 0.1, 100, "25%", "stolen from one CPU from which to warn"),
	ROW(worst_fail, PARAM_PERCENT, 0.1, 100, "50%", "stolen from one CPU from which to fail"),
	{0}};

struct measurement {
	struct jitter j;
	unsigned *cpus; /* to be measured */
	size_t n_cpus;
	cpu_set_t *set;
	size_t set_size;
	int schedstat;
	struct jitter_burst bursts[JITTER_BURSTS_MOST];
	struct throttle before, after;
	bool faked; /* /proc/stat is a container's */
	uint64_t seed;
	uint64_t ran; /* ns so far */
	bool whole;   /* there are no pauses */
};

/* How long this thread has waited for a CPU in its life, in ns; with no such count, what its own
 * clock lacks. Only differences mean anything. */
static bool waited(const struct sys *sys, const struct measurement *m, uint64_t *out)
{
	struct schedstat s;
	char text[128];
	ssize_t n;

	if (m->j.by_clock) {
		struct timespec t;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		*out = sys->raw(sys) - ((uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec);
		return true;
	}
	n = pread(m->schedstat, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (schedstat_parse(text, &s) < 0)
		return false;
	*out = s.waited;
	return true;
}

/* A gap: how much of it was waiting. False when that can't be told. */
static bool note_gap(const struct sys *sys, struct measurement *m, struct jitter_burst *b,
		     uint64_t gap, uint64_t *before)
{
	uint64_t now;

	if (!waited(sys, m, &now) || now < *before)
		return false;
	jitter_gap(b, &m->j.gaps, gap, now - *before);
	*before = now;
	return true;
}

/* Wants to run from `when` (by now()) for `length` ns, and notes when it could not. What lies
 * beyond the end is no part of it where a pause follows: the end falls anywhere. Without pauses all
 * time is wanted, up to where the next burst can begin. What it does itself about a gap is no gap.
 * False when the burst says nothing. */
static bool spin(const struct sys *sys, struct measurement *m, uint64_t when, uint64_t length,
		 struct jitter_burst *b)
{
	uint64_t before, begin, last, end, now;

	if (!waited(sys, m, &before))
		return false;
	sys->sleep_until(sys, when);
	last = sys->raw(sys);
	/* Whoever wakes late has wanted to run already; but to a clock that stands still while it
	 * sleeps all of that was waiting. */
	if (!m->j.by_clock)
		last -= sys->now(sys) - when;
	else if (!waited(sys, m, &before))
		return false;
	begin = last;
	for (end = begin + length; last < end; last = now) {
		now = sys->raw(sys);
		if (now - last < JITTER_GAP_NS)
			continue;
		if (!note_gap(sys, m, b, (now < end || m->whole ? now : end) - last, &before))
			return false;
		now = sys->raw(sys);
	}
	/* Waits too short for a gap. */
	if (!waited(sys, m, &now) || now < before)
		return false;
	b->waited += now - before;
	b->wanted = m->whole ? last - begin : length;
	return true;
}

static bool pin(const struct measurement *m, unsigned cpu)
{
	CPU_ZERO_S(m->set_size, m->set);
	CPU_SET_S(cpu, m->set_size, m->set);
	return sched_setaffinity(0, m->set_size, m->set) == 0;
}

static const struct cpu_ticks *ticks_of(const struct proc_stat *s, unsigned cpu)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].cpu == cpu)
			return &s->v[i];
	return NULL;
}

/* What the kernel has counted of the burst's CPU meanwhile. */
static void note_ticks(const struct proc_stat *before, const struct proc_stat *after,
		       double elapsed_s, struct jitter_burst *b)
{
	const struct cpu_ticks *x = ticks_of(before, b->cpu), *y = ticks_of(after, b->cpu);
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	uint64_t tick = ticks_per_s > 0 ? 1000000000 / (uint64_t)ticks_per_s : 0, steal, total;

	if (!x || !y || !procstat_delta(x, y, elapsed_s, ticks_per_s, &steal, &total))
		return;
	b->told = true;
	b->reported = steal * tick;
	b->irq = (y->ticks[TICK_IRQ] - x->ticks[TICK_IRQ] + y->ticks[TICK_SOFTIRQ] -
		  x->ticks[TICK_SOFTIRQ]) *
		 tick;
}

/* Between half and one and a half of what it is on average, so that no rhythm of the host's agrees
 * with ours. By splitmix64 (Steele, Lea & Flood 2014). */
static uint64_t pause_of(struct measurement *m, double mean_ns)
{
	uint64_t z = m->seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return (uint64_t)(mean_ns * (0.5 + (double)(z >> 11) / 9007199254740992.0));
}

/* Counters are read at the pause's end, and not before it: steal and interrupts that hit others
 * meanwhile are no part of the burst. */
static void burst(const struct sys *sys, struct measurement *m, unsigned cpu, double length_s,
		  double share)
{
	struct jitter_burst *b = &m->bursts[m->j.n];
	struct proc_stat before = {0}, after = {0};
	uint64_t pause = pause_of(m, length_s * 1e9 * (1 / share - 1)), start, begin;

	*b = (struct jitter_burst){.cpu = cpu};
	if (!pin(m, cpu))
		return;
	start = sys->now(sys) + pause;
	if (pause > READING_NS)
		sys->sleep_until(sys, start - READING_NS);
	begin = sys->now(sys);
	if (m->faked || procstat_read(sys, &before) < 0)
		before = (struct proc_stat){0};
	/* Who reads them for longer than that begins later, and wants to run no sooner. */
	if (start < sys->now(sys))
		start = sys->now(sys);
	if (spin(sys, m, start, (uint64_t)(length_s * 1e9), b)) {
		if (before.n && procstat_read(sys, &after) == 0)
			note_ticks(&before, &after, (double)(sys->now(sys) - begin) / 1e9, b);
		m->ran += b->waited < b->wanted ? b->wanted - b->waited : 0;
		m->j.n++;
	}
	procstat_clear(&before);
	procstat_clear(&after);
}

static uint64_t switches(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? (uint64_t)u.ru_nivcsw : 0;
}

static void measure(const struct check_run *run, struct measurement *m)
{
	const struct jitter_params *p = run->params;
	const struct sys *sys = run->sys;
	double window = run->quick ? double_min(QUICK_S, p->window) : p->window;
	double share = p->share / 100, turns = double_max((double)m->n_cpus, BURSTS_LEAST);
	double length = double_max(double_min(p->burst, window * share / turns), BURST_LEAST_S);
	uint64_t begin = sys->now(sys), switched = switches();
	bool quotas = throttle_read(sys, &m->before) == 0;

	m->seed = begin;
	m->whole = share >= 1;
	/* The kernel lets sleepers oversleep by 50 us, which is half a gap. */
	prctl(PR_SET_TIMERSLACK, 1);
	for (size_t i = 0; i < JITTER_BURSTS_MOST; i++) {
		double most = m->ran < JITTER_RAN_LEAST_NS ? PATIENCE * window : window;

		m->j.seconds = (double)(sys->now(sys) - begin) / 1e9;
		if (m->j.seconds > most - length / 2)
			break;
		run->progress(run, "%.1f of %.1f s", m->j.seconds, window);
		burst(sys, m, m->cpus[i % m->n_cpus], length, share);
	}
	m->j.switches = switches() - switched;
	if (quotas && throttle_read(sys, &m->after) == 0)
		m->j.throttled = throttle_between(&m->before, &m->after, &m->j.throttled_by);
}

/* The CPUs that this thread may use; of more than there is time for, each n-th. */
static int choose_cpus(const struct check_run *run, struct measurement *m)
{
	const struct jitter_params *p = run->params;
	double most = double_max(p->window * p->share / 100 / BURST_LEAST_S, 1);
	struct proc_stat stat = {0};
	size_t allowed = 0, step;

	m->set = CPU_ALLOC(CPUS_MOST);
	m->set_size = CPU_ALLOC_SIZE(CPUS_MOST);
	if (!m->set)
		return -ENOMEM;
	if (sched_getaffinity(0, m->set_size, m->set) < 0)
		return negative_errno();
	allowed = (size_t)CPU_COUNT_S(m->set_size, m->set);
	step = (size_t)((double)allowed / most) + 1;
	for (unsigned cpu = 0, i = 0; cpu < CPUS_MOST; cpu++) {
		unsigned *slot;

		if (!CPU_ISSET_S(cpu, m->set_size, m->set) || i++ % step)
			continue;
		slot = array_add(&m->cpus, &m->n_cpus, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = cpu;
	}
	m->j.cpus = m->n_cpus;
	m->j.online = procstat_read(run->sys, &stat) == 0 ? stat.n : allowed;
	procstat_clear(&stat);
	return m->n_cpus ? 0 : -ENODEV;
}

/* Is this root's /proc the kernel's own, which tells of this process? */
static bool is_here(const struct sys *sys)
{
	char self[32];

	return sys_readlink(sys, "/proc/self", self, sizeof(self)) == 0;
}

static int prepare(const struct check_run *run, struct measurement *m)
{
	struct statfs fs;
	struct virt virt;
	uint64_t any;

	virt_detect(run->sys, &virt);
	m->j.bare_metal = virt.steal == STEAL_NONE;
	m->j.bursts = m->bursts;
	m->faked = sys_statfs(run->sys, "/proc/stat", &fs) == 0 && fs.f_type == FUSE_MAGIC;
	m->schedstat = sys_open(run->sys, "/proc/thread-self/schedstat", O_RDONLY, 0);
	m->j.by_clock = m->schedstat < 0 || !waited(run->sys, m, &any);
	return choose_cpus(run, m);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct jitter_params *p = run->params;
	const struct jitter_rule rule = {p->warn, p->fail, p->worst_warn, p->worst_fail};
	_cleanup_free struct measurement *m = calloc(1, sizeof(*m));
	int error;

	result_threshold(r, "warn", p->warn, "%");
	result_threshold(r, "fail", p->fail, "%");
	result_threshold(r, "worst_warn", p->worst_warn, "%");
	result_threshold(r, "worst_fail", p->worst_fail, "%");
	if (!is_here(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "CpusElsewhere",
			     "this root is not the machine whose CPUs could be measured");
		return;
	}
	error = m ? prepare(run, m) : -ENOMEM;
	if (error == 0) {
		measure(run, m);
		jitter_judge(&m->j, &rule, r);
	} else {
		result_judge(r, VERDICT_UNKNOWN, "JitterUnmeasured", "the CPUs can't be had: %s",
			     strerror(-error));
	}
	if (m) {
		closep(&m->schedstat);
		CPU_FREE(m->set);
		free(m->cpus);
	}
}

/* The histogram counts from the agent's start on. */
static bool watch(const struct check_run *run, void *state, struct result *r)
{
	struct latency_total *total = state;

	(void)run;
	latency_add_total(total, r);
	for (size_t i = 0; i < r->n_figures; i++)
		if (strcmp(r->figures[i].name, "sum") == 0)
			r->figures[i].value = total->sum;
	for (size_t i = 0; i < r->n_bins; i++)
		r->bins[i].count = total->counts[i];
	return true;
}

const struct check jitter_check = {
	.name = "jitter",
	.summary = "no CPU time vanishes unreported",
	.about = "Spins on each allowed CPU in turn, one at a time, in bursts of 50 ms with pauses "
		 "of the same length (never more than share= of one CPU), and looks for gaps of "
		 "100 us and more in CLOCK_MONOTONIC_RAW. From each gap it takes what the thread "
		 "waited in its own machine (the run delay of /proc/thread-self/schedstat: other "
		 "tasks, and the quota of its own control group, which cpu.stat names), and from "
		 "the whole the share of interrupts and softirqs. The rest was taken by the host. "
		 "Side by side stands the steal that /proc/stat reports for the same bursts: a "
		 "hypervisor that takes and does not say so is a finding, and so is steal that "
		 "shows under load only. The mean of all CPUs is judged by warn and fail, a single "
		 "CPU by worst_warn and worst_fail, each by the lower end of its 95% interval over "
		 "the bursts. Gaps below 100 us are not seen, nor hosts that throttle sustained "
		 "load only: raise window= and share= for those. Where this machine's own tasks "
		 "leave it less than 5% of the time, or 0.1 s within twice window=, the answer is "
		 "unknown. The danger: for window= pods share one CPU with the spinning, at normal "
		 "priority. The agent does it only with interval=. "
		 "Sources: kernel: Documentation/scheduler/sched-stats.rst, "
		 "Documentation/trace/osnoise-tracer.rst, Documentation/scheduler/sched-bwc.rst, "
		 "proc(5); Cochran, Sampling Techniques, 6.4.",
	.params = params,
	.params_size = sizeof(struct jitter_params),
	.loads = LOAD_CPU,
	.disturbed_by = LOAD_CPU,
	.deadline_s = 2 * 60 + 15,
	.run = run,
	.watch = watch,
	.watch_runs = true,
	.state_size = sizeof(struct latency_total),
};
