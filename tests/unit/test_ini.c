/* SPDX-License-Identifier: Apache-2.0 */
/* The traps of inih and of TuneD's format: each is refused by line, none is lost silently. */
#include "helpers.h"

struct reading {
	struct setting *settings;
	size_t n;
	struct problems problems;
};

static int read_bytes(struct reading *rd, const char *text, size_t len)
{
	*rd = (struct reading){0};
	return ini_read(&profile_form, "f.ini", text, len, &rd->settings, &rd->n, &rd->problems);
}

static void clear(struct reading *rd)
{
	settings_free(rd->settings, rd->n);
	problems_clear(&rd->problems);
}

/* The text is read without a problem, as one setting of [sysctl] in this line. */
static void assert_one(const char *text, const char *value, unsigned line)
{
	struct reading rd;

	assert_int_equal(read_bytes(&rd, text, strlen(text)), 0);
	assert_int_equal(rd.problems.n, 0);
	assert_int_equal(rd.n, 1);
	assert_string_equal(rd.settings[0].section, "sysctl");
	assert_string_equal(rd.settings[0].key, "kernel.panic");
	assert_string_equal(rd.settings[0].value, value);
	assert_int_equal(rd.settings[0].line, line);
	clear(&rd);
}

/* The text has this one error, and so many settings are read all the same. */
static void assert_error(const char *text, size_t len, unsigned line, const char *part,
			 size_t settings)
{
	struct reading rd;

	assert_int_equal(read_bytes(&rd, text, len), -EINVAL);
	assert_int_equal(rd.problems.n, 1);
	assert_int_equal(rd.problems.errors, 1);
	assert_problem(&rd.problems, 0, "f.ini", line, part);
	assert_int_equal(rd.n, settings);
	clear(&rd);
}

static void assert_error_in(const char *text, unsigned line, const char *part, size_t settings)
{
	assert_error(text, strlen(text), line, part, settings);
}

static void lines_may_end_as_they_like(void **state)
{
	(void)state;
	assert_one("[sysctl]\nkernel.panic = 1\n", "1", 2);
	assert_one("[sysctl]\nkernel.panic = 1", "1", 2);
	assert_one("[sysctl]\r\n\r\nkernel.panic=1\r\n", "1", 3);
	assert_one("\xef\xbb\xbf[sysctl]\nkernel.panic\t=\t1", "1", 2);
}

static void comments_and_empty_lines_are_passed_over_and_counted(void **state)
{
	(void)state;
	assert_one("# one\n; two\n\n  \t\n[sysctl]\n#[sysctl]\nkernel.panic = 1\n", "1", 7);
}

static void a_comment_behind_white_space_is_cut_off(void **state)
{
	(void)state;
	assert_one("[sysctl] # TuneD writes so\nkernel.panic = 1 # and so\n", "1", 2);
	assert_one("[sysctl]\nkernel.panic = 1\t# 2\n", "1", 2);
	assert_one("[sysctl]\nkernel.panic = a#b\n", "a#b", 2);
}

static void a_value_keeps_its_inner_white_space_and_semicolons(void **state)
{
	(void)state;
	assert_one("[sysctl]\nkernel.panic =  1  2\t3  \n", "1  2\t3", 2);
	assert_one("[sysctl]\nkernel.panic = a;b\n", "a;b", 2);
	assert_one("[sysctl]\nkernel.panic = a:b=c\n", "a:b=c", 2);
}

static void lines_that_inih_would_cut_are_refused(void **state)
{
	char text[400] = "[sysctl]\nkernel.panic = ";
	size_t begin = strlen("[sysctl]\n"), used = strlen(text);

	(void)state;
	memset(text + used, 'x', 300);
	text[begin + 197] = '\0';
	assert_one(text, text + used, 2);
	text[begin + 197] = 'x';
	text[begin + 198] = '\0';
	assert_error_in(text, 2, "a line of 198 bytes: at most 197", 0);
	/* The next line must not be taken for the long one's tail. */
	snprintf(text + begin + 198, 100, "\nkernel.panic = 5\n");
	assert_error_in(text, 2, "a line of 198 bytes", 1);
}

