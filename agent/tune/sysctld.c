/* SPDX-License-Identifier: Apache-2.0 */
#include "sysctld.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "key.h"
#include "text.h"

#define FILE_LARGEST ((size_t)1024 * 1024)

/* The first folder has the highest rank. */
static const char *const folders[] = {"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d",
				      "/usr/lib/sysctl.d"};
static const char loose_file[] = "/etc/sysctl.conf";

static int parse_line(struct sysctld *d, const char *file, unsigned line, char *text, bool boot)
{
	_cleanup_free char *path = NULL;
	struct sysctld_entry *e;
	char *equals;
	int r;

	text = text_strip(text);
	if (!*text || *text == '#' || *text == ';')
		return 0;
	equals = strchr(text, '=');
	if (equals)
		*equals = '\0';
	else if (*text != '-')
		return 0;
	if (*text == '-')
		text++;
	r = key_path(text_strip(text), &path);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	e = array_add(&d->v, &d->n, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->path = TAKE(path);
	e->line = line;
	e->boot = boot;
	e->file = strdup(file);
	if (equals)
		e->value = strdup(text_strip(equals + 1));
	return !e->file || (equals && !e->value) ? -ENOMEM : 0;
}

int sysctld_parse(struct sysctld *d, const char *file, const char *text, bool boot)
{
	unsigned line = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_free char *copy = strndup(text, len);
		int r = copy ? parse_line(d, file, ++line, copy, boot) : -ENOMEM;

		if (r < 0)
			return r;
		text += len + (text[len] == '\n');
	}
	return 0;
}

struct found {
	char *base;
	const char *folder;
};

static int by_base(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->base, ((const struct found *)b)->base);
}

/* All names that end in ".conf", each from its folder of highest rank. */
static int find_files(const struct sys *sys, struct found **out, size_t *n)
{
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct strings names = {0};
		int r = 0;

		if (sys_list(sys, folders[i], &names) < 0)
			continue;
		for (size_t k = 0; k < names.n && r == 0; k++) {
			size_t len = strlen(names.v[k]);
			struct found *f;
			bool masked = false;

			if (len <= 5 || strcmp(names.v[k] + len - 5, ".conf") != 0)
				continue;
			for (size_t m = 0; m < *n; m++)
				masked = masked || strcmp((*out)[m].base, names.v[k]) == 0;
			if (masked)
				continue;
			f = array_add(out, n, sizeof(*f));
			if (f) {
				f->folder = folders[i];
				f->base = TAKE(names.v[k]);
			} else {
				r = -ENOMEM;
			}
		}
		strings_clear(&names);
		if (r < 0)
			return r;
	}
	if (*n)
		qsort(*out, *n, sizeof(**out), by_base);
	return 0;
}

static int read_file(const struct sys *sys, struct sysctld *d, const char *file, bool boot)
{
	_cleanup_free char *text = NULL;
	int r = sys_read(sys, file, FILE_LARGEST, &text, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return sysctld_parse(d, file, text, boot);
}

int sysctld_read(const struct sys *sys, struct sysctld *out)
{
	struct sysctld d = {0};
	struct found *files = NULL;
	struct stat loose = {0}, st;
	bool linked = false;
	size_t n = 0;
	int r = find_files(sys, &files, &n);

	if (sys_stat(sys, loose_file, &loose) < 0)
		linked = true; /* not there: nothing to add */
	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_free char *file = NULL;

		r = format(&file, "%s/%s", files[i].folder, files[i].base);
		if (r == 0 && loose.st_ino && sys_stat(sys, file, &st) == 0 &&
		    st.st_ino == loose.st_ino && st.st_dev == loose.st_dev)
			linked = true;
		if (r == 0)
			r = read_file(sys, &d, file, true);
	}
	if (r == 0 && !linked)
		r = read_file(sys, &d, loose_file, false);
	for (size_t i = 0; i < n; i++)
		free(files[i].base);
	free(files);
	if (r < 0) {
		sysctld_clear(&d);
		return r;
	}
	*out = d;
	return 0;
}

void sysctld_clear(struct sysctld *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].path);
		free(d->v[i].value);
		free(d->v[i].file);
	}
	free(d->v);
	*d = (struct sysctld){0};
}

bool sysctld_matches(const struct sysctld_entry *e, const char *path)
{
	if (key_is_glob(e->path))
		return e->value && fnmatch(e->path, path, FNM_PATHNAME) == 0;
	return strcmp(e->path, path) == 0;
}

const char *sysctld_base(const struct sysctld_entry *e)
{
	const char *slash = strrchr(e->file, '/');

	return slash ? slash + 1 : e->file;
}

/* systemd passes over a line that repeats what the same name was last given: a glob then keeps its
 * earlier place among the globs. */
static bool is_repetition(const struct sysctld *d, size_t index)
{
	for (size_t i = index; i-- > 0;)
		if (strcmp(d->v[i].path, d->v[index].path) == 0)
			return d->v[i].value && d->v[index].value &&
			       strcmp(d->v[i].value, d->v[index].value) == 0;
	return false;
}

const struct sysctld_entry *sysctld_winner(const struct sysctld *d, const char *path,
					   const char *skip)
{
	const struct sysctld_entry *by_name = NULL, *by_glob = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct sysctld_entry *e = &d->v[i];

		if (!e->boot || !sysctld_matches(e, path) ||
		    (skip && strcmp(sysctld_base(e), skip) == 0))
			continue;
		if (key_is_glob(e->path))
			by_glob = by_glob && is_repetition(d, i) ? by_glob : e;
		else
			by_name = e;
	}
	if (by_name)
		return by_name->value ? by_name : NULL;
	return by_glob;
}
