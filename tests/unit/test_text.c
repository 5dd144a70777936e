/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include "helpers.h"

static void assert_number(const char *text, wide expected)
{
	wide value = 4711;

	assert_int_equal(number_parse(text, &value), 0);
	assert_true(value == expected);
}

static void assert_no_number(const char *text, int error)
{
	wide value = 4711;

	assert_int_equal(number_parse(text, &value), error);
	assert_true(value == 4711); /* untouched */
}

static void signed_and_unsigned_limits_are_read(void **state)
{
	(void)state;
	assert_number("0", 0);
	assert_number("-0", 0);
	assert_number("+17", 17);
	assert_number("007", 7);
	assert_number("9223372036854775807", INT64_MAX);
	assert_number("-9223372036854775808", INT64_MIN);
	assert_number("18446744073709551615", UINT64_MAX);
	assert_number("000000000000000000000018446744073709551615", UINT64_MAX);
}

static void numbers_beyond_64_bits_are_refused(void **state)
{
	(void)state;
	assert_no_number("18446744073709551616", -ERANGE);
	assert_no_number("-9223372036854775809", -ERANGE);
	assert_no_number("-18446744073709551615", -ERANGE);
	assert_no_number("99999999999999999999999999999999999999999999999999", -ERANGE);
	assert_no_number("-99999999999999999999999999999999999999999999999999", -ERANGE);
}

static void anything_but_one_decimal_number_is_refused(void **state)
{
	static const char *const texts[] = {"",    "-",   "+",   " 1",  "1 ", "1x",  "x1",   "0x1",
					    "--1", "1.0", "1e3", "1 2", "-x", "\t1", "1\n2", "１"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_no_number(texts[i], -EINVAL);
}

static void numbers_may_stand_between_any_white_space(void **state)
{
	wide v[NUMBERS_MAX];

	(void)state;
	assert_int_equal(numbers_parse("4096\t131072\t6291456", v), 3);
	assert_true(v[0] == 4096 && v[1] == 131072 && v[2] == 6291456);
	assert_int_equal(numbers_parse(" \n 1 \v\f\r -2 \n", v), 2);
	assert_true(v[0] == 1 && v[1] == -2);
}

static void a_list_is_read_whole_or_not_at_all(void **state)
{
	wide v[NUMBERS_MAX] = {4711};

	(void)state;
	assert_int_equal(numbers_parse("", v), -EINVAL);
	assert_int_equal(numbers_parse(" \t\n", v), -EINVAL);
	assert_int_equal(numbers_parse("1 2 x", v), -EINVAL);
	assert_int_equal(numbers_parse("1,2", v), -EINVAL);
	assert_int_equal(numbers_parse("1 18446744073709551616", v), -EINVAL);
	assert_int_equal(numbers_parse("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", v), -EINVAL);
	assert_true(v[0] == 4711);
	assert_int_equal(numbers_parse("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", v), 16);
	assert_true(v[15] == 16);
}

static void printed_numbers_are_read_back(void **state)
{
	static const struct {
		wide value;
		const char *text;
	} rows[] = {{0, "0"},
		    {-1, "-1"},
		    {INT64_MIN, "-9223372036854775808"},
		    {INT64_MAX, "9223372036854775807"},
		    {(wide)UINT64_MAX, "18446744073709551615"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[WIDE_TEXT];

		number_print(rows[i].value, text);
		assert_string_equal(text, rows[i].text);
		assert_number(text, rows[i].value);
	}
}

static void squeeze_leaves_single_blanks_between_words(void **state)
{
	static const char *const rows[][2] = {{"", ""},
					      {" \t\n", ""},
					      {"one", "one"},
					      {"  one\t\ttwo \n three\r\n", "one two three"},
					      {"\v\fa b", "a b"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", rows[i][0]);
		assert_ptr_equal(text_squeeze(text), text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void strip_cuts_both_ends_and_nothing_inside(void **state)
{
	char text[] = " \t a  b \r\n", empty[] = " \n ";

	(void)state;
	assert_string_equal(text_strip(text), "a  b");
	assert_string_equal(text_strip(empty), "");
}

static void words_are_found_whole_only(void **state)
{
	(void)state;
	assert_true(word_in("main sysctl net", "main"));
	assert_true(word_in("main sysctl net", "sysctl"));
	assert_true(word_in("main  net", "net"));
	assert_false(word_in("main sysctl net", "sys"));
	assert_false(word_in("main sysctl net", "sysctls"));
	assert_false(word_in("main sysctl net", "main sysctl"));
	assert_false(word_in("main  net", ""));
	assert_false(word_in("", "main"));
	assert_false(word_in(NULL, "main"));
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
	char to[5];

	(void)state;
	text_cut(to, sizeof(to), "");
	assert_string_equal(to, "");
	text_cut(to, sizeof(to), "abcd");
	assert_string_equal(to, "abcd");
	text_cut(to, sizeof(to), "abcde");
	assert_string_equal(to, "abcd");
	text_cut(to, sizeof(to), "ab\u20acx");
	assert_string_equal(to, "ab");
	text_cut(to, sizeof(to), "a\u20acx");
	assert_string_equal(to, "a\u20ac");
	text_cut(to, 1, "a");
	assert_string_equal(to, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_and_unsigned_limits_are_read),
		cmocka_unit_test(numbers_beyond_64_bits_are_refused),
		cmocka_unit_test(anything_but_one_decimal_number_is_refused),
		cmocka_unit_test(numbers_may_stand_between_any_white_space),
		cmocka_unit_test(a_list_is_read_whole_or_not_at_all),
		cmocka_unit_test(printed_numbers_are_read_back),
		cmocka_unit_test(squeeze_leaves_single_blanks_between_words),
		cmocka_unit_test(strip_cuts_both_ends_and_nothing_inside),
		cmocka_unit_test(words_are_found_whole_only),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
