/* SPDX-License-Identifier: Apache-2.0 */
/* Running checks in workers, side by side where they don't disturb each other. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"
#include "worker.h"

struct job {
	const struct check *check;
	struct check_run run;
	void *params;
	struct worker worker;
	struct result result;
	uint64_t start;
	enum { JOB_WAITS, JOB_RUNS, JOB_DONE } state;
};

void checks_validate(const struct profile *p, struct problems *problems)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct setting *s = &p->settings[i];
		bool check = strncmp(s->section, "check.", 6) == 0;

		if (s->overridden)
			continue;
		if (check && !check_find(s->section + 6))
			problem_error(
				problems, s->file, s->line,
				"[%s]: there is no such check; `nodefit check --help` lists them",
				s->section);
		if (strcmp(s->section, "verdict") == 0 && strcmp(s->key, "tolerate_unknown") != 0)
			problem_error(problems, s->file, s->line,
				      "[verdict] has tolerate_unknown=, not %s=", s->key);
		else if (strcmp(s->section, "verdict") == 0) {
			_cleanup_free char *list = strdup(s->value);
			char *rest, *word = list ? strtok_r(list, " ", &rest) : NULL;

			for (; word; word = strtok_r(NULL, " ", &rest))
				if (!check_find(word))
					problem_error(problems, s->file, s->line,
						      "tolerate_unknown: no check \"%s\"; give "
						      "names with blanks between them",
						      word);
		}
	}
	for (size_t i = 0; checks[i]; i++) {
		_cleanup_free void *values = calloc(1, checks[i]->params_size);
		char section[64];

		snprintf(section, sizeof(section), "check.%s", checks[i]->name);
		if (values)
			params_read(checks[i]->params, p, section, values, problems);
	}
}

int checks_load_profile(const struct sys *sys, const char *name, struct profile *out,
			struct problems *problems)
{
	struct profile p;
	int r = profile_load(sys, name, &p, problems);

	if (r < 0)
		return r;
	checks_validate(&p, problems);
	if (problems->errors) {
		profile_clear(&p);
		return -EINVAL;
	}
	*out = p;
	return 0;
}

void check_progress(const struct check_run *run, const char *fmt, ...)
{
	char text[WORKER_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	worker_progress(run->pipe, text);
}

static void work(void *context, int pipe, void *answer)
{
	struct job *job = context;

	job->run.pipe = pipe;
	job->check->run(&job->run, answer);
}

bool checks_disturb(const struct check *a, const struct check *b)
{
	return a->loads & b->disturbed_by || b->loads & a->disturbed_by;
}

static bool may_start(const struct job *jobs, size_t n, const struct job *job)
{
	for (size_t i = 0; i < n; i++)
		if (jobs[i].state == JOB_RUNS && checks_disturb(jobs[i].check, job->check))
			return false;
	return true;
}

static void start(const struct sys *sys, struct job *job)
{
	int r;

	job->start = sys->now(sys);
	r = worker_start(sys, &job->worker, job->check->deadline_s, &job->result,
			 sizeof(job->result), work, job);
	job->state = JOB_RUNS;
	if (r < 0) {
		result_judge(&job->result, VERDICT_UNKNOWN, "CheckFailed",
			     "could not be started: %s", strerror(-r));
		job->state = JOB_DONE;
	}
}

void check_end(const struct check *check, const struct worker *w, struct result *r)
{
	if (w->error < 0) /* what came of an answer is not to be trusted */
		*r = (struct result){0};
	if (w->error == -ETIMEDOUT)
		result_judge(r, VERDICT_UNKNOWN, "CheckTimedOut",
			     "no answer within %.0f s: what it measures hangs", check->deadline_s);
	else if (w->error < 0 && WIFSIGNALED(w->status))
		result_judge(r, VERDICT_UNKNOWN, "CheckFailed", "ended by signal %d (%s)",
			     WTERMSIG(w->status), strsignal(WTERMSIG(w->status)));
	else if (w->error < 0)
		result_judge(r, VERDICT_UNKNOWN, "CheckFailed", "ended without an answer");
	snprintf(r->name, sizeof(r->name), "%s", check->name);
}

static void finish(const struct sys *sys, struct job *job)
{
	job->state = JOB_DONE;
	check_end(job->check, &job->worker, &job->result);
	job->result.duration_s = (double)(sys->now(sys) - job->start) / 1e9;
}

static void announce_all(const struct job *jobs, size_t n, void (*announce)(const char *))
{
	char line[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (jobs[i].state != JOB_RUNS || used >= sizeof(line))
			continue;
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s",
					 used ? ", " : "", jobs[i].check->name,
					 jobs[i].worker.line);
	}
	announce(line);
}

/* Starts what can start, waits for news, and takes it. False when all are done. */
static bool step(const struct sys *sys, struct job *jobs, size_t n)
{
	struct pollfd fds[CHECKS_MOST];
	nfds_t waiting = 0;
	bool busy = false;

	for (size_t i = 0; i < n; i++)
		if (jobs[i].state == JOB_WAITS && may_start(jobs, n, &jobs[i]))
			start(sys, &jobs[i]);
	for (size_t i = 0; i < n; i++) {
		busy = busy || jobs[i].state != JOB_DONE;
		if (jobs[i].state == JOB_RUNS)
			fds[waiting++] =
				(struct pollfd){.fd = jobs[i].worker.pipe, .events = POLLIN};
	}
	if (waiting)
		poll(fds, waiting, 200);
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].state != JOB_RUNS)
			continue;
		worker_step(sys, &jobs[i].worker);
		if (jobs[i].worker.done)
			finish(sys, &jobs[i]);
	}
	return busy;
}

int check_params(const struct profile *p, const struct check *check, void **out)
{
	_cleanup_free void *params = calloc(1, check->params_size);
	struct problems problems = {0};
	char section[64];
	int r;

	if (!params)
		return -ENOMEM;
	snprintf(section, sizeof(section), "check.%s", check->name);
	r = params_read(check->params, p, section, params, &problems);
	problems_clear(&problems);
	if (r == 0)
		*out = TAKE(params);
	return r;
}

bool check_is_on(const struct profile *p, const struct check *check)
{
	_cleanup_free void *params = NULL;
	double interval;

	if (check->of_plan)
		return true;
	if (check_params(p, check, &params) < 0 || !params)
		return false;
	memcpy(&interval, params, sizeof(interval));
	return interval > 0;
}

static int prepare(const struct sys *sys, const struct profile *p, const struct check *check,
		   bool quick, const struct changes *changes, struct job *job)
{
	int r = check_params(p, check, &job->params);

	job->check = check;
	job->run = (struct check_run){.sys = sys,
				      .params = job->params,
				      .profile = p,
				      .changes = changes,
				      .quick = quick,
				      .progress = check_progress};
	return r;
}

int checks_run(const struct sys *sys, const struct profile *p, const struct check *const *wanted,
	       size_t n, bool quick, void (*announce)(const char *line), struct report *report)
{
	struct job *jobs = NULL;
	int r = 0;

	if (n > CHECKS_MOST)
		return -E2BIG;
	jobs = calloc(n ? n : 1, sizeof(*jobs));
	if (!jobs)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = prepare(sys, p, wanted[i], quick, &report->changes, &jobs[i]);
	while (r == 0 && step(sys, jobs, n))
		if (announce)
			announce_all(jobs, n, announce);
	if (announce)
		announce("");
	for (size_t i = 0; i < n && r == 0; i++) {
		struct result *slot = report_add(report);

		if (slot)
			*slot = jobs[i].result;
		else
			r = -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		free(jobs[i].params);
	free(jobs);
	return r;
}
