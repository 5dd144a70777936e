/* SPDX-License-Identifier: Apache-2.0 */
/* The report as nodefit-net reads it back from the agent's file. */
#pragma once

#include "util.h"

#include <stdint.h>

struct view_figure {
	char name[56];
	double value;
	char unit[8];
};

struct view_bin {
	double upper; /* INFINITY: all */
	double count;
};

struct view_check {
	char name[24], verdict[8], reason[48], message[320];
	struct view_figure *figures;
	size_t n_figures;
	struct view_bin *bins;
	size_t n_bins;
	char bins_unit[8];
};

#define VIEW_OUTCOMES 7

struct view {
	char node[256], boot_id[40], profile[256];
	char verdict[12], reason[48], message[320];
	int64_t written; /* seconds since 1970 */
	struct view_check *checks;
	size_t n_checks;
	size_t outcomes[VIEW_OUTCOMES]; /* rows of tuning, by view_outcome() */
};

/* Reads one nodefit/v1 object. Every text is cut to its place, and must be UTF-8; an unknown
 * verdict is refused, and a check's name that is there twice, or is not of lower case letters,
 * digits and
 * "_". Of a check's figures no two have the same name; a histogram whose upper bounds do not grow,
 * or with a negative count, is left out. 0, -EBADMSG (with *why, a static text) or -ENOMEM; *out is
 * only set on success. */
int view_parse(const char *text, size_t len, struct view *out, const char **why);
void view_clear(struct view *v);

/* "unchanged", "changed" … by index, or NULL. */
const char *view_outcome(size_t index);
