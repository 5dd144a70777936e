/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: a verb is one file in agent/verbs/ and one line in agent/nodefit.c's table. */
#pragma once

#include "config.h"
#include "profile.h"
#include "report.h"
#include "sys.h"

/* The exit codes that are no verdict's. */
enum { EXIT_USAGE = 2, EXIT_UNSURE = 3 };

enum {
	FLAG_PROFILE = 1 << 0,
	FLAG_JSON = 1 << 1,
	FLAG_PERSIST = 1 << 2,
	FLAG_DRY_RUN = 1 << 3,
	FLAG_FORCE = 1 << 4,
	FLAG_STRICT = 1 << 5,
	FLAG_QUICK = 1 << 6,
	FLAG_APPLY = 1 << 7,
	FLAG_ALL = 1 << 8,
	FLAG_CONFIRM = 1 << 9,
	FLAG_CONFIG = 1 << 10,
	FLAG_ONCE = 1 << 11,
	FLAG_CILIUM = 1 << 12,
};

struct command {
	struct sys sys;
	unsigned flags; /* that were given */
	const char *profile;
	const char *config;
	const char *cilium;       /* the version of --cilium, or NULL */
	double confirm_s;         /* of --confirm; below 0 when it is not given */
	const char *const *words; /* behind the options */
	size_t n_words;
};

struct verb {
	const char *name;
	const char *words;       /* what stands behind the options, for --help */
	const char *summary;     /* one line */
	const char *about;       /* --help's text */
	void (*more_help)(void); /* prints what --help says behind the options; may be NULL */
	unsigned flags;          /* that it takes */
	bool takes_words;
	/* Returns the exit code. */
	int (*run)(const struct command *c);
};

extern const struct verb preflight_verb, diff_verb, apply_verb, rollback_verb, check_verb,
	profile_verb, explain_verb, agent_verb;

/* --- shared by the verbs --- */

/* Reads the file of --config. 0, or the exit code. */
int verb_load_config(const struct command *c, struct config *config);
/* Loads the profile asked for (--profile, else what the file of --config names, else kube-node),
 * checks it whole, and logs every problem; --cilium= overrides its parameters. 0, or the exit code.
 */
int verb_load_profile(const struct command *c, struct profile *p);
/* Begins a report: the node, the profile's name, the time. */
int verb_begin(const struct command *c, const struct profile *p, struct report *report,
	       uint64_t *start);
/* Ends it: the verdict and how long it took. */
void verb_end(const struct command *c, const struct profile *p, struct report *report,
	      uint64_t start);
/* Logs an -errno that nobody has put into words, and returns the exit code for it. */
int verb_failed(const char *doing, int error);
/* Closes stdout's buffer; an unwritten answer is an error. Returns `code`, or EXIT_UNSURE. */
int verb_flush(int code);
