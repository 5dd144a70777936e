/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as lines of text, for a program that shall not parse it itself. */
#pragma once

#include "util.h"

#include <stdio.h>

#define YAML_LINES_TEXT 64 /* the longest key or value of a line, with its NUL */

/* Prints each scalar that stands at the end of a path of maps as "LINE\tKEY...\tVALUE\n", LINE from
 * 1. Left out is what stands in a list, an alias, what is deeper than 8 maps, and a key or value
 * that is longer than YAML_LINES_TEXT or has a control character. What stands behind an error is
 * passed over, and behind a depth of a hundred. 0 or -ENOMEM. */
int yaml_lines(const char *text, size_t len, FILE *out);
/* From standard input to standard output, without privileges. An exit code. */
int yaml_run(void);
