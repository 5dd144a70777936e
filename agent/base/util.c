/* SPDX-License-Identifier: Apache-2.0 */
#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void *array_add(void *vec, size_t *n, size_t size)
{
	char *v;

	memcpy(&v, vec, sizeof(v));
	if ((*n & (*n - 1)) == 0) { /* none yet, or a power of two: full */
		v = reallocarray(v, *n ? *n * 2 : 1, size);
		if (!v)
			return NULL;
		memcpy(vec, &v, sizeof(v));
	}
	return memset(v + size * (*n)++, 0, size);
}

PRINTF_LIKE(2, 0)
static int vformat(char **out, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return -ENOMEM;
	*out = text;
	return 0;
}

int format(char **out, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vformat(out, fmt, ap);
	va_end(ap);
	return r;
}

int strings_addf(struct strings *s, const char *fmt, ...)
{
	char *text = NULL, **slot;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vformat(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	slot = array_add(&s->v, &s->n, sizeof(*slot));
	if (!slot) {
		free(text);
		return -ENOMEM;
	}
	*slot = text;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare);
}

bool strings_contains(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

void strings_clear(struct strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strings){0};
}
