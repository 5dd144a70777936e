/* SPDX-License-Identifier: Apache-2.0 */
#include "steady.h"

#include <string.h>

/* Not to know any more is no failure to recover from. */
static bool is_recovery(enum verdict from, enum verdict to)
{
	return verdict_weight(to) < verdict_weight(from) && from != VERDICT_UNKNOWN;
}

/* The numbers of `r` under the words that are told. */
static void take_numbers(struct result *told, const struct result *r)
{
	struct result next = *r;

	next.verdict = told->verdict;
	memcpy(next.reason, told->reason, sizeof(next.reason));
	memcpy(next.message, told->message, sizeof(next.message));
	memcpy(next.advice, told->advice, sizeof(next.advice));
	*told = next;
}

void steady_take(struct steady *s, const struct result *r, double now, double worse_for,
		 double better_for)
{
	bool recovers;

	if (!s->known) {
		*s = (struct steady){.told = *r, .known = true};
		return;
	}
	if (r->verdict == s->told.verdict && strcmp(r->reason, s->told.reason) == 0) {
		s->pending = false;
		take_numbers(&s->told, r);
		return;
	}
	recovers = is_recovery(s->told.verdict, r->verdict);
	/* An answer that is now a warning and now a failure is no pass meanwhile. */
	if (!s->pending || recovers != s->recovers) {
		s->pending = true;
		s->recovers = recovers;
		s->since = now;
		s->lasts = recovers ? better_for : worse_for;
	}
	if (now - s->since < s->lasts) {
		take_numbers(&s->told, r);
		return;
	}
	s->told = *r;
	s->pending = false;
}

double steady_due(const struct steady *s)
{
	return s->pending ? s->since + s->lasts : 0;
}
