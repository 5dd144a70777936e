/* SPDX-License-Identifier: Apache-2.0 */
/* Is what a tuner looks after as the profile wants it? Shared by the checks that compare. */
#pragma once

#include "check.h"

struct conformity {
	const struct tuner *tuner;
	const char *prefix;    /* of the reasons: "Sysctl" gives SysctlDeviates … */
	const char *things;    /* "keys" */
	const char *missing;   /* what it means when one is absent, for advice */
	const char *waiting;   /* for what a pending one waits: "for their module" */
	const char *none;      /* the message when the profile wants nothing of the tuner */
	bool refusal_is_known; /* what is refused without being read does not conform */
	bool fails;            /* a deviation fails instead of warning */
};

/* Counts the plan's rows of the tuner and fills the result in. */
void conformity_judge(const struct conformity *c, const struct check_run *run, struct result *r);
