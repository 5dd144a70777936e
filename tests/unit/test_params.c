/* SPDX-License-Identifier: Apache-2.0 */
#include "params.h"

#include "check.h"
#include "helpers.h"

struct values {
	double warn, fail, worst_warn, worst_fail, size, often;
	int choice;
	char path[PATH_PARAM_MAX];
	struct peers peers;
};

#define AT(field) .offset = offsetof(struct values, field)

static const struct param rows[] = {
	{.name = "warn",
	 .type = PARAM_DURATION,
	 AT(warn),
	 .least = 1e-5,
	 .most = 60,
	 .fallback = "10ms"},
	{.name = "fail",
	 .type = PARAM_DURATION,
	 AT(fail),
	 .least = 1e-5,
	 .most = 60,
	 .fallback = "50ms"},
	{.name = "worst_warn",
	 .type = PARAM_PERCENT,
	 AT(worst_warn),
	 .least = 0.1,
	 .most = 100,
	 .fallback = "10%"},
	{.name = "worst_fail",
	 .type = PARAM_PERCENT,
	 AT(worst_fail),
	 .least = 0.1,
	 .most = 100,
	 .fallback = "25%"},
	{.name = "size",
	 .type = PARAM_BYTES,
	 AT(size),
	 .least = 0,
	 .most = 1e15,
	 .fallback = "128M"},
	{.name = "choice",
	 .type = PARAM_CHOICE,
	 AT(choice),
	 .choices = "fail warn",
	 .fallback = "warn"},
	{.name = "often",
	 .type = PARAM_DURATION,
	 AT(often),
	 .least = 1,
	 .most = 60,
	 .fallback = "off",
	 .may_be_off = true},
	{.name = "path", .type = PARAM_PATH, AT(path), .fallback = "/var/lib/etcd"},
	{.name = "peers", .type = PARAM_PEERS, AT(peers), .fallback = ""},
	{0}};

static const struct param *row(const char *name)
{
	for (const struct param *p = rows; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	fail();
	return NULL;
}

static double parsed(const char *name, const char *text)
{
	struct values v = {0};
	double value;

	assert_int_equal(param_parse(row(name), text, &v), 0);
	memcpy(&value, (char *)&v + row(name)->offset, sizeof(value));
	return value;
}

static void assert_refused(const char *name, const char *text, int error)
{
	struct values v = {0}, untouched = {0};

	assert_int_equal(param_parse(row(name), text, &v), error);
	assert_memory_equal(&v, &untouched, sizeof(v));
}

static void durations_have_units(void **state)
{
	(void)state;
	assert_float_equal(parsed("warn", "10ms"), 0.01, 1e-12);
	assert_float_equal(parsed("warn", "500us"), 0.0005, 1e-12);
	assert_float_equal(parsed("warn", "2.5s"), 2.5, 1e-12);
	assert_float_equal(parsed("warn", "1m"), 60, 1e-12);
	assert_float_equal(parsed("warn", "10 ms"), 0.01, 1e-12);
	assert_float_equal(parsed("often", "off"), 0, 0);
	assert_refused("often", "0s", -ERANGE);
	assert_refused("warn", "off", -EINVAL);
}

static void percents_may_go_without_their_sign(void **state)
{
	(void)state;
	assert_float_equal(parsed("worst_warn", "5%"), 5, 1e-12);
	assert_float_equal(parsed("worst_warn", "5"), 5, 1e-12);
	assert_float_equal(parsed("worst_warn", "0.5 %"), 0.5, 1e-12);
}

static void sizes_count_by_1024(void **state)
{
	(void)state;
	assert_float_equal(parsed("size", "4096"), 4096, 0);
	assert_float_equal(parsed("size", "1K"), 1024, 0);
	assert_float_equal(parsed("size", "128M"), 134217728, 0);
	assert_float_equal(parsed("size", "1G"), 1073741824, 0);
	assert_float_equal(parsed("size", "0"), 0, 0);
}

static void peers_are_addresses_of_both_families(void **state)
{
	char text[INET6_ADDRSTRLEN];
	struct values v = {0};

	(void)state;
	assert_int_equal(param_parse(row("peers"), " 10.0.0.2, fd00::3\t10.0.0.4,", &v), 0);
	assert_int_equal(v.peers.n, 3);
	assert_string_equal(ip_text(&v.peers.v[1], text), "fd00::3");
	assert_string_equal(ip_text(&v.peers.v[2], text), "10.0.0.4");
	assert_int_equal(param_parse(row("peers"), "", &v), 0);
	assert_int_equal(v.peers.n, 0);
	assert_int_equal(param_parse(row("peers"), "::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8", &v), 0);
	assert_int_equal(v.peers.n, PEERS_MOST);
	assert_refused("peers", "::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9", -EINVAL);
	assert_refused("peers", "10.0.0.2 node2", -EINVAL);
	assert_refused("peers", "10.0.0", -EINVAL);
	assert_refused("peers", "10.0.0.2/24", -EINVAL);
	assert_refused("peers", "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", -EINVAL);
}

static void wrong_or_missing_units_are_refused(void **state)
{
	(void)state;
	assert_refused("warn", "10", -EINVAL);
	assert_refused("warn", "10%", -EINVAL);
	assert_refused("warn", "10MS", -EINVAL);
	assert_refused("warn", "10msx", -EINVAL);
	assert_refused("worst_warn", "5s", -EINVAL);
	assert_refused("size", "1T", -EINVAL);
	assert_refused("size", "1k", -EINVAL);
}

static void what_is_no_plain_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",    "ms",   "inf",  "infs",  "nan",    "nans",
		"-1s", "+1s",  "0x1s", "1e-3s", "1.2.3s", ".s",
		" 1s", "1 s ", "1,5s", "--1s",  "1s1s",   "10000000000000000000s"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_refused("warn", texts[i], -EINVAL);
}

