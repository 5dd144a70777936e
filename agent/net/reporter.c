/* SPDX-License-Identifier: Apache-2.0 */
#include "reporter.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "api.h"
#include "condition.h"
#include "config.h"
#include "httpd.h"
#include "log.h"
#include "metrics.h"
#include "nodeapi.h"
#include "nodeevent.h"

#define RUN_DIR        "/run/nodefit"
#define REPORT_FILE    "report.json"
#define REPORT_LARGEST ((size_t)4 << 20)
#define LAST_WAIT_S    3.0 /* for the last word, when told to stop */

struct reporter {
	struct sys sys;
	sd_event *event;
	struct config config;
	struct credentials credentials;
	struct api *api;
	struct publisher publisher;
	struct condition sent; /* on its way */
	int64_t sent_transition;
	bool busy;      /* a request is on its way */
	bool read_back; /* what the API server holds is known, or can't be */
	bool stopping;
	char node[256], boot_id[40];
	double report_at; /* when the report was written, by now(); below 0: none */
	struct condition reported;
	struct view view; /* the newest report; without a verdict: none */
	char *report;     /* its text */
	struct nodeevents events;
	bool events_fail; /* and that was told */
	struct httpd *httpd;
	struct metrics_own counts;
	char *file_trouble;    /* as last told */
	const char *told_what; /* of requests: what failed, or NULL, and with what status */
	long told_status;
	sd_event_source *send_timer, *stale_timer;
};

static double now(const struct reporter *r)
{
	return (double)r->sys.now(&r->sys) / 1e9;
}

static double dice(void *context)
{
	uint32_t n = 0;

	(void)context;
	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = (uint32_t)random();
	return (double)n / UINT32_MAX;
}

/* Once for each new trouble, and once when it is over. */
static void tell(char **told, const char *what, const char *trouble)
{
	if (!trouble && *told)
		log_info("%s: it works again", what);
	if (trouble && (!*told || strcmp(trouble, *told) != 0))
		log_warning("%s: %s", what, trouble);
	free(*told);
	*told = trouble ? strdup(trouble) : NULL;
}

/* A request's: by its status, for what libcurl says of the same trouble varies. */
static void tell_reply(struct reporter *r, const char *what, const char *verb, const char *resource,
		       const struct api_reply *reply)
{
	_cleanup_free char *words = NULL;

	if (r->told_status == reply->status && r->told_what == what)
		return;
	r->told_status = reply->status;
	r->told_what = what;
	words = nodeapi_explain(reply, verb, resource, r->node);
	log_warning("%s: %s", what, words ? words : "no memory");
}

/* --- sending --- */

static void send_now(struct reporter *r);

static int set_timer(struct reporter *r, sd_event_source **timer, double when,
		     sd_event_time_handler_t handler)
{
	double delay = when - now(r);
	uint64_t usec = delay > 0 ? (uint64_t)(delay * 1e6) : 0;
	int error;

	if (!isfinite(when)) {
		*timer = sd_event_source_disable_unref(*timer);
		return 0;
	}
	if (!*timer)
		return sd_event_add_time_relative(r->event, timer, CLOCK_MONOTONIC, usec, 1000,
						  handler, r);
	error = sd_event_source_set_time_relative(*timer, usec);
	return error < 0 ? error : sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}

static int on_send(sd_event_source *s, uint64_t usec, void *context)
{
	(void)s;
	(void)usec;
	send_now(context);
	return 0;
}

static void plan(struct reporter *r)
{
	if (!r->busy && (r->publisher.any || !r->read_back))
		set_timer(r, &r->send_timer, r->publisher.next, on_send);
}

static void on_event_sent(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;
	bool fails = reply->status < 200 || reply->status >= 300;
	_cleanup_free char *words = NULL;

	r->counts.failures += fails;
	if (fails && !r->events_fail) {
		words = nodeapi_explain(reply, "create, patch", "events", r->node);
		log_warning("events: %s", words ? words : "no memory");
	}
	r->events_fail = fails;
}

/* An event that gets lost is no loss: the condition says it all. */
static void send_event(struct reporter *r, const struct condition *c)
{
	_cleanup_free char *path = NULL, *body = NULL;
	struct api_request request = {
		.type = "application/json", .done = on_event_sent, .context = r};
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random) ||
	    nodeevent_make(&r->events, r->node, c, now(r), r->sys.wall(&r->sys), random,
			   &request.method, &path, &body) <= 0)
		return;
	request.path = path;
	request.body = body;
	if (strcmp(request.method, "PATCH") == 0)
		request.type = "application/merge-patch+json";
	r->counts.requests += api_send(r->api, &request) == 0;
}

