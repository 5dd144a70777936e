/* SPDX-License-Identifier: Apache-2.0 */
/* Changes: what a profile wants of the machine, what it holds, and what became of it. */
#pragma once

#include "profile.h"
#include "sys.h"

enum outcome {
	OUTCOME_UNCHANGED,    /* it conforms: nothing is written */
	OUTCOME_CHANGED,      /* written, and read back as wanted */
	OUTCOME_WOULD_CHANGE, /* it deviates; a plan, not yet carried out */
	OUTCOME_PENDING,      /* its module or interface is not there yet */
	OUTCOME_ABSENT,       /* this kernel does not have it */
	OUTCOME_REFUSED,      /* the kernel said no; `error` says why */
	OUTCOME_FAILED,       /* anything else; `error` says what */
};

struct tuner;

struct change {
	const struct tuner *tuner;
	char *key;          /* as people write it */
	enum op op;         /* of the wish */
	char *wish;         /* the profile's operator and value: "=> 32768" */
	char *wanted;       /* what is, or would be, written */
	char *before;       /* exactly as read, without the newline; NULL when unreadable */
	char *after;        /* as read back; NULL until written */
	char *persisted_in; /* the file that sets it at boot, with --persist, or NULL */
	enum outcome outcome;
	bool optional;
	bool forcible;           /* refused for safety: --force does it */
	bool contested;          /* somebody else writes it back again and again */
	bool cut_off;            /* put back, since something did not answer any more after it */
	char *error;             /* in words, or NULL */
	const char *origin_file; /* owned by the profile */
	unsigned origin_line;
	struct strings contested_by; /* "file:line" */
	struct strings contests;     /* the same in words, index by index */
	struct strings notes;
	bool lowers;         /* a plain "=" takes a limit down; a note says from where */
	bool per_netns;      /* pods have their own and don't inherit it */
	const char *writers; /* who else writes it at run time, or NULL; static */
};

struct changes {
	struct change *v;
	size_t n;
};

/* A part of the machine that can be tuned: one file and one line in agent/tune/table.c. */
struct tuner {
	const char *name; /* in reports and in the journal, and the profile's section */
	/* Compares the profile with the machine and appends a change for each key. Reads only. 0 or
	 * -errno; what can't be read is an outcome, not an error. */
	int (*plan)(const struct sys *sys, const struct profile *p, struct changes *out);
	/* The exact value that a key holds now, without newline. 0 or -errno. */
	int (*read)(const struct sys *sys, const char *key, char **value);
	/* Writes a value. 0 or -errno; *words (the caller's to free) is set when the kernel said
	 * why. */
	int (*write)(const struct sys *sys, const char *key, const char *value, char **words);
	/* What -errno from read or write means here, in words. */
	const char *(*explain)(const char *key, int error);
	/* Appends the keys that the system changes along with this one. 0 or -errno. */
	int (*flips)(const struct sys *sys, const char *key, struct strings *keys);
	bool flips_copy; /* they take on the very value that is written */
};

extern const struct tuner sysctl_tuner, net_tuner;
extern const struct tuner *const tuners[]; /* ends with NULL */
const struct tuner *tuner_find(const char *name);

/* Plans with every tuner. 0 or -errno. */
int changes_plan(const struct sys *sys, const struct profile *p, struct changes *out);
void changes_clear(struct changes *c);
/* From a forked process to the one that forked it: what the fork allocated is copied, pointers to
 * what both have (the tuner, the profile's file names) stay. 0, -EIO, -EBADMSG (nothing is then in
 * *out) or -ENOMEM. */
int changes_pack(const struct changes *c, FILE *f);
int changes_unpack(FILE *f, struct changes *out);
size_t changes_count(const struct changes *c, enum outcome outcome);

const char *outcome_text(enum outcome o);
