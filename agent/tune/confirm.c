/* SPDX-License-Identifier: Apache-2.0 */
#include "confirm.h"

#include <string.h>

#include "log.h"
#include "value.h"

#define DEFAULT_S 10.0
#define STEP_NS   200000000ull
/* The guard waits longer than we do: we put things back ourselves, and drivers may take long. */
#define SPARE_S 60.0

/* A plan's link change that is not done yet. */
static bool will_change(const struct change *c)
{
	return c->tuner == &net_tuner && c->outcome == OUTCOME_WOULD_CHANGE;
}

static bool any_will_change(const struct changes *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (will_change(&plan->v[i]))
			return true;
	return false;
}

static bool holds(const struct sys *sys, const struct tuner *t, const char *key, const char *value)
{
	_cleanup_free char *now = NULL;

	return t->read(sys, key, &now) == 0 && value_equal(now, value);
}

/* It holds its old value already: nothing is written. */
static int tell_reverted(struct change *c, const char *why)
{
	c->outcome = OUTCOME_FAILED;
	free(TAKE(c->error));
	free(TAKE(c->after));
	return format(&c->error, "%s; it is as it was", why) < 0
		       ? -ENOMEM
		       : format(&c->after, "%s", c->before);
}

/* What changed along with them, and what the journal alone remembers. What lies on another link may
 * have to wait for that one: again for as long as it helps. False when something is left. */
static bool put_marked_back(const struct sys *sys, const struct journal *j)
{
	size_t left = j->n + 1, before;

	do {
		before = left;
		left = 0;
		for (size_t i = 0; i < j->n; i++) {
			const struct journal_entry *e = &j->v[i];
			const struct tuner *t = tuner_find(e->tuner);
			_cleanup_free char *words = NULL;

			if (!e->unconfirmed || holds(sys, t, e->key, e->unconfirmed))
				continue;
			t->write(sys, e->key, e->unconfirmed, &words);
			left += !holds(sys, t, e->key, e->unconfirmed);
		}
	} while (left && left < before);
	return left == 0;
}

int links_revert(const struct sys *sys, const struct journal *j, struct changes *plan,
		 const bool *wanted, const char *why)
{
	/* Twice: a feature may depend on one that comes back after it. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = plan->n; i-- > 0;) {
			struct change *c = &plan->v[i];
			int r = 0;

			if (wanted[i] && !holds(sys, c->tuner, c->key, c->before))
				r = change_revert(sys, c, why);
			else if (wanted[i] && pass == 0)
				r = tell_reverted(c, why);
			if (r < 0)
				return r;
		}
	}
	(void)put_marked_back(sys, j);
	for (size_t i = 0; i < plan->n; i++)
		if (wanted[i] && !holds(sys, plan->v[i].tuner, plan->v[i].key, plan->v[i].before))
			return -EIO;
	return 0;
}

/* Waits until all that answered before answers again. 1, 0 with *lost, or -errno. */
static int wait_same(const struct sys *sys, const struct reach *reach, double confirm_s,
		     char **lost)
{
	uint64_t end = sys->now(sys) + (uint64_t)(confirm_s * 1e9);
	bool told = false;

	while (true) {
		uint64_t now = sys->now(sys);
		double left = now < end ? (double)(end - now) / 1e9 : 0;
		int same;

		free(TAKE(*lost));
		same = reach_same(sys, reach, left < 2 ? left + 0.1 : 2, lost);
		if (same != 0)
			return same;
		if (sys->now(sys) >= end)
			return 0;
		if (!told)
			log_info("waiting up to %g s: %s", left, *lost);
		told = true;
		sys->sleep_until(sys, sys->now(sys) + STEP_NS);
	}
}

static int write_rows(const struct sys *sys, struct changes *plan, struct guard *guard,
		      bool *written)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		if (!will_change(&plan->v[i]))
			continue;
		r = guard ? guard_touch(guard) : 0;
		if (r == 0)
			r = change_write(sys, &plan->v[i]);
		written[i] = plan->v[i].outcome == OUTCOME_CHANGED;
	}
	return r;
}

