/* SPDX-License-Identifier: Apache-2.0 */
/* Each check in its rhythm: measured in a worker or in passing, and told once it is steady. */
#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "agent.h"
#include "log.h"

/* Checks that disturb each other take turns. */
#define TURN_S 0.5
/* After a change of links, what follows from it may come in pieces. */
#define SETTLE_S 1.0

double agent_now(const struct agent *a)
{
	return (double)a->sys->now(a->sys) / 1e9;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context);

static void plan_next(struct round *round)
{
	double now = agent_now(round->agent), due = steady_due(&round->steady);
	double next = now + round->interval;

	/* A pending answer is asked again when it can be told, not a whole interval later. */
	if (due > 0 && due < next)
		next = double_max(due, now + SETTLE_S);
	round->next = next;
	if (timer_set(round->agent->event, &round->timer, next - now, on_timer, round) < 0)
		log_error("%s: no timer: it is not measured any more", round->check->name);
}

/* A new answer of the check. */
static void take(struct round *round, struct result *r)
{
	struct agent *a = round->agent;
	enum verdict before = round->steady.told.verdict;
	bool known = round->steady.known;
	/* A setting that deviates is no measurement that may be an outlier. */
	bool certain = round->check->of_plan && r->verdict != VERDICT_UNKNOWN;

	snprintf(r->name, sizeof(r->name), "%s", round->check->name);
	steady_take(&round->steady, r, agent_now(a), certain ? 0 : a->config.worse_for,
		    a->config.better_for);
	if (!known || round->steady.told.verdict != before)
		log_info("%s: %s: %s", round->check->name, verdict_text(round->steady.told.verdict),
			 round->steady.told.message);
	report_news(a);
}

static void work(void *context, int pipe, void *answer)
{
	struct round *round = context;

	round->run.pipe = pipe;
	round->check->run(&round->run, answer);
}

static void on_done(void *context)
{
	struct round *round = context;
	_cleanup_free struct result *r = TAKE(round->answer);
	bool answered = true;

	check_end(round->check, &round->task.worker, r);
	r->duration_s = (double)(round->run.sys->now(round->run.sys) - round->started) / 1e9;
	if (round->check->watch && round->task.worker.error == 0)
		answered = round->check->watch(&round->run, round->state, r);
	if (answered)
		take(round, r);
	plan_next(round);
	if (round->again) {
		round->again = false;
		round->next = agent_now(round->agent) + SETTLE_S;
		timer_set(round->agent->event, &round->timer, SETTLE_S, on_timer, round);
	}
}

/* Measures in passing. */
static void look(struct round *round)
{
	struct result r = {0};

	if (round->check->watch(&round->run, round->state, &r))
		take(round, &r);
	plan_next(round);
}

static bool must_wait(const struct round *round)
{
	const struct agent *a = round->agent;

	for (size_t i = 0; i < a->n_rounds; i++)
		if (a->rounds[i].task.running && checks_disturb(a->rounds[i].check, round->check))
			return true;
	return false;
}

/* The last one has not even died: another would only join it. */
static int wait_for_last(struct round *round)
{
	struct worker *last = &round->task.worker;
	struct agent *a = round->agent;
	struct result r = {0};

	/* A reload has ended it before its time: that is no answer. */
	if (a->sys->now(a->sys) < last->deadline)
		return timer_set(a->event, &round->timer, TURN_S, on_timer, round);
	last->error = -ETIMEDOUT;
	check_end(round->check, last, &r);
	take(round, &r);
	plan_next(round);
	return 0;
}

static void tell_not_started(struct round *round, int error)
{
	struct result r = {0};

	result_judge(&r, VERDICT_UNKNOWN, "CheckFailed", "could not be started: %s",
		     strerror(-error));
	take(round, &r);
	plan_next(round);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	struct round *round = context;
	struct agent *a = round->agent;
	int r;

	(void)s;
	(void)usec;
	if (round->task.running)
		return 0;
	if (round->check->watch && !round->check->watch_runs) {
		look(round);
		return 0;
	}
	if (must_wait(round))
		return timer_set(a->event, &round->timer, TURN_S, on_timer, round);
	round->started = a->sys->now(a->sys);
	if (worker_lingers(&round->task.worker))
		return wait_for_last(round);
	round->answer = calloc(1, sizeof(*round->answer));
	r = !round->answer ? -ENOMEM
			   : task_start(a->event, &round->task, a->sys, round->check->deadline_s,
					round->answer, sizeof(*round->answer), work, round, on_done,
					round);
	if (r < 0) {
		free(TAKE(round->answer));
		tell_not_started(round, r);
	}
	return 0;
}

