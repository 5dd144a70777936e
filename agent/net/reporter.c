/* SPDX-License-Identifier: Apache-2.0 */
#include "reporter.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <systemd/sd-daemon.h>

#include "log.h"

#define LAST_WAIT_S 3.0 /* for the last word, when told to stop */

double reporter_now(const struct reporter *r)
{
	return (double)r->sys.now(&r->sys) / 1e9;
}

void reporter_tell(char **told, const char *what, const char *trouble)
{
	if (!trouble && *told)
		log_info("%s: it works again", what);
	if (trouble && (!*told || strcmp(trouble, *told) != 0))
		log_warning("%s: %s", what, trouble);
	free(*told);
	*told = trouble ? strdup(trouble) : NULL;
}

static double dice(void *context)
{
	uint32_t n = 0;

	(void)context;
	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = (uint32_t)random();
	return (double)n / UINT32_MAX;
}

int reporter_timer(struct reporter *r, sd_event_source **timer, double when,
		   sd_event_time_handler_t handler)
{
	double delay = when - reporter_now(r);
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
	int error;

	(void)s;
	(void)info;
	sd_notify(false, "STOPPING=1");
	if (r->stopping || r->config.reporter.on_stop == ON_STOP_KEEP)
		return sd_event_exit(r->event, REPORTER_STOPPED);
	error = publish_last(r);
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
	size_t len;

	if (error == -ENOENT)
		error = -EINVAL;
	if (error == 0 && *c->listen && !httpd_is_address(c->listen)) {
		problem_error(&problems, NULL, 0, "[reporter] listen=%s is no ADDRESS:PORT",
			      c->listen);
		error = -EINVAL;
	}
	/* What is not there yet may come: that is no wrong configuration. */
	if (error == 0)
		error = *c->kubeconfig
				? credentials_of_kubeconfig(c->kubeconfig, &r->credentials,
							    &problems)
				: credentials_of_pod(NULL, c->server, &r->credentials, &problems);
	if (error == 0)
		error = handover_take(&r->credentials, &problems);
	if (error == 0 && *c->server) {
		free(TAKE(r->credentials.server));
		for (len = strlen(c->server); len && c->server[len - 1] == '/';)
			len--;
		error = format(&r->credentials.server, "%.*s", (int)len, c->server);
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

/* As kubelet registers it, unless it was told another name; a pod is told by NODE_NAME. */
static void name_node(struct reporter *r)
{
	const char *variable = getenv("NODE_NAME"), *name = r->config.reporter.node;
	struct utsname uts;

	if (!*name && variable)
		name = variable;
	if (!*name && uname(&uts) == 0)
		name = uts.nodename;
	snprintf(r->node, sizeof(r->node), "%s", name);
	for (char *c = r->node; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static int start(struct reporter *r)
{
	_cleanup_free char *boot = NULL;
	sigset_t set;
	int error = sd_event_new(&r->event);

	/* A server that closes while it is written to. */
	signal(SIGPIPE, SIG_IGN);
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
		error = api_open(r->event, &r->credentials, &r->api);
	if (error < 0)
		return error;
	if (*r->config.reporter.listen)
		error = httpd_open(r->event, r->config.reporter.listen, pages_make, r, &r->httpd);
	if (error < 0) {
		log_error("cannot listen on %s: %s", r->config.reporter.listen, strerror(-error));
		return error;
	}
	if (sys_read_line(&r->sys, "/proc/sys/kernel/random/boot_id", &boot) == 0)
		snprintf(r->boot_id, sizeof(r->boot_id), "%s", boot);
	name_node(r);
	publisher_init(&r->publisher, r->config.reporter.heartbeat_interval, dice, NULL);
	r->publisher.next = r->started = reporter_now(r);
	r->begin = reporter_now(r) + r->config.reporter.start_within * dice(NULL);
	intake_watch(r);
	publish_plan(r);
	sd_notify(false, "READY=1");
	return 0;
}

static void stop(struct reporter *r)
{
	textfile_close(r);
	sd_event_source_disable_unref(r->send_timer);
	sd_event_source_disable_unref(r->stale_timer);
	sd_event_source_disable_unref(r->gate.timer);
	sd_event_source_disable_unref(r->watch);
	sd_event_source_disable_unref(r->watch_timer);
	httpd_close(&r->httpd);
	api_close(&r->api);
	view_clear(&r->view);
	free(r->report);
	free(r->gate.patch);
	sd_event_unref(r->event);
	credentials_clear(&r->credentials);
	free(r->file_trouble);
	free(r->folder_trouble);
	free(r->unsent);
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
		return error == -EINVAL ? REPORTER_MISCONFIGURED : REPORTER_FAILED;
	}
	error = privileges_drop();
	if (error < 0)
		log_error("cannot give privileges up: %s", strerror(-error));
	if (error == 0) {
		error = start(&r);
		if (error == 0)
			error = sd_event_loop(r.event);
		if (error < 0)
			log_error("nodefit-net can't go on: %s", strerror(-error));
	}
	stop(&r);
	return error < 0 ? REPORTER_FAILED : error;
}
