/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers that every part may use: cleanup attributes, growing arrays, string lists. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* fmin() and fmax() of numbers that are numbers, without libm. */
static inline double double_min(double a, double b)
{
	return a < b ? a : b;
}

static inline double double_max(double a, double b)
{
	return a > b ? a : b;
}
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Variables marked so are released when they go out of scope. */
#define _cleanup_(f)  __attribute__((cleanup(f)))
#define _cleanup_free _cleanup_(freep)
#define _cleanup_fd   _cleanup_(closep)
#define _cleanup_file _cleanup_(fclosep)
#define _cleanup_dir  _cleanup_(closedirp)

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* -errno for a call that has just failed; never 0, so that a failure can't pass for a success. */
static inline int negative_errno(void)
{
	return errno > 0 ? -errno : -EIO;
}

/* Hands a pointer over: the variable forgets it, so that its cleanup does nothing. */
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__auto_type _taken = (p);                                                          \
		(p) = NULL;                                                                        \
		_taken;                                                                            \
	})

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int _taken = (fd);                                                                 \
		(fd) = -1;                                                                         \
		_taken;                                                                            \
	})

/* Appends one zeroed element of `size` bytes to the array that `vec` (a T **) points at and counts
 * it in *n. The array holds the next power of two of elements, so callers must only ever grow it
 * here. Returns the element, or NULL when memory is short (array and count untouched). */
void *array_add(void *vec, size_t *n, size_t size);

/* A list of owned strings. */
struct strings {
	char **v;
	size_t n;
};

/* Appends a formatted string. 0 or -ENOMEM. */
int strings_addf(struct strings *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sorts by byte value. */
void strings_sort(struct strings *s);
/* Frees all strings and the list; the struct may be used again. */
void strings_clear(struct strings *s);
bool strings_contains(const struct strings *s, const char *text);

/* asprintf that returns 0 or -ENOMEM and leaves *out untouched on failure. */
int format(char **out, const char *fmt, ...) PRINTF_LIKE(2, 3);