/* Nothing is changed that can't be watched over. */
static int leave_all(struct changes *plan, int error)
{
	_cleanup_free char *why = NULL;

	if (format(&why, "can't be watched over (%s); --confirm 0 changes it unwatched",
		   strerror(-error)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n; i++)
		if (will_change(&plan->v[i]) && tell_reverted(&plan->v[i], why) < 0)
			return -ENOMEM;
	return 0;
}

/* Notes on disk what every link holds that is about to change, or will change along. */
static int mark_all(const struct sys *sys, struct journal *j, const struct changes *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct change *c = &plan->v[i];
		struct strings flips = {0};
		int r;

		if (!will_change(c))
			continue;
		r = journal_mark(j, c->tuner->name, c->key, c->before);
		if (r == 0)
			r = c->tuner->flips(sys, c->key, &flips);
		for (size_t k = 0; k < flips.n && r == 0; k++) {
			_cleanup_free char *now = NULL;

			if (c->tuner->read(sys, flips.v[k], &now) == 0)
				r = journal_mark(j, c->tuner->name, flips.v[k], now);
		}
		strings_clear(&flips);
		if (r < 0)
			return r;
	}
	return journal_save(sys, j);
}

/* Writes, asks whether all still answers, and lets the changes stay or puts them back. */
static int write_watched(const struct sys *sys, struct journal *j, const struct reach *reach,
			 struct changes *plan, double confirm_s, struct guard *guard)
{
	_cleanup_free bool *written = calloc(plan->n + 1, sizeof(*written));
	_cleanup_free char *lost = NULL, *why = NULL;
	int r = written ? write_rows(sys, plan, guard, written) : -ENOMEM;

	if (r == 0)
		r = guard_touch(guard);
	if (r == 0)
		r = wait_same(sys, reach, confirm_s, &lost);
	if (r > 0) {
		journal_unmark(j);
		r = journal_save(sys, j);
		if (r == 0)
			r = guard_release(guard);
		if (r == 0)
			return 0;
	}
	if (r == -ENOMEM) {
		closep(&guard->socket); /* the guard has what it needs */
		return r;
	}
	if (r == -EPIPE)
		r = format(&why, "the process that watches over it has ended too early");
	else
		r = format(&why, "%s (waited %g s)", lost ? lost : strerror(-r), confirm_s);
	/* What was to come after the guard's end is not written any more. */
	for (size_t i = 0; i < plan->n; i++) {
		written[i] = written[i] || will_change(&plan->v[i]);
		plan->v[i].cut_off = written[i] && lost;
	}
	if (r == 0)
		r = links_revert(sys, j, plan, written, why);
	journal_unmark(j);
	if (r != -ENOMEM)
		r = journal_save(sys, j);
	if (r == 0 && guard->socket >= 0)
		guard_release(guard);
	closep(&guard->socket);
	return r;
}

int links_write(const struct sys *sys, const struct profile *p, struct journal *j,
		struct changes *plan, const struct apply_options *options)
{
	_cleanup_free bool *written = calloc(plan->n + 1, sizeof(*written));
	_cleanup_free struct reach *reach = calloc(1, sizeof(*reach));
	double confirm_s = options->confirm_s;
	struct guard guard = {.socket = -1};
	int r;

	if (!written || !reach)
		return -ENOMEM;
	if (!any_will_change(plan))
		return 0;
	r = reach_look(sys, p, plan, confirm_s != 0, options->force, reach);
	if (r == 0 && !any_will_change(plan))
		return 0;
	if (r == 0 && confirm_s < 0)
		confirm_s = reach->at_stake ? DEFAULT_S : 0;
	if (r == 0 && confirm_s <= 0)
		return write_rows(sys, plan, NULL, written);
	if (r == 0)
		r = mark_all(sys, j, plan);
	if (r == 0)
		r = guard_start(sys, j, plan, confirm_s + SPARE_S, &guard);
	if (r == 0)
		return write_watched(sys, j, reach, plan, confirm_s, &guard);
	if (journal_unmark(j))
		(void)journal_save(sys, j);
	return leave_all(plan, r);
}

int links_recover(const struct sys *sys, struct journal *j, char **why)
{
	bool any = false;

	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = &j->v[i];

		any = any || e->unconfirmed;
		if (e->unconfirmed && !holds(sys, tuner_find(e->tuner), e->key, e->unconfirmed))
			log_warning(
				"%s: an earlier run changed it and was killed before it could be "
				"confirmed: back to %s",
				e->key, e->unconfirmed);
	}
	if (!any)
		return 0;
	if (!put_marked_back(sys, j))
		return format(why, "links of an unconfirmed run can't be put back: `nodefit "
				   "rollback` tells which") < 0
			       ? -ENOMEM
			       : -EIO;
	journal_unmark(j);
	return journal_save(sys, j);
}
