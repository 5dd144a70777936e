/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "apply.h"
#include "persist.h"
#include "value.h"

/* A row of the answer. */
static struct change *add_change(struct changes *changes, const struct journal_entry *e)
{
	struct change *c = array_add(&changes->v, &changes->n, sizeof(*c));

	if (!c)
		return NULL;
	c->tuner = tuner_find(e->tuner);
	c->key = strdup(e->key);
	c->wanted = strdup(e->original);
	c->wish = strdup("as nodefit found it");
	return c->key && c->wanted && c->wish ? c : NULL;
}

static bool is_ours(const struct journal_entry *e, const char *live)
{
	for (size_t i = 0; i < e->ours.n; i++)
		if (value_equal(e->ours.v[i], live))
			return true;
	return false;
}

/* Has somebody else set it since? What merely changes along with another key is ours, unless its
 * tuner says that it takes on the value of such a key and it holds none of those. */
static bool is_foreign(const struct journal *j, const struct journal_entry *e, const char *live)
{
	if (!e->flip_of)
		return !is_ours(e, live);
	if (!tuner_find(e->tuner)->flips_copy)
		return false;
	for (size_t i = 0; i < j->n; i++)
		if (!j->v[i].flip_of && strcmp(j->v[i].tuner, e->tuner) == 0 &&
		    is_ours(&j->v[i], live))
			return false;
	return true;
}

/* Puts one key back. *done: its entry is needed no more. */
static int put_back(const struct sys *sys, const struct journal *j, const struct journal_entry *e,
		    bool force, struct changes *changes, bool *done)
{
	struct change *c = add_change(changes, e);
	int r;

	if (!c)
		return -ENOMEM;
	r = c->tuner->read(sys, c->key, &c->before);
	if (r == -ENOENT) {
		*done = true;
		c->outcome = OUTCOME_ABSENT;
		return format(&c->error, "it is there no more: nothing to put back");
	}
	if (r < 0) {
		c->outcome = OUTCOME_FAILED;
		return format(&c->error, "cannot be read: %s", c->tuner->explain(c->key, r));
	}
	if (strcmp(c->before, e->original) == 0) {
		*done = true;
		c->outcome = OUTCOME_UNCHANGED;
		return 0;
	}
	if (!force && is_foreign(j, e, c->before)) {
		c->outcome = OUTCOME_REFUSED;
		return format(&c->error,
			      "somebody else has set it to \"%s\" since: left alone; --force puts "
			      "back \"%s\"",
			      c->before, e->original);
	}
	r = change_write(sys, c);
	*done = r == 0 && c->outcome == OUTCOME_CHANGED;
	return r;
}

/* A key that another one flipped is only put back once that one is. */
static bool is_held(const struct journal *j, const bool *done, const struct journal_entry *e)
{
	for (size_t i = 0; i < j->n; i++)
		if (!done[i] && strcmp(j->v[i].tuner, e->tuner) == 0 &&
		    strcmp(j->v[i].key, e->flip_of) == 0)
			return true;
	return false;
}

static size_t count_done(const struct journal *j, const bool *done)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++)
		n += done[i];
	return n;
}

static int retry_failed(const struct sys *sys, const struct journal *j, bool force,
			struct changes *changes, bool *done)
{
	struct changes first = *changes;
	int r = 0;

	*changes = (struct changes){0};
	for (size_t i = 0; i < first.n && r == 0; i++) {
		struct change *c = &first.v[i];
		const struct journal_entry *e = journal_find(j, c->tuner->name, c->key);

		if ((c->outcome == OUTCOME_FAILED || c->outcome == OUTCOME_REFUSED) && e) {
			r = put_back(sys, j, e, force, changes, &done[e - j->v]);
		} else {
			struct change *slot = array_add(&changes->v, &changes->n, sizeof(*slot));

			r = slot ? 0 : -ENOMEM;
			if (slot) {
				*slot = *c;
				*c = (struct change){0};
			}
		}
	}
	changes_clear(&first);
	return r;
}

/* What a key depends on may come back after it (a NIC's features, the link below a VLAN): again,
 * for as long as that helps. */
static int retry_all(const struct sys *sys, const struct journal *j, bool force,
		     struct changes *changes, bool *done)
{
	size_t before;
	int r;

	do {
		before = count_done(j, done);
		r = retry_failed(sys, j, force, changes, done);
	} while (r == 0 && count_done(j, done) > before);
	return r;
}

static int put_all_back(const struct sys *sys, struct journal *j, bool force,
			struct changes *changes)
{
	_cleanup_free bool *done = calloc(j->n ? j->n : 1, sizeof(*done));
	int r = 0;

	if (!done)
		return -ENOMEM;
	for (size_t i = j->n; i-- > 0 && r == 0;)
		if (!j->v[i].flip_of)
			r = put_back(sys, j, &j->v[i], force, changes, &done[i]);
	if (r == 0)
		r = retry_all(sys, j, force, changes, done);
	/* A key's write may flip others, so these come last. */
	for (size_t i = j->n; i-- > 0 && r == 0;)
		if (j->v[i].flip_of && !is_held(j, done, &j->v[i]))
			r = put_back(sys, j, &j->v[i], force, changes, &done[i]);
	if (r == 0)
		r = retry_all(sys, j, force, changes, done);
	if (r == 0)
		journal_drop(j, done);
	return r;
}

int rollback(const struct sys *sys, struct rollback_options options, struct changes *changes,
	     char **why)
{
	struct changes done = {0};
	struct journal j;
	int r = journal_open(sys, false, &j, why);

	if (r < 0)
		return r;
	if (options.persist) {
		r = persist_remove(sys, options.force, why);
		/* What stays in the journal is no longer set at boot. */
		for (size_t i = 0; i < j.n && r == 0; i++)
			j.v[i].persisted = false;
	}
	if (r == 0)
		r = put_all_back(sys, &j, options.force, &done);
	if (r == 0 && j.lock >= 0) {
		r = journal_save(sys, &j);
		if (r < 0 && format(why,
				    "everything is put back, but " JOURNAL_DIR "/" JOURNAL_FILE
				    " can't be written: %s",
				    strerror(-r)) < 0)
			r = -ENOMEM;
	}
	journal_close(&j);
	if (r < 0) {
		changes_clear(&done);
		return r;
	}
	*changes = done;
	return 0;
}
