/* SPDX-License-Identifier: Apache-2.0 */
#include "helpers.h"

static void read_one(struct setting *s, const char *key, const char *value,
		     struct problems *problems)
{
	*s = (struct setting){.section = strdup("sysctl"),
			      .key = strdup(key),
			      .value = strdup(value),
			      .file = "f.ini",
			      .line = 7};
	*problems = (struct problems){0};
	setting_read_sysctl(s, problems);
}

static void clear(struct setting *s, struct problems *problems)
{
	free(s->section);
	free(s->key);
	free(s->value);
	problems_clear(problems);
}

static void assert_reads(const char *text, enum op op, const char *value)
{
	struct problems problems;
	struct setting s;

	read_one(&s, "net.core.somaxconn", text, &problems);
	assert_int_equal(problems.n, 0);
	assert_int_equal(s.op, op);
	assert_string_equal(s.value, value);
	clear(&s, &problems);
}

static void assert_refused(const char *key, const char *value, const char *part)
{
	struct problems problems;
	struct setting s;

	read_one(&s, key, value, &problems);
	assert_int_equal(problems.errors, 1);
	assert_problem(&problems, 0, "f.ini", 7, part);
	clear(&s, &problems);
}

static void the_operator_is_split_off_the_value(void **state)
{
	(void)state;
	assert_reads("4096", OP_SET, "4096");
	assert_reads("> 4096", OP_AT_LEAST, "4096");
	assert_reads(">4096 1 2", OP_AT_LEAST, "4096 1 2");
	assert_reads("<\t-5", OP_AT_MOST, "-5");
	assert_reads("1|2", OP_ONE_OF, "1|2");
	assert_reads("+ 2379-2381,6443", OP_MERGE, "2379-2381,6443");
}

static void a_leading_bar_is_core_patterns_pipe(void **state)
{
	(void)state;
	assert_reads("|/usr/bin/core %p", OP_SET, "|/usr/bin/core %p");
}

static void operators_are_shown_as_they_are_written(void **state)
{
	(void)state;
	assert_string_equal(op_text(OP_SET), "=");
	assert_string_equal(op_text(OP_AT_LEAST), "=>");
	assert_string_equal(op_text(OP_AT_MOST), "=<");
	assert_string_equal(op_text(OP_ONE_OF), "=");
	assert_string_equal(op_text(OP_MERGE), "=+");
}

static void keys_take_their_canonical_form(void **state)
{
	static const char *const rows[][2] = {
		{"net/core/somaxconn", "net.core.somaxconn"},
		{"net.ipv4.conf.eth0/200.forwarding", "net.ipv4.conf.eth0/200.forwarding"},
		{"net/ipv4/conf/eth0.200/forwarding", "net.ipv4.conf.eth0/200.forwarding"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct problems problems;
		struct setting s;

		read_one(&s, rows[i][0], "1", &problems);
		assert_int_equal(problems.n, 0);
		assert_string_equal(s.key, rows[i][1]);
		assert_false(s.optional);
		clear(&s, &problems);
	}
}

static void a_dash_makes_a_key_optional(void **state)
{
	static const char *const keys[] = {"-net.core.somaxconn", "- net/core/somaxconn"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct problems problems;
		struct setting s;

		read_one(&s, keys[i], "1", &problems);
		assert_int_equal(problems.n, 0);
		assert_true(s.optional);
		assert_string_equal(s.key, "net.core.somaxconn");
		clear(&s, &problems);
	}
}

static void names_that_are_no_sysctls_are_refused(void **state)
{
	(void)state;
	assert_refused("somaxconn", "1", "\"somaxconn\" is not a sysctl's name");
	assert_refused("net/core/../x", "1", "is not a sysctl's name");
	assert_refused("-", "1", "\"\" is not a sysctl's name");
	assert_refused("net.ipv4.conf.*.rp_filter", "1", "no patterns here");
	assert_refused("net.ipv4.conf.eth[01].rp_filter", "1", "no patterns here");
}

static void tuneds_own_options_are_refused(void **state)
{
	(void)state;
	assert_refused("replace", "1", "TuneD's option \"replace\" is not supported");
	assert_refused("enabled", "0", "TuneD's option \"enabled\" is not supported");
	assert_refused("priority", "9", "TuneD's option \"priority\" is not supported");
}

static void a_value_is_needed(void **state)
{
	(void)state;
	assert_refused("a.b", "", "a.b: no value behind \"=\"");
	assert_refused("a.b", "> ", "a.b: no value behind \"=>\"");
	assert_refused("a.b", "+", "a.b: no value behind \"=+\"");
}

static void comparing_takes_whole_numbers(void **state)
{
	(void)state;
	assert_refused("a.b", "> many", "\"=>\" compares whole numbers, \"many\" is none");
	assert_refused("a.b", "< 1.5", "\"=<\" compares whole numbers, \"1.5\" is none");
	assert_refused("a.b", "> 0x10", "\"0x10\" is none");
	assert_refused("a.b", "> 18446744073709551616", "\"18446744073709551616\" is none");
	assert_refused("a.b", "> 1|2", "\"1|2\" is none");
}

static void merging_takes_port_numbers(void **state)
{
	(void)state;
	assert_refused("a.b", "+ 70000", "\"70000\" is none");
	assert_refused("a.b", "+ 9-8", "\"9-8\" is none");
	assert_refused("a.b", "+ http", "\"http\" is none");
}

static void alternatives_may_not_be_empty(void **state)
{
	(void)state;
	assert_refused("a.b", "1|", "an empty alternative in \"1|\"");
	assert_refused("a.b", "1||2", "an empty alternative");
	assert_refused("a.b", "1| |2", "an empty alternative");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_operator_is_split_off_the_value),
		cmocka_unit_test(a_leading_bar_is_core_patterns_pipe),
		cmocka_unit_test(operators_are_shown_as_they_are_written),
		cmocka_unit_test(keys_take_their_canonical_form),
		cmocka_unit_test(a_dash_makes_a_key_optional),
		cmocka_unit_test(names_that_are_no_sysctls_are_refused),
		cmocka_unit_test(tuneds_own_options_are_refused),
		cmocka_unit_test(a_value_is_needed),
		cmocka_unit_test(comparing_takes_whole_numbers),
		cmocka_unit_test(merging_takes_port_numbers),
		cmocka_unit_test(alternatives_may_not_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
