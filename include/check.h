/* SPDX-License-Identifier: Apache-2.0 */
/* A check measures one thing and judges it. It is one file in checks/ and one line in its
 * table.c. It runs in a worker process of its own with a deadline, so a dead disk stalls nothing,
 * and checks that don't disturb each other run side by side. */
#pragma once

#include "params.h"
#include "report.h"
#include "sys.h"

/* What a check loads, and what may not be loaded by others while it measures. */
enum {
	LOAD_CPU = 1 << 0,
	LOAD_DISK = 1 << 1,
};

/* How many checks one run may have. */
#define CHECKS_MOST 32

struct check_run {
	const struct sys *sys;
	const void *params;            /* the check's own struct, filled by its rows */
	const struct profile *profile; /* by name in messages */
	const struct changes *changes; /* the plan, as it stands */
	bool quick;                    /* a shorter, coarser answer is wanted */
	const void
		*gentle; /* the state of a check with watch_runs: only a few samples are wanted */
	/* Says how far it is: one line of text. */
	void (*progress)(const struct check_run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
	int pipe; /* of progress() */
};

struct check {
	const char *name;
	const char *summary; /* one line */
	const char *about;   /* what it measures and why, the danger, the sources: for explain */
	const struct param *params;
	size_t params_size;
	unsigned loads;
	unsigned disturbed_by;
	double deadline_s; /* then it is killed and its answer is unknown */
	/* Measures and fills in everything but name and duration. */
	void (*run)(const struct check_run *run, struct result *result);
	/* Prints what `nodefit explain` tells of this machine beyond `about`, by the check's
	 * parameters; NULL: nothing. */
	void (*explain)(const struct sys *sys, const void *params);

	/* The agent runs a check every `interval` (a double, the first member of its parameters; 0:
	 * not at all), or, where it judges the plan alone, whenever that is new. */
	bool of_plan;
	/* Neither preflight nor the agent runs it, `nodefit check NAME` alone: it loads the
	 * machine. */
	bool on_request;
	bool of_links; /* the agent measures at once when links change */
	/* What the agent does where run() would disturb, or misses what happens between two runs.
	 * It keeps a state (state_size bytes, at first zeroed) and calls watch() each time. With
	 * watch_runs that follows a gentle run, which has seen the state, and notes in it what is
	 * to be remembered; without it, watch() measures itself, inside the agent's process, so
	 * that it must not block. False: no answer yet. NULL: it runs as ever. */
	bool (*watch)(const struct check_run *run, void *state, struct result *result);
	bool watch_runs;
	size_t state_size;
	void (*forget)(void *state); /* releases what it holds; may be NULL */
};

/* The first row of every check's parameters but those of_plan and on_request. */
#define CHECK_INTERVAL(often)                                                                      \
	{                                                                                          \
		.name = "interval", .type = PARAM_DURATION, .offset = 0, .least = 1,               \
		.most = 86400, .fallback = often, .may_be_off = true,                              \
		.help = "in the agent: how often to measure, or off"                               \
	}

extern const struct check *const checks[]; /* ends with NULL */
const struct check *check_find(const char *name);
/* Those that run unless one is asked for by name: all but the on_request ones, in the order of the
 * report. Returns how many. */
size_t checks_usual(const struct check *usual[CHECKS_MOST]);

/* Notes what is wrong with every [check.NAME] and [verdict] of the profile. */
void checks_validate(const struct profile *p, struct problems *problems);
/* profile_load() and checks_validate(): a profile without any error, or none. */
int checks_load_profile(const struct sys *sys, const char *name, struct profile *out,
			struct problems *problems);

/* Runs the checks, side by side where they don't disturb each other, and appends a result for each
 * to the report, in the order asked for. `announce` (or NULL) is told the running checks' progress
 * as one line, and "" at the end. 0 or -errno. */
int checks_run(const struct sys *sys, const struct profile *p, const struct check *const *wanted,
	       size_t n, bool quick, void (*announce)(const char *line), struct report *report);

/* --- for who runs single checks: the agent --- */

/* Reads a check's parameters of the profile; *out is the caller's. 0 or -errno. */
int check_params(const struct profile *p, const struct check *check, void **out);
/* Does the agent measure it, or has the profile, or the check itself, switched it off there? */
bool check_is_on(const struct profile *p, const struct check *check);
/* Do they spoil each other's measurements? */
bool checks_disturb(const struct check *a, const struct check *b);
/* check_run.progress in a worker. */
void check_progress(const struct check_run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The worker has ended: names the result, and makes it unknown when there was no answer. */
struct worker;
void check_end(const struct check *check, const struct worker *w, struct result *r);
