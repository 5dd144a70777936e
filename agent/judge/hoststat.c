/* SPDX-License-Identifier: Apache-2.0 */
#include "hoststat.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DIGITS     "0123456789"
#define SWAPS_MOST 64
#define MODULE_MAX 64

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* A whole number at *text, which moves behind it. */
static bool take_number(const char **text, uint64_t *out)
{
	const char *at = skip_blanks(*text);
	size_t digits = strspn(at, DIGITS);

	if (digits == 0 || digits > 19)
		return false;
	*out = strtoull(at, NULL, 10);
	*text = at + digits;
	return true;
}

/* --- swap --- */

static bool read_swap(const char *line, struct swaps *s)
{
	size_t name = strcspn(line, " \t\n");
	const char *at = skip_blanks(line + name);
	uint64_t size, used;

	at += strcspn(at, " \t\n"); /* its type */
	if (name == 0 || !take_number(&at, &size) || !take_number(&at, &used) || used > size)
		return false;
	if (s->n == 0) {
		if (name >= sizeof(s->first))
			name = sizeof(s->first) - 1;
		for (size_t i = 0; i < name; i++)
			s->first[i] = isgraph((unsigned char)line[i]) ? line[i] : '?';
		s->first[name] = '\0';
	}
	s->n++;
	s->kib += (double)size;
	s->used_kib += (double)used;
	return true;
}

int swaps_parse(const char *text, struct swaps *out)
{
	struct swaps s = {0};

	if (strncmp(text, "Filename", 8) != 0 || !strchr(text, '\n'))
		return -EBADMSG;
	for (text = strchr(text, '\n') + 1; *text; text = strchr(text, '\n') + 1)
		if (!strchr(text, '\n') || s.n == SWAPS_MOST || !read_swap(text, &s))
			return -EBADMSG;
	*out = s;
	return 0;
}

/* --- pressure --- */

int pressure_parse(const char *text, double *full)
{
	const char *line = strncmp(text, "full ", 5) == 0 ? text : strstr(text, "\nfull ");
	const char *at = line ? strstr(line, " avg60=") : NULL;
	size_t digits;
	double value;

	if (!at || memchr(line + 1, '\n', (size_t)(at - line) - 1))
		return -EBADMSG;
	at += strlen(" avg60=");
	digits = strspn(at, DIGITS ".");
	if (digits == 0 || digits > 8 || *at == '.' || (at[digits] != ' ' && at[digits] != '\n'))
		return -EBADMSG;
	value = strtod(at, NULL);
	if (!(value >= 0 && value <= 100))
		return -EBADMSG;
	*full = value;
	return 0;
}

/* --- limits --- */

static bool take_limit(const char **text, uint64_t *out)
{
	const char *at = skip_blanks(*text);

	if (strncmp(at, "unlimited", 9) == 0) {
		*out = LIMIT_NONE;
		*text = at + 9;
		return true;
	}
	return take_number(text, out);
}

int open_files_parse(const char *text, uint64_t *soft, uint64_t *hard)
{
	static const char name[] = "Max open files ";
	uint64_t s, h;

	while (text && strncmp(text, name, strlen(name)) != 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	if (!text)
		return -EBADMSG;
	text += strlen(name);
	if (!take_limit(&text, &s) || !take_limit(&text, &h) || s > h)
		return -EBADMSG;
	*soft = s;
	*hard = h;
	return 0;
}

/* --- modules --- */

static bool is_module(const char *path, size_t len, const char *name)
{
	const char *slash = memrchr(path, '/', len);
	const char *file = slash ? slash + 1 : path;
	size_t left = len - (size_t)(file - path), n = strlen(name);

	if (left < n + 3 || memcmp(file + n, ".ko", 3) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((file[i] == '-' ? '_' : file[i]) != (name[i] == '-' ? '_' : name[i]))
			return false;
	return true;
}

bool modules_has(const char *text, const char *name)
{
	while (*text) {
		if (is_module(text, strcspn(text, ":\n"), name))
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

int meminfo_parse(const char *text, const char *name, double *kib)
{
	size_t len = strlen(name);
	uint64_t value;

	for (; *text; text += *text == '\n') {
		if (strncmp(text, name, len) == 0 && text[len] == ':') {
			text += len + 1;
			if (!take_number(&text, &value) || strncmp(text, " kB\n", 4) != 0)
				return -EBADMSG;
			*kib = (double)value;
			return 0;
		}
		text += strcspn(text, "\n");
	}
	return -EBADMSG;
}
