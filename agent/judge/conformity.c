/* SPDX-License-Identifier: Apache-2.0 */
#include "conformity.h"

#include <string.h>

struct tally {
	size_t keys, conform, deviate, contested, pending, absent, unreadable;
	const char *first_contested, *first_deviating, *first_missing, *first_error;
};

static void count(const struct conformity *what, const struct change *c, struct tally *t)
{
	t->keys++;
	switch (c->outcome) {
	case OUTCOME_UNCHANGED:
	case OUTCOME_CHANGED:
		t->conform++;
		break;
	case OUTCOME_WOULD_CHANGE:
		t->deviate++;
		t->contested += c->contested;
		if (c->contested && !t->first_contested)
			t->first_contested = c->key;
		if (!t->first_deviating)
			t->first_deviating = c->key;
		break;
	case OUTCOME_PENDING:
		t->pending++;
		break;
	case OUTCOME_ABSENT:
		if (c->optional) {
			t->keys--;
			break;
		}
		t->absent++;
		if (!t->first_missing)
			t->first_missing = c->key;
		break;
	case OUTCOME_REFUSED:
	case OUTCOME_FAILED:
		/* It was read: it is known not to conform. */
		if (c->before || (what->refusal_is_known && c->outcome == OUTCOME_REFUSED)) {
			t->deviate++;
			if (!t->first_deviating)
				t->first_deviating = c->key;
		} else {
			t->unreadable++;
			if (!t->first_error)
				t->first_error = c->key;
		}
		break;
	}
}

static void say(const struct conformity *c, struct result *r, enum verdict verdict,
		const char *suffix, const char *message)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "%s%s", c->prefix, suffix);
	result_judge(r, verdict, reason, "%s", message);
}

static void judge(const struct conformity *c, const struct tally *t, const struct check_run *run,
		  struct result *r)
{
	const char *profile = run->profile->name;
	size_t bad = t->deviate + t->absent;
	char text[256];

	if (t->contested) {
		snprintf(text, sizeof(text),
			 "%zu of %zu %s are written back by somebody else, %s first", t->contested,
			 t->keys, c->things, t->first_contested);
		result_judge(r, c->fails ? VERDICT_FAIL : VERDICT_WARN, "Contested", "%s", text);
	} else if (bad && (c->fails || !t->unreadable)) {
		snprintf(text, sizeof(text), "%zu of %zu %s are not as %s wants them", bad, t->keys,
			 c->things, profile);
		say(c, r, c->fails ? VERDICT_FAIL : VERDICT_WARN, "Deviates", text);
	} else if (t->unreadable) {
		snprintf(text, sizeof(text), "%zu of %zu %s can't be read, %s first", t->unreadable,
			 t->keys, c->things, t->first_error);
		say(c, r, VERDICT_UNKNOWN, "Unreadable", text);
	} else if (t->pending) {
		snprintf(text, sizeof(text), "%zu of %zu %s are as %s wants them, %zu wait %s",
			 t->conform, t->keys, c->things, profile, t->pending, c->waiting);
		say(c, r, VERDICT_PASS, "Conforms", text);
	} else {
		snprintf(text, sizeof(text), "all %zu %s are as %s wants them", t->keys, c->things,
			 profile);
		say(c, r, VERDICT_PASS, "Conforms", text);
	}
	if (t->contested)
		result_advise(r,
			      "`nodefit diff` names suspects; take the key out of one of the two");
	else if (t->deviate)
		result_advise(r, "`nodefit diff` shows %s, `nodefit apply` sets %s",
			      t->deviate == 1 ? t->first_deviating : "them",
			      t->deviate == 1 ? "it" : "them");
	else if (t->absent)
		result_advise(r, "%s is not there: %s", t->first_missing, c->missing);
	else if (t->unreadable)
		result_advise(r, "run as root in the host's namespaces");
}

void conformity_judge(const struct conformity *c, const struct check_run *run, struct result *r)
{
	struct tally t = {0};

	for (size_t i = 0; i < run->changes->n; i++)
		if (run->changes->v[i].tuner == c->tuner)
			count(c, &run->changes->v[i], &t);
	if (t.keys == 0 && c->none) {
		result_judge(r, VERDICT_SKIPPED, "NothingWanted", "%s", c->none);
		return;
	}
	result_figure(r, c->things, (double)t.keys, "");
	result_figure(r, "conform", (double)t.conform, "");
	result_figure(r, "deviate", (double)t.deviate, "");
	result_figure(r, "pending", (double)t.pending, "");
	result_figure(r, "absent", (double)t.absent, "");
	result_figure(r, "unreadable", (double)t.unreadable, "");
	judge(c, &t, run, r);
}