static void forget(struct round *round)
{
	if (round->state && round->check->forget)
		round->check->forget(round->state);
	free(TAKE(round->state));
	free(TAKE(round->params));
}

/* What was measured by the same parameters goes on. */
static int take_params(struct agent *a, struct round *round, const struct check *check)
{
	void *params;
	int r = check_params(&a->profile, check, &params);

	if (r < 0)
		return r;
	if (round->params && memcmp(params, round->params, check->params_size) == 0) {
		free(params);
		return 0;
	}
	round->steady.renewed = round->params != NULL;
	forget(round);
	round->params = params;
	round->state = check->state_size ? calloc(1, check->state_size) : NULL;
	return check->state_size && !round->state ? -ENOMEM : 0;
}

static int open_round(struct agent *a, struct round *round, const struct check *check)
{
	int r;

	round->agent = a;
	round->check = check;
	round->steady.exact = check->of_plan;
	r = take_params(a, round, check);
	if (r < 0)
		return r;
	round->run = (struct check_run){.sys = a->sys,
					.params = round->params,
					.profile = &a->profile,
					.changes = &a->report.changes,
					.progress = check_progress,
					.gentle = check->watch_runs ? round->state : NULL};
	if (check->of_plan)
		return 0;
	memcpy(&round->interval, round->params, sizeof(round->interval));
	if (round->interval <= 0) {
		/* Switched off: what was told of it is no part of the report any more, nor news
		 * once it is on again. */
		round->steady = (struct steady){0};
		return 0;
	}
	return timer_set(a->event, &round->timer, 0, on_timer, round);
}

int rounds_open(struct agent *a)
{
	const struct check *usual[CHECKS_MOST];
	size_t n = checks_usual(usual);

	if (!a->rounds) /* else what is known of each is kept */
		a->rounds = calloc(CHECKS_MOST, sizeof(*a->rounds));
	if (!a->rounds)
		return -ENOMEM;
	a->n_rounds = n;
	for (size_t i = 0; i < n; i++) {
		int r = open_round(a, &a->rounds[i], usual[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

void rounds_pause(struct agent *a)
{
	for (size_t i = 0; i < a->n_rounds; i++) {
		struct round *round = &a->rounds[i];

		task_cancel(&round->task);
		free(TAKE(round->answer));
		round->timer = sd_event_source_disable_unref(round->timer);
		round->again = false;
	}
}

void rounds_close(struct agent *a)
{
	rounds_pause(a);
	for (size_t i = 0; i < a->n_rounds; i++)
		forget(&a->rounds[i]);
	a->n_rounds = 0;
	free(TAKE(a->rounds));
}

void rounds_take_plan(struct agent *a)
{
	for (size_t i = 0; i < a->n_rounds; i++) {
		struct round *round = &a->rounds[i];
		struct result r = {0};

		if (!round->check->of_plan)
			continue;
		round->check->run(&round->run, &r);
		take(round, &r);
		/* A pending answer is looked for again when it can be told. */
		if (steady_due(&round->steady) > 0)
			drift_soon(a, double_max(steady_due(&round->steady) - agent_now(a), 0));
	}
}

void rounds_lose_plan(struct agent *a, const char *why)
{
	for (size_t i = 0; i < a->n_rounds; i++) {
		struct round *round = &a->rounds[i];
		struct result r = {0};

		if (!round->check->of_plan)
			continue;
		result_judge(&r, VERDICT_UNKNOWN, "TuningFailed",
			     "the settings can't be compared or set: %s", why);
		take(round, &r);
	}
}

void rounds_links_changed(struct agent *a)
{
	double next = agent_now(a) + SETTLE_S;

	for (size_t i = 0; i < a->n_rounds; i++) {
		struct round *round = &a->rounds[i];

		if (!round->check->of_links || round->interval <= 0)
			continue;
		round->again = round->task.running;
		if (round->again || round->next <= next)
			continue;
		round->next = next;
		timer_set(a->event, &round->timer, SETTLE_S, on_timer, round);
	}
}
