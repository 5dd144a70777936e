/* SPDX-License-Identifier: Apache-2.0 */
/* What jitter reads (schedstat, cpu.stat, cgroup, mountinfo), and what it makes of any numbers:
 * shares are shares, and nothing is stolen by more than there was. The first byte chooses. */
#include "tree.h"

#include <math.h>

#include "jitter.h"
#include "throttle.h"

static void schedstat(const char *text)
{
	struct schedstat s = {77, 78, 79};
	int r = schedstat_parse(text, &s);
	char again[80];

	assert(r == 0 || r == -ENODATA || r == -EBADMSG);
	if (r < 0)
		assert(s.ran == 77 && s.waited == 78 && s.turns == 79);
	else
		assert(s.ran || s.waited || s.turns);
	if (r == 0) {
		snprintf(again, sizeof(again), "%llu %llu %llu\n", (unsigned long long)s.ran,
			 (unsigned long long)s.waited, (unsigned long long)s.turns);
		assert(schedstat_parse(again, &s) == 0);
	}
}

static void cpu_stat(const char *text)
{
	uint64_t ns = 77;
	int r = throttle_parse(text, &ns);

	assert(r == 0 || r == -ENODATA || r == -EBADMSG);
	assert(r == 0 || ns == 77);
	if (r == 0)
		assert(strstr(text, "throttled_time ") || strstr(text, "throttled_usec "));
}

static void folder(const char *cgroup, const char *mountinfo)
{
	char path[THROTTLE_PATH] = "untouched";
	size_t top = 77;
	int r = throttle_folder(cgroup, mountinfo, path, &top);

	assert(r == 0 || r == -ENOENT);
	if (r < 0) {
		assert(strcmp(path, "untouched") == 0 && top == 77);
		return;
	}
	assert(*path == '/' && top > 0 && top <= strlen(path));
	assert(!strstr(path, "/..") && !strchr(path, '\n'));
}

static void judge(const uint8_t *data, size_t size)
{
	static const struct jitter_rule rule = {10, 30, 25, 50};
	struct jitter_burst bursts[32] = {0};
	struct jitter j = {.bursts = bursts, .cpus = 2, .online = 2, .seconds = 1};
	struct result r = {0};

	if (size > 8) {
		memcpy(&j.throttled, data, 8);
		j.by_clock = data[0] & 1;
		j.bare_metal = data[1] & 1;
		data += 8;
		size -= 8;
	}
	for (; size >= 41 && j.n < ARRAY_LEN(bursts); size -= 41, data += 41) {
		struct jitter_burst *b = &bursts[j.n++];
		uint64_t gap;

		b->cpu = data[0] & 7;
		b->told = data[0] & 8;
		memcpy(&b->wanted, data + 1, 8);
		memcpy(&b->waited, data + 9, 8);
		memcpy(&gap, data + 17, 8);
		memcpy(&b->irq, data + 25, 8);
		memcpy(&b->reported, data + 33, 8);
		if (data[0] & 16)
			b->wanted &= (1 << 28) - 1;
		jitter_gap(b, &j.gaps, gap, b->irq);
	}
	jitter_judge(&j, &rule, &r);
	assert(*r.reason && *r.message);
	for (size_t i = 0; i < r.n_figures; i++) {
		assert(isfinite(r.figures[i].value) && r.figures[i].value >= 0);
		if (r.figures[i].unit[0] == '%' && !strstr(r.figures[i].name, "half_width"))
			assert(r.figures[i].value <= 100);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *first = NULL, *second = NULL;
	size_t half;

	if (size == 0)
		return 0;
	half = (size - 1) / 2;
	if (data[0] == 'j') {
		judge(data + 1, size - 1);
		return 0;
	}
	first = strndup((const char *)data + 1, data[0] == 'f' ? half : size - 1);
	second = strndup((const char *)data + 1 + half, size - 1 - half);
	assert(first && second);
	if (data[0] == 's')
		schedstat(first);
	else if (data[0] == 'c')
		cpu_stat(first);
	else if (data[0] == 'f')
		folder(first, second);
	return 0;
}
