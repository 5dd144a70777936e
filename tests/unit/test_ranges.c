/* SPDX-License-Identifier: Apache-2.0 */
#include "ranges.h"

#include "helpers.h"

static void assert_prints(const struct ranges *set, const char *expected)
{
	_cleanup_free char *text = NULL;

	assert_int_equal(ranges_print(set, &text), 0);
	assert_string_equal(text, expected);
}

static void assert_normal_form(const char *text, const char *expected)
{
	struct ranges set = {{0}};

	assert_int_equal(ranges_add(&set, text), 0);
	assert_prints(&set, expected);
}

static void sets_are_printed_as_the_kernel_prints_them(void **state)
{
	(void)state;
	assert_normal_form("", "");
	assert_normal_form(" \n", "");
	assert_normal_form("0", "0");
	assert_normal_form("65535", "65535");
	assert_normal_form("0-65535", "0-65535");
	assert_normal_form("8080,2379-2381\n", "2379-2381,8080");
	assert_normal_form("5-5", "5");
}

static void touching_and_overlapping_ranges_become_one(void **state)
{
	(void)state;
	assert_normal_form("1-3,4-6", "1-6");
	assert_normal_form("4,3,2,1", "1-4");
	assert_normal_form("1-5,3-9", "1-9");
	assert_normal_form("1-3,5-6", "1-3,5-6");
	assert_normal_form("7,7,7", "7");
	assert_normal_form("65535,65534", "65534-65535");
}

static void blanks_may_surround_ranges(void **state)
{
	(void)state;
	assert_normal_form(" 1 , 3 \n", "1,3");
	assert_normal_form("\t10-20\t,\n30", "10-20,30");
}

static void adding_keeps_what_is_there(void **state)
{
	struct ranges set = {{0}};

	(void)state;
	assert_int_equal(ranges_add(&set, "30000-32767"), 0);
	assert_int_equal(ranges_add(&set, "2379-2381"), 0);
	assert_int_equal(ranges_add(&set, ""), 0);
	assert_prints(&set, "2379-2381,30000-32767");
}

static void malformed_sets_are_refused_and_change_nothing(void **state)
{
	static const char *const texts[] = {
		"65536", "1-65536", "9-8",   "1-",   "-1",  "1,",   ",1",  "1,,2",
		"1;2",   "x",       "1-2-3", "1 -2", "1 2", "0x10", "1.5", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct ranges set = {{0}};
		char first[32];

		assert_int_equal(ranges_add(&set, "7"), 0);
		assert_int_equal(ranges_add(&set, texts[i]), -EINVAL);
		/* A sound beginning must not be taken either. */
		snprintf(first, sizeof(first), "100,%s", texts[i]);
		assert_int_equal(ranges_add(&set, first), -EINVAL);
		assert_prints(&set, "7");
	}
}

static void a_set_covers_its_parts_only(void **state)
{
	struct ranges whole = {{0}}, part = {{0}}, none = {{0}};

	(void)state;
	ranges_add(&whole, "10-20,30");
	ranges_add(&part, "11,20,30");
	assert_true(ranges_cover(&whole, &part));
	assert_true(ranges_cover(&whole, &whole));
	assert_true(ranges_cover(&whole, &none));
	assert_false(ranges_cover(&part, &whole));
	ranges_add(&part, "21");
	assert_false(ranges_cover(&whole, &part));
}

static void holding_needs_every_number_between(void **state)
{
	struct ranges set = {{0}};

	(void)state;
	ranges_add(&set, "10-20,22-30,65535");
	assert_true(ranges_hold(&set, 10, 20));
	assert_true(ranges_hold(&set, 15, 15));
	assert_true(ranges_hold(&set, 65535, 65535));
	assert_false(ranges_hold(&set, 10, 22));
	assert_false(ranges_hold(&set, 9, 10));
	assert_false(ranges_hold(&set, 65535, 65536)); /* beyond the last port */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_printed_as_the_kernel_prints_them),
		cmocka_unit_test(touching_and_overlapping_ranges_become_one),
		cmocka_unit_test(blanks_may_surround_ranges),
		cmocka_unit_test(adding_keeps_what_is_there),
		cmocka_unit_test(malformed_sets_are_refused_and_change_nothing),
		cmocka_unit_test(a_set_covers_its_parts_only),
		cmocka_unit_test(holding_needs_every_number_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
