/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"

#include <errno.h>
#include <string.h>

#include "value.h"

static int set_error(struct change *c, enum outcome outcome, const char *text)
{
	c->outcome = outcome;
	free(TAKE(c->error));
	return format(&c->error, "%s", text);
}

/* The key reads back as something else than was written: never leave it half-changed. */
static int put_back(const struct sys *sys, struct change *c)
{
	_cleanup_free char *now = NULL;
	char text[512];
	bool back = c->tuner->write(sys, c->key, c->before) == 0 &&
		    c->tuner->read(sys, c->key, &now) == 0 && value_equal(now, c->before);

	snprintf(text, sizeof(text), "wrote \"%.100s\" but it reads back \"%.100s\"; %s", c->wanted,
		 c->after, back ? "put back as it was" : "and it could not be put back");
	if (back) {
		free(c->after);
		c->after = TAKE(now);
	}
	return set_error(c, OUTCOME_FAILED, text);
}

int change_write(const struct sys *sys, struct change *c)
{
	int r = c->tuner->write(sys, c->key, c->wanted);

	if (r < 0) {
		bool policy = r == -EINVAL || r == -EPERM || r == -EACCES || r == -EROFS;

		return set_error(c, policy ? OUTCOME_REFUSED : OUTCOME_FAILED,
				 c->tuner->explain(c->key, r));
	}
	r = c->tuner->read(sys, c->key, &c->after);
	if (r < 0)
		return set_error(c, OUTCOME_FAILED, "written, but it can't be read back");
	if (!value_equal(c->after, c->wanted))
		return put_back(sys, c);
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

/* A key that could not be changed after all is not ours: should somebody else give it that value
 * later, rollback must not take it for our doing. */
static int forget_unchanged(const struct sys *sys, struct journal *j, const struct changes *plan,
			    char **why)
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

int apply_profile(const struct sys *sys, const struct profile *p, bool persist,
		  struct changes *changes, char **why)
{
	struct changes plan = {0};
	struct journal j;
	bool news = false;
	int r = journal_open(sys, true, &j, why);

	if (r < 0)
		return r;
	if (persist)
		r = persist_check(sys, why);
	if (r == 0)
		r = changes_plan(sys, p, &plan);
	if (r == 0)
		r = note_all(sys, &j, &plan, &news);
	if (r == 0 && persist)
		persist_mark(&j, &plan, &news);
	if (r == 0 && news)
		r = save(sys, &j, why);
	for (size_t i = 0; i < plan.n && r == 0; i++)
		if (plan.v[i].outcome == OUTCOME_WOULD_CHANGE)
			r = change_write(sys, &plan.v[i]);
	if (r == 0)
		r = forget_unchanged(sys, &j, &plan, why);
	if (r == 0 && persist)
		r = persist_write(sys, &j, p, &plan, why);
	journal_close(&j);
	if (r < 0) {
		changes_clear(&plan);
		return r;
	}
	*changes = plan;
	return 0;
}