static void on_sent(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;

	r->busy = false;
	r->counts.failures += reply->status < 200 || reply->status >= 300;
	if (reply->status >= 200 && reply->status < 300) {
		if (r->told_what)
			log_info("publishing: it works again");
		r->told_what = NULL;
		if (r->publisher.known ? r->publisher.told.status != r->sent.status
				       : r->sent.status != CONDITION_UNKNOWN)
			send_event(r, &r->sent);
		publisher_succeeded(&r->publisher, &r->sent, r->sent_transition, now(r));
		sd_notifyf(false, "STATUS=%s=%s: %s", CONDITION_TYPE,
			   condition_text(r->sent.status), r->sent.reason);
	} else {
		tell_reply(r, "publishing", "patch", "nodes/status", reply);
		publisher_failed(&r->publisher, reply->retry_after, now(r));
	}
	if (r->stopping)
		sd_event_exit(r->event, REPORTER_STOPPED);
	plan(r);
}

static void on_read_back(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;
	struct condition held;
	int64_t transition;

	r->busy = false;
	r->counts.failures += reply->status != 200;
	/* Without the right to get nodes it goes on: only the transition time may be wrong. */
	if (reply->status == 200 || reply->status == 403) {
		r->read_back = true;
		r->publisher.failures = 0;
		r->publisher.next = now(r);
		if (reply->status == 200 && nodeapi_find(reply, CONDITION_TYPE, &held, &transition))
			publisher_holds(&r->publisher, &held, transition);
	}
	if (reply->status != 200)
		tell_reply(r, "reading the condition back", "get", "nodes", reply);
	if (!r->read_back)
		publisher_failed(&r->publisher, reply->retry_after, now(r));
	if (r->stopping)
		sd_event_exit(r->event, REPORTER_STOPPED);
	if (r->read_back && r->publisher.any) {
		struct condition wanted = r->publisher.wanted;

		r->publisher.any = false; /* compared with what is held */
		publisher_want(&r->publisher, &wanted, now(r));
	}
	plan(r);
}

static int ask(struct reporter *r, const char *method, const char *suffix, const char *body,
	       void (*done)(void *, const struct api_reply *))
{
	_cleanup_free char *path = NULL;
	int error = format(&path, "/api/v1/nodes/%s%s", r->node, suffix);
	struct api_request request = {.method = method,
				      .type = body ? "application/strategic-merge-patch+json"
						   : NULL,
				      .body = body,
				      .wants_body = !body,
				      .done = done,
				      .context = r};

	request.path = path;
	if (error == 0)
		error = api_send(r->api, &request);
	r->busy = error == 0;
	r->counts.requests += r->busy;
	return error;
}

static void send_now(struct reporter *r)
{
	_cleanup_free char *body = NULL;
	int64_t wall = r->sys.wall(&r->sys);
	int error;

	if (r->busy || !*r->node)
		return;
	if (!r->read_back) {
		error = ask(r, "GET", "", NULL, on_read_back);
	} else {
		if (!r->publisher.any)
			return;
		r->sent = r->publisher.wanted;
		r->sent_transition = publisher_transition(&r->publisher, wall);
		error = nodeapi_patch(&r->sent, wall, r->sent_transition, &body);
		if (error == 0)
			error = ask(r, "PATCH", "/status", body, on_sent);
	}
	if (error < 0) {
		log_warning("publishing: %s", strerror(-error));
		publisher_failed(&r->publisher, 0, now(r));
		plan(r);
	}
}

/* --- what there is to say --- */

static void want(struct reporter *r, enum condition_status status, const char *reason,
		 const char *message)
{
	struct condition c = {.status = status};

	snprintf(c.reason, sizeof(c.reason), "%s", reason);
	snprintf(c.message, sizeof(c.message), "%s", message);
	publisher_want(&r->publisher, &c, now(r));
	plan(r);
}

static int on_stale(sd_event_source *s, uint64_t usec, void *context)
{
	struct reporter *r = context;

	(void)s;
	(void)usec;
	want(r, CONDITION_UNKNOWN, "AgentSilent",
	     "nodefit's agent has written no report for too long");
	return 0;
}

/* No report of this boot: what an earlier one said is not true any more. */
static void want_unmeasured(struct reporter *r)
{
	r->report_at = -1;
	view_clear(&r->view);
	free(TAKE(r->report));
	set_timer(r, &r->stale_timer, INFINITY, on_stale);
	if (r->config.reporter.bootstrap && !r->publisher.known)
		return;
	want(r, CONDITION_UNKNOWN, "NotMeasured", "nodefit's agent has not measured in this boot");
}

