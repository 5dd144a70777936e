/* SPDX-License-Identifier: Apache-2.0 */
/* Hysteresis: what is told of a check changes only once its new answer has lasted. */
#pragma once

#include "report.h"

/* One check over time. Zeroed: nothing is known yet. */
struct steady {
	struct result told; /* verdict, reason and words as they were when it last changed; numbers
			       as they are */
	bool known;
	/* Another answer comes in: since when (seconds of a monotonic clock), and how long it must
	 * last. */
	bool pending, recovers;
	double since, lasts;
};

/* Takes a new answer at the time `now`. The first is told at once. Another verdict or reason is
 * told once answers have been worse (or of another reason) for `worse_for` seconds, or better for
 * `better_for`. Words stay the same while the verdict and the reason do, so that numbers alone
 * change nothing. */
void steady_take(struct steady *s, const struct result *r, double now, double worse_for,
		 double better_for);
/* The time at which a pending answer could be told, or 0. */
double steady_due(const struct steady *s);
