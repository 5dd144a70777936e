/* SPDX-License-Identifier: Apache-2.0 */
/* Reading numbers and text the way sysctls hold them. */
#pragma once

#include "util.h"

#include <stdint.h>

/* Wide enough for every sysctl: the signed and the unsigned 64-bit range (fs.file-max is
 * 9223372036854775807 under systemd, kernel.shmmax 18446744073692774399 by default). */
__extension__ typedef __int128 wide;

/* Reads one whole number, decimal with an optional sign, that fits the signed or the unsigned
 * 64-bit range, and nothing after it. 0, -EINVAL or -ERANGE. */
int number_parse(const char *text, wide *out);

/* Reads one finite decimal number, a point and an exponent allowed, and nothing around it. 0, or
 * -EINVAL. */
int real_parse(const char *text, double *out);

#define NUMBERS_MAX 16
/* Reads white-space-separated numbers. Returns how many (1 to NUMBERS_MAX), or -EINVAL when the
 * text is empty, has anything else in it, or more. */
int numbers_parse(const char *text, wide out[NUMBERS_MAX]);

/* Prints a number so that number_parse reads it again. */
#define WIDE_TEXT 24
void number_print(wide value, char out[WIDE_TEXT]);

/* Collapses runs of white space to one blank and cuts both ends, in place. Returns its argument. */
char *text_squeeze(char *text);

/* Points past leading white space and cuts trailing white space off, in place. */
char *text_strip(char *text);

/* Copies UTF-8 into `size` bytes, at least 1, with a NUL; what is too long is cut between
 * characters. */
void text_cut(char *to, size_t size, const char *from);

/* Does `text` equal one of the words of a blank-separated list? */
bool word_in(const char *list, const char *text);
