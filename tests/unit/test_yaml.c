/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as lines: a scalar at the end of a path of maps is one, and nothing else is. */
#include "yamllines.h"

#include "helper.h"
#include "helpers.h"
#include "unitfile.h"

static char *lines_of(const char *text, size_t len)
{
	char *lines = NULL;
	size_t lines_len;
	FILE *out = open_memstream(&lines, &lines_len);

	assert_non_null(out);
	assert_int_equal(yaml_lines(text, len, out), 0);
	assert_int_equal(fclose(out), 0);
	return lines;
}

static void assert_lines(const char *text, const char *expected)
{
	_cleanup_free char *lines = lines_of(text, strlen(text));

	assert_string_equal(lines, expected);
}

static void a_scalar_is_told_with_its_path_and_line(void **state)
{
	(void)state;
	assert_lines("", "");
	assert_lines("a: b\n", "1\ta\tb\n");
	assert_lines("# x\na:\n  b:\n    c: 1\n  d: 2\ne: 3\n",
		     "4\ta\tb\tc\t1\n5\ta\td\t2\n6\te\t3\n");
	assert_lines("{a: {b: c, d: e}}", "1\ta\tb\tc\n1\ta\td\te\n");
	assert_lines("a: ''\nb:\n", "1\ta\t\n2\tb\t\n");
	assert_lines("a: |-\n  b\n", "1\ta\tb\n");
	assert_lines("\"a b\": 'c: d'\n", "1\ta b\tc: d\n");
	assert_lines("a: \xc3\xa9\n", "1\ta\t\xc3\xa9\n");
}

static void what_is_no_end_of_a_path_of_maps_is_left_out(void **state)
{
	(void)state;
	assert_lines("a\n", "");
	assert_lines("- a\n- b: c\n", "");
	assert_lines("a: [b, {c: d}, [e]]\nf: g\n", "2\tf\tg\n");
	assert_lines("a: {b: [c], d: e}\n", "1\ta\td\te\n");
	/* A key that is no scalar names nothing, nor does what stands below it. */
	assert_lines("? {a: b}\n: {c: d}\n? [e]\n: f\ng: h\n", "5\tg\th\n");
	assert_lines("'': a\nb: {'': {c: d}}\ne: f\n", "3\te\tf\n");
}

static void aliases_are_not_followed(void **state)
{
	(void)state;
	assert_lines("a: &x {b: c}\nd: *x\ne: f\n", "1\ta\tb\tc\n3\te\tf\n");
	assert_lines("a: &x b\n*x : c\nd: {<<: *x, e: f}\n", "1\ta\tb\n3\td\te\tf\n");
	/* Each would be nine times the one before. */
	assert_lines("a: &a {x: y}\nb: &b {p: *a, q: *a}\nc: &c {p: *b, q: *b}\nd: *c\n",
		     "1\ta\tx\ty\n");
}

static void what_would_break_a_line_is_left_out(void **state)
{
	static const char nul[] = "a: \"b\\0c\"\nd: e\n";
	_cleanup_free char *lines = lines_of(nul, sizeof(nul) - 1);

	(void)state;
	assert_string_equal(lines, "2\td\te\n");
	assert_lines(
		"a: \"b\\tc\"\n\"d\\te\": f\ng: \"h\\ni\"\nj: |\n  k\nl: \"\\x1b\"\nm: \"\\x7f\"\n"
		"n: \"\\r\"\no: {\"p\\t\": {q: r}}\ns: t\n",
		"10\ts\tt\n");
}

static void long_keys_and_values_are_left_out_not_cut(void **state)
{
	char text[256], expected[256];

	(void)state;
	for (int len = YAML_LINES_TEXT - 1; len <= YAML_LINES_TEXT; len++) {
		bool fits = len < YAML_LINES_TEXT;

		snprintf(text, sizeof(text), "a: %0*d\n%0*d: {b: c}\nd: e\n", len, 1, len, 2);
		snprintf(expected, sizeof(expected), "1\ta\t%0*d\n2\t%0*d\tb\tc\n3\td\te\n", len, 1,
			 len, 2);
		assert_lines(text, fits ? expected : "3\td\te\n");
	}
}

static void what_is_too_deep_is_left_out(void **state)
{
	enum { DEEP = 200 };
	char text[3 * DEEP], opening[DEEP + 1] = "", closing[DEEP + 1] = "";

	(void)state;
	assert_lines("{a: {b: {c: {d: {e: {f: {g: {h: i}}}}}}}}", "1\ta\tb\tc\td\te\tf\tg\th\ti\n");
	assert_lines("{a: {b: {c: {d: {e: {f: {g: {h: {i: j}, k: [l], m: n}}}}}}}, o: p}",
		     "1\ta\tb\tc\td\te\tf\tg\tm\tn\n1\to\tp\n");
	/* Behind a depth that only harms, no more is read. */
	memset(opening, '[', DEEP);
	memset(closing, ']', DEEP);
	snprintf(text, sizeof(text), "a: b\nc: %s%s\nd: e\n", opening, closing);
	assert_lines(text, "1\ta\tb\n");
}

static void what_stands_before_an_error_counts(void **state)
{
	(void)state;
	assert_lines("a: b\nc: {d: e, f: [\n", "1\ta\tb\n2\tc\td\te\n");
	assert_lines("a: b\n]\nc: d\n", "1\ta\tb\n");
	assert_lines("a: b\nc: *none\nd: e\n", "1\ta\tb\n3\td\te\n");
	assert_lines("a: b\n\tc: d\n", "");
	assert_lines("\x01\xff\xfe", "");
}

static void each_document_begins_anew(void **state)
{
	(void)state;
	assert_lines("a: b\n---\nc: {d: e}\n...\n---\n- f\n---\ng: h\n",
		     "1\ta\tb\n3\tc\td\te\n8\tg\th\n");
}

/* --- the program --- */

static void the_program_reads_at_most_one_unit_file(void **state)
{
	_cleanup_free char *text = malloc(UNIT_FILE_MAX + 1), *out = NULL;
	struct helper_call call = {
		.verb = "yaml", .len = UNIT_FILE_MAX + 1, .deadline_s = 10, .most = 100};
	struct sys sys;

	(void)state;
	assert_non_null(text);
	assert_int_equal(sys_init(&sys, NULL), 0);
	sys.helper = built_program("nodefit-net");
	snprintf(text, UNIT_FILE_MAX, "a: b\n");
	memset(text + 5, '#', UNIT_FILE_MAX + 1 - 5);
	call.input = text;
	assert_int_equal(helper_run(&sys, &call, &out), -EPROTO);
	assert_null(out);
	call.len--;
	assert_int_equal(helper_run(&sys, &call, &out), 0);
	assert_string_equal(out, "1\ta\tb\n");
	sys_done(&sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scalar_is_told_with_its_path_and_line),
		cmocka_unit_test(what_is_no_end_of_a_path_of_maps_is_left_out),
		cmocka_unit_test(aliases_are_not_followed),
		cmocka_unit_test(what_would_break_a_line_is_left_out),
		cmocka_unit_test(long_keys_and_values_are_left_out_not_cut),
		cmocka_unit_test(what_is_too_deep_is_left_out),
		cmocka_unit_test(what_stands_before_an_error_counts),
		cmocka_unit_test(each_document_begins_anew),
		cmocka_unit_test(the_program_reads_at_most_one_unit_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