static void values_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_refused("warn", "9us", -ERANGE);
	assert_refused("warn", "61s", -ERANGE);
	assert_refused("warn", "0s", -ERANGE);
	assert_refused("warn", "2h", -ERANGE);
	assert_refused("worst_warn", "100.1%", -ERANGE);
	assert_refused("worst_warn", "0%", -ERANGE);
	assert_refused("size", "999999999G", -ERANGE);
}

static void a_choice_is_one_of_its_words(void **state)
{
	struct values v = {.choice = 7};

	(void)state;
	assert_int_equal(param_parse(row("choice"), "fail", &v), 0);
	assert_int_equal(v.choice, 0);
	assert_int_equal(param_parse(row("choice"), "warn", &v), 0);
	assert_int_equal(v.choice, 1);
	assert_refused("choice", "wa", -EINVAL);
	assert_refused("choice", "", -EINVAL);
	assert_refused("choice", "fail warn", -EINVAL);
	assert_refused("choice", "Warn", -EINVAL);
}

static void a_path_is_absolute_and_not_too_long(void **state)
{
	struct values v = {0};
	char longest[PATH_PARAM_MAX + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[PATH_PARAM_MAX] = '\0';
	assert_refused("path", longest, -EINVAL);
	longest[PATH_PARAM_MAX - 1] = '\0';
	assert_int_equal(param_parse(row("path"), longest, &v), 0);
	assert_string_equal(v.path, longest);
	assert_refused("path", "var/lib/etcd", -EINVAL);
	assert_refused("path", "", -EINVAL);
}

static void every_fallback_of_every_check_can_be_read(void **state)
{
	(void)state;
	for (size_t i = 0; checks[i]; i++) {
		static max_align_t values[512];

		assert_true(checks[i]->params_size <= sizeof(values));
		assert_ptr_equal(check_find(checks[i]->name), checks[i]);
		for (const struct param *p = checks[i]->params; p->name; p++) {
			assert_non_null(p->help);
			assert_true(p->offset < checks[i]->params_size);
			if (param_parse(p, p->fallback, values) != 0)
				fail_msg("%s: %s=%s", checks[i]->name, p->name, p->fallback);
		}
	}
	assert_null(check_find("nothing"));
}

/* --- whole sections --- */

static void the_profile_holds_over_the_fallbacks(void **state)
{
	struct problems problems = {0};
	struct values v = {0};
	struct profile p;

	(void)state;
	profile_of(&p, "[check.x]\nwarn=20ms\npath=/srv\n[check.y]\nwarn=1s\nnothing=1\n");
	assert_int_equal(params_read(rows, &p, "check.x", &v, &problems), 0);
	assert_int_equal(problems.n, 0);
	assert_float_equal(v.warn, 0.02, 1e-12);
	assert_float_equal(v.fail, 0.05, 1e-12);
	assert_float_equal(v.worst_fail, 25, 1e-12);
	assert_int_equal(v.choice, 1);
	assert_string_equal(v.path, "/srv");
	profile_clear(&p);
}

static void everything_wrong_in_a_section_is_told_by_line(void **state)
{
	static const char *const parts[] = {"[check.x] has no parameter wran=",
					    "warn: a duration from 1e-05s to 60s",
					    "worst_warn: 0.1% to 100%, not \"500%\"",
					    "size: a size from 0 to 1000000000000000 bytes",
					    "choice: one of: fail warn; not \"perhaps\"",
					    "path: an absolute path of at most 255 bytes"};
	struct problems problems = {0};
	struct values v = {0};
	struct profile p;

	(void)state;
	profile_of(&p, "[check.x]\nwran=1s\nwarn=inf\nworst_warn=500%\nsize=-1\nchoice=perhaps\n"
		       "path=etcd\n");
	assert_int_equal(params_read(rows, &p, "check.x", &v, &problems), -EINVAL);
	assert_int_equal(problems.errors, ARRAY_LEN(parts));
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++)
		assert_problem(&problems, i, "test.ini", i + 2, parts[i]);
	problems_clear(&problems);
	profile_clear(&p);
}

