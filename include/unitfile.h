/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's network configuration files (.link, .network) with their drop-ins, read in the order in
 * which systemd reads them (systemd.link(5), systemd.syntax(7), src/shared/conf-parser.c). */
#pragma once

#include "sys.h"

struct unit_line {
	unsigned block; /* counts section headers: two [SR-IOV] sections are two blocks */
	char *section;
	char *key;
	char *value; /* stripped, continuation lines joined; "" resets lists */
	char *file;
	unsigned line;
};

struct unitfile {
	struct unit_line *v;
	size_t n;
	unsigned blocks;
};

/* A line may be that long, a file that large (bytes); systemd itself takes lines up to 1 MiB. */
#define UNIT_LINE_MAX 4096
#define UNIT_FILE_MAX ((size_t)256 * 1024)

/* The files in these folders (ends with NULL) whose names end in `suffix` and don't begin with a
 * dot, sorted by base name. The first folder with a name hides it in the later ones; a name whose
 * file is empty or a link to /dev/null is left out ("masked"). 0 or -ENOMEM. */
int unitfile_list_in(const struct sys *sys, const char *const *folders, const char *suffix,
		     struct strings *paths);

/* The same in /etc, /run, /usr/local/lib, /usr/lib and /lib below systemd/network`sub` ("" or
 * "/x.link.d"). */
int unitfile_list(const struct sys *sys, const char *sub, const char *suffix,
		  struct strings *paths);

/* Reads one file's text behind what *u holds; `file` is what lines shall name. 0, -ENOMEM, or
 * -EBADMSG with *why ("file:line: ...") for what systemd would refuse or nodefit can't copy: a line
 * over UNIT_LINE_MAX, a control character, a broken section header. With `why` NULL such lines are
 * passed over. */
int unitfile_parse(struct unitfile *u, const char *file, const char *text, size_t len, char **why);

/* Reads the file at `path` and its drop-ins, except those with the base name `skip` (or NULL), into
 * *u, to be released with unitfile_clear(). 0 or -errno with *why; with `why` NULL what can't be
 * read is passed over, and -ENOMEM the only error. */
int unitfile_read(const struct sys *sys, const char *path, const char *skip, struct unitfile *u,
		  char **why);
void unitfile_clear(struct unitfile *u);

/* The last assignment of a key in all sections of that name, or NULL. */
const struct unit_line *unitfile_last(const struct unitfile *u, const char *section,
				      const char *key);

/* A path's part behind the last slash. */
const char *unitfile_base(const char *path);
