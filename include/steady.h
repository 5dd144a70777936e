/* SPDX-License-Identifier: Apache-2.0 */
/* Hysteresis: what is told of a check changes only once its new answer has lasted. */
#pragma once

#include "report.h"

/* How an answer differs from what is told. */
enum news {
	NEWS_NONE,     /* in numbers at most */
	NEWS_REWORDED, /* verdict and reason are the same; it speaks of another thing */
	NEWS_WORSE,    /* or of another reason */
	NEWS_BETTER,
};

struct steady_words {
	enum verdict verdict;
	char reason[sizeof(((struct result *)NULL)->reason)];
	char message[sizeof(((struct result *)NULL)->message)];
	char advice[sizeof(((struct result *)NULL)->advice)];
};

/* One check over time. Zeroed: nothing is known yet. */
struct steady {
	struct result told; /* words as they were when they last changed; numbers as they are */
	bool known;
	bool exact;   /* numbers in its words are no measurements: they change them too */
	bool renewed; /* it is judged by new rules: the next answer's words count as they are */
	/* Other answers come in: how they differ, since when (seconds of a monotonic clock), how
	 * long that must last, and the words of the one nearest to what is told. */
	enum news pending;
	double since, lasts;
	struct steady_words nearest;
};

/* Takes a new answer at the time `now`. The first is told at once. Then answers must have been
 * worse (or of another reason, or about another thing) for `worse_for` seconds, or better for
 * `better_for`; of these the one that differs least is told, so that no single one decides. Numbers
 * alone change no words. */
void steady_take(struct steady *s, const struct result *r, double now, double worse_for,
		 double better_for);
/* The time at which a pending answer could be told, or 0. */
double steady_due(const struct steady *s);
