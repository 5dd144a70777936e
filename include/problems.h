/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with people's input, all of it at once, each with its place. */
#pragma once

#include "util.h"

struct problem {
	char *file;    /* NULL: about no file */
	unsigned line; /* 0: about the file as a whole */
	bool warning;  /* it can be used all the same */
	char *text;
};

struct problems {
	struct problem *v;
	size_t n;
	size_t errors; /* how many of them are not warnings */
};

/* Notes a problem. When memory is short the text may be lost, the count never is. */
void problem_error(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
void problem_warning(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Logs each as "file:line: text". */
void problems_log(const struct problems *p);
void problems_clear(struct problems *p);
