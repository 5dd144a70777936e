/* SPDX-License-Identifier: Apache-2.0 */
/* The sysctl.d reader: no path leads out of /proc/sys, and a winner speaks of its key. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "sysctld.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool leads_out(const char *path)
{
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (*part == '/' || *part == '\0' || (part[0] == '.' && strchr("/", part[1])) ||
		    (part[0] == '.' && part[1] == '.' && strchr("/", part[2])))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"net/core/somaxconn",
					   "net/ipv4/conf/eth0.200/rp_filter"};
	char *text = strndup((const char *)data, size);
	struct sysctld d = {0};

	assert(text && sysctld_parse(&d, "/etc/sysctl.d/fuzz.conf", text, true) == 0);
	for (size_t i = 0; i < d.n; i++)
		assert(!leads_out(d.v[i].path) && d.v[i].line >= 1);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct sysctld_entry *e = sysctld_winner(&d, keys[i], NULL);

		assert(!e || (e->value && sysctld_matches(e, keys[i])));
		assert(!sysctld_winner(&d, keys[i], "fuzz.conf"));
	}
	sysctld_clear(&d);
	free(text);
	return 0;
}
