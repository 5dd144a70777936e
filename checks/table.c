/* SPDX-License-Identifier: Apache-2.0 */
/* All checks, in the order of the report; a new one is a file and a line here. */
#include "check.h"

#include <string.h>

/* clang-format off */
extern const struct check
	sysctl_check,
	net_check,
	steal_check,
	jitter_check,
	fsync_check,
	queues_check,
	link_check,
	mtu_check,
	rules_check,
	proxy_check,
	conntrack_check,
	ebpf_check,
	etcd_check,
	rtt_check,
	locality_check,
	host_check,
	pps_check;

const struct check *const checks[] = {
	&sysctl_check,
	&net_check,
	&steal_check,
	&jitter_check,
	&fsync_check,
	&queues_check,
	&link_check,
	&mtu_check,
	&rules_check,
	&proxy_check,
	&conntrack_check,
	&ebpf_check,
	&etcd_check,
	&rtt_check,
	&locality_check,
	&host_check,
	&pps_check,
	NULL
};
/* clang-format on */

size_t checks_usual(const struct check *usual[CHECKS_MOST])
{
	size_t n = 0;

	for (size_t i = 0; checks[i] && n < CHECKS_MOST; i++)
		if (!checks[i]->on_request)
			usual[n++] = checks[i];
	return n;
}

const struct check *check_find(const char *name)
{
	for (size_t i = 0; checks[i]; i++)
		if (strcmp(checks[i]->name, name) == 0)
			return checks[i];
	return NULL;
}
