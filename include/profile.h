/* SPDX-License-Identifier: Apache-2.0 */
/* A profile: what the node shall be. The format is TuneD's INI, described in nodefit.profile(5). */
#pragma once

#include "problems.h"
#include "sys.h"

enum op {
	OP_SET,      /* key = v      */
	OP_AT_LEAST, /* key => v     */
	OP_AT_MOST,  /* key =< v     */
	OP_ONE_OF,   /* key = a|b    */
	OP_MERGE,    /* key =+ set   */
};

struct setting {
	char *section;    /* "sysctl", "check.fsync" … */
	char *key;        /* in [sysctl] the dotted name in its canonical form */
	char *value;      /* without the operator */
	enum op op;       /* OP_SET outside [sysctl] */
	bool optional;    /* "-key": its absence is no finding */
	bool overridden;  /* a later setting of the same name holds instead */
	const char *file; /* where it stands; owned by the profile */
	unsigned line;
};

struct profile {
	char *name; /* as asked for, without folder and ".ini" */
	char *summary;
	struct setting *settings; /* parents' first; look at `overridden` */
	size_t n;
	struct strings files; /* every file read, in the order of reading */
};

/* Reads a profile and all that it includes. `name` is a file when it has a slash or ends in
 * ".ini", else it is looked for in /etc/nodefit/profiles, /usr/local/lib/nodefit/profiles,
 * /usr/lib/nodefit/profiles and among the built-in ones. An include is looked for beside the file
 * that names it first. Everything wrong is noted in `problems`. 0, -ENOENT (noted too), -EINVAL
 * (at least one error was noted) or -errno; *out is only set on success, and is then released with
 * profile_clear(). */
int profile_load(const struct sys *sys, const char *name, struct profile *out,
		 struct problems *problems);
void profile_clear(struct profile *p);

/* The last setting of that name that is not overridden, or NULL. */
const struct setting *profile_find(const struct profile *p, const char *section, const char *key);

/* The profiles that profile_load finds by name: each one's name and the file it would read. */
struct profile_place {
	char *name;
	char *file;
};
int profile_list(const struct sys *sys, struct profile_place **out, size_t *n);
void profile_places_free(struct profile_place *places, size_t n);

/* "=", "=>", "=<", "=" or "=+". */
const char *op_text(enum op op);

/* --- between the files of agent/profile/ --- */

enum section_kind {
	SECTION_NONE,
	SECTION_SETTINGS,
	SECTION_IGNORED,
	SECTION_REFUSED,
	SECTION_UNKNOWN
};

/* What a kind of file may hold. */
struct ini_form {
	const char *sections; /* for people */
	enum section_kind (*kind)(const char *section);
	/* Checks and completes a setting, and notes what is wrong; or NULL. */
	void (*check)(struct setting *s, struct problems *problems);
};

extern const struct ini_form profile_form;

/* Reads one file's text into settings (appended, unmerged). Every problem is noted. 0, -EINVAL
 * (noted) or -errno. */
int ini_read(const struct ini_form *form, const char *file, const char *text, size_t len,
	     struct setting **settings, size_t *n, struct problems *problems);
void settings_free(struct setting *settings, size_t n);
/* Splits the operator off a [sysctl] setting's value and checks both. Notes what is wrong. */
void setting_read_sysctl(struct setting *s, struct problems *problems);

/* The profiles inside the program: text of one by name (NULL when there is none), and the names. */
const char *builtin_profile(const char *name, size_t *len);
const char *builtin_profile_name(size_t index);
