/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the machine with the profile, sets what deviates, and compares again. Both run in a
 * worker: a file system, a driver or a link that is being confirmed may take its time. */
#include <string.h>
#include <sys/mman.h>

#include "agent.h"
#include "log.h"

#define COMPARE_S 60.0
/* Links are confirmed in turns of 10 s, and a driver may take long. */
#define APPLY_S  300.0
#define RETRY_S  5.0
#define LATER_S  30.0 /* after the same trouble again */
#define SPARSE_S 0.5  /* between comparisons that events ask for */

static const char HANGS[] = "no answer in time: a file system or a driver hangs";

struct tuning_answer {
	int error;
	char why[512];
	bool applied;
};

static void send_changes(struct agent *a, struct changes *changes, struct tuning_answer *answer)
{
	FILE *f = fdopen(a->tuning_fd, "w");

	if (answer->error == 0)
		answer->error = f ? changes_pack(changes, f) : negative_errno();
}

/* In the worker, as the next. */
static void compare(void *context, int pipe, void *answer)
{
	struct tuning_answer *to = answer;
	struct agent *a = context;
	struct changes changes = {0};

	(void)pipe;
	to->error = changes_plan(a->sys, &a->profile, &changes);
	send_changes(a, &changes, to);
}

static void apply(void *context, int pipe, void *answer)
{
	struct agent *a = context;
	struct apply_options options = {.confirm_s = -1, .leave = &a->leave};
	struct tuning_answer *to = answer;
	struct changes changes = {0};
	char *why = NULL;

	(void)pipe;
	to->applied = true;
	to->error = apply_profile(a->sys, &a->profile, &options, &changes, &why);
	snprintf(to->why, sizeof(to->why), "%s", why ? why : "");
	send_changes(a, &changes, to);
}

/* Once for each new trouble, and once when it is over. Is it a new one? */
static bool tell_trouble(struct agent *a, const char *text)
{
	bool news = text && (!a->tuning_trouble || strcmp(text, a->tuning_trouble) != 0);

	if (!text && a->tuning_trouble)
		log_info("tuning: it works again");
	if (news)
		log_warning("tuning: %s", text);
	free(a->tuning_trouble);
	a->tuning_trouble = text ? strdup(text) : NULL;
	return news;
}

static void log_changes(const struct changes *done)
{
	for (size_t i = 0; i < done->n; i++) {
		const struct change *c = &done->v[i];

		if (c->outcome == OUTCOME_CHANGED)
			log_info("%s set: before=\"%s\" after=\"%s\" tuner=%s", c->key, c->before,
				 c->after, c->tuner->name);
		else if (c->before &&
			 (c->outcome == OUTCOME_REFUSED || c->outcome == OUTCOME_FAILED))
			log_warning("%s not set: %s tuner=%s", c->key, c->error, c->tuner->name);
	}
}

static void log_contested(const struct changes *old, const struct changes *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct change *c = &plan->v[i];
		bool known = false;

		for (size_t k = 0; k < old->n; k++)
			known = known || (old->v[k].contested && old->v[k].tuner == c->tuner &&
					  strcmp(old->v[k].key, c->key) == 0);
		if (c->contested && !known)
			log_warning("%s %s", c->key, c->error);
	}
}

static void on_done(void *context);

static int start(struct agent *a, double deadline_s, void (*work)(void *, int, void *))
{
	int r;

	/* The last one has answered, but not ended yet: waited for, else nobody ever would. */
	if (worker_lingers(&a->tuning.worker))
		return drift_soon(a, SPARSE_S);
	a->tuning_fd = memfd_create("nodefit-changes", MFD_CLOEXEC);
	if (a->tuning_fd < 0)
		return negative_errno();
	*a->tuning_answer = (struct tuning_answer){0};
	r = task_start(a->event, &a->tuning, a->sys, deadline_s, a->tuning_answer,
		       sizeof(*a->tuning_answer), work, a, on_done, a);
	a->applying = r == 0 && work == apply;
	if (r < 0)
		close(TAKE_FD(a->tuning_fd));
	return r;
}

static int receive(int fd, struct changes *out)
{
	FILE *f = fdopen(fd, "r");
	int r;

	if (!f) {
		r = negative_errno();
		close(fd);
		return r;
	}
	rewind(f);
	r = changes_unpack(f, out);
	fclose(f);
	return r;
}

