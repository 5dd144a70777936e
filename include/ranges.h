/* SPDX-License-Identifier: Apache-2.0 */
/* A set of port numbers as the kernel writes it: "2379-2381,6443" (proc_do_large_bitmap in
 * kernel/sysctl.c). Overlapping and touching ranges become one, as they do there. */
#pragma once

#include "util.h"

#define RANGE_LIMIT 65536

struct ranges {
	unsigned char bits[RANGE_LIMIT / 8];
};

/* Adds the ranges in `text` to the set; blanks and newlines may surround them, the empty text is
 * the empty set. 0, or -EINVAL (set untouched) for anything else, for a number above 65535 and for
 * a range that runs backwards. */
int ranges_add(struct ranges *set, const char *text);
/* Is every member of `part` in `whole`? */
bool ranges_cover(const struct ranges *whole, const struct ranges *part);
/* Is every number from `low` to `high` in the set (which makes them one range)? */
bool ranges_hold(const struct ranges *set, unsigned low, unsigned high);
/* Prints the set in the kernel's form. *out is the caller's. 0 or -ENOMEM. */
int ranges_print(const struct ranges *set, char **out);
