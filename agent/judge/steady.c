/* SPDX-License-Identifier: Apache-2.0 */
#include "steady.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Past a number that stands alone, "0.25", "12" or printf's "inf": the one in "eth1" is part of a
 * name. */
static const char *skip_number(const char *text, const char *at)
{
	if (at > text && isalnum((unsigned char)at[-1]))
		return at;
	if (strncmp(at, "inf", 3) == 0 && !isalnum((unsigned char)at[3]))
		return at + 3;
	if (!isdigit((unsigned char)*at))
		return at;
	while (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1])))
		at++;
	return at;
}

static bool same_but_for_numbers(const char *a, const char *b)
{
	const char *x = a, *y = b;

	for (;;) {
		const char *after_x = skip_number(a, x), *after_y = skip_number(b, y);

		if (after_x != x && after_y != y) {
			x = after_x;
			y = after_y;
			continue;
		}
		if (*x != *y)
			return false;
		if (!*x)
			return true;
		x++;
		y++;
	}
}

static bool same_words(const struct steady *s, const struct result *r)
{
	if (s->exact || s->renewed)
		return strcmp(r->message, s->told.message) == 0 &&
		       strcmp(r->advice, s->told.advice) == 0;
	return same_but_for_numbers(r->message, s->told.message);
}

static enum news news_of(const struct steady *s, const struct result *r)
{
	enum verdict told = s->told.verdict;

	if (r->verdict == told && strcmp(r->reason, s->told.reason) == 0)
		return same_words(s, r) ? NEWS_NONE : NEWS_REWORDED;
	/* Not to know any more is no failure to recover from. */
	return verdict_weight(r->verdict) < verdict_weight(told) && told != VERDICT_UNKNOWN
		       ? NEWS_BETTER
		       : NEWS_WORSE;
}

static void take_words(struct steady_words *w, const struct result *r)
{
	w->verdict = r->verdict;
	memcpy(w->reason, r->reason, sizeof(w->reason));
	memcpy(w->message, r->message, sizeof(w->message));
	memcpy(w->advice, r->advice, sizeof(w->advice));
}

/* The words with the numbers of `r`. */
static void tell(struct steady *s, const struct steady_words *w, const struct result *r)
{
	s->told = *r;
	s->told.verdict = w->verdict;
	memcpy(s->told.reason, w->reason, sizeof(w->reason));
	memcpy(s->told.message, w->message, sizeof(w->message));
	memcpy(s->told.advice, w->advice, sizeof(w->advice));
}

static int distance(const struct steady *s, enum verdict v)
{
	return abs(verdict_weight(v) - verdict_weight(s->told.verdict));
}

static void wait_for(struct steady *s, enum news news, const struct result *r, double now,
		     double worse_for, double better_for)
{
	s->pending = news;
	s->since = now;
	s->lasts = news == NEWS_BETTER                                 ? better_for
		   : news == NEWS_REWORDED && (s->exact || s->renewed) ? 0
								       : worse_for;
	take_words(&s->nearest, r);
}

void steady_take(struct steady *s, const struct result *r, double now, double worse_for,
		 double better_for)
{
	struct steady_words told;
	enum news news;

	if (!s->known) {
		s->told = *r;
		s->known = true;
		s->renewed = false;
		return;
	}
	take_words(&told, &s->told);
	news = news_of(s, r);
	if (news == NEWS_NONE)
		s->pending = NEWS_NONE;
	else if (s->pending != news)
		wait_for(s, news, r, now, worse_for, better_for);
	else if (distance(s, r->verdict) <= distance(s, s->nearest.verdict))
		take_words(&s->nearest, r);
	s->renewed = false;
	if (!s->pending || now - s->since < s->lasts) {
		tell(s, &told, r);
		return;
	}
	tell(s, &s->nearest, r);
	/* What is farther off than that begins to wait. */
	s->pending = news_of(s, r);
	if (s->pending)
		wait_for(s, s->pending, r, now, worse_for, better_for);
}

double steady_due(const struct steady *s)
{
	return s->pending ? s->since + s->lasts : 0;
}
