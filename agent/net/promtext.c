/* SPDX-License-Identifier: Apache-2.0 */
#include "promtext.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "text.h"

static char *skip_blanks(char *c)
{
	return c + strspn(c, " \t");
}

/* Behind a name, or where it can't be one. */
static char *skip_name(char *c, bool colons)
{
	if (isdigit((unsigned char)*c))
		return c;
	while (isalnum((unsigned char)*c) || *c == '_' || (colons && *c == ':'))
		c++;
	return c;
}

/* Behind a quoted value, which is unescaped in place; NULL when it does not end. */
static char *unquote(char *c)
{
	char *to = c;

	for (; *c && *c != '"'; c++) {
		if (*c == '\\') {
			c++;
			if (*c != '\\' && *c != '"' && *c != 'n')
				return NULL;
			*to++ = *c == 'n' ? '\n' : *c;
		} else {
			*to++ = *c;
		}
	}
	if (*c != '"')
		return NULL;
	c++;
	*to = '\0';
	return c;
}

/* Behind the closing brace, or NULL. */
static char *take_labels(char *c, struct prom_sample *s)
{
	for (c = skip_blanks(c); *c != '}'; c = skip_blanks(c)) {
		char *name = c, *end;

		if (s->n_labels == PROM_LABELS_MOST)
			return NULL;
		end = skip_name(c, false);
		c = skip_blanks(end);
		if (end == name || *c != '=')
			return NULL;
		c = skip_blanks(c + 1);
		if (*c != '"')
			return NULL;
		*end = '\0';
		s->labels[s->n_labels].name = name;
		s->labels[s->n_labels++].value = c + 1;
		c = unquote(c + 1);
		if (!c)
			return NULL;
		c = skip_blanks(c);
		if (*c == ',')
			c++;
		else if (*c != '}')
			return NULL;
	}
	return c + 1;
}

static bool take_value(const char *text, double *out)
{
	if (strcmp(text, "NaN") == 0)
		*out = NAN;
	else if (strcmp(text, "+Inf") == 0)
		*out = INFINITY;
	else if (strcmp(text, "-Inf") == 0)
		*out = -INFINITY;
	else
		return real_parse(text, out) == 0;
	return true;
}

/* The value, and perhaps a time stamp, which says nothing to us but has to be one. */
static bool take_rest(char *c, struct prom_sample *s)
{
	char *value = skip_blanks(c), *stamp = value + strcspn(value, " \t");
	double when;

	if (*stamp) {
		*stamp = '\0';
		stamp = text_strip(stamp + 1);
		if (*stamp && real_parse(stamp, &when) < 0)
			return false;
	}
	return take_value(value, &s->value);
}

int prom_parse(char *line, struct prom_sample *out)
{
	struct prom_sample s = {0};
	char *c = skip_blanks(line), *end;

	if (!*c || *c == '#')
		return 0;
	s.name = c;
	end = skip_name(c, true);
	if (end == c)
		return -EBADMSG;
	c = skip_blanks(end);
	if (*c == '{') {
		c = take_labels(c + 1, &s);
		if (!c)
			return -EBADMSG;
	} else if (c == end) {
		return -EBADMSG; /* nothing between name and value */
	}
	*end = '\0';
	if (!take_rest(c, &s))
		return -EBADMSG;
	*out = s;
	return 1;
}

const char *prom_label(const struct prom_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n_labels; i++)
		if (strcmp(s->labels[i].name, name) == 0)
			return s->labels[i].value;
	return NULL;
}
