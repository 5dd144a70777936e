/* SPDX-License-Identifier: Apache-2.0 */
/* Targets and patterns: what is taken is exact, and what is wrong is told by file and line. */
#include "params.h"

#include "helpers.h"

static void a_target_has_a_host_a_port_and_perhaps_a_name(void **state)
{
	struct targets t = {0};
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(targets_parse(" api=10.0.0.1:6443\tetcd=[fd00::1]:2379 10.0.0.2:80 "
				       "[::1]:443 users=eu.example.com:443 h_1.x:1 ",
				       &t),
			 0);
	assert_int_equal(t.n, 6);
	assert_string_equal(t.v[0].name, "api");
	assert_string_equal(ip_text(&t.v[0].ip, text), "10.0.0.1");
	assert_int_equal(t.v[0].port, 6443);
	assert_string_equal(t.v[1].name, "etcd");
	assert_string_equal(ip_text(&t.v[1].ip, text), "fd00::1");
	assert_string_equal(t.v[2].name, "10.0.0.2:80");
	assert_string_equal(t.v[3].name, "[::1]:443");
	assert_string_equal(t.v[4].host, "eu.example.com");
	assert_int_equal(t.v[4].ip.family, 0);
	assert_int_equal(t.v[5].port, 1);
	assert_int_equal(targets_parse("  ", &t), 0);
	assert_int_equal(t.n, 0);
}

static void a_target_may_have_limits_of_its_own(void **state)
{
	struct targets t = {0};

	(void)state;
	assert_int_equal(targets_parse("a=::1:1", &t), -EINVAL); /* brackets are needed */
	assert_int_equal(targets_parse("a=h.x:1@10ms/50ms b=[::1]:2@1s c=10.0.0.1:3", &t), 0);
	assert_float_equal(t.v[0].warn, 0.01, 1e-12);
	assert_float_equal(t.v[0].fail, 0.05, 1e-12);
	assert_float_equal(t.v[1].warn, 1, 1e-12);
	assert_float_equal(t.v[1].fail, 0, 0);
	assert_float_equal(t.v[2].warn, 0, 0);
}

static void what_is_no_target_is_refused_and_nothing_taken(void **state)
{
	static const char *const texts[] = {
		"10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:080000",
		"10.0.0.1:8o", ":80", "[fe80::1]:80", "[::1]", "[::1:80", "::1]:80",
		"[10.0.0.1]:80", "[]:80", "[h.x]:80", "fd00::1:80", "10.0.0:80", "1.2.3.4.5:80",
		"-h.x:80", "h-.x:80", "h..x:80", ".x:80", "h.x.:", "h x:80", "=h.x:80",
		"a b=h.x:80", "a/b=h.x:80", "h/x:80", "a=b=h.x:80", "h.x:80@", "h.x:80@10",
		"h.x:80@0ms", "h.x:80@2m", "h.x:80@10ms/", "h.x:80@10ms/5ms", "h.x:80@10ms/50ms/1s",
		"a=h.x:1 a=h.y:2", "h.x:1 h.x:1",
		/* a name of 40 bytes, and a target that would need one */
		"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd=h.x:1",
		"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd.x:1", "1:1 2:2", "h.x:80,h.y:80"};
	struct targets t = {.n = 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (targets_parse(texts[i], &t) != -EINVAL || t.n != 3)
			fail_msg("\"%s\"", texts[i]);
}

static void there_are_sixteen_at_the_most(void **state)
{
	char text[512] = "";
	struct targets t = {0};

	(void)state;
	for (int i = 1; i <= TARGETS_MOST; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "h.x:%d ", i);
	assert_int_equal(targets_parse(text, &t), 0);
	assert_int_equal(t.n, TARGETS_MOST);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "h.x:99");
	assert_int_equal(targets_parse(text, &t), -EINVAL);
}

static void host_names_have_the_lengths_of_dns(void **state)
{
	char label[65], name[300] = "";

	(void)state;
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_false(host_name_ok(label));
	label[63] = '\0';
	assert_true(host_name_ok(label));
	for (int i = 0; i < 4; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "%.62s.", label);
	/* Four of 62, their dots, and one byte. */
	snprintf(name + 252, sizeof(name) - 252, "b");
	assert_true(host_name_ok(name));
	snprintf(name + 252, sizeof(name) - 252, "bbb");
	assert_false(host_name_ok(name));
	assert_true(host_name_ok("h.x."));
	assert_false(host_name_ok(""));
	assert_false(host_name_ok("h.x\n"));
	assert_false(host_name_ok("h\xc3\xa9.x"));
}

static void patterns_choose_and_exclude(void **state)
{
	(void)state;
	assert_true(globs_match("eu-* de-*", "eu-west-1"));
	assert_true(globs_match("eu-* de-*", "de-fra"));
	assert_false(globs_match("eu-* de-*", "us-east-1"));
	assert_false(globs_match("eu-*", "xeu-west-1"));
	assert_false(globs_match("eu-* !eu-west-2", "eu-west-2"));
	assert_false(globs_match("!eu-west-2 eu-*", "eu-west-2"));
	assert_true(globs_match("!eu-west-2 eu-*", "eu-west-1"));
	assert_true(globs_match("eu-west-[12]?", "eu-west-1a"));
	assert_false(globs_match("", "eu-west-1"));
	assert_false(globs_match("!us-*", "eu-west-1"));
	assert_int_equal(globs_check(""), 0);
	assert_int_equal(globs_check(" eu-* !eu-west-2 "), 0);
	assert_int_equal(globs_check("!eu-west-2"), -EINVAL); /* it would allow nothing */
	assert_int_equal(globs_check("eu-* !"), -EINVAL);
	assert_int_equal(globs_check("eu-*,de-*"), -EINVAL);
	assert_int_equal(globs_check("eu-*\n"), -EINVAL);
}

static void a_wrong_list_is_told_by_file_and_line(void **state)
{
	static const struct param rows[] = {
		{.name = "targets", .type = PARAM_TARGETS, .offset = 0, .fallback = ""},
		{.name = "regions",
		 .type = PARAM_GLOBS,
		 .offset = sizeof(struct targets),
		 .fallback = ""},
		{0}};
	static struct {
		struct targets targets;
		char regions[TEXT_PARAM_MAX];
	} values;
	struct problems problems = {0};
	struct profile p;

	(void)state;
	profile_of(&p, "[check.x]\ntargets=10.0.0.1\nregions=eu-*,de-*\n");
	assert_int_equal(params_read(rows, &p, "check.x", &values, &problems), -EINVAL);
	assert_int_equal(problems.errors, 2);
	assert_problem(&problems, 0, "test.ini", 2, "[NAME=]HOST:PORT[@WARN[/FAIL]]");
	assert_problem(&problems, 1, "test.ini", 3, "regions: patterns of letters");
	problems_clear(&problems);
	profile_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_has_a_host_a_port_and_perhaps_a_name),
		cmocka_unit_test(a_target_may_have_limits_of_its_own),
		cmocka_unit_test(what_is_no_target_is_refused_and_nothing_taken),
		cmocka_unit_test(there_are_sixteen_at_the_most),
		cmocka_unit_test(host_names_have_the_lengths_of_dns),
		cmocka_unit_test(patterns_choose_and_exclude),
		cmocka_unit_test(a_wrong_list_is_told_by_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
