/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what a profile wants with what a key holds. Text is compared with runs of white space
 * as one blank; where both sides are numbers, as numbers (64 bits, signed or unsigned). */
#pragma once

#include "profile.h"

/* Does the live (or somebody's) value satisfy the wish? "At least" and "at most" compare number by
 * number, and lists of unequal length never satisfy; OP_MERGE: the live set covers the wanted. */
bool value_satisfies(enum op op, const char *wanted, const char *live);

/* The text to write so that the wish holds: `wanted` itself, the greater or lesser of both number
 * by number, the first alternative, the union of both sets. *out is the caller's. 0, -ENOMEM, or
 * -EINVAL when the live value is nothing that the operator can work on. */
int value_resolve(enum op op, const char *wanted, const char *live, char **out);

/* Are both the same value? */
bool value_equal(const char *a, const char *b);

/* Is some number of `after` below its fellow in `before`? */
bool value_lowers(const char *before, const char *after);
