/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying a plan out, and taking it back. */
#pragma once

#include "journal.h"
#include "tuner.h"

struct apply_options {
	bool persist;     /* also for the next boots */
	bool force;       /* also what is refused for safety only */
	double confirm_s; /* see links_write(); below 0: the default */
};

/* Applies the profile: lock, plan, journal what is there (fsynced), then write each deviating key
 * once and read it back; a key that does not read back as wanted gets its old value again. Link
 * changes are confirmed or put back (confirm.h). With `persist` writes
 * /etc/sysctl.d/95-nodefit.conf and .link files too. *changes tells what became of each key. 0, or
 * -errno with *why in words when the run as a whole could not be done: then nothing was written. */
int apply_profile(const struct sys *sys, const struct profile *p,
		  const struct apply_options *options, struct changes *changes, char **why);

struct rollback_options {
	bool persist; /* remove 95-nodefit.conf too */
	bool force;   /* put back keys that somebody else has changed since */
};

/* Puts every journalled key back, the last one first. A key that holds neither its original nor a
 * value of ours is refused without `force`, and stays in the journal. *changes has a row for each
 * key. 0, or -errno with *why as above. */
int rollback(const struct sys *sys, struct rollback_options options, struct changes *changes,
	     char **why);

/* --- between the files of agent/tune/ --- */

/* Writes c->wanted, reads it back, and sets outcome, after and error. 0 or -ENOMEM. */
int change_write(const struct sys *sys, struct change *c);

/* Writes c->before again, and says so behind `why`. 0 or -ENOMEM. */
int change_revert(const struct sys *sys, struct change *c, const char *why);

/* A key that could not be changed after all is not ours: should somebody else give it that value
 * later, rollback must not take it for our doing. Takes such entries of this run out of the
 * journal. 0 or -errno with *why. */
int apply_forget(const struct sys *sys, struct journal *j, const struct changes *plan, char **why);

/* Can 95-nodefit.conf be ours? 0, -EEXIST (with *why) when a file of that name is not nodefit's. */
int persist_check(const struct sys *sys, char **why);
/* Marks the journal's entries that the file will name. */
void persist_mark(struct journal *j, const struct changes *changes, bool *news);
/* Writes the file for these changes unless it says the same already. 0 or -errno with *why. */
int persist_write(const struct sys *sys, const struct journal *j, const struct profile *p,
		  const struct changes *changes, char **why);
/* 0, -ENOENT when there is none, -EEXIST (with *why) when it is not nodefit's, or -errno. */
int persist_remove(const struct sys *sys, bool force, char **why);
/* Is there a 95-nodefit.conf of ours? */
bool persist_present(const struct sys *sys);
