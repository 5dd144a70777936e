/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: keeps the node tuned and judged. One thread, one sd-event loop; what can hang runs in
 * a worker. This header is between the files of agent/loop/, but for agent_run(). */
#pragma once

#include <systemd/sd-event.h>

#include "apply.h"
#include "check.h"
#include "config.h"
#include "steady.h"
#include "worker.h"

#define RUN_DIR     "/run/nodefit"
#define LOCK_FILE   "agent.lock" /* in RUN_DIR: locked while an agent runs */
#define REPORT_FILE "report.json"

/* --- a worker in the loop: task.c --- */

struct task {
	struct worker worker;
	sd_event_source *io, *deadline;
	const struct sys *sys;
	void (*done)(void *context);
	void *context;
	bool running;
};

/* As worker_start(); `done` is told when the worker has ended. 0 or -errno. */
int task_start(sd_event *event, struct task *t, const struct sys *sys, double deadline_s,
	       void *answer, size_t answer_size,
	       void (*work)(void *context, int pipe, void *answer), void *work_context,
	       void (*done)(void *context), void *context);
/* Ends it without a word to `done`. */
void task_cancel(struct task *t);

/* --- a timer: task.c --- */

/* Calls back once, `seconds` from now (and then needs to be set again); replaces what was set
 * before. 0 or -errno. */
int timer_set(sd_event *event, sd_event_source **timer, double seconds,
	      sd_event_time_handler_t handler, void *context);

/* --- who wins when two write the same key: dispute.c --- */

#define DISPUTE_WRITES 3 /* so often somebody else may write back, then he wins */

struct dispute {
	char *key; /* "sysctl/net.core.somaxconn" */
	bool ours; /* we have set it, and have not seen it deviate since */
	unsigned written_back;
	bool contested;
	double quiet; /* since when it conforms in spite of all, or 0 */
	double wrote; /* when we last did */
	/* It could not be set: from what value, the answer, and when to try again. */
	char *refused_at, *refusal;
	enum outcome refused;
	double retry, backoff; /* INFINITY: it is not tried again by itself */
};

struct disputes {
	struct dispute *v;
	size_t n;
};

/* Looks at a fresh plan at the time `now` (seconds of a monotonic clock): rows that are left alone
 * are told so, in their error. `leave` gets their keys as apply_options.leave has them. Returns how
 * many are to be set, or -ENOMEM. */
int disputes_look(struct disputes *d, struct changes *plan, double now, struct strings *leave);
/* Remembers what became of the rows of an apply. 0 or -ENOMEM. */
int disputes_note(struct disputes *d, const struct changes *done, double now);
/* Forgets refusals and who has won: the profile is another one, or people have mended something. */
void disputes_retry(struct disputes *d);
void disputes_clear(struct disputes *d);

/* --- one check, round by round: rounds.c --- */

struct agent;

struct round {
	struct agent *agent;
	const struct check *check;
	void *params, *state;
	struct check_run run;
	struct task task;
	struct result *answer; /* of the worker that runs, or NULL */
	struct steady steady;
	sd_event_source *timer;
	double interval, next; /* seconds; by agent_now() */
	bool again;            /* links have changed while it measured */
	uint64_t started;
};

struct agent {
	const struct sys *sys;
	const char *config_path;
	sd_event *event;
	bool ready, stopping, reload; /* told systemd; asked to end, or to reload after an apply */
	struct agent_config config;
	struct profile profile;
	struct report report; /* as it is told; its results are put together from the rounds */
	struct round *rounds;
	size_t n_rounds;

	/* drift.c */
	struct task tuning;
	struct tuning_answer *tuning_answer;
	int tuning_fd; /* the changes that it sends */
	struct disputes disputes;
	struct strings leave;
	sd_event_source *drift_timer;
	double drift_next;  /* when the timer fires */
	double drift_began; /* the newest comparison */
	bool applying;
	bool planned;         /* report.changes is the machine's state */
	bool again;           /* something has changed while it was compared */
	char *tuning_trouble; /* as it was last logged */

	/* events.c */
	struct nl_sock *links, *ethtool;
	int uevents;
	sd_event_source *sources[3];

	/* reportfile.c */
	sd_event_source *report_timer;
	uint64_t written_words;
	int save_error; /* as it was last logged */
	bool written;
};

/* Prepares a round for each check. After rounds_pause() each goes on with what is told of it, and,
 * where its parameters are the same, with what it has measured. 0 or -errno. */
int rounds_open(struct agent *a);
/* Ends what is being measured. */
void rounds_pause(struct agent *a);
void rounds_close(struct agent *a);
/* The plan is new: judges what depends on it alone. */
void rounds_take_plan(struct agent *a);
/* There is none that can be trusted: what depends on it is unknown. */
void rounds_lose_plan(struct agent *a, const char *why);
/* Measures at once those checks that a link's change may have changed. */
void rounds_links_changed(struct agent *a);

/* --- keeping the settings: drift.c --- */

/* Ends what is being compared or set. */
void drift_cancel(struct agent *a);
/* Compares, and sets what deviates, in `seconds` from now or earlier. 0 or -errno. */
int drift_soon(struct agent *a, double seconds);
void drift_close(struct agent *a);

/* --- what the kernel tells: events.c --- */

/* Listens for changes of links and for modules. What can't be had is logged: then the drift
 * interval has to do. */
void events_open(struct agent *a);
void events_close(struct agent *a);

/* --- the report file: reportfile.c --- */

/* Something may have changed: puts the report together, and writes it when it reads differently.
 * 0 or -errno. */
int report_news(struct agent *a);
/* Takes over what an earlier agent told in this boot, so that a restart is no change. */
void report_restore(struct agent *a);

/* Writes RUN_DIR/REPORT_FILE, whole. 0 or -errno. */
int report_save(const struct sys *sys, const struct report *report);

/* --- agent.c --- */

double agent_now(const struct agent *a);
/* Tells systemd, once, that the settings have been seen to. */
void agent_ready(struct agent *a);
/* Reads the configuration again; with an error in it, all stays as it is. */
void agent_reload(struct agent *a);

/* --- for the verb --- */

/* Reads agent.conf (`path` may be NULL) and the profile that it names; logs all that is wrong. 0,
 * -EINVAL or -ENOENT (it is the configuration), or -errno. */
int agent_load(const struct sys *sys, const char *path, struct agent_config *config,
	       struct profile *profile);

/* Keeps other agents out as long as the descriptor is open. It, or -errno: -EWOULDBLOCK when there
 * is one; agent_tell_locked() says so in the log. */
int agent_lock(const struct sys *sys);
void agent_tell_locked(int error);

enum { AGENT_STOPPED, AGENT_MISCONFIGURED, AGENT_FAILED };
/* Runs until SIGTERM. `config_path` may be NULL. */
int agent_run(const struct sys *sys, const char *config_path);