/* The plan is what is told from now on, unless something is to be set first. */
static int take_plan(struct agent *a, struct changes *plan)
{
	int wanted;

	strings_clear(&a->leave);
	wanted = disputes_look(&a->disputes, plan, agent_now(a), &a->leave);
	if (wanted < 0)
		return wanted;
	if (wanted > 0 && a->config.drift == DRIFT_ENFORCE) {
		changes_clear(plan);
		return start(a, APPLY_S, apply);
	}
	log_contested(&a->report.changes, plan);
	changes_clear(&a->report.changes);
	a->report.changes = *plan;
	*plan = (struct changes){0};
	a->planned = true;
	rounds_take_plan(a);
	agent_ready(a);
	return drift_soon(a, a->again ? SPARSE_S : a->config.drift_interval);
}

static int take(struct agent *a, int fd, bool applied)
{
	struct changes changes = {0};
	int r = receive(fd, &changes);

	if (r == 0 && applied) {
		log_changes(&changes);
		r = disputes_note(&a->disputes, &changes, agent_now(a));
		if (r == 0)
			r = start(a, COMPARE_S, compare);
	} else if (r == 0) {
		r = take_plan(a, &changes);
	}
	changes_clear(&changes);
	return r;
}

static void take_trouble(struct agent *a, const char *trouble)
{
	bool news = tell_trouble(a, trouble);

	a->planned = true;
	rounds_lose_plan(a, trouble);
	agent_ready(a); /* it is no reason to hold the node's start up */
	drift_soon(a, news ? RETRY_S : LATER_S);
}

static void on_done(void *context)
{
	struct agent *a = context;
	struct tuning_answer answer = *a->tuning_answer;
	int r = a->tuning.worker.error, fd = TAKE_FD(a->tuning_fd);
	const char *trouble = NULL;

	a->applying = false;
	if (a->stopping) {
		close(fd);
		return;
	}
	if (r == 0 && answer.error == 0) {
		r = take(a, fd, answer.applied);
		trouble = r < 0 ? strerror(-r) : NULL;
	} else {
		close(fd);
		trouble = r == -ETIMEDOUT ? HANGS
			  : r < 0         ? "its process ended without an answer"
			  : *answer.why   ? answer.why
					  : strerror(-answer.error);
	}
	if (trouble)
		take_trouble(a, trouble);
	else if (!a->tuning.running) /* what follows may have the trouble still */
		tell_trouble(a, NULL);
	if (a->reload && !a->applying) {
		a->reload = false;
		agent_reload(a);
	}
}

/* The last one can't even die. Said each time: only what holds for a while counts. */
static int wait_for_last(struct agent *a)
{
	if (a->sys->now(a->sys) < a->tuning.worker.deadline)
		return drift_soon(a, RETRY_S);
	take_trouble(a, HANGS);
	return 0;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	struct agent *a = context;
	int r;

	(void)s;
	(void)usec;
	a->drift_next = 0;
	if (a->tuning.running || worker_lingers(&a->tuning.worker)) {
		a->again = true;
		return a->tuning.running ? 0 : wait_for_last(a);
	}
	a->again = false;
	a->drift_began = agent_now(a);
	r = start(a, COMPARE_S, compare);
	if (r < 0)
		take_trouble(a, strerror(-r));
	return 0;
}

int drift_soon(struct agent *a, double seconds)
{
	double now = agent_now(a), when = now + seconds;

	if (a->drift_began && when < a->drift_began + SPARSE_S)
		when = a->drift_began + SPARSE_S;
	if (a->drift_next && a->drift_next <= when)
		return 0;
	a->drift_next = when;
	if (!a->tuning_answer && !(a->tuning_answer = calloc(1, sizeof(*a->tuning_answer))))
		return -ENOMEM;
	return timer_set(a->event, &a->drift_timer, when - now, on_timer, a);
}

void drift_cancel(struct agent *a)
{
	task_cancel(&a->tuning);
	if (a->tuning_fd >= 0)
		close(a->tuning_fd);
	a->tuning_fd = -1;
}

void drift_close(struct agent *a)
{
	drift_cancel(a);
	a->drift_timer = sd_event_source_disable_unref(a->drift_timer);
	disputes_clear(&a->disputes);
	strings_clear(&a->leave);
	free(TAKE(a->tuning_answer));
	free(TAKE(a->tuning_trouble));
}
