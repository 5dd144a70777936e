/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what each key held before nodefit first changed it. It is on disk, whole and
 * fsynced, before the first write of a run, so that a killed run can always be rolled back. */
#pragma once

#include "sys.h"
#include "tuner.h"

#define JOURNAL_DIR  "/var/lib/nodefit"
#define JOURNAL_FILE "journal"

struct journal_entry {
	char *tuner;
	char *key;
	char *original;      /* exactly, without the newline; the first one is kept for good */
	struct strings ours; /* every value that nodefit wrote, or was about to write */
	char *flip_of;       /* not written by us: it changes along with that key; or NULL */
	bool persisted;      /* a file of ours sets it at boot */
	char *unconfirmed;   /* what it held before a change that is not confirmed; or NULL */
	bool fresh;          /* noted since the journal was opened; not on disk */
};

struct journal {
	struct journal_entry *v;
	size_t n;
	char *boot_id; /* of the running system */
	char *netns;   /* of this process: "net:[4026531840]" */
	int lock;      /* the locked folder's descriptor, or -1 */
};

/* Opens and locks the journal, making its folder if `create`. Entries of an earlier boot are
 * dropped unless persisted: the reboot has put them back. 0, or -errno with *why (the caller's) in
 * words: -EBUSY another nodefit is at work, -EXDEV it belongs to another network namespace,
 * -EBADMSG it can't be understood. Without `create` and without a folder it is empty. */
int journal_open(const struct sys *sys, bool create, struct journal *out, char **why);
/* Makes the entries durable; an empty journal removes the file. 0 or -errno. */
int journal_save(const struct sys *sys, const struct journal *j);
/* Unlocks and frees. */
void journal_close(struct journal *j);

struct journal_entry *journal_find(const struct journal *j, const char *tuner, const char *key);
/* Notes that `key` is about to become `value`: a new entry holds `before` as its original.
 * *news is set when the journal has changed. 0 or -ENOMEM. */
int journal_note(struct journal *j, const char *tuner, const char *key, const char *before,
		 const char *value, bool *news);
/* Notes a key that changes along with `flip_of`, unless it has an entry; *news as above. 0 or
 * -ENOMEM. */
int journal_note_flip(struct journal *j, const char *tuner, const char *key, const char *before,
		      const char *flip_of, bool *news);
/* Notes what a key holds before a change that must be confirmed; one that has no entry is passed
 * over. 0 or -ENOMEM. */
int journal_mark(struct journal *j, const char *tuner, const char *key, const char *before);
/* All is confirmed, or put back. True when there was a mark. */
bool journal_unmark(struct journal *j);
/* Takes out the entries that `drop` (one flag each) marks. */
void journal_drop(struct journal *j, const bool *drop);
