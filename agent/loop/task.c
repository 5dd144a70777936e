/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <time.h>

#define ACCURACY_US 10000

static void end(struct task *t)
{
	t->io = sd_event_source_disable_unref(t->io);
	t->deadline = sd_event_source_disable_unref(t->deadline);
	t->running = false;
}

static void step(struct task *t)
{
	/* It may close the pipe, which must be out of epoll by then: another worker that was forked
	 * meanwhile holds it open, so that epoll would go on telling of it. */
	sd_event_source_set_enabled(t->io, SD_EVENT_OFF);
	worker_step(t->sys, &t->worker);
	if (!t->worker.done) {
		sd_event_source_set_enabled(t->io, SD_EVENT_ON);
		return;
	}
	end(t);
	t->done(t->context);
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *context)
{
	(void)s;
	(void)fd;
	(void)revents;
	step(context);
	return 0;
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *context)
{
	(void)s;
	(void)usec;
	step(context);
	return 0;
}

int task_start(sd_event *event, struct task *t, const struct sys *sys, double deadline_s,
	       void *answer, size_t answer_size,
	       void (*work)(void *context, int pipe, void *answer), void *work_context,
	       void (*done)(void *context), void *context)
{
	int r;

	t->sys = sys;
	t->done = done;
	t->context = context;
	r = worker_start(sys, &t->worker, deadline_s, answer, answer_size, work, work_context);
	if (r < 0)
		return r;
	t->running = true;
	r = sd_event_add_io(event, &t->io, t->worker.pipe, EPOLLIN, on_io, t);
	if (r >= 0)
		r = timer_set(event, &t->deadline, deadline_s, on_deadline, t);
	if (r < 0)
		task_cancel(t);
	return r;
}

void task_cancel(struct task *t)
{
	if (!t->running)
		return;
	end(t);
	worker_stop(&t->worker);
}

int timer_set(sd_event *event, sd_event_source **timer, double seconds,
	      sd_event_time_handler_t handler, void *context)
{
	uint64_t delay = seconds > 0 ? (uint64_t)(seconds * 1e6) : 0;
	int r;

	if (!*timer)
		return sd_event_add_time_relative(event, timer, CLOCK_MONOTONIC, delay, ACCURACY_US,
						  handler, context);
	r = sd_event_source_set_time_relative(*timer, delay);
	return r < 0 ? r : sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}