static void a_warning_above_its_failure_is_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *part;
	} cases[] = {
		{"[check.x]\nwarn=60ms\n", 2, "warn= is above fail="},
		{"[check.x]\n\nfail=1ms\n", 3, "warn= is above fail="},
		{"[check.x]\nworst_warn=30%\n", 2, "worst_warn= is above worst_fail="},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct problems problems = {0};
		struct values v = {0};
		struct profile p;

		profile_of(&p, cases[i].text);
		assert_int_equal(params_read(rows, &p, "check.x", &v, &problems), -EINVAL);
		assert_int_equal(problems.n, 1);
		assert_problem(&problems, 0, "test.ini", cases[i].line, cases[i].part);
		problems_clear(&problems);
		profile_clear(&p);
	}
}

static void unknown_checks_and_tolerations_are_told(void **state)
{
	struct problems problems = {0};
	struct profile p;

	(void)state;
	profile_of(&p, "[check.nothing]\nwarn=1s\n[verdict]\ntolerate_unknown=steal fsnyc\n"
		       "tolerate=steal\n[check.steal]\nwarn=90%\n");
	checks_validate(&p, &problems);
	assert_int_equal(problems.errors, 4);
	assert_problem(&problems, 0, "test.ini", 2, "[check.nothing]: there is no such check");
	assert_problem(&problems, 1, "test.ini", 4, "no check \"fsnyc\"");
	assert_problem(&problems, 2, "test.ini", 5, "[verdict] has tolerate_unknown=");
	assert_problem(&problems, 3, "test.ini", 7, "[check.steal] warn= is above fail=");
	problems_clear(&problems);
	profile_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(percents_may_go_without_their_sign),
		cmocka_unit_test(sizes_count_by_1024),
		cmocka_unit_test(peers_are_addresses_of_both_families),
		cmocka_unit_test(wrong_or_missing_units_are_refused),
		cmocka_unit_test(what_is_no_plain_number_is_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(a_choice_is_one_of_its_words),
		cmocka_unit_test(a_path_is_absolute_and_not_too_long),
		cmocka_unit_test(every_fallback_of_every_check_can_be_read),
		cmocka_unit_test(the_profile_holds_over_the_fallbacks),
		cmocka_unit_test(everything_wrong_in_a_section_is_told_by_line),
		cmocka_unit_test(a_warning_above_its_failure_is_refused),
		cmocka_unit_test(unknown_checks_and_tolerations_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
