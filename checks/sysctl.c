/* SPDX-License-Identifier: Apache-2.0 */
/* Does the live system hold what the profile wants? */
#include "check.h"

#include <string.h>

struct sysctl_params {
	int deviates; /* 0: warn, 1: fail */
};

static const struct param params[] = {
	{.name = "deviates",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct sysctl_params, deviates),
	 .choices = "warn fail",
	 .fallback = "warn",
	 .help = "the verdict when a key deviates; warn, because `nodefit apply` mends it"},
	{0}};

struct tally {
	size_t keys, conform, deviate, pending, absent, unreadable;
	const char *first_deviating, *first_missing, *first_error;
};

static void count(const struct change *c, struct tally *t)
{
	t->keys++;
	switch (c->outcome) {
	case OUTCOME_UNCHANGED:
	case OUTCOME_CHANGED:
		t->conform++;
		break;
	case OUTCOME_WOULD_CHANGE:
		t->deviate++;
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
		if (c->before) { /* it was read: it is known not to conform */
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

static void judge(const struct tally *t, const struct check_run *run, struct result *r)
{
	const struct sysctl_params *p = run->params;
	size_t bad = t->deviate + t->absent;

	if (bad && p->deviates == 1)
		result_judge(r, VERDICT_FAIL, "SysctlDeviates",
			     "%zu of %zu keys are not as %s wants them", bad, t->keys,
			     run->profile->name);
	else if (t->unreadable)
		result_judge(r, VERDICT_UNKNOWN, "SysctlUnreadable",
			     "%zu of %zu keys can't be read, %s first", t->unreadable, t->keys,
			     t->first_error);
	else if (bad)
		result_judge(r, VERDICT_WARN, "SysctlDeviates",
			     "%zu of %zu keys are not as %s wants them", bad, t->keys,
			     run->profile->name);
	else if (t->pending)
		result_judge(r, VERDICT_PASS, "SysctlConforms",
			     "%zu of %zu keys are as %s wants them, %zu wait for their module",
			     t->conform, t->keys, run->profile->name, t->pending);
	else
		result_judge(r, VERDICT_PASS, "SysctlConforms", "all %zu keys are as %s wants them",
			     t->keys, run->profile->name);
	if (t->deviate)
		result_advise(r, "`nodefit diff` shows %s, `nodefit apply` sets %s",
			      t->deviate == 1 ? t->first_deviating : "them",
			      t->deviate == 1 ? "it" : "them");
	else if (t->absent)
		result_advise(r,
			      "%s is not there: a container without hostNetwork, or a kernel "
			      "without it (\"-key\" in the profile makes it optional)",
			      t->first_missing);
	else if (t->unreadable)
		result_advise(r, "run as root in the host's namespaces");
}

static void run(const struct check_run *run, struct result *r)
{
	struct tally t = {0};

	for (size_t i = 0; i < run->changes->n; i++)
		if (run->changes->v[i].tuner == &sysctl_tuner)
			count(&run->changes->v[i], &t);
	result_figure(r, "keys", (double)t.keys, "");
	result_figure(r, "conform", (double)t.conform, "");
	result_figure(r, "deviate", (double)t.deviate, "");
	result_figure(r, "pending", (double)t.pending, "");
	result_figure(r, "absent", (double)t.absent, "");
	result_figure(r, "unreadable", (double)t.unreadable, "");
	judge(&t, run, r);
}

const struct check sysctl_check = {
	.name = "sysctl",
	.summary = "the live sysctls are what the profile wants",
	.about = "Compares every key of the profile's [sysctl] section with the running kernel: "
		 "numbers as 64-bit numbers, white space as one blank. It reads only. A key whose "
		 "module is not loaded is pending, not wrong; an optional key that this kernel "
		 "does not have is not counted.",
	.params = params,
	.params_size = sizeof(struct sysctl_params),
	.deadline_s = 10,
	.run = run,
};
