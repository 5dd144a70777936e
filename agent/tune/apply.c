/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"

#include <errno.h>
#include <string.h>

#include "confirm.h"
#include "persist.h"
#include "value.h"

static int set_error(struct change *c, enum outcome outcome, const char *text)
{
	c->outcome = outcome;
	free(TAKE(c->error));
	return format(&c->error, "%s", text);
}

int change_revert(const struct sys *sys, struct change *c, const char *why)
{
	_cleanup_free char *now = NULL, *words = NULL, *text = NULL;
	bool back = c->tuner->write(sys, c->key, c->before, &words) == 0 &&
		    c->tuner->read(sys, c->key, &now) == 0 && value_equal(now, c->before);
	int r = format(&text, "%s; %s", why,
		       back ? "put back as it was" : "and it could not be put back");

	if (r < 0)
		return r;
	if (back) {
		free(c->after);
		c->after = TAKE(now);
	}
	return set_error(c, OUTCOME_FAILED, text);
}

static bool is_policy(int error)
{
	return error == -EINVAL || error == -EPERM || error == -EACCES || error == -EROFS ||
	       error == -EOPNOTSUPP || error == -ERANGE || error == -EBUSY;
}

/* A write that failed may have done half of it (rings are set queue by queue): what is there now is
 * looked at, told, and made what it was. */
static int write_failed(const struct sys *sys, struct change *c, int error, const char *words)
{
	_cleanup_free char *text = NULL, *now = NULL;
	bool half = c->tuner->read(sys, c->key, &now) == 0 && !value_equal(now, c->before);
	int r = format(&text, "%s%s%s", c->tuner->explain(c->key, error),
		       words ? "; the kernel says: " : "", words ? words : "");

	if (r == 0 && half) {
		free(TAKE(text));
		r = format(&text, "%s, and left it at \"%s\"", c->tuner->explain(c->key, error),
			   now);
	}
	if (r < 0)
		return r;
	if (!half)
		return set_error(c, is_policy(error) ? OUTCOME_REFUSED : OUTCOME_FAILED, text);
	c->after = TAKE(now);
	return change_revert(sys, c, text);
}

/* The key reads back as something else than was written: never leave it half-changed. */
static int read_back_differs(const struct sys *sys, struct change *c)
{
	char text[512];

	snprintf(text, sizeof(text), "wrote \"%.100s\" but it reads back \"%.100s\"", c->wanted,
		 c->after);
	return change_revert(sys, c, text);
}

int change_write(const struct sys *sys, struct change *c)
{
	_cleanup_free char *words = NULL;
	int r = c->tuner->write(sys, c->key, c->wanted, &words);

	if (r < 0)
		return write_failed(sys, c, r, words);
	r = c->tuner->read(sys, c->key, &c->after);
	if (r < 0)
		return set_error(c, OUTCOME_FAILED, "written, but it can't be read back");
	if (!value_equal(c->after, c->wanted))
		return read_back_differs(sys, c);
	c->outcome = OUTCOME_CHANGED;
	return 0;
}

/* Notes every key that is about to change, and those that will change along. */
static int note_all(const struct sys *sys, struct journal *j, const struct changes *changes,
		    bool *news)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->v[i];
		struct strings flips = {0};
		int r;

		if (c->outcome != OUTCOME_WOULD_CHANGE)
			continue;
		r = journal_note(j, c->tuner->name, c->key, c->before, c->wanted, news);
		if (r == 0)
			r = c->tuner->flips(sys, c->key, &flips);
		for (size_t k = 0; k < flips.n && r == 0; k++) {
			_cleanup_free char *before = NULL;

			if (c->tuner->read(sys, flips.v[k], &before) == 0)
				r = journal_note_flip(j, c->tuner->name, flips.v[k], before, c->key,
						      news);
		}
		strings_clear(&flips);
		if (r < 0)
			return r;
	}
	return 0;
}

