/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a profile, following its includes, and overriding key by key. */
#include "profile.h"

#include <errno.h>
#include <string.h>

#include "text.h"

#define FILE_LARGEST   ((size_t)256 * 1024)
#define DEEPEST        8
#define FILES_MOST     64
#define BUILTIN_FOLDER "builtin"

static const char *const folders[] = {"/etc/nodefit/profiles", "/usr/local/lib/nodefit/profiles",
				      "/usr/lib/nodefit/profiles"};

struct loading {
	const struct sys *sys;
	struct profile *profile;
	struct problems *problems;
	const char *chain[DEEPEST]; /* the files that include the one being read */
	size_t depth;
};

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 4 && strcmp(name + len - 4, ".ini") == 0);
}

/* A file's text. The built-in ones stand under the folder "builtin". */
static int read_text(const struct sys *sys, const char *file, char **text, size_t *len)
{
	const char *name = file + sizeof(BUILTIN_FOLDER);
	_cleanup_free char *stem = NULL;
	const char *inside;

	if (strncmp(file, BUILTIN_FOLDER "/", sizeof(BUILTIN_FOLDER)) != 0)
		return sys_read(sys, file, FILE_LARGEST, text, len);
	stem = strndup(name, strlen(name) - 4);
	if (!stem)
		return -ENOMEM;
	inside = builtin_profile(stem, len);
	if (!inside)
		return -ENOENT;
	*text = strdup(inside);
	return *text ? 0 : -ENOMEM;
}

static bool exists(const struct sys *sys, const char *file)
{
	struct stat st;
	size_t len;
	char *text;

	if (strncmp(file, BUILTIN_FOLDER "/", sizeof(BUILTIN_FOLDER)) != 0)
		return sys_stat(sys, file, &st) == 0 && !S_ISDIR(st.st_mode);
	if (read_text(sys, file, &text, &len) < 0)
		return false;
	free(text);
	return true;
}

static bool in_chain(const struct loading *l, const char *file)
{
	for (size_t i = 0; i < l->depth; i++)
		if (strcmp(l->chain[i], file) == 0)
			return true;
	return false;
}

/* "name" in the folder of the file `from`. */
static int beside(const char *from, const char *name, const char *suffix, char **out)
{
	const char *slash = strrchr(from, '/');

	if (*name == '/' || !slash)
		return format(out, "%s%s", name, suffix);
	return format(out, "%.*s%s%s", (int)(slash - from + 1), from, name, suffix);
}

/* The file that `name` means when `from` (NULL: nobody) includes it. A name skips the files that
 * are being read, so that /etc/nodefit/profiles/kube-node.ini can include the shipped kube-node. */
static int find(const struct loading *l, const char *name, const char *from, char **out)
{
	_cleanup_free char *circle = NULL;

	if (is_path(name))
		return from ? beside(from, name, "", out) : format(out, "%s", name);
	for (size_t i = 0; i < ARRAY_LEN(folders) + 2; i++) {
		_cleanup_free char *file = NULL;
		int r;

		if (i == 0 && !from)
			continue;
		if (i == 0)
			r = beside(from, name, ".ini", &file);
		else
			r = format(&file, "%s/%s.ini",
				   i <= ARRAY_LEN(folders) ? folders[i - 1] : BUILTIN_FOLDER, name);
		if (r < 0)
			return r;
		if (!exists(l->sys, file))
			continue;
		if (!in_chain(l, file)) {
			*out = TAKE(file);
			return 0;
		}
		free(circle);
		circle = TAKE(file);
	}
	if (!circle)
		return -ENOENT;
	*out = TAKE(circle); /* nothing but a circle: let it be reported */
	return 0;
}

static int load_file(struct loading *l, const char *file, const struct setting *from);

/* A comma- or blank-separated list of profiles. */
static int load_includes(struct loading *l, const char *file, const struct setting *s)
{
	_cleanup_free char *list = strdup(s->value);
	char *rest, *name;

	if (!list)
		return -ENOMEM;
	for (name = strtok_r(list, ", \t", &rest); name; name = strtok_r(NULL, ", \t", &rest)) {
		_cleanup_free char *found = NULL;
		int r = find(l, name, file, &found);

		if (r == -ENOENT)
			problem_error(l->problems, s->file, s->line,
				      "include: no profile \"%s\"; `nodefit profile list` shows "
				      "those that there are",
				      name);
		else if (r < 0)
			return r;
		else
			r = load_file(l, found, s);
		if (r < 0 && r != -ENOENT && r != -EINVAL)
			return r;
	}
	return 0;
}

/* Adds a file's setting to the profile: it overrides an older one of the same name, except that
 * "=+" adds to it. */
