/* SPDX-License-Identifier: Apache-2.0 */
#include "jitter.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "stats.h"

#define BURSTS_LEAST  3
#define CPUS_TOLD     32
#define QUOTA_MATTERS 1.0 /* percent */

int schedstat_parse(const char *text, struct schedstat *out)
{
	uint64_t v[3];

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		v[i] = 0;
		if (*text < '0' || *text > '9')
			return -EBADMSG;
		for (; *text >= '0' && *text <= '9'; text++)
			if (__builtin_mul_overflow(v[i], 10, &v[i]) ||
			    __builtin_add_overflow(v[i], (uint64_t)(*text - '0'), &v[i]))
				return -EBADMSG;
		if (*text++ != (i + 1 < ARRAY_LEN(v) ? ' ' : '\n'))
			return -EBADMSG;
	}
	if (*text)
		return -EBADMSG;
	if (!v[0] && !v[1] && !v[2])
		return -ENODATA;
	*out = (struct schedstat){v[0], v[1], v[2]};
	return 0;
}

void jitter_gap(struct jitter_burst *b, struct latency_total *gaps, uint64_t gap, uint64_t waited)
{
	uint64_t rest = waited < gap ? gap - waited : 0;

	b->waited += gap - rest;
	if (rest < JITTER_GAP_NS)
		return;
	b->lost += rest;
	b->gaps++;
	b->long_gaps += rest >= JITTER_LONG_NS;
	if (rest > b->worst)
		b->worst = rest;
	latency_add(gaps, (double)rest / 1e6);
}

/* Of one CPU or of all; times in ns. */
struct sum {
	unsigned cpu;
	double wanted, waited, lost, irq, reported, worst, gaps, long_gaps;
	double ran;  /* or would have, but for the host */
	double mean; /* percent lost of that */
	double half; /* of its interval; infinite when it was seen too seldom */
	size_t bursts, told;
};

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * double_min(part / whole, 1) : 0;
}

/* No burst's numbers can say more than that it lasted so long. */
static double within(uint64_t ns, const struct jitter_burst *b)
{
	return ns < b->wanted ? (double)ns : (double)b->wanted;
}

static double ran(const struct jitter_burst *b)
{
	return (double)b->wanted - within(b->waited, b);
}

static double lost(const struct jitter_burst *b)
{
	return double_min(within(b->lost, b), ran(b));
}

static void add(struct sum *s, const struct jitter_burst *b)
{
	s->wanted += (double)b->wanted;
	s->waited += within(b->waited, b);
	s->lost += lost(b);
	s->ran += ran(b);
	s->irq += b->told ? within(b->irq, b) : 0;
	s->reported += b->told ? within(b->reported, b) : 0;
	s->worst = double_max(s->worst, (double)b->worst);
	s->gaps += b->gaps;
	s->long_gaps += b->long_gaps;
	s->told += b->told;
	s->bursts++;
}

/* Half of the 95% interval of lost over ran, in percent: a ratio of two sums over the bursts
 * (Cochran, "Sampling Techniques", 6.4). `cpu` or, when that is negative, of all. */
static double half_width(const struct jitter *j, int64_t cpu)
{
	_cleanup_free double *errors = calloc(j->n, sizeof(*errors));
	double mean, half, sum_lost = 0, sum_ran = 0;
	size_t n = 0;

	if (!errors)
		return INFINITY;
	for (size_t i = 0; i < j->n; i++) {
		const struct jitter_burst *b = &j->bursts[i];

		if ((cpu < 0 || b->cpu == cpu) && ran(b) > 0) {
			sum_lost += lost(b);
			sum_ran += ran(b);
			n++;
		}
	}
	if (n < BURSTS_LEAST)
		return INFINITY;
	for (size_t i = 0, k = 0; i < j->n; i++) {
		const struct jitter_burst *b = &j->bursts[i];

		if ((cpu < 0 || b->cpu == cpu) && ran(b) > 0)
			errors[k++] = 100 * (lost(b) - sum_lost / sum_ran * ran(b)) /
				      (sum_ran / (double)n);
	}
	stats_mean(errors, n, &mean, &half);
	return half;
}

