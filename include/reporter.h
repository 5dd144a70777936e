/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes the agent's report. */
#pragma once

#include "api.h"
#include "condition.h"
#include "config.h"
#include "httpd.h"
#include "metrics.h"
#include "nodeevent.h"

/* Exit codes. */
enum { REPORTER_STOPPED = 0, REPORTER_MISCONFIGURED = 2, REPORTER_FAILED = 3 };

/* Runs until SIGTERM, without privileges. `config_path` may be NULL. An exit code. */
int reporter_run(const char *config_path);

/* --- between the files of agent/net/ --- */

#define RUN_DIR     "/run/nodefit"
#define REPORT_FILE "report.json"

struct reporter {
	struct sys sys;
	sd_event *event;
	struct config config;
	struct credentials credentials;
	struct api *api;
	struct publisher publisher;
	struct condition sent; /* on its way */
	int64_t sent_transition;
	double started;
	double begin;   /* when to ask for the first time, unless there is bad news */
	bool busy;      /* a request is on its way */
	bool read_back; /* what the API server holds is known, or can't be */
	bool stopping;
	char node[256], boot_id[40];
	double report_at; /* when the report was written, by now(); below 0: none */
	struct condition reported;
	struct view view; /* the newest report; without a verdict: none */
	char *report;     /* its text */
	struct nodeevents events;
	struct {
		char *patch; /* that takes the startup taint away; NULL: not known */
		bool open;   /* it is not there any more, or never was */
		bool stale;  /* others have changed the taints: to be read again */
		bool told;   /* a failure was */
		double next; /* not before */
		sd_event_source *timer;
	} gate;
	bool lease_created; /* it was not there: a create is on its way */
	bool lease_held;    /* it was there */
	char uid[64];       /* the node's, or "" */
	bool events_fail;   /* and that was told */
	struct {
		char *trouble; /* as last told */
		double next;   /* not before */
		sd_event_source *timer;
	} textfile;
	struct httpd *httpd;
	struct metrics_own counts;
	sd_event_source *watch, *watch_timer;
	char *file_trouble, *folder_trouble, *unsent; /* as last told */
	const char *told_what; /* of requests: what failed, or NULL, and with what status */
	long told_status;
	sd_event_source *send_timer, *stale_timer;
};

/* Seconds of the monotonic clock. */
double reporter_now(const struct reporter *r);
/* Calls back once at that time, now when it is past; INFINITY takes the timer away. 0 or -errno. */
int reporter_timer(struct reporter *r, sd_event_source **timer, double when,
		   sd_event_time_handler_t handler);

/* Logs a trouble with `what` (NULL: there is none) once for each new one, and once that it is over.
 * *told, owned by the caller, keeps what was told. */
void reporter_tell(char **told, const char *what, const char *trouble);

/* --- publish.c --- */

/* Sends when the publisher wants it. */
void publish_plan(struct reporter *r);
/* A request about the node, the only one on its way; `suffix` is behind its name, a `body` may be
 * NULL, and then the reply's body is wanted. 0 or -errno. */
int publish_ask(struct reporter *r, const char *method, const char *suffix, const char *type,
		const char *body, void (*done)(void *context, const struct api_reply *reply));
/* The condition's last word, as on_stop= has it; then the loop ends. 0 or -errno. */
int publish_last(struct reporter *r);

/* --- intake.c --- */

/* Reads the report, and wants what it says. */
void intake_read(struct reporter *r);
/* Reads it whenever it is replaced, and as soon as its folder is there. */
void intake_watch(struct reporter *r);

/* --- gate.c --- */

/* The Node object as it was read: is the startup taint there? */
void gate_take(struct reporter *r, const struct api_reply *node);
/* Takes the taint away when the cluster has been told that the node is fit. True when a request is
 * on its way. */
bool gate_try(struct reporter *r);

/* --- pages.c --- */

/* httpd_open()'s, with the reporter as its context. */
bool pages_make(void *context, const char *path, struct httpd_page *out);
/* What /metrics shows now. *text is the caller's. 0 or -ENOMEM. */
int pages_metrics(struct reporter *r, char **text, size_t *len);

/* --- textfile.c --- */

/* Writes textfile=, if there is one, as soon as its turn comes: seconds after the last time. */
void textfile_plan(struct reporter *r);
/* Writes what still waits for its turn, and releases all; the file stays. */
void textfile_close(struct reporter *r);

/* --- privileges.c --- */

#define PRIVILEGES_NOBODY 65534 /* the kernel's overflow user (admin-guide/sysctl/fs.rst) */

/* Root becomes the user nobody; then no capability is left, and none can be had again
 * (no_new_privs). 0 or -errno. */
int privileges_drop(void);
