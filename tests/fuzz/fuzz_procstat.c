/* SPDX-License-Identifier: Apache-2.0 */
/* The /proc/stat reader: whatever two readings say, a delta is sound or refused. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "procstat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = strndup((const char *)data, size / 2);
	char *second = strndup((const char *)data + size / 2, size - size / 2);
	struct proc_stat a = {0}, b = {0};

	assert(first && second);
	procstat_parse(first, &a);
	procstat_parse(second, &b);
	for (size_t i = 0; i < a.n; i++) {
		assert(a.v[i].cpu < CPUS_MOST && (i == 0 || a.v[i - 1].cpu < a.v[i].cpu));
		for (size_t k = 0; k < b.n; k++) {
			uint64_t steal, total;

			if (procstat_delta(&a.v[i], &b.v[k], 10, 100, &steal, &total))
				assert(steal <= total && total <= 1502);
		}
	}
	procstat_clear(&a);
	procstat_clear(&b);
	free(first);
	free(second);
	return 0;
}