static void a_long_comment_is_no_problem(void **state)
{
	char text[1000] = "[sysctl]\nkernel.panic = 1 #";

	(void)state;
	memset(text + strlen(text), 'x', 600);
	assert_one(text, "1", 2);
}

static void long_section_names_are_refused(void **state)
{
	char text[128] = "[check.", wanted[64];
	struct reading rd;

	(void)state;
	memset(text + 7, 'x', 49 - 6);
	snprintf(text + 50, 32, "]\na=1\n");
	assert_error_in(text, 1, "a section's name of 49 bytes: at most 48", 0);
	snprintf(text + 49, 32, "]\na=1\n");
	snprintf(wanted, sizeof(wanted), "%.48s", text + 1);
	assert_int_equal(read_bytes(&rd, text, strlen(text)), 0);
	assert_string_equal(rd.settings[0].section, wanted);
	clear(&rd);
}

static void a_colon_does_not_separate(void **state)
{
	(void)state;
	assert_error_in("[sysctl]\nkernel.panic : 1\n", 2,
			"expected \"key = value\", found \"kernel.panic : 1\"", 0);
	assert_error_in("[sysctl]\nkernel:panic = 1\n", 2, "expected \"key = value\"", 0);
	assert_error_in("[sysctl]\nkernel.panic\n", 2, "expected \"key = value\"", 0);
	assert_error_in("[check.steal]\n= 1\n", 2, "expected \"key = value\"", 0);
}

static void a_semicolon_that_would_cut_the_line_is_refused(void **state)
{
	(void)state;
	assert_error_in("[sysctl]\nkernel.panic = 1 ; why\n", 2, "\";\" behind white space", 0);
	assert_error_in("[sysctl]\nkernel.panic = a;b\t;c\n", 2, "\";\" behind white space", 0);
	assert_error_in("[sysctl] ; why\nkernel.panic = 1\n", 1, "\";\" behind white space", 0);
}

static void an_indented_line_is_no_continuation(void **state)
{
	(void)state;
	assert_error_in("[sysctl]\nkernel.panic = 1\n 2\n", 3, "white space before the text", 1);
	assert_error_in("[sysctl]\n\tkernel.panic = 1\n", 2, "white space before the text", 0);
}

static void nul_bytes_and_control_characters_are_refused(void **state)
{
	static const char nul[] = "[sysctl]\nkernel.panic = 1\0"
				  "2\nkernel.sysrq = 1\n";

	(void)state;
	assert_error(nul, sizeof(nul) - 1, 2, "a NUL byte", 1);
	assert_error_in("[sysctl]\nkernel.panic = 1\033[2J\n", 2, "a control character (0x1b)", 0);
	assert_error_in("[sysctl]\nkernel.panic = 1\r2\n", 2, "a control character (0x0d)", 0);
}

static void a_setting_needs_a_section(void **state)
{
	(void)state;
	assert_error_in("kernel.panic = 1\n[sysctl]\nkernel.sysrq = 1\n", 1,
			"a setting before the first section", 1);
}

static void a_broken_section_swallows_its_settings(void **state)
{
	(void)state;
	assert_error_in("[sysctl\nkernel.panic = 1\n", 1, "a section without \"]\"", 0);
	assert_error_in("[sysctl] kernel.panic = 1\na.b = 1\n", 1,
			"text behind the section's \"]\"", 0);
	assert_error_in("[main]\nsummary=x\n[sysctls]\na.b = 1\n[sysctl]\na.c = 1\n", 3,
			"no such section: [sysctls]", 2);
	assert_error_in("[]\na.b = 1\n", 1, "no such section: []", 0);
}

