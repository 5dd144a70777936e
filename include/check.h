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
};

extern const struct check *const checks[]; /* ends with NULL */
const struct check *check_find(const char *name);

/* Notes what is wrong with every [check.NAME] and [verdict] of the profile. */
void checks_validate(const struct profile *p, struct problems *problems);

/* Runs the checks, side by side where they don't disturb each other, and appends a result for each
 * to the report, in the order asked for. `announce` (or NULL) is told the running checks' progress
 * as one line, and "" at the end. 0 or -errno. */
int checks_run(const struct sys *sys, const struct profile *p, const struct check *const *wanted,
	       size_t n, bool quick, void (*announce)(const char *line), struct report *report);
