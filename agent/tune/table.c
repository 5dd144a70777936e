/* SPDX-License-Identifier: Apache-2.0 */
/* All tuners; a new one is a file and a line here. */
#include "tuner.h"

#include <string.h>

const struct tuner *const tuners[] = {&sysctl_tuner, &net_tuner, NULL};

const struct tuner *tuner_find(const char *name)
{
	for (size_t i = 0; tuners[i]; i++)
		if (strcmp(tuners[i]->name, name) == 0)
			return tuners[i];
	return NULL;
}

int changes_plan(const struct sys *sys, const struct profile *p, struct changes *out)
{
	struct changes c = {0};

	for (size_t i = 0; tuners[i]; i++) {
		int r = tuners[i]->plan(sys, p, &c);

		if (r < 0) {
			changes_clear(&c);
			return r;
		}
	}
	*out = c;
	return 0;
}

void changes_clear(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].key);
		free(c->v[i].wish);
		free(c->v[i].wanted);
		free(c->v[i].before);
		free(c->v[i].after);
		free(c->v[i].persisted_in);
		free(c->v[i].error);
		strings_clear(&c->v[i].contested_by);
		strings_clear(&c->v[i].contests);
		strings_clear(&c->v[i].notes);
	}
	free(c->v);
	*c = (struct changes){0};
}

size_t changes_count(const struct changes *c, enum outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].outcome == outcome;
	return n;
}

const char *outcome_text(enum outcome o)
{
	static const char *const texts[] = {[OUTCOME_UNCHANGED] = "unchanged",
					    [OUTCOME_CHANGED] = "changed",
					    [OUTCOME_WOULD_CHANGE] = "would-change",
					    [OUTCOME_PENDING] = "pending",
					    [OUTCOME_ABSENT] = "absent",
					    [OUTCOME_REFUSED] = "refused",
					    [OUTCOME_FAILED] = "failed"};

	return texts[o];
}
