/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of /proc/net/stat/nf_conntrack: what it takes has the three columns, and every line as
 * many numbers as there are names; and judging any two readings stays within the findings. */
#include "tree.h"

#include "conntrack.h"

static size_t words(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += line[i] != ' ' && (i == 0 || line[i - 1] == ' ');
	return n;
}

static bool parse(const char *text, struct conntrack_stat *out)
{
	size_t first = strcspn(text, "\n"), names = words(text, first);
	struct conntrack_stat before = *out;
	int r = conntrack_stat_parse(text, out);

	assert(r == 0 || r == -EBADMSG);
	if (r < 0) {
		assert(memcmp(&before, out, sizeof(before)) == 0);
		return false;
	}
	assert(names >= 3);
	assert(text[strlen(text) - 1] == '\n');
	for (const char *line = text + first + 1; *line; line = strchr(line, '\n') + 1)
		assert(words(line, strcspn(line, "\n")) == names);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conntrack_limits limits = {90, 95, 1, 100, 1, 10};
	_cleanup_free char *first = strndup((const char *)data, size / 2);
	_cleanup_free char *second = strndup((const char *)data + size / 2, size - size / 2);
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	struct conntrack_space s = {.count = (double)size, .max = 4096};

	assert(first && second && findings);
	s.has_stat = parse(first, &s.before) && parse(second, &s.after);
	conntrack_judge(&s, 1, &limits, "by hand", findings);
	assert(findings->n <= 4);
	return 0;
}
