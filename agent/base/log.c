/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <stdarg.h>

static int max_level = LOG_INFO;

void log_set_level(int level)
{
	max_level = level;
}

void log_line(int priority, const char *fmt, ...)
{
	static const char *const words[] = {
		[LOG_ERR] = "error: ", [LOG_WARNING] = "warning: ", [LOG_DEBUG] = "debug: "};
	char text[2048];
	va_list ap;

	if (priority > max_level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A line from outside (a file's text in an error) must not forge a second one. */
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\033')
			*c = ' ';
	if (isatty(STDERR_FILENO)) {
		const char *word = (size_t)priority < ARRAY_LEN(words) && words[priority]
					   ? words[priority]
					   : "";

		fprintf(stderr, "%s%s\n", word, text);
	} else {
		fprintf(stderr, "<%d>%s\n", priority, text);
	}
}
