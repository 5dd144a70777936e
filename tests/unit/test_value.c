/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include "helpers.h"

#define LONG_MAX_TEXT "9223372036854775807"

static void assert_resolves(enum op op, const char *wanted, const char *live, const char *expected)
{
	_cleanup_free char *text = NULL;

	assert_int_equal(value_resolve(op, wanted, live, &text), 0);
	assert_string_equal(text, expected);
	/* What is written must be what was wished for. */
	assert_true(value_satisfies(op, wanted, text));
}

static void assert_unresolvable(enum op op, const char *wanted, const char *live)
{
	char *text = NULL;

	assert_false(value_satisfies(op, wanted, live));
	assert_int_equal(value_resolve(op, wanted, live, &text), -EINVAL);
	assert_null(text);
}

static void numbers_are_equal_whatever_white_space_is_between(void **state)
{
	(void)state;
	assert_true(value_equal("32768 60999", "32768\t60999"));
	assert_true(value_equal("  4096  131072\t6291456 ", "4096 131072 6291456"));
	assert_true(value_equal("01", "1"));
	assert_true(value_equal("-0", "0"));
	assert_false(value_equal("1", "2"));
	assert_false(value_equal("1 2", "1"));
	assert_false(value_equal("1", "1 2"));
	assert_false(value_equal("18446744073709551615", "-1"));
}

static void text_is_compared_word_by_word(void **state)
{
	(void)state;
	assert_true(value_equal("cubic  reno", "cubic\treno\n"));
	assert_true(value_equal("", " "));
	assert_false(value_equal("cubic", "Cubic"));
	assert_false(value_equal("cubic", "cubic reno"));
	assert_false(value_equal("cubicreno", "cubic reno"));
	assert_false(value_equal("", "0"));
	assert_false(value_equal("1", "one"));
}

static void sets_are_equal_in_any_order(void **state)
{
	(void)state;
	assert_true(value_equal("6443,2379-2380", "2379,2380,6443"));
	assert_true(value_equal("1-2,3", "1-3"));
	assert_false(value_equal("2379-2380", "2379-2381"));
	/* A negative number is no set. */
	assert_false(value_equal("-1", "1"));
}

static void plain_settings_want_exactly_their_value(void **state)
{
	(void)state;
	assert_true(value_satisfies(OP_SET, "1024 65535", "1024\t65535"));
	assert_false(value_satisfies(OP_SET, "2097152", LONG_MAX_TEXT));
	assert_resolves(OP_SET, "2097152", LONG_MAX_TEXT, "2097152");
	assert_resolves(OP_SET, "|/bin/core %p", "core", "|/bin/core %p");
}

static void at_least_leaves_the_greatest_file_max_alone(void **state)
{
	(void)state;
	assert_true(value_satisfies(OP_AT_LEAST, "2097152", LONG_MAX_TEXT));
	assert_true(value_satisfies(OP_AT_LEAST, "2097152", "18446744073709551615"));
	assert_resolves(OP_AT_LEAST, "2097152", LONG_MAX_TEXT, LONG_MAX_TEXT);
	assert_resolves(OP_AT_LEAST, "18446744073692774399", "1", "18446744073692774399");
}

static void at_least_raises_number_by_number(void **state)
{
	(void)state;
	assert_true(value_satisfies(OP_AT_LEAST, "1 2 3", "1\t2\t3"));
	assert_false(value_satisfies(OP_AT_LEAST, "1 2 3", "1 1 9"));
	assert_resolves(OP_AT_LEAST, "4096 262144 4194304", "4096\t131072\t6291456",
			"4096 262144 6291456");
	assert_resolves(OP_AT_LEAST, "32768", "4096", "32768");
	assert_resolves(OP_AT_LEAST, "-1", "-5", "-1");
}

static void at_most_lowers_number_by_number(void **state)
{
	(void)state;
	assert_true(value_satisfies(OP_AT_MOST, "60", "60"));
	assert_true(value_satisfies(OP_AT_MOST, "60", "10"));
	assert_false(value_satisfies(OP_AT_MOST, "60", "61"));
	assert_resolves(OP_AT_MOST, "60", "100", "60");
	assert_resolves(OP_AT_MOST, "10 10", "5 20", "5 10");
}

static void comparing_needs_lists_of_one_length(void **state)
{
	(void)state;
	assert_unresolvable(OP_AT_LEAST, "1 2", "3");
	assert_unresolvable(OP_AT_LEAST, "1", "3 4");
	assert_unresolvable(OP_AT_MOST, "1", "word");
	assert_unresolvable(OP_AT_LEAST, "1", "");
}

static void any_alternative_satisfies(void **state)
{
	(void)state;
	assert_true(value_satisfies(OP_ONE_OF, "1|2", "1"));
	assert_true(value_satisfies(OP_ONE_OF, "1 | 2", "2\n"));
	assert_true(value_satisfies(OP_ONE_OF, "bbr|cubic", "cubic"));
	assert_true(value_satisfies(OP_ONE_OF, "4096 1 2 | 8192 1 2", "8192\t1\t2"));
	assert_false(value_satisfies(OP_ONE_OF, "1|2", "0"));
	assert_false(value_satisfies(OP_ONE_OF, "1|2", "1 2"));
	assert_false(value_satisfies(OP_ONE_OF, "1|2", ""));
}

static void the_first_alternative_is_written_without_its_margins(void **state)
{
	(void)state;
	assert_resolves(OP_ONE_OF, "1|2", "0", "1");
	assert_resolves(OP_ONE_OF, "  1 \t| 2", "0", "1");
	assert_resolves(OP_ONE_OF, "1 2 | 3 4", "0", "1 2");
}

static void reserved_ports_are_merged_never_replaced(void **state)
{
	(void)state;
	assert_true(value_satisfies(OP_MERGE, "6443", "2379-2381,6443"));
	assert_true(value_satisfies(OP_MERGE, "2380", "2379-2381\n"));
	assert_false(value_satisfies(OP_MERGE, "6443", "2379-2381"));
	assert_false(value_satisfies(OP_MERGE, "6443", ""));
	assert_resolves(OP_MERGE, "6443", "", "6443");
	assert_resolves(OP_MERGE, "30000-32767,6443", "8080,32768", "6443,8080,30000-32768");
	assert_unresolvable(OP_MERGE, "6443", "not a set");
}

static void lowering_is_seen_in_any_number_of_a_list(void **state)
{
	(void)state;
	assert_true(value_lowers(LONG_MAX_TEXT, "2097152"));
	assert_true(value_lowers("4096 131072 6291456", "4096 131072 4194304"));
	assert_true(value_lowers("0", "-1"));
	assert_false(value_lowers("4096", "65535"));
	assert_false(value_lowers("4096", "4096"));
	assert_false(value_lowers("4096 1", "1")); /* not to be compared */
	assert_false(value_lowers("word", "1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_equal_whatever_white_space_is_between),
		cmocka_unit_test(text_is_compared_word_by_word),
		cmocka_unit_test(sets_are_equal_in_any_order),
		cmocka_unit_test(plain_settings_want_exactly_their_value),
		cmocka_unit_test(at_least_leaves_the_greatest_file_max_alone),
		cmocka_unit_test(at_least_raises_number_by_number),
		cmocka_unit_test(at_most_lowers_number_by_number),
		cmocka_unit_test(comparing_needs_lists_of_one_length),
		cmocka_unit_test(any_alternative_satisfies),
		cmocka_unit_test(the_first_alternative_is_written_without_its_margins),
		cmocka_unit_test(reserved_ports_are_merged_never_replaced),
		cmocka_unit_test(lowering_is_seen_in_any_number_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
