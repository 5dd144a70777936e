/* SPDX-License-Identifier: Apache-2.0 */
#include "confirm.h"

#include <string.h>

#include "log.h"
#include "value.h"

#define DEFAULT_S 10.0
#define STEP_NS   200000000ull
/* The guard waits longer than we do: we put things back ourselves, and drivers may take long. */
#define SPARE_S 60.0

static bool is_link(const struct change *c)
{
	return strcmp(c->tuner->name, "net") == 0;
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
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = &j->v[i];
		const struct tuner *t = tuner_find(e->tuner);
		_cleanup_free char *words = NULL;

		if (e->fresh && e->flip_of && strcmp(e->tuner, "net") == 0 &&
		    !holds(sys, t, e->key, e->original))
			t->write(sys, e->key, e->original, &words);
	}
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

static int write_rows(const struct sys *sys, struct changes *plan, bool *written)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		if (!is_link(&plan->v[i]) || plan->v[i].outcome != OUTCOME_WOULD_CHANGE)
			continue;
		r = change_write(sys, &plan->v[i]);
		written[i] = plan->v[i].outcome == OUTCOME_CHANGED;
	}
	return r;
}

/* Judges what was written, and puts it back where it cut something off. */
static int confirm(const struct sys *sys, const struct journal *j, const struct reach *reach,
		   struct changes *plan, const bool *written, double confirm_s)
{
	_cleanup_free char *lost = NULL, *why = NULL;
	int same = wait_same(sys, reach, confirm_s, &lost);

	if (same > 0)
		return 0;
	if (format(&why, "%s (waited %g s)", lost ? lost : "it could not be confirmed", confirm_s) <
	    0)
		return -ENOMEM;
	return links_revert(sys, j, plan, written, why);
}

int links_write(const struct sys *sys, const struct profile *p, struct journal *j,
		struct changes *plan, double confirm_s, char **why)
{
	_cleanup_free bool *written = calloc(plan->n + 1, sizeof(*written));
	struct reach reach = {0};
	struct guard guard = {.pipe = -1};
	bool any = false;
	int r = 0;

	if (!written)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n; i++)
		any = any || (is_link(&plan->v[i]) && plan->v[i].outcome == OUTCOME_WOULD_CHANGE);
	if (!any)
		return 0;
	if (confirm_s != 0)
		r = reach_look(sys, p, plan, &reach);
	if (r == 0 && confirm_s < 0)
		confirm_s = reach.is_management ? DEFAULT_S : 0;
	if (r == 0 && confirm_s > 0)
		r = guard_start(sys, j, plan, confirm_s + SPARE_S, &guard);
	if (r < 0)
		return format(why,
			      "cannot watch over the link changes (%s): none was made; "
			      "--confirm 0 makes them unwatched",
			      strerror(-r)) < 0
			       ? -ENOMEM
			       : r;
	r = write_rows(sys, plan, written);
	if (confirm_s <= 0)
		return r;
	if (r == 0)
		r = confirm(sys, j, &reach, plan, written, confirm_s);
	/* On an error of ours the guard does it: closing the pipe without a word. */
	if (r == 0)
		guard_release(&guard);
	else
		close(guard.pipe);
	return r == -EIO ? 0 : r;
}
