/* SPDX-License-Identifier: Apache-2.0 */
/* Values: what a wish is resolved to satisfies the wish, and is resolved to itself the next time.
 * The first line of the input is what stands behind "key =" in a profile, the rest is live. */
#include "tree.h"

#include "profile.h"
#include "ranges.h"
#include "text.h"
#include "value.h"

/* How a wish may move a value: nothing is lowered by "at least", and so on. */
static void check_direction(enum op op, const char *wanted, const char *live, const char *value)
{
	if (op == OP_AT_LEAST)
		assert(!value_lowers(live, value));
	if (op == OP_AT_MOST)
		assert(!value_lowers(value, live));
	if (op == OP_MERGE)
		assert(value_satisfies(op, live, value));
	if (op != OP_ONE_OF && value_satisfies(op, wanted, live))
		assert(value_equal(value, live));
}

static void check_resolved(const struct setting *s, const char *live)
{
	_cleanup_free char *value = NULL, *again = NULL, *squeezed = NULL;
	int r = value_resolve(s->op, s->value, live, &value);

	assert(r == 0 || (r == -EINVAL && s->op != OP_SET && s->op != OP_ONE_OF));
	if (r < 0)
		return;
	assert(value_satisfies(s->op, s->value, value));
	check_direction(s->op, s->value, live, value);
	/* One line without blanks around it: it is written to the key as it is. */
	assert(!strpbrk(value, "\n\r") && strspn(value, " \t") == 0);
	assert(value_resolve(s->op, s->value, value, &again) == 0 && strcmp(again, value) == 0);
	squeezed = strdup(value);
	assert(squeezed && value_equal(value, text_squeeze(squeezed)));
}

/* Does the text name each number once, in order, and are neighbours one range? */
static void check_kernel_form(const char *text)
{
	long next = 0;

	while (*text) {
		char *end;
		long low = strtol(text, &end, 10), high = low;

		if (*end == '-') {
			high = strtol(end + 1, &end, 10);
			assert(high > low);
		}
		assert(low >= next && high < RANGE_LIMIT && (*end == ',' || !*end));
		next = high + 2;
		text = end + (*end == ',');
		assert(!*end || *text);
	}
}

static void check_ranges(const char *text)
{
	struct ranges set = {{0}}, back = {{0}};
	_cleanup_free char *printed = NULL;

	/* Printing takes long: not for each single number. */
	if (!strpbrk(text, ",-") || ranges_add(&set, text) < 0)
		return;
	assert(ranges_print(&set, &printed) == 0 && ranges_add(&back, printed) == 0);
	assert(memcmp(&set, &back, sizeof(set)) == 0 && ranges_cover(&set, &back));
	check_kernel_form(printed);
}

static void check_number(const char *text)
{
	char printed[WIDE_TEXT];
	wide number, back;

	if (number_parse(text, &number) < 0)
		return;
	number_print(number, printed);
	assert(number_parse(printed, &back) == 0 && back == number);
}

static void check_wish(const char *wish, const char *live)
{
	_cleanup_free char *text = NULL;
	struct problems problems = {0};
	struct setting *settings = NULL;
	size_t n = 0;

	assert(format(&text, "[sysctl]\nkernel.key =%s", wish) == 0);
	if (ini_read(&profile_form, "fuzz.ini", text, strlen(text), &settings, &n, &problems) ==
	    0) {
		assert(n == 1);
		check_resolved(&settings[0], live);
	}
	settings_free(settings, n);
	problems_clear(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, '\n', size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size;
	_cleanup_free char *wish = strndup((const char *)data, first);
	_cleanup_free char *live =
		cut ? strndup((const char *)cut + 1, size - first - 1) : strdup("");

	assert(wish && live);
	check_wish(wish, live);
	check_ranges(live);
	check_number(live);
	assert(value_equal(live, live));
	assert(value_equal(wish, live) == value_equal(live, wish));
	return 0;
}