static void tuneds_variables_and_scripts_are_refused(void **state)
{
	(void)state;
	assert_error_in("[variables]\na=1\n", 1, "[variables] is TuneD's and not nodefit's", 0);
	assert_error_in("[script]\nscript=a.sh\n", 1, "[script] is TuneD's and not nodefit's", 0);
	assert_error_in("[sysctl]\nkernel.panic = ${f:a:b}\n", 2, "variables and functions", 0);
}

static void tuneds_other_plugins_are_ignored_with_a_warning(void **state)
{
	static const char text[] = "[disk]\nreadahead=>4096\n[sysctl]\nkernel.panic = 1\n";
	struct reading rd;

	(void)state;
	assert_int_equal(read_bytes(&rd, text, strlen(text)), 0);
	assert_int_equal(rd.problems.n, 1);
	assert_int_equal(rd.problems.errors, 0);
	assert_true(rd.problems.v[0].warning);
	assert_problem(&rd.problems, 0, "f.ini", 1, "[disk] is ignored");
	assert_int_equal(rd.n, 1);
	assert_string_equal(rd.settings[0].key, "kernel.panic");
	clear(&rd);
}

static void a_key_may_be_set_once_in_a_file(void **state)
{
	(void)state;
	assert_error_in("[sysctl]\nkernel.panic = 1\nkernel.panic = 1\n", 3,
			"kernel.panic is set twice: here and in line 2", 2);
	/* However it is written. */
	assert_error_in("[sysctl]\nkernel.panic = 1\n-kernel/panic => 2\n", 3, "set twice", 2);
	assert_error_in("[sysctl]\na.b =+ 1\na.b = 2\n", 3, "set twice", 2);
	assert_error_in("[main]\nsummary=a\n[sysctl]\na.b = 1\n[main]\nsummary=b\n", 6, "set twice",
			3);
}

static void one_key_in_two_sections_is_two_settings(void **state)
{
	static const char text[] = "[check.steal]\nwarn=1%\n[check.fsync]\nwarn=1ms\n";
	struct reading rd;

	(void)state;
	assert_int_equal(read_bytes(&rd, text, strlen(text)), 0);
	assert_int_equal(rd.n, 2);
	clear(&rd);
}

static void an_endless_profile_is_refused(void **state)
{
	size_t size = 100000, used;
	_cleanup_free char *text = malloc(size);
	struct reading rd;

	(void)state;
	assert_non_null(text);
	used = (size_t)snprintf(text, size, "[sysctl]\n");
	for (int i = 0; i < 4097; i++)
		used += (size_t)snprintf(text + used, size - used, "k.k%d = 1\n", i);
	assert_int_equal(read_bytes(&rd, text, used), -EINVAL);
	assert_problem(&rd.problems, 0, "f.ini", 4098, "more than 4096 settings");
	clear(&rd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_may_end_as_they_like),
		cmocka_unit_test(comments_and_empty_lines_are_passed_over_and_counted),
		cmocka_unit_test(a_comment_behind_white_space_is_cut_off),
		cmocka_unit_test(a_value_keeps_its_inner_white_space_and_semicolons),
		cmocka_unit_test(lines_that_inih_would_cut_are_refused),
		cmocka_unit_test(a_long_comment_is_no_problem),
		cmocka_unit_test(long_section_names_are_refused),
		cmocka_unit_test(a_colon_does_not_separate),
		cmocka_unit_test(a_semicolon_that_would_cut_the_line_is_refused),
		cmocka_unit_test(an_indented_line_is_no_continuation),
		cmocka_unit_test(nul_bytes_and_control_characters_are_refused),
		cmocka_unit_test(a_setting_needs_a_section),
		cmocka_unit_test(a_broken_section_swallows_its_settings),
		cmocka_unit_test(tuneds_variables_and_scripts_are_refused),
		cmocka_unit_test(tuneds_other_plugins_are_ignored_with_a_warning),
		cmocka_unit_test(a_key_may_be_set_once_in_a_file),
		cmocka_unit_test(one_key_in_two_sections_is_two_settings),
		cmocka_unit_test(an_endless_profile_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
