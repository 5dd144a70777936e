/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "agent.h"

#define FORGET_S        3600.0
#define FIRST_BACKOFF_S 60.0
#define LAST_BACKOFF_S  3600.0

static bool is_about(const struct dispute *one, const struct change *c)
{
	size_t len = strlen(c->tuner->name);

	return strncmp(one->key, c->tuner->name, len) == 0 && one->key[len] == '/' &&
	       strcmp(one->key + len + 1, c->key) == 0;
}

static struct dispute *find(const struct disputes *d, const struct change *c)
{
	for (size_t i = 0; i < d->n; i++)
		if (is_about(&d->v[i], c))
			return &d->v[i];
	return NULL;
}

static struct dispute *add(struct disputes *d, const struct change *c)
{
	struct dispute *one = find(d, c);

	if (one)
		return one;
	one = array_add(&d->v, &d->n, sizeof(*one));
	if (one && format(&one->key, "%s/%s", c->tuner->name, c->key) < 0) {
		d->n--;
		return NULL;
	}
	return one;
}

static void forget_refusal(struct dispute *one)
{
	free(TAKE(one->refused_at));
	free(TAKE(one->refusal));
	one->backoff = 0;
}

/* It deviates: how often has it now been taken from us? */
static void count(struct dispute *one, double now)
{
	one->quiet = 0;
	if (!one->ours)
		return;
	one->ours = false;
	one->written_back = now - one->wrote > FORGET_S ? 1 : one->written_back + 1;
	if (one->written_back >= DISPUTE_WRITES)
		one->contested = true;
}

/* It conforms: for so long that nobody can be at it any more? */
static void rest(struct dispute *one, double now)
{
	forget_refusal(one);
	if (!one->contested)
		return;
	if (one->quiet == 0)
		one->quiet = now;
	if (now - one->quiet <= FORGET_S)
		return;
	one->contested = false;
	one->written_back = 0;
}

static int tell_contested(const struct dispute *one, struct change *c)
{
	_cleanup_free char *suspects = NULL;
	int r = 0;

	for (size_t i = 0; i < c->contested_by.n && r == 0; i++) {
		_cleanup_free char *longer = NULL;

		r = format(&longer, "%s%s%s", suspects ? suspects : "", suspects ? ", " : "",
			   c->contested_by.v[i]);
		free(suspects);
		suspects = TAKE(longer);
	}
	c->contested = true;
	free(TAKE(c->error));
	if (r == 0)
		r = format(&c->error,
			   "contested: somebody else has written it back %u times, so it is left "
			   "to them; suspects: %s%s%s",
			   one->written_back, suspects ? suspects : "",
			   suspects && c->writers ? ", " : "",
			   c->writers ? c->writers
			   : suspects ? ""
				      : "none is known");
	return r;
}

static int tell_refused(const struct dispute *one, struct change *c)
{
	c->outcome = one->refused;
	free(TAKE(c->error));
	return format(&c->error, "%s", one->refusal);
}

/* 1: to be set; 0: left alone; -ENOMEM. */
static int look_at(struct dispute *one, struct change *c, double now)
{
	int r;

	if (one)
		count(one, now);
	if (one && one->contested) {
		r = tell_contested(one, c);
		return r < 0 ? r : 0;
	}
	if (one && one->refusal && now < one->retry && c->before &&
	    strcmp(one->refused_at, c->before) == 0) {
		r = tell_refused(one, c);
		return r < 0 ? r : 0;
	}
	return 1;
}

/* What has gone comes back as it is made: nobody has written, and it may be another one, that can
 * more. */
static void let_go(struct dispute *one)
{
	one->ours = false;
	forget_refusal(one);
}

/* Links that only a pattern has named are no row of the plan when they have gone. */
static void forget_gone(struct disputes *d, const struct changes *plan)
{
	for (size_t i = d->n; i-- > 0;) {
		struct dispute *one = &d->v[i];
		bool gone = true;

		for (size_t k = 0; k < plan->n && gone; k++)
			gone = !is_about(one, &plan->v[k]);
		if (!gone)
			continue;
		let_go(one);
		if (one->contested)
			continue;
		free(one->key);
		*one = d->v[--d->n];
	}
}

int disputes_look(struct disputes *d, struct changes *plan, double now, struct strings *leave)
{
	int wanted = 0;

	forget_gone(d, plan);
	for (size_t i = 0; i < plan->n; i++) {
		struct change *c = &plan->v[i];
		struct dispute *one = find(d, c);
		int r;

		if (c->outcome == OUTCOME_UNCHANGED && one)
			rest(one, now);
		if ((c->outcome == OUTCOME_PENDING || c->outcome == OUTCOME_ABSENT) && one)
			let_go(one);
		if (c->outcome != OUTCOME_WOULD_CHANGE)
			continue;
		r = look_at(one, c, now);
		if (r == 0)
			r = strings_addf(leave, "%s/%s", c->tuner->name, c->key);
		if (r < 0)
			return r;
		wanted += r;
	}
	return wanted;
}

static int note_refused(struct dispute *one, const struct change *c, double now)
{
	double backoff = one->backoff > 0 ? 2 * one->backoff : FIRST_BACKOFF_S;

	forget_refusal(one);
	/* What has cut the node off once is not tried again without somebody who watches. */
	one->backoff = c->cut_off ? INFINITY : double_min(backoff, LAST_BACKOFF_S);
	one->retry = now + one->backoff;
	one->refused = c->outcome;
	if (format(&one->refused_at, "%s", c->before) < 0 ||
	    format(&one->refusal, "%s%s", c->error ? c->error : "refused",
		   c->cut_off ? "; not tried again before a reload" : "") < 0)
		return -ENOMEM;
	return 0;
}

int disputes_note(struct disputes *d, const struct changes *done, double now)
{
	for (size_t i = 0; i < done->n; i++) {
		const struct change *c = &done->v[i];
		bool refused = (c->outcome == OUTCOME_REFUSED || c->outcome == OUTCOME_FAILED) &&
			       c->before;
		struct dispute *one;

		if (c->outcome != OUTCOME_CHANGED && !refused)
			continue;
		one = add(d, c);
		if (!one || (refused && note_refused(one, c, now) < 0))
			return -ENOMEM;
		if (refused)
			continue;
		one->ours = true;
		one->wrote = now;
	}
	return 0;
}

void disputes_retry(struct disputes *d)
{
	for (size_t i = 0; i < d->n; i++) {
		forget_refusal(&d->v[i]);
		d->v[i].contested = false;
		d->v[i].written_back = 0;
		d->v[i].quiet = 0;
	}
}

void disputes_clear(struct disputes *d)
{
	disputes_retry(d);
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].key);
	free(d->v);
	*d = (struct disputes){0};
}