static struct sum *sum_of(struct sum *sums, size_t *n, unsigned cpu)
{
	for (size_t i = 0; i < *n; i++)
		if (sums[i].cpu == cpu)
			return &sums[i];
	sums[*n].cpu = cpu;
	return &sums[(*n)++];
}

static void close_sum(const struct jitter *j, struct sum *s, int64_t cpu)
{
	s->mean = percent(s->lost, s->ran);
	s->half = half_width(j, cpu);
}

/* Each CPU's, and with them that of all. Returns how many. */
static size_t add_up(const struct jitter *j, struct sum *sums, struct sum *all)
{
	double all_lost = 0;
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++) {
		add(sum_of(sums, &n, j->bursts[i].cpu), &j->bursts[i]);
		add(all, &j->bursts[i]);
	}
	for (size_t i = 0; i < n; i++) {
		/* Of the interrupts those that others were hit by are none of ours. */
		sums[i].lost = double_max(
			sums[i].lost - percent(sums[i].ran, sums[i].wanted) / 100 * sums[i].irq, 0);
		all_lost += sums[i].lost;
		close_sum(j, &sums[i], sums[i].cpu);
	}
	all->lost = all_lost;
	close_sum(j, all, -1);
	return n;
}

static bool says_something(const struct sum *s)
{
	return s->wanted > 0 && percent(s->ran, s->wanted) >= JITTER_RAN_LEAST;
}

static const struct sum *worst_of(const struct sum *sums, size_t n)
{
	const struct sum *worst = NULL;

	for (size_t i = 0; i < n; i++)
		if (says_something(&sums[i]) && (!worst || sums[i].mean > worst->mean))
			worst = &sums[i];
	return worst;
}

static double throttled(const struct jitter *j, const struct sum *all)
{
	return percent(double_min((double)j->throttled, all->waited), all->wanted);
}

/* Steal hits whoever runs: its share is of all the time. */
static double reported(const struct sum *s)
{
	return percent(s->reported, s->wanted);
}

static void tell(const struct jitter *j, const struct sum *all, const struct sum *worst,
		 struct result *r)
{
	result_figure(r, "stolen", all->mean, "%");
	result_figure(r, "stolen_half_width", all->half, "%");
	if (all->told && !j->by_clock) {
		result_figure(r, "reported", reported(all), "%");
		result_figure(r, "hidden", double_max(all->mean - reported(all), 0), "%");
	}
	if (worst) {
		result_figure(r, "worst", worst->mean, "%");
		result_figure(r, "worst_cpu", worst->cpu, "");
	}
	result_figure(r, "worst_gap", all->worst / 1e6, "ms");
	result_figure(r, "gaps", all->gaps, "");
	result_figure(r, "gaps_1ms", all->long_gaps, "");
	result_figure(r, "waited", percent(all->waited, all->wanted), "%");
	result_figure(r, "throttled", throttled(j, all), "%");
	if (all->told)
		result_figure(r, "interrupts", percent(all->irq, all->wanted), "%");
	result_figure(r, "switches", (double)j->switches, "");
	result_figure(r, "cpus", (double)j->cpus, "");
	result_figure(r, "cpus_online", (double)j->online, "");
	result_figure(r, "bursts", (double)all->bursts, "");
	result_figure(r, "spun", all->wanted / 1e9, "s");
	result_figure(r, "window", j->seconds, "s");
	latency_tell_total(&j->gaps, r);
	if (j->throttled_by && throttled(j, all) > 0)
		result_fact(r, "throttled_by", j->throttled_by);
	if (j->by_clock)
		result_fact(r, "waiting", "not counted by this kernel: reported steal is in it");
}

static void tell_cpus(const struct sum *sums, size_t n, struct result *r)
{
	for (size_t i = 0; i < n && i < CPUS_TOLD; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cpu%u", sums[i].cpu);
		result_figure_of(r, name, "stolen", sums[i].mean, "%");
	}
}

/* Is it certain that at least so much was lost? */
static bool passes(const struct sum *s, double limit)
{
	return s && s->mean - s->half >= limit;
}

