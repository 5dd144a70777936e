/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "log.h"

/* A change of links that is being confirmed is waited for, so that it is not put back. */
#define LAST_WAIT_S 30.0

int agent_load(const struct sys *sys, const char *path, struct agent_config *config,
	       struct profile *profile)
{
	struct problems problems = {0};
	struct config all;
	int r = config_load(sys, path, &all, &problems);

	if (r == 0)
		r = checks_load_profile(sys, all.agent.profile, profile, &problems);
	if (r == 0)
		*config = all.agent;
	problems_log(&problems);
	problems_clear(&problems);
	if (r < 0 && r != -EINVAL && r != -ENOENT)
		log_error("cannot read the configuration: %s", strerror(-r));
	return r;
}

void agent_ready(struct agent *a)
{
	if (!a->ready)
		sd_notify(false, "READY=1");
	a->ready = true;
}

static int set_profile(struct agent *a)
{
	free(a->report.profile);
	a->report.profile = strdup(a->profile.name);
	return a->report.profile ? 0 : -ENOMEM;
}

/* Before the first READY nothing is told of it: kubelet waits for that one. */
static void tell_reload(const struct agent *a, bool done)
{
	if (a->ready && done)
		sd_notify(false, "READY=1");
	else if (a->ready)
		sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
			   (unsigned long long)(a->sys->now(a->sys) / 1000));
}

static int take_config(struct agent *a, const struct agent_config *config,
		       const struct profile *profile)
{
	int r;

	rounds_pause(a);
	drift_cancel(a);
	changes_clear(&a->report.changes); /* it points into the old profile */
	a->planned = false;
	disputes_retry(&a->disputes);
	profile_clear(&a->profile);
	a->profile = *profile;
	a->config = *config;
	r = set_profile(a);
	if (r == 0)
		r = rounds_open(a);
	return r < 0 ? r : drift_soon(a, 0);
}

void agent_reload(struct agent *a)
{
	struct agent_config config;
	struct profile profile;
	int r;

	tell_reload(a, false);
	if (agent_load(a->sys, a->config_path, &config, &profile) < 0) {
		log_error(
			"the configuration was not reloaded: what was read before stays in force");
	} else if ((r = take_config(a, &config, &profile)) < 0) {
		log_error("cannot go on: %s", strerror(-r));
		sd_event_exit(a->event, AGENT_FAILED);
		return;
	} else {
		log_info("reloaded: profile=%s", a->profile.name);
	}
	tell_reload(a, true);
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *info, void *context)
{
	struct agent *a = context;

	(void)s;
	(void)info;
	if (a->applying)
		a->reload = true; /* as soon as that has ended */
	else
		agent_reload(a);
	return 0;
}

static int on_last_wait(sd_event_source *s, uint64_t usec, void *context)
{
	struct agent *a = context;

	(void)s;
	(void)usec;
	return sd_event_exit(a->event, 0);
}

static int on_idle(sd_event_source *s, void *context)
{
	struct agent *a = context;

	(void)s;
	return a->applying ? 0 : sd_event_exit(a->event, 0);
}

static int on_stop(sd_event_source *s, const struct signalfd_siginfo *info, void *context)
{
	struct agent *a = context;

	(void)s;
	(void)info;
	sd_notify(false, "STOPPING=1");
	a->stopping = true;
	/* Nothing is left but an apply; its own changes of links are no news any more. */
	events_close(a);
	rounds_close(a);
	a->report_timer = sd_event_source_disable_unref(a->report_timer);
	a->drift_timer = sd_event_source_disable_unref(a->drift_timer);
	if (!a->applying)
		return sd_event_exit(a->event, 0);
	sd_event_add_post(a->event, NULL, on_idle, a);
	return sd_event_add_time_relative(a->event, NULL, CLOCK_MONOTONIC,
					  (uint64_t)(LAST_WAIT_S * 1e6), 0, on_last_wait, a);
}

static int listen_to_signals(struct agent *a)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return negative_errno();
	r = sd_event_add_signal(a->event, NULL, SIGTERM, on_stop, a);
	if (r >= 0)
		r = sd_event_add_signal(a->event, NULL, SIGINT, on_stop, a);
	return r < 0 ? r : sd_event_add_signal(a->event, NULL, SIGHUP, on_hangup, a);
}

/* Two agents would fight. The lock is this process's own: its workers don't inherit it, so that one
 * that can't die does not keep the next agent out. */
int agent_lock(const struct sys *sys)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	_cleanup_fd int folder = sys_open_dir(sys, RUN_DIR, 0755);
	int fd, r;

	if (folder < 0)
		return folder;
	fd = openat(folder, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fcntl(fd, F_SETLK, &whole) == 0)
		return fd < 0 ? negative_errno() : fd;
	r = errno == EACCES ? -EAGAIN : negative_errno();
	close(fd);
	return r;
}

void agent_tell_locked(int error)
{
	log_error(error == -EWOULDBLOCK ? "another agent is at work (" RUN_DIR " is locked)"
					: "cannot lock " RUN_DIR ": %s",
		  strerror(-error));
}

static int start(struct agent *a)
{
	int r = sd_event_new(&a->event);

	if (r >= 0)
		r = sd_event_set_watchdog(a->event, true);
	if (r >= 0)
		r = listen_to_signals(a);
	if (r >= 0)
		r = set_profile(a);
	if (r >= 0)
		r = rounds_open(a);
	if (r >= 0) {
		node_describe(a->sys, &a->report.node);
		report_restore(a);
		events_open(a);
		r = drift_soon(a, 0);
	}
	return r < 0 ? r : 0;
}

static void stop(struct agent *a)
{
	rounds_close(a);
	drift_close(a);
	events_close(a);
	sd_event_source_disable_unref(a->report_timer);
	sd_event_unref(a->event);
	report_clear(&a->report);
	profile_clear(&a->profile);
}

int agent_run(const struct sys *sys, const char *config_path)
{
	struct agent a = {.sys = sys, .config_path = config_path, .tuning_fd = -1, .uevents = -1};
	int r = agent_load(sys, config_path, &a.config, &a.profile);
	_cleanup_fd int locked = -1;

	if (r < 0)
		return r == -EINVAL || r == -ENOENT ? AGENT_MISCONFIGURED : AGENT_FAILED;
	/* What is freed goes back to the system: the agent is idle nearly always. */
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024);
	locked = agent_lock(sys);
	if (locked < 0) {
		agent_tell_locked(locked);
		profile_clear(&a.profile);
		return AGENT_FAILED;
	}
	r = start(&a);
	if (r == 0) {
		log_info("agent: profile=%s drift=%s", a.profile.name,
			 a.config.drift == DRIFT_ENFORCE ? "enforce" : "report");
		r = sd_event_loop(a.event);
	}
	if (r < 0)
		log_error("the agent can't go on: %s", strerror(-r));
	stop(&a);
	return r < 0 ? AGENT_FAILED : r;
}
