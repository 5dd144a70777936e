/* SPDX-License-Identifier: Apache-2.0 */
#include "problems.h"

#include <stdarg.h>
#include <string.h>

#include "log.h"

PRINTF_LIKE(5, 0)
static void add(struct problems *p, bool warning, const char *file, unsigned line, const char *fmt,
		va_list ap)
{
	struct problem *one = array_add(&p->v, &p->n, sizeof(*one));

	if (!warning)
		p->errors++;
	if (!one)
		return;
	one->warning = warning;
	one->line = line;
	one->file = file ? strdup(file) : NULL;
	if (vasprintf(&one->text, fmt, ap) < 0)
		one->text = NULL;
}

void problem_error(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, false, file, line, fmt, ap);
	va_end(ap);
}

void problem_warning(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, true, file, line, fmt, ap);
	va_end(ap);
}

void problems_log(const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct problem *one = &p->v[i];
		const char *text = one->text ? one->text : "out of memory";
		int priority = one->warning ? LOG_WARNING : LOG_ERR;

		if (!one->file)
			log_line(priority, "%s", text);
		else if (!one->line)
			log_line(priority, "%s: %s", one->file, text);
		else
			log_line(priority, "%s:%u: %s", one->file, one->line, text);
	}
}

void problems_clear(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].file);
		free(p->v[i].text);
	}
	free(p->v);
	*p = (struct problems){0};
}
