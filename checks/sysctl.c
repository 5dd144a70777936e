/* SPDX-License-Identifier: Apache-2.0 */
/* Does the live system hold what the profile wants? */
#include "conformity.h"

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

static void run(const struct check_run *run, struct result *r)
{
	const struct sysctl_params *p = run->params;
	const struct conformity c = {
		.tuner = &sysctl_tuner,
		.prefix = "Sysctl",
		.things = "keys",
		.missing = "a container without hostNetwork, or a kernel without it (\"-key\" in "
			   "the profile makes it optional)",
		.waiting = "for their module",
		.fails = p->deviates == 1,
	};

	conformity_judge(&c, run, r);
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
	.of_plan = true,
};
