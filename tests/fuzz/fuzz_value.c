/* SPDX-License-Identifier: Apache-2.0 */
/* Values: what a wish is resolved to satisfies the wish, and satisfying is no matter of blanks. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "ranges.h"
#include "text.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_op(enum op op, const char *wanted, const char *live)
{
	struct ranges set = {{0}};
	wide numbers[NUMBERS_MAX];
	char *value = NULL;

	/* Only what the profile reader lets through. */
	if ((op == OP_AT_LEAST || op == OP_AT_MOST) && numbers_parse(wanted, numbers) < 0)
		return;
	if (op == OP_MERGE && ranges_add(&set, wanted) < 0)
		return;
	if (op == OP_ONE_OF && (*wanted == '|' || !strchr(wanted, '|')))
		return;
	if (value_resolve(op, wanted, live, &value) < 0)
		return;
	assert(op == OP_ONE_OF || value_satisfies(op, wanted, value));
	assert(value_equal(value, text_squeeze(value)));
	if (op == OP_AT_LEAST)
		assert(!value_lowers(live, value));
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, '\n', size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size;
	char *wanted = strndup((const char *)data, first);
	char *live = cut ? strndup((const char *)cut + 1, size - first - 1) : strdup("");

	assert(wanted && live);
	for (int op = OP_SET; op <= OP_MERGE; op++)
		try_op((enum op)op, wanted, live);
	assert(value_equal(wanted, live) == value_equal(live, wanted));
	free(wanted);
	free(live);
	return 0;
}
