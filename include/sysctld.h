/* SPDX-License-Identifier: Apache-2.0 */
/* The sysctl.d files of the machine, read as systemd-sysctl reads them at boot (sysctl.d(5),
 * systemd's src/sysctl/sysctl.c), so that one can say which file and line wins a key. */
#pragma once

#include "sys.h"

struct sysctld_entry {
	char *path;  /* "net/core/somaxconn", or with glob characters; see key.h */
	char *value; /* NULL: "-key", which only excludes the key from globs */
	char *file;
	unsigned line;
	bool boot; /* systemd-sysctl reads it; else only `sysctl --system` and `sysctl -p` do */
};

struct sysctld {
	struct sysctld_entry *v; /* in the order of reading: files by base name, then lines */
	size_t n;
};

/* Reads /etc, /run, /usr/local/lib and /usr/lib/sysctl.d (the first folder with a name masks the
 * others), sorted by base name, then /etc/sysctl.conf unless a link has brought it in. Files that
 * can't be read and lines that are no assignment are passed over, as systemd does. 0 or -ENOMEM;
 * *out is released with sysctld_clear(). */
int sysctld_read(const struct sys *sys, struct sysctld *out);
void sysctld_clear(struct sysctld *d);

/* Reads one file's text; `file` is what entries shall name. 0 or -ENOMEM. */
int sysctld_parse(struct sysctld *d, const char *file, const char *text, bool boot);

/* Does the entry speak of the key, by name or by a glob? */
bool sysctld_matches(const struct sysctld_entry *e, const char *path);

/* The entry whose value the key has after boot, or NULL when none sets it. An entry by name beats
 * every glob, the later one beats the earlier; `skip` (a base name, or NULL) is not looked at. */
const struct sysctld_entry *sysctld_winner(const struct sysctld *d, const char *path,
					   const char *skip);

/* A file's name without its folder. */
const char *sysctld_base(const struct sysctld_entry *e);
