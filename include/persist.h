/* SPDX-License-Identifier: Apache-2.0 */
/* What --persist keeps for the next boots: sysctls in /etc/sysctl.d/95-nodefit.conf, which
 * systemd-sysctl reads before any agent runs, and settings of links in .link files (linkfile.h). */
#pragma once

#include "journal.h"
#include "linkfile.h"
#include "tuner.h"

/* Finds the file that shall set each row at boot and fills its persisted_in; a setting of a link
 * that no file can set gets a note that says why. `j` may be NULL: what a limit held before is then
 * not known. Writes nothing. 0, -EEXIST with *why when a file that is not nodefit's is in the way,
 * or -errno. */
int persist_plan(const struct sys *sys, const struct journal *j, struct changes *changes,
		 char **why);
/* Marks the journal's entries that a file will set; *news is set when the journal has changed. */
void persist_mark(struct journal *j, const struct changes *changes, bool *news);
/* Writes the files for the rows that were planned and not refused since, unless they say the same
 * already, and takes away those of ours that no row needs any more. 0 or -errno with *why. */
int persist_write(const struct sys *sys, const struct profile *p, struct changes *changes,
		  char **why);
/* Removes every file of ours. 0, also when there is none; -EEXIST with *why, and nothing removed,
 * when one of them is not nodefit's and not `force`; or -errno with *why. */
int persist_remove(const struct sys *sys, bool force, char **why);
/* Appends the paths of the files of ours. 0 or -ENOMEM. */
int persist_list(const struct sys *sys, struct strings *paths);

/* --- between the files of agent/persist/ --- */

/* 95-nodefit.conf. 0, -EEXIST (with *why) when a file of that name is not nodefit's, or -errno with
 * *why. */
int sysctlfile_check(const struct sys *sys, char **why);
int sysctlfile_write(const struct sys *sys, const struct profile *p, const struct changes *changes,
		     char **why);
int sysctlfile_remove(const struct sys *sys, char **why);
bool sysctlfile_present(const struct sys *sys);

/* The net tuner's rows: persist_plan() and persist_write() for them. */
int linkrows_plan(const struct sys *sys, struct changes *changes, char **why);
int linkrows_write(const struct sys *sys, const struct profile *p, struct changes *changes,
		   char **why);

/* One device's settings in systemd.link's words; each name once. Not to be copied: `v` points into
 * `text`. */
#define LINK_SETTINGS_MAX 48
struct link_settings {
	struct link_setting v[LINK_SETTINGS_MAX];
	char text[LINK_SETTINGS_MAX][16];
	size_t n;
};

/* Adds what a row of the net tuner wants. 0, or -ENOTSUP when systemd.link has no name for it. */
int link_settings_add(struct link_settings *s, const struct change *c);