static void take_view(struct reporter *r, const struct view *v, double age)
{
	bool first = strcmp(v->reason, "Measuring") == 0;

	r->report_at = now(r) - age;
	condition_of(v, &r->reported);
	if (age > r->config.reporter.stale_after) {
		on_stale(NULL, 0, r);
		return;
	}
	set_timer(r, &r->stale_timer, r->report_at + r->config.reporter.stale_after, on_stale);
	if (first && r->config.reporter.bootstrap && !r->publisher.known)
		return;
	want(r, r->reported.status, r->reported.reason, r->reported.message);
}

static void read_report(struct reporter *r)
{
	_cleanup_free char *text = NULL;
	const char *why = NULL;
	struct view v;
	struct stat st;
	double age;
	size_t len;
	int error = sys_read(&r->sys, RUN_DIR "/" REPORT_FILE, REPORT_LARGEST, &text, &len);

	if (error == 0)
		error = sys_stat(&r->sys, RUN_DIR "/" REPORT_FILE, &st);
	if (error == 0)
		error = view_parse(text, len, &v, &why);
	if (error < 0) {
		tell(&r->file_trouble, RUN_DIR "/" REPORT_FILE,
		     error == -EBADMSG ? why : strerror(-error));
		if (error == -ENOENT)
			want_unmeasured(r);
		return;
	}
	tell(&r->file_trouble, RUN_DIR "/" REPORT_FILE, NULL);
	if (!*r->node)
		snprintf(r->node, sizeof(r->node), "%s", v.node);
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

static int on_file(sd_event_source *s, const struct inotify_event *e, void *context)
{
	(void)s;
	if (e->len == 0 || strcmp(e->name, REPORT_FILE) == 0)
		read_report(context);
	return 0;
}

/* --- who asks --- */

static bool is_fresh(const struct reporter *r)
{
	return r->report_at >= 0 && now(r) - r->report_at <= r->config.reporter.stale_after;
}

static int print_metrics(struct reporter *r, char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);
	int error;

	if (!f)
		return -ENOMEM;
	r->counts.report_age = r->report_at >= 0 ? now(r) - r->report_at : -1;
	error = metrics_print(r->report ? &r->view : NULL, &r->counts, f);
	return fclose(f) == 0 ? error : -ENOMEM;
}

/* healthz: this program lives. readyz: it has a fresh report, and the cluster knows it. */
static bool on_page(void *context, const char *path, struct httpd_page *page)
{
	struct reporter *r = context;
	const char *words = NULL;

	page->status = 200;
	page->type = "text/plain";
	if (strcmp(path, "/metrics") == 0) {
		page->type = "text/plain; version=0.0.4; charset=utf-8";
		return print_metrics(r, &page->text, &page->len) == 0;
	}
	if (strcmp(path, "/healthz") == 0) {
		words = "ok\n";
	} else if (strcmp(path, "/readyz") == 0) {
		bool ready = is_fresh(r) && r->publisher.known && !r->publisher.pending;

		page->status = ready ? 200 : 503;
		words = ready ? "ok\n" : "no fresh report, or the cluster does not have it\n";
	} else if (strcmp(path, "/report") == 0) {
		page->status = r->report ? 200 : 503;
		page->type = r->report ? "application/json" : "text/plain";
		words = r->report ? r->report : "no report\n";
	}
	page->text = words ? strdup(words) : NULL;
	page->len = words ? strlen(words) : 0;
	return page->text != NULL;
}

/* --- begin and end --- */

static int on_last_wait(sd_event_source *s, uint64_t usec, void *context)
{
	struct reporter *r = context;

	(void)s;
	(void)usec;
	return sd_event_exit(r->event, REPORTER_STOPPED);
}

