/* SPDX-License-Identifier: Apache-2.0 */
/* One file of TuneD's INI through inih. inih cuts long lines and sections, drops ";" comments
 * inside a line, splits at ":" and glues indented lines; the reader here counts lines and refuses
 * each of these, so that nothing is lost silently. */
#include "profile.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

#include "text.h"

/* inih's buffers as every distribution builds it (ini.c: INI_MAX_LINE 200 with the newline and the
 * NUL, MAX_SECTION and MAX_NAME 50). */
#define LINE_LONGEST    197
#define SECTION_LONGEST 48
#define SETTINGS_MOST   4096

struct reading {
	const struct ini_form *form;
	const char *file;
	const char *text, *end; /* what is not read yet */
	unsigned line;          /* the one that inih holds */
	enum section_kind kind; /* of the section that the line is in */
	struct setting **settings;
	size_t *n;
	size_t first; /* this file's first setting */
	struct problems *problems;
	int error;
};

static void enter_section(struct reading *rd, const char *line)
{
	char name[SECTION_LONGEST + 2];
	const char *close = strchr(line, ']');
	size_t len = close ? (size_t)(close - line - 1) : 0;

	rd->kind = SECTION_REFUSED;
	if (!close) {
		problem_error(rd->problems, rd->file, rd->line, "a section without \"]\"");
		return;
	}
	if (close[1 + strspn(close + 1, " \t")] != '\0') {
		problem_error(rd->problems, rd->file, rd->line,
			      "text behind the section's \"]\": give it a line of its own");
		return;
	}
	if (len > SECTION_LONGEST) {
		problem_error(rd->problems, rd->file, rd->line,
			      "a section's name of %zu bytes: at most %d", len, SECTION_LONGEST);
		return;
	}
	memcpy(name, line + 1, len);
	name[len] = '\0';
	rd->kind = rd->form->kind(name);
	if (rd->kind == SECTION_IGNORED)
		problem_warning(rd->problems, rd->file, rd->line,
				"[%s] is ignored: nodefit does not have this TuneD plugin", name);
	else if (rd->kind == SECTION_REFUSED)
		problem_error(rd->problems, rd->file, rd->line,
			      "[%s] is TuneD's and not nodefit's: write the values out, and give "
			      "scripts to a unit of their own",
			      name);
	else if (rd->kind == SECTION_UNKNOWN)
		problem_error(rd->problems, rd->file, rd->line,
			      "no such section: [%s] (there are %s)", name, rd->form->sections);
}

/* Looks at a line before inih does. False: inih must not see it. */
static bool line_is_sound(struct reading *rd, char *line, size_t len)
{
	const char *equals, *colon;
	char *hash;

	if (strlen(line) < len) {
		problem_error(rd->problems, rd->file, rd->line, "a NUL byte in the line");
		return false;
	}
	if (strchr("#;", line[0])) /* a comment, or nothing at all */
		return false;
	for (const char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t') {
			problem_error(rd->problems, rd->file, rd->line,
				      "a control character (0x%02x)", (unsigned char)*c);
			return false;
		}
	}
	if (line[0] == ' ' || line[0] == '\t') {
		if (*text_strip(line) == '\0')
			return false;
		problem_error(rd->problems, rd->file, rd->line,
			      "white space before the text: it would continue the line above; "
			      "begin settings at the margin");
		return false;
	}
	/* TuneD's inline comments: white space, then "#". */
	for (hash = strchr(line, '#'); hash; hash = strchr(hash + 1, '#')) {
		if (hash > line && (hash[-1] == ' ' || hash[-1] == '\t')) {
			*hash = '\0';
			break;
		}
	}
	len = strlen(line);
	if (len > LINE_LONGEST) {
		problem_error(rd->problems, rd->file, rd->line,
			      "a line of %zu bytes: at most %d; a set can go on in a further "
			      "\"key =+ …\" line",
			      len, LINE_LONGEST);
		return false;
	}
	for (const char *c = strchr(line, ';'); c; c = strchr(c + 1, ';')) {
		if (c[-1] == ' ' || c[-1] == '\t') {
			problem_error(rd->problems, rd->file, rd->line,
				      "\";\" behind white space would cut the line: put the "
				      "comment on a line of its own");
			return false;
		}
	}
	if (line[0] == '[')
		return true;
	equals = strchr(line, '=');
	colon = strchr(line, ':');
	if (!equals || equals == line || (colon && colon < equals)) {
		problem_error(rd->problems, rd->file, rd->line,
			      "expected \"key = value\", found \"%.60s\"", line);
		return false;
	}
	return true;
}

