/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying a plan out, and taking it back. */
#pragma once

#include "journal.h"
#include "tuner.h"

struct apply_options {
	bool persist;     /* also for the next boots */
	bool force;       /* also what is refused for safety only */
	double confirm_s; /* see links_write(); below 0: the default */
	/* "TUNER/KEY" of what must not be touched, or NULL; such rows are pending. */
	const struct strings *leave;
};

/* Applies the profile: lock, plan, journal what is there (fsynced), then write each deviating key
 * once and read it back; a key that does not read back as wanted gets its old value again. Link
 * changes are confirmed or put back (confirm.h). With `persist` writes
 * the files of the next boots too (persist.h). *changes tells what became of each key. 0, or
 * -errno with *why in words when the run as a whole could not be done: then nothing was written. */
int apply_profile(const struct sys *sys, const struct profile *p,
		  const struct apply_options *options, struct changes *changes, char **why);

struct rollback_options {
	bool persist; /* remove what --persist has written too */
	bool force;   /* put back keys that somebody else has changed since */
};

/* Puts every journalled key back, the last one first. A key that holds neither its original nor a
 * value of ours is refused without `force`, and stays in the journal; so is one that changed along
 * and copies (tuner.h), when it holds no value that any key was given. *changes has a row for each
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
