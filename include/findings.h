/* SPDX-License-Identifier: Apache-2.0 */
/* What a check that looks at several things found out about each; the worst makes its answer. */
#pragma once

#include "report.h"

#define FINDINGS_MOST 32

struct finding {
	enum verdict verdict;
	char reason[48];
	char text[240];
	char advice[320];
};

struct findings {
	struct finding v[FINDINGS_MOST + 1]; /* the last takes what finds no place */
	size_t n;
};

/* Adds one to a struct that began zeroed; beyond the limit it takes the last one's place if it is
 * worse, and is forgotten if not. Returns it, for its advice. */
struct finding *finding_add(struct findings *f, enum verdict verdict, const char *reason,
			    const char *fmt, ...) PRINTF_LIKE(4, 5);
void finding_advise(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Judges the result by the worst finding (the first of its kind: fail, unknown, warn, pass), and
 * tells the others that are no pass, with their advice, as facts "also_1" and so on. Nothing found
 * is unknown. */
void findings_tell(const struct findings *f, struct result *r);
