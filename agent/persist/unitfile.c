/* SPDX-License-Identifier: Apache-2.0 */
#include "unitfile.h"

#include <errno.h>
#include <string.h>

#include "text.h"

/* /lib is a folder of its own where /usr is not merged (systemd built with split-usr); elsewhere it
 * is /usr/lib once more, and hidden by it. */
static const char *const roots[] = {"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"};

const char *unitfile_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int by_base(const void *a, const void *b)
{
	return strcmp(unitfile_base(*(char *const *)a), unitfile_base(*(char *const *)b));
}

/* A link to /dev/null also where the tree below --root has no /dev; a link to nothing hides the
 * lower folders' files as well, and has no lines of its own. */
static bool masked(const struct sys *sys, const char *path)
{
	char link[64];
	struct stat st;

	if (sys_readlink(sys, path, link, sizeof(link)) == 0 && strcmp(link, "/dev/null") == 0)
		return true;
	return sys_stat(sys, path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0;
}

static int list_folder(const struct sys *sys, const char *folder, const char *suffix,
		       struct strings *paths)
{
	struct strings names = {0};
	size_t higher = paths->n, tail = strlen(suffix);
	int r = 0;

	if (sys_list(sys, folder, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n && r == 0; i++) {
		size_t len = strlen(names.v[i]);
		bool hidden = *names.v[i] == '.' || len <= tail ||
			      strcmp(names.v[i] + len - tail, suffix) != 0;

		for (size_t k = 0; k < higher && !hidden; k++)
			hidden = strcmp(unitfile_base(paths->v[k]), names.v[i]) == 0;
		if (!hidden)
			r = strings_addf(paths, "%s/%s", folder, names.v[i]);
	}
	strings_clear(&names);
	return r;
}

int unitfile_list_in(const struct sys *sys, const char *const *folders, const char *suffix,
		     struct strings *paths)
{
	struct strings found = {0};
	size_t kept = 0;
	int r = 0;

	for (; *folders && r == 0; folders++)
		r = list_folder(sys, *folders, suffix, &found);
	for (size_t i = 0; i < found.n; i++) {
		if (masked(sys, found.v[i]))
			free(found.v[i]);
		else
			found.v[kept++] = found.v[i];
	}
	found.n = kept;
	if (kept)
		qsort(found.v, kept, sizeof(*found.v), by_base);
	for (size_t i = 0; i < kept && r == 0; i++)
		r = strings_addf(paths, "%s", found.v[i]);
	strings_clear(&found);
	return r;
}

int unitfile_list(const struct sys *sys, const char *sub, const char *suffix, struct strings *paths)
{
	char *folders[ARRAY_LEN(roots) + 1] = {NULL};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(roots) && r == 0; i++)
		r = format(&folders[i], "%s/systemd/network%s", roots[i], sub);
	if (r == 0)
		r = unitfile_list_in(sys, (const char *const *)folders, suffix, paths);
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		free(folders[i]);
	return r;
}

/* --- lines --- */

struct reader {
	struct unitfile *u;
	const char *file;
	unsigned line;
	char section[64]; /* "" before the first header */
	char joined[UNIT_LINE_MAX + 1];
	size_t used; /* of joined, by lines that go on */
	bool going_on;
};

/* Without words wanted, what can't be read is passed over. */
static int bad(struct reader *rd, const char *what, char **why)
{
	rd->used = 0;
	rd->going_on = false;
	if (!why)
		return 0;
	return format(why, "%s:%u: %s", rd->file, rd->line, what) < 0 ? -ENOMEM : -EBADMSG;
}

static int add_line(struct reader *rd, char *text, char **why)
{
	struct unit_line *l;
	size_t len;
	char *equals;

	text = text_strip(text);
	len = strlen(text);
	/* Blanks behind it keep it from joining lines; in a copy they would be gone. */
	if (len && text[len - 1] == '\\')
		return bad(rd, "a backslash at the end, before blanks", why);
	if (*text == '[') {
		if (text[len - 1] != ']' || len - 2 >= sizeof(rd->section))
			return bad(rd, "not a section header", why);
		memcpy(rd->section, text + 1, len - 2);
		rd->section[len - 2] = '\0';
		rd->u->blocks++;
		return 0;
	}
	equals = strchr(text, '=');
	/* systemd passes over what is no assignment or stands outside of sections. */
	if (!equals || equals == text || !*rd->section)
		return 0;
	*equals = '\0';
	l = array_add(&rd->u->v, &rd->u->n, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->block = rd->u->blocks;
	l->line = rd->line;
	l->section = strdup(rd->section);
	l->key = strdup(text_strip(text));
	l->value = strdup(text_strip(equals + 1));
	l->file = strdup(rd->file);
	return l->section && l->key && l->value && l->file ? 0 : -ENOMEM;
}

/* Takes one physical line: comments vanish even between continued lines, and a backslash at the end
 * stands for a blank (systemd.syntax(7)). */
static int take_line(struct reader *rd, const char *text, size_t len, char **why)
{
	size_t start = 0, slashes = 0;

	if (len && text[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\t')
			return bad(rd, "a control character", why);
	while (start < len && strchr(" \t", text[start]))
		start++;
	if (start < len && strchr("#;", text[start]))
		return 0;
	if (rd->used + len > UNIT_LINE_MAX)
		return bad(rd, "the line is too long", why);
	memcpy(rd->joined + rd->used, text, len);
	rd->used += len;
	rd->joined[rd->used] = '\0';
	while (slashes < rd->used && rd->joined[rd->used - 1 - slashes] == '\\')
		slashes++;
	rd->going_on = slashes % 2 == 1;
	if (rd->going_on) {
		rd->joined[rd->used - 1] = ' ';
		return 0;
	}
	rd->used = 0;
	return add_line(rd, rd->joined, why);
}

int unitfile_parse(struct unitfile *u, const char *file, const char *text, size_t len, char **why)
{
	static const char mark[] = "\xef\xbb\xbf"; /* the byte order mark */
	struct reader rd = {.u = u, .file = file};
	const char *end = text + len;
	int r = 0;

	if (len >= 3 && memcmp(text, mark, 3) == 0)
		text += 3;
	while (text < end && r == 0) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (!stop)
			stop = end;
		rd.line++;
		r = take_line(&rd, text, (size_t)(stop - text), why);
		text = stop + 1;
	}
	if (r == 0 && rd.going_on)
		r = add_line(&rd, rd.joined, why);
	return r;
}

static int read_one(const struct sys *sys, const char *path, struct unitfile *u, char **why)
{
	_cleanup_free char *text = NULL;
	size_t len;
	int r = sys_read(sys, path, UNIT_FILE_MAX, &text, &len);

	if (r < 0 && !why)
		return r == -ENOMEM ? r : 0;
	if (r < 0)
		return format(why, "cannot read %s: %s", path, strerror(-r)) < 0 ? -ENOMEM : r;
	return unitfile_parse(u, path, text, len, why);
}

int unitfile_read(const struct sys *sys, const char *path, const char *skip, struct unitfile *u,
		  char **why)
{
	_cleanup_free char *sub = NULL;
	struct strings dropins = {0};
	struct unitfile found = {0};
	int r = format(&sub, "/%s.d", unitfile_base(path));

	if (r == 0)
		r = unitfile_list(sys, sub, ".conf", &dropins);
	if (r == 0)
		r = read_one(sys, path, &found, why);
	for (size_t i = 0; i < dropins.n && r == 0; i++)
		if (!skip || strcmp(unitfile_base(dropins.v[i]), skip) != 0)
			r = read_one(sys, dropins.v[i], &found, why);
	strings_clear(&dropins);
	if (r < 0) {
		unitfile_clear(&found);
		return r;
	}
	*u = found;
	return 0;
}

void unitfile_clear(struct unitfile *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->v[i].section);
		free(u->v[i].key);
		free(u->v[i].value);
		free(u->v[i].file);
	}
	free(u->v);
	*u = (struct unitfile){0};
}

const struct unit_line *unitfile_last(const struct unitfile *u, const char *section,
				      const char *key)
{
	for (size_t i = u->n; i-- > 0;)
		if (strcmp(u->v[i].section, section) == 0 && strcmp(u->v[i].key, key) == 0)
			return &u->v[i];
	return NULL;
}
