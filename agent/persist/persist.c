/* SPDX-License-Identifier: Apache-2.0 */
#include "persist.h"

#include <string.h>

#include "sysctl.h"

/* Does the boot need a line for it? Not where the kernel's own value, which an "at least" found,
 * was good enough: a constant might lower it on the next boot. */
static bool needs_line(const struct journal *j, const struct change *c)
{
	switch (c->outcome) {
	case OUTCOME_CHANGED:
	case OUTCOME_WOULD_CHANGE:
	case OUTCOME_PENDING:
		return true;
	case OUTCOME_UNCHANGED:
		return (c->op != OP_AT_LEAST && c->op != OP_AT_MOST) ||
		       (j && journal_find(j, c->tuner->name, c->key));
	default:
		return false;
	}
}

int persist_plan(const struct sys *sys, const struct journal *j, struct changes *changes,
		 char **why)
{
	int r = sysctlfile_check(sys, why);

	for (size_t i = 0; i < changes->n && r == 0; i++) {
		struct change *c = &changes->v[i];

		if (c->tuner == &sysctl_tuner && needs_line(j, c))
			r = format(&c->persisted_in, PERSIST_DIR "/" PERSIST_FILE);
	}
	return r < 0 ? r : linkrows_plan(sys, changes, why);
}

void persist_mark(struct journal *j, const struct changes *changes, bool *news)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->v[i];
		struct journal_entry *e = journal_find(j, c->tuner->name, c->key);

		if (e && !e->persisted && c->persisted_in) {
			e->persisted = true;
			*news = true;
		}
	}
}

int persist_write(const struct sys *sys, const struct profile *p, struct changes *changes,
		  char **why)
{
	int r;

	for (size_t i = 0; i < changes->n; i++) {
		struct change *c = &changes->v[i];

		if (c->outcome == OUTCOME_REFUSED || c->outcome == OUTCOME_FAILED)
			free(TAKE(c->persisted_in));
	}
	r = sysctlfile_write(sys, p, changes, why);
	return r < 0 ? r : linkrows_write(sys, p, changes, why);
}

int persist_remove(const struct sys *sys, bool force, char **why)
{
	struct strings removed = {0};
	int r = sysctlfile_check(sys, why);

	if (r == -EEXIST && force) {
		free(TAKE(*why));
		r = 0;
	}
	if (r == 0)
		r = linkfile_remove_all(sys, force, &removed, why);
	strings_clear(&removed);
	return r < 0 ? r : sysctlfile_remove(sys, why);
}

int persist_list(const struct sys *sys, struct strings *paths)
{
	int r = 0;

	if (sysctlfile_present(sys))
		r = strings_addf(paths, PERSIST_DIR "/" PERSIST_FILE);
	return r < 0 ? r : linkfile_ours(sys, paths);
}
