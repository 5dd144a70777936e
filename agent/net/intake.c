/* SPDX-License-Identifier: Apache-2.0 */
/* From the agent's file to what the condition shall say. */
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <string.h>
#include <sys/inotify.h>

#include "reporter.h"

#define REPORT_LARGEST ((size_t)4 << 20)
#define WATCH_AGAIN_S  1.0

static void want(struct reporter *r, enum condition_status status, const char *reason,
		 const char *message)
{
	struct condition c = {.status = status};

	snprintf(c.reason, sizeof(c.reason), "%s", reason);
	snprintf(c.message, sizeof(c.message), "%s", message);
	publisher_want(&r->publisher, &c, reporter_now(r));
	publish_plan(r);
}

/* With bootstrap= nothing is told before there was anything to tell. */
static bool is_closed(const struct reporter *r)
{
	return r->config.reporter.bootstrap && !r->publisher.known && !r->publisher.any;
}

static int on_stale(sd_event_source *s, uint64_t usec, void *context)
{
	struct reporter *r = context;

	(void)s;
	(void)usec;
	want(r, CONDITION_UNKNOWN, "AgentSilent",
	     "nodefit's agent has written no report for too long");
	textfile_plan(r);
	return 0;
}

/* No report of this boot: what an earlier one said is not true any more. */
static void want_unmeasured(struct reporter *r)
{
	r->report_at = -1;
	view_clear(&r->view);
	free(TAKE(r->report));
	reporter_timer(r, &r->stale_timer, INFINITY, on_stale);
	if (is_closed(r))
		return;
	want(r, CONDITION_UNKNOWN, "NotMeasured", "nodefit's agent has not measured in this boot");
}

static void take_view(struct reporter *r, const struct view *v, double age)
{
	bool first = strcmp(v->reason, "Measuring") == 0;

	r->report_at = reporter_now(r) - age;
	condition_of(v, &r->reported);
	if (age > r->config.reporter.stale_after) {
		on_stale(NULL, 0, r);
		return;
	}
	reporter_timer(r, &r->stale_timer, r->report_at + r->config.reporter.stale_after, on_stale);
	if (first && is_closed(r))
		return;
	want(r, r->reported.status, r->reported.reason, r->reported.message);
}

static void read_report(struct reporter *r)
{
	_cleanup_free char *text = NULL;
	const char *why = NULL;
	struct view v = {0};
	struct stat st = {0};
	double age;
	size_t len;
	int error = sys_read(&r->sys, RUN_DIR "/" REPORT_FILE, REPORT_LARGEST, &text, &len);

	if (error == 0)
		error = sys_stat(&r->sys, RUN_DIR "/" REPORT_FILE, &st);
	if (error == 0)
		error = view_parse(text, len, &v, &why);
	if (error < 0) {
		reporter_tell(&r->file_trouble, RUN_DIR "/" REPORT_FILE,
			      error == -EBADMSG ? why : strerror(-error));
		if (error == -ENOENT)
			want_unmeasured(r);
		else if (!r->publisher.any && !r->stale_timer)
			/* What an earlier boot has told must not stay for good. */
			reporter_timer(r, &r->stale_timer,
				       reporter_now(r) + r->config.reporter.stale_after, on_stale);
		return;
	}
	reporter_tell(&r->file_trouble, RUN_DIR "/" REPORT_FILE, NULL);
	age = (double)(r->sys.wall(&r->sys) - st.st_mtim.tv_sec);
	if (*r->boot_id && *v.boot_id && strcmp(r->boot_id, v.boot_id) != 0)
		want_unmeasured(r);
	else
		take_view(r, &v, age > 0 ? age : 0);
	view_clear(&r->view);
	r->view = v;
	free(r->report);
	r->report = TAKE(text);
}

void intake_read(struct reporter *r)
{
	read_report(r);
	malloc_trim(0); /* of the JSON's tree nothing is left */
	textfile_plan(r);
}

static int watch(struct reporter *r);

/* Where there is no folder still, there is nothing new to read. */
static int on_retry(sd_event_source *s, uint64_t usec, void *context)
{
	(void)s;
	(void)usec;
	if (watch(context) != -ENOENT)
		intake_read(context);
	return 0;
}

/* The folder goes when the agent's unit is stopped, and comes as another one. */
static int on_file(sd_event_source *s, const struct inotify_event *e, void *context)
{
	struct reporter *r = context;

	(void)s;
	if (e->mask & (IN_IGNORED | IN_UNMOUNT)) {
		r->watch = sd_event_source_disable_unref(r->watch);
		intake_watch(r);
	} else if (e->len == 0 || strcmp(e->name, REPORT_FILE) == 0) {
		intake_read(r);
	}
	return 0;
}

static int watch(struct reporter *r)
{
	int error = sd_event_add_inotify(r->event, &r->watch, RUN_DIR,
					 IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE, on_file, r);

	reporter_tell(&r->folder_trouble, RUN_DIR,
		      error == -ENOENT ? "is not there: the agent has not run yet"
		      : error < 0      ? strerror(-error)
				       : NULL);
	if (error < 0)
		reporter_timer(r, &r->watch_timer, reporter_now(r) + WATCH_AGAIN_S, on_retry);
	return error;
}

void intake_watch(struct reporter *r)
{
	watch(r);
	intake_read(r);
}
