/* SPDX-License-Identifier: Apache-2.0 */
/* The /proc/stat reader: whatever two readings say, a delta is sound or refused. */
#include "tree.h"

#include "procstat.h"

/* Seconds between the readings, and ticks in a second. */
#define ELAPSED 10
#define HZ      100

static void parse(const char *text, struct proc_stat *out)
{
	int r = procstat_parse(text, out);

	assert(r == 0 || r == -EBADMSG || r == -ENODATA);
	assert((r == 0) == (out->n > 0)); /* untouched on failure */
	for (size_t i = 0; i < out->n; i++)
		assert(out->v[i].cpu < CPUS_MOST && (i == 0 || out->v[i - 1].cpu < out->v[i].cpu));
}

static void check_delta(const struct cpu_ticks *before, const struct cpu_ticks *after)
{
	uint64_t steal = 1, total = 1;

	if (procstat_delta(before, after, ELAPSED, HZ, &steal, &total))
		assert(steal <= total && total <= ELAPSED * HZ * 3 / 2 + 2);
	assert(procstat_delta(before, before, ELAPSED, HZ, &steal, &total));
	assert(steal == 0 && total == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *first = strndup((const char *)data, size / 2);
	_cleanup_free char *second = strndup((const char *)data + size / 2, size - size / 2);
	struct proc_stat a = {0}, b = {0};

	assert(first && second);
	parse(first, &a);
	parse(second, &b);
	for (size_t i = 0; i < a.n; i++)
		for (size_t k = 0; k < b.n; k++)
			check_delta(&a.v[i], &b.v[k]);
	procstat_clear(&a);
	procstat_clear(&b);
	return 0;
}