static int merge(struct profile *p, struct setting *s)
{
	struct setting *slot;

	for (size_t i = 0; i < p->n && s->op != OP_MERGE; i++)
		if (strcmp(p->settings[i].section, s->section) == 0 &&
		    strcmp(p->settings[i].key, s->key) == 0)
			p->settings[i].overridden = true;
	slot = array_add(&p->settings, &p->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = *s;
	*s = (struct setting){0};
	return 0;
}

/* Notes why a file can't be included from there. */
static int refuse(struct loading *l, const char *file, const struct setting *from)
{
	if (in_chain(l, file))
		problem_error(l->problems, from->file, from->line,
			      "include: a circle: %s is being read already", file);
	else if (l->depth == DEEPEST)
		problem_error(l->problems, from ? from->file : file, from ? from->line : 0,
			      "include: more than %d deep", DEEPEST);
	else if (l->profile->files.n >= FILES_MOST)
		problem_error(l->problems, file, 0, "more than %d files", FILES_MOST);
	else
		return 0;
	return -EINVAL;
}

static int load_settings(struct loading *l, const char *file, struct setting *settings, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct setting *s = &settings[i];

		if (strcmp(s->section, "main") != 0)
			continue;
		if (strcmp(s->key, "include") == 0)
			r = load_includes(l, file, s);
		else if (strcmp(s->key, "summary") != 0)
			problem_error(l->problems, s->file, s->line,
				      "[main] has summary= and include=, not %s=", s->key);
	}
	for (size_t i = 0; i < n && r == 0; i++)
		if (strcmp(settings[i].section, "main") != 0 ||
		    (l->depth == 1 && strcmp(settings[i].key, "summary") == 0))
			r = merge(l->profile, &settings[i]);
	return r;
}

static int load_file(struct loading *l, const char *file, const struct setting *from)
{
	_cleanup_free char *text = NULL;
	struct setting *settings = NULL;
	const char *kept;
	size_t len, n = 0;
	int r = refuse(l, file, from);

	if (r < 0)
		return r;
	/* Each file counts once, where it is first named, as in TuneD: a common parent that is
	 * read again would undo what the first child has overridden. */
	if (strings_contains(&l->profile->files, file))
		return 0;
	r = read_text(l->sys, file, &text, &len);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		problem_error(l->problems, from ? from->file : file, from ? from->line : 0,
			      "cannot read %s: %s", file,
			      r == -EFBIG ? "more than 256 KiB" : strerror(-r));
		return r == -ENOENT ? r : -EINVAL;
	}
	if (strings_addf(&l->profile->files, "%s", file) < 0)
		return -ENOMEM;
	kept = l->profile->files.v[l->profile->files.n - 1];
	r = ini_read(&profile_form, kept, text, len, &settings, &n, l->problems);
	if (r == 0 || r == -EINVAL) {
		/* With errors too: what else is wrong shall be told in the same run. */
		l->chain[l->depth++] = kept;
		r = load_settings(l, kept, settings, n);
		l->depth--;
	}
	settings_free(settings, n);
	return r;
}

static int name_of(const char *file, char **out)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t len = strlen(base);

	if (len > 4 && strcmp(base + len - 4, ".ini") == 0)
		len -= 4;
	return format(out, "%.*s", (int)len, base);
}

int profile_load(const struct sys *sys, const char *name, struct profile *out,
		 struct problems *problems)
{
	struct profile p = {0};
	struct loading l = {.sys = sys, .profile = &p, .problems = problems};
	const struct setting *summary;
	_cleanup_free char *file = NULL;
	size_t errors = problems->errors;
	int r = find(&l, name, NULL, &file);

	if (r == -ENOENT)
		problem_error(problems, NULL, 0,
			      "no profile \"%s\" in /etc/nodefit/profiles or among the shipped "
			      "ones: see `nodefit profile list`, or give a file: ./%s.ini",
			      name, name);
	if (r == 0)
		r = load_file(&l, file, NULL);
	if (r == 0 && problems->errors > errors)
		r = -EINVAL;
	if (r == 0)
		r = name_of(file, &p.name);
	summary = profile_find(&p, "main", "summary");
	if (r == 0 && summary && !(p.summary = strdup(summary->value)))
		r = -ENOMEM;
	if (r < 0) {
		profile_clear(&p);
		return r;
	}
	*out = p;
	return 0;
}

static int add_place(struct profile_place **places, size_t *n, const char *folder, const char *name,
		     int len)
{
	struct profile_place *place;

	for (size_t i = 0; i < *n; i++) /* an earlier folder has it: this one is never read */
		if (strncmp((*places)[i].name, name, (size_t)len) == 0 &&
		    (*places)[i].name[len] == '\0')
			return 0;
	place = array_add(places, n, sizeof(*place));
	if (!place || format(&place->name, "%.*s", len, name) < 0 ||
	    format(&place->file, "%s/%.*s.ini", folder, len, name) < 0)
		return -ENOMEM;
	return 0;
}

int profile_list(const struct sys *sys, struct profile_place **out, size_t *n)
{
	struct profile_place *places = NULL;
	const char *name;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders) && r == 0; i++) {
		struct strings names = {0};

		if (sys_list(sys, folders[i], &names) < 0)
			continue;
		for (size_t k = 0; k < names.n && r == 0; k++) {
			size_t len = strlen(names.v[k]);

			if (names.v[k][0] != '.' && is_path(names.v[k]))
				r = add_place(&places, &count, folders[i], names.v[k],
					      (int)len - 4);
		}
		strings_clear(&names);
	}
	for (size_t i = 0; r == 0 && (name = builtin_profile_name(i)); i++)
		r = add_place(&places, &count, BUILTIN_FOLDER, name, (int)strlen(name));
	if (r < 0) {
		profile_places_free(places, count);
		return r;
	}
	*out = places;
	*n = count;
	return 0;
}

void profile_places_free(struct profile_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(places[i].name);
		free(places[i].file);
	}
	free(places);
}
