/* SPDX-License-Identifier: Apache-2.0 */
/* Are the links what the profile wants? */
#include "conformity.h"

struct net_params {
	int deviates; /* 0: warn, 1: fail */
};

static const struct param params[] = {
	{.name = "deviates",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct net_params, deviates),
	 .choices = "warn fail",
	 .fallback = "warn",
	 .help = "the verdict when a setting deviates; warn, because `nodefit apply` mends it"},
	{0}};

static void run(const struct check_run *run, struct result *r)
{
	const struct net_params *p = run->params;
	const struct conformity c = {
		.tuner = &net_tuner,
		.prefix = "Link",
		.things = "link settings",
		.missing = "this kernel or driver does not have it",
		.waiting = "for their link",
		.none = "the profile has no [net]",
		.refusal_is_known = true,
		.fails = p->deviates == 1,
	};

	conformity_judge(&c, run, r);
}

const struct check net_check = {
	.name = "net",
	.summary = "the links' MTU, queues and offloads are what the profile wants",
	.about = "Compares every setting of the profile's [net] sections with what the kernel and "
		 "the drivers say over netlink. It reads only. A link that is not there yet is "
		 "pending; what a driver can't do counts as a deviation, because the profile asks "
		 "for it.",
	.params = params,
	.params_size = sizeof(struct net_params),
	.deadline_s = 10,
	.run = run,
	.of_plan = true,
};