static enum verdict verdict_of(const struct sum *all, const struct sum *worst,
			       const struct jitter_rule *rule)
{
	return passes(all, rule->fail) || passes(worst, rule->worst_fail)   ? VERDICT_FAIL
	       : passes(all, rule->warn) || passes(worst, rule->worst_warn) ? VERDICT_WARN
									    : VERDICT_PASS;
}

/* What is wrong: who took the time, and whether anybody says so. */
static void accuse(const struct jitter *j, const struct sum *all, const struct sum *worst,
		   const char *text, enum verdict verdict, struct result *r)
{
	/* Where one CPU is the trouble, the others' steal is no excuse. */
	const struct sum *s = worst && worst->mean > 2 * all->mean ? worst : all;

	if (j->bare_metal) {
		result_judge(r, verdict, "LostToFirmware", "%s", text);
		result_advise(r, "no hypervisor is here to take it: look for SMIs (firmware's "
				 "power and memory settings) with the kernel's osnoise tracer");
	} else if (j->by_clock || reported(s) < s->mean / 2) {
		result_judge(r, verdict, "StealHidden", "%s: the hypervisor hides steal", text);
		result_advise(r, "the host is overcommitted and does not say so: move the machine, "
				 "or take a type with dedicated CPUs");
	} else {
		result_judge(r, verdict, "StealUnderLoad", "%s", text);
		result_advise(r, "the host is overcommitted or the instance's CPU credits are "
				 "spent: move the machine, or take a type with dedicated CPUs");
	}
}

static void judge(const struct jitter *j, const struct jitter_rule *rule, const struct sum *all,
		  const struct sum *worst, struct result *r)
{
	enum verdict verdict = verdict_of(all, worst, rule);
	double own = throttled(j, all);
	char text[280], quota[96] = "", told[32] = "";

	if (own >= QUOTA_MATTERS)
		snprintf(quota, sizeof(quota), "; its own control group's quota withheld %.0f%%",
			 own);
	if (!j->by_clock)
		snprintf(told, sizeof(told), " (reported: %.1f%%)", reported(all));
	snprintf(text, sizeof(text),
		 "%.1f%% stolen%s in %.1f s on %zu of %zu CPUs, worst CPU %u: %.1f%%, longest gap "
		 "%.1f ms%s",
		 all->mean, told, all->wanted / 1e9, j->cpus, j->online, worst->cpu, worst->mean,
		 all->worst / 1e6, quota);
	if (verdict != VERDICT_PASS)
		accuse(j, all, worst, text, verdict, r);
	else
		result_judge(r, verdict, *quota ? "OwnQuota" : "JitterLow", "%s", text);
}

void jitter_judge(const struct jitter *j, const struct jitter_rule *rule, struct result *r)
{
	_cleanup_free struct sum *sums = calloc(j->n ? j->n : 1, sizeof(*sums));
	struct sum all = {0};
	const struct sum *worst;
	size_t n;

	if (!sums || !j->n) {
		result_judge(r, VERDICT_UNKNOWN, "JitterUnmeasured", "no burst could be measured");
		result_advise(r, "measure again: nodefit check jitter");
		return;
	}
	n = add_up(j, sums, &all);
	worst = worst_of(sums, n);
	tell(j, &all, worst, r);
	tell_cpus(sums, n, r);
	if (!worst || !says_something(&all) || all.ran < JITTER_RAN_LEAST_NS) {
		result_judge(r, VERDICT_UNKNOWN, "CpusBusy",
			     "this machine's own tasks and quotas left it %.0f%% of %.1f s: too "
			     "little to tell what the host takes",
			     percent(all.ran, all.wanted), all.wanted / 1e9);
		result_advise(r, "measure when the node is less busy: nodefit check jitter");
	} else if (!all.told) {
		result_judge(r, VERDICT_UNKNOWN, "InterruptsUntold",
			     "/proc/stat does not tell the CPUs' interrupts: what is lost may be "
			     "theirs");
		result_advise(r, "run on the host, or mount the host's /proc");
	} else {
		judge(j, rule, &all, worst, r);
	}
}