static int save(const struct sys *sys, const struct journal *j, char **why)
{
	int r = journal_save(sys, j);

	if (r == -EILSEQ)
		return format(why, "a key holds bytes that are no UTF-8: the journal can't keep "
				   "them, so nothing was changed") < 0
			       ? -ENOMEM
			       : r;
	if (r < 0 && format(why,
			    "cannot write " JOURNAL_DIR "/" JOURNAL_FILE ": %s; nothing was "
			    "changed",
			    strerror(-r)) < 0)
		return -ENOMEM;
	return r;
}

int apply_forget(const struct sys *sys, struct journal *j, const struct changes *plan, char **why)
{
	_cleanup_free bool *drop = calloc(j->n + 1, sizeof(*drop));
	size_t dropped = 0;

	if (!drop)
		return -ENOMEM;
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = &j->v[i];
		const char *key = e->flip_of ? e->flip_of : e->key;

		for (size_t k = 0; k < plan->n && e->fresh; k++) {
			const struct change *c = &plan->v[k];

			if (strcmp(c->tuner->name, e->tuner) == 0 && strcmp(c->key, key) == 0 &&
			    (c->outcome == OUTCOME_REFUSED ||
			     (c->outcome == OUTCOME_FAILED && c->after &&
			      strcmp(c->after, c->before) == 0)))
				drop[i] = true;
		}
		dropped += drop[i];
	}
	if (!dropped)
		return 0;
	journal_drop(j, drop);
	return save(sys, j, why);
}

/* What was refused for safety, and is to be done all the same. */
static void force_all(struct changes *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].outcome == OUTCOME_REFUSED && plan->v[i].forcible)
			plan->v[i].outcome = OUTCOME_WOULD_CHANGE;
}

static int leave_alone(struct changes *plan, const struct strings *leave)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct change *c = &plan->v[i];
		_cleanup_free char *name = NULL;

		if (c->outcome != OUTCOME_WOULD_CHANGE)
			continue;
		if (format(&name, "%s/%s", c->tuner->name, c->key) < 0)
			return -ENOMEM;
		if (strings_contains(leave, name) &&
		    set_error(c, OUTCOME_PENDING, "left alone") < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Links come last: what they need of the sysctls is there, and a lost link stops nothing else. */
static int write_all(const struct sys *sys, const struct profile *p, struct journal *j,
		     struct changes *plan, const struct apply_options *options)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->v[i].outcome == OUTCOME_WOULD_CHANGE && plan->v[i].tuner != &net_tuner)
			r = change_write(sys, &plan->v[i]);
	return r < 0 ? r : links_write(sys, p, j, plan, options);
}

int apply_profile(const struct sys *sys, const struct profile *p,
		  const struct apply_options *options, struct changes *changes, char **why)
{
	bool persist = options->persist;
	struct changes plan = {0};
	struct journal j;
	bool news = false;
	int r = journal_open(sys, true, &j, why);

	if (r < 0)
		return r;
	r = links_recover(sys, &j, why);
	if (r == 0)
		r = changes_plan(sys, p, &plan);
	if (r == 0 && options->force)
		force_all(&plan);
	if (r == 0 && options->leave)
		r = leave_alone(&plan, options->leave);
	/* What stands in the way of the files is known before anything is changed. */
	if (r == 0 && persist)
		r = persist_plan(sys, &j, &plan, why);
	if (r == 0)
		r = note_all(sys, &j, &plan, &news);
	if (r == 0 && persist)
		persist_mark(&j, &plan, &news);
	if (r == 0 && news)
		r = save(sys, &j, why);
	if (r == 0)
		r = write_all(sys, p, &j, &plan, options);
	if (r == 0)
		r = apply_forget(sys, &j, &plan, why);
	if (r == 0 && persist)
		r = persist_write(sys, p, &plan, why);
	journal_close(&j);
	if (r < 0) {
		changes_clear(&plan);
		return r;
	}
	*changes = plan;
	return 0;
}