static int on_stop(sd_event_source *s, const struct signalfd_siginfo *info, void *context)
{
	struct reporter *r = context;
	_cleanup_free char *body = NULL;
	int error = -EALREADY;

	(void)s;
	(void)info;
	sd_notify(false, "STOPPING=1");
	if (r->stopping || r->config.reporter.on_stop == ON_STOP_KEEP || !*r->node)
		return sd_event_exit(r->event, REPORTER_STOPPED);
	r->stopping = true;
	r->sent = (struct condition){.status = CONDITION_UNKNOWN,
				     .reason = "ReporterStopped",
				     .message = "nodefit-net was stopped"};
	r->publisher.wanted = r->sent;
	r->sent_transition = publisher_transition(&r->publisher, r->sys.wall(&r->sys));
	if (r->config.reporter.on_stop == ON_STOP_DELETE)
		error = nodeapi_delete_patch(&body);
	else
		error = nodeapi_patch(&r->sent, r->sys.wall(&r->sys), r->sent_transition, &body);
	if (error == 0)
		error = ask(r, "PATCH", "/status", body, on_sent);
	if (error < 0)
		return sd_event_exit(r->event, REPORTER_STOPPED);
	return sd_event_add_time_relative(r->event, NULL, CLOCK_MONOTONIC,
					  (uint64_t)(LAST_WAIT_S * 1e6), 0, on_last_wait, r);
}

static int load(struct reporter *r, const char *path)
{
	struct reporter_config *c = &r->config.reporter;
	struct problems problems = {0};
	int error = config_load(&r->sys, path, &r->config, &problems);

	if (error == 0)
		error = *c->kubeconfig ? credentials_of_kubeconfig(c->kubeconfig, &r->credentials,
								   &problems)
				       : credentials_of_pod(NULL, &r->credentials, &problems);
	if (error == 0 && *c->server) {
		free(TAKE(r->credentials.server));
		error = format(&r->credentials.server, "%s", c->server);
	}
	if (error == 0 && strncmp(r->credentials.server, "https://", 8) != 0) {
		problem_error(&problems, NULL, 0, "server=%s is not of the form https://HOST:PORT",
			      r->credentials.server);
		error = -EINVAL;
	}
	problems_log(&problems);
	problems_clear(&problems);
	return error;
}

static int start(struct reporter *r)
{
	_cleanup_free char *boot = NULL;
	sigset_t set;
	int error = sd_event_new(&r->event);

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (error >= 0 && sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		error = negative_errno();
	if (error >= 0)
		error = sd_event_set_watchdog(r->event, true);
	if (error >= 0)
		error = sd_event_add_signal(r->event, NULL, SIGTERM, on_stop, r);
	if (error >= 0)
		error = sd_event_add_signal(r->event, NULL, SIGINT, on_stop, r);
	if (error >= 0)
		error = sd_event_add_inotify(r->event, NULL, RUN_DIR,
					     IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE, on_file, r);
	if (error >= 0)
		error = api_open(r->event, &r->credentials, &r->api);
	if (error < 0)
		return error;
	if (*r->config.reporter.listen)
		error = httpd_open(r->event, r->config.reporter.listen, on_page, r, &r->httpd);
	if (error < 0) {
		log_error("cannot listen on %s: %s", r->config.reporter.listen, strerror(-error));
		return error;
	}
	if (sys_read_line(&r->sys, "/proc/sys/kernel/random/boot_id", &boot) == 0)
		snprintf(r->boot_id, sizeof(r->boot_id), "%s", boot);
	snprintf(r->node, sizeof(r->node), "%s", r->config.reporter.node);
	publisher_init(&r->publisher, r->config.reporter.heartbeat_interval, dice, NULL);
	r->publisher.next = now(r);
	read_report(r);
	plan(r);
	sd_notify(false, "READY=1");
	return 0;
}

static void stop(struct reporter *r)
{
	sd_event_source_disable_unref(r->send_timer);
	sd_event_source_disable_unref(r->stale_timer);
	httpd_close(&r->httpd);
	api_close(&r->api);
	view_clear(&r->view);
	free(r->report);
	sd_event_unref(r->event);
	credentials_clear(&r->credentials);
	free(r->file_trouble);
	sys_done(&r->sys);
}

int reporter_run(const char *config_path)
{
	struct reporter r = {.report_at = -1};
	int error = sys_init(&r.sys, NULL);

	if (error == 0)
		error = load(&r, config_path);
	if (error < 0) {
		stop(&r);
		return error == -EINVAL || error == -ENOENT ? REPORTER_MISCONFIGURED
							    : REPORTER_FAILED;
	}
	error = privileges_drop();
	if (error < 0)
		log_error("cannot give privileges up: %s", strerror(-error));
	if (error == 0) {
		error = start(&r);
		if (error == 0)
			error = sd_event_loop(r.event);
		if (error < 0)
			log_error("nodefit-net can't go on: %s%s", strerror(-error),
				  error == -ENOENT ? " (" RUN_DIR ")" : "");
	}
	stop(&r);
	return error < 0 ? REPORTER_FAILED : error;
}
