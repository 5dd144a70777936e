/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of /proc/net/softnet_stat: what it takes is in the kernel's form to the last byte, and
 * no two readings make more than the CPUs can have counted. */
#include "tree.h"

#include "procstat.h"
#include "softnet.h"

#define WORD 9 /* digits and what follows them */

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

static void parse(const char *text, struct softnet *out)
{
	int r = softnet_parse(text, out);

	assert(r == 0 || r == -EBADMSG);
	assert((r == 0) == (out->n > 0)); /* untouched on failure */
	if (r < 0)
		return;
	assert(count(text, '\n') == out->n);
	assert(strlen(text) == WORD * (count(text, '\n') + count(text, ' ')));
	for (size_t i = 0; i < out->n; i++) {
		const char *line = text + strlen(text) / out->n * i;

		assert(out->v[i].cpu < CPUS_MOST);
		assert(i == 0 || out->v[i - 1].cpu < out->v[i].cpu);
		assert(out->numbered || out->v[i].cpu == i);
		assert(strtoul(line, NULL, 16) == out->v[i].processed);
		assert(strtoul(line + WORD, NULL, 16) == out->v[i].dropped);
		assert(strtoul(line + WORD + WORD, NULL, 16) == out->v[i].squeezed);
	}
}

static void compare(const struct softnet *before, const struct softnet *after)
{
	struct softnet_delta d = {.cpus = 77};

	if (!softnet_compare(before, after, &d)) {
		assert(d.cpus == 77);
		return;
	}
	assert(d.cpus > 0 && d.cpus <= after->n && d.cpus <= before->n);
	assert(d.processed <= d.cpus * (uint64_t)INT32_MAX);
	assert(d.dropped <= d.cpus * (uint64_t)INT32_MAX);
	assert(d.squeezed <= d.cpus * (uint64_t)INT32_MAX);
	if (before == after)
		assert(d.cpus == after->n && !d.processed && !d.dropped && !d.squeezed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *first = strndup((const char *)data, size / 2);
	_cleanup_free char *second = strndup((const char *)data + size / 2, size - size / 2);
	_cleanup_softnet struct softnet a = {0}, b = {0};

	assert(first && second);
	parse(first, &a);
	parse(second, &b);
	compare(&a, &b);
	compare(&b, &a);
	if (a.n)
		compare(&a, &a);
	return 0;
}