/* inih's reader: gives it one checked line, or an empty one in place of a refused one, so that its
 * count and ours stay the same. */
static char *next_line(char *out, int size, void *stream)
{
	struct reading *rd = stream;
	const char *newline;
	size_t len;
	_cleanup_free char *line = NULL;
	bool sound;

	if (rd->text >= rd->end || rd->error)
		return NULL;
	newline = memchr(rd->text, '\n', (size_t)(rd->end - rd->text));
	len = (size_t)((newline ? newline : rd->end) - rd->text);
	line = calloc(1, len + 4); /* room for the "[]" below */
	if (!line) {
		rd->error = -ENOMEM;
		return NULL;
	}
	memcpy(line, rd->text, len);
	rd->text += len + (newline ? 1 : 0);
	rd->line++;
	if (len && line[len - 1] == '\r')
		line[--len] = '\0';
	if (rd->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
		memmove(line, line + 3, (len -= 3) + 1);
	sound = line_is_sound(rd, line, len);
	if (sound && line[0] == '[')
		enter_section(rd, line);
	else if (line[0] == '[') /* what follows it is not the section's above */
		rd->kind = SECTION_REFUSED;
	else if (!sound)
		*line = '\0';
	if (line[0] == '[' && (rd->kind == SECTION_REFUSED || rd->kind == SECTION_UNKNOWN))
		memcpy(line, "[]", sizeof("[]"));
	snprintf(out, (size_t)size, "%s\n", line);
	return out;
}

static bool is_set_twice(const struct reading *rd, const struct setting *s)
{
	for (size_t i = rd->first; i + 1 < *rd->n; i++) {
		const struct setting *old = &(*rd->settings)[i];

		if (strcmp(old->section, s->section) == 0 && strcmp(old->key, s->key) == 0 &&
		    (s->op != OP_MERGE || old->op != OP_MERGE)) {
			problem_error(rd->problems, rd->file, s->line,
				      "%s is set twice: here and in line %u", s->key, old->line);
			return true;
		}
	}
	return false;
}

static int on_setting(void *user, const char *section, const char *name, const char *value)
{
	struct reading *rd = user;
	struct setting *s;

	if (rd->kind == SECTION_NONE)
		problem_error(rd->problems, rd->file, rd->line,
			      "a setting before the first section: there are %s",
			      rd->form->sections);
	if (!*section || rd->kind != SECTION_SETTINGS || rd->error)
		return 1;
	if (strstr(value, "${")) {
		problem_error(rd->problems, rd->file, rd->line,
			      "TuneD's variables and functions (${…}) are not supported: write the "
			      "value out");
		return 1;
	}
	if (*rd->n - rd->first >= SETTINGS_MOST) {
		problem_error(rd->problems, rd->file, rd->line, "more than %d settings",
			      SETTINGS_MOST);
		rd->error = -EINVAL;
		return 1;
	}
	s = array_add(rd->settings, rd->n, sizeof(*s));
	if (!s) {
		rd->error = -ENOMEM;
		return 1;
	}
	s->section = strdup(section);
	s->key = strdup(name);
	s->value = strdup(value);
	s->file = rd->file;
	s->line = rd->line;
	if (!s->section || !s->key || !s->value) {
		rd->error = -ENOMEM;
		return 1;
	}
	if (rd->form->check)
		rd->form->check(s, rd->problems);
	is_set_twice(rd, s);
	return 1;
}

int ini_read(const struct ini_form *form, const char *file, const char *text, size_t len,
	     struct setting **settings, size_t *n, struct problems *problems)
{
	struct reading rd = {.form = form,
			     .file = file,
			     .text = text,
			     .end = text + len,
			     .settings = settings,
			     .n = n,
			     .first = *n,
			     .problems = problems};
	size_t errors = problems->errors;
	int line = ini_parse_stream(next_line, &rd, on_setting, &rd);

	if (rd.error)
		return rd.error;
	if (line != 0 && problems->errors == errors)
		problem_error(problems, file, line > 0 ? (unsigned)line : 0,
			      "not a section, a setting or a comment");
	return problems->errors == errors ? 0 : -EINVAL;
}

void settings_free(struct setting *settings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(settings[i].section);
		free(settings[i].key);
		free(settings[i].value);
	}
	free(settings);
}
