/* SPDX-License-Identifier: Apache-2.0 */
/* Finding profiles, following includes, overriding key by key. */
#include "helpers.h"

#include "check.h"

struct loaded {
	struct sys sys;
	struct profile p;
	struct problems problems;
	int r;
};

static void load(struct loaded *l, const char *name)
{
	*l = (struct loaded){0};
	open_fixture(&l->sys, "profiles");
	l->r = profile_load(&l->sys, name, &l->p, &l->problems);
}

static void clear(struct loaded *l)
{
	profile_clear(&l->p);
	problems_clear(&l->problems);
	sys_done(&l->sys);
}

static void assert_setting(const struct profile *p, const char *section, const char *key,
			   const char *value, const char *file, unsigned line)
{
	const struct setting *s = profile_find(p, section, key);

	assert_non_null(s);
	assert_string_equal(s->value, value);
	assert_string_equal(s->file, file);
	assert_int_equal(s->line, line);
}

static size_t count(const struct profile *p, const char *key, bool overridden)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += strcmp(p->settings[i].key, key) == 0 &&
		     p->settings[i].overridden == overridden;
	return n;
}

static void a_child_overrides_its_parent_key_by_key(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/child.ini");
	assert_int_equal(l.r, 0);
	assert_int_equal(l.problems.n, 0);
	assert_string_equal(l.p.name, "child");
	assert_string_equal(l.p.summary, "a child");
	assert_int_equal(l.p.files.n, 2);
	assert_string_equal(l.p.files.v[0], "/child.ini");
	assert_string_equal(l.p.files.v[1], "/parent.ini");
	assert_setting(&l.p, "sysctl", "vm.swappiness", "10", "/child.ini", 6);
	assert_setting(&l.p, "sysctl", "kernel.panic", "10", "/parent.ini", 6);
	assert_setting(&l.p, "check.steal", "warn", "3%", "/child.ini", 10);
	assert_setting(&l.p, "check.steal", "fail", "20%", "/parent.ini", 10);
	assert_int_equal(count(&l.p, "vm.swappiness", true), 1);
	assert_int_equal(count(&l.p, "vm.swappiness", false), 1);
	assert_int_equal(count(&l.p, "kernel.panic", true), 0);
	assert_true(profile_find(&l.p, "sysctl", "net.bridge.bridge-nf-call-iptables")->optional);
	assert_null(profile_find(&l.p, "sysctl", "warn"));
	clear(&l);
}

static void merged_sets_add_to_the_parents(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/merge.ini");
	assert_int_equal(l.r, 0);
	assert_int_equal(count(&l.p, "net.ipv4.ip_local_reserved_ports", false), 3);
	assert_int_equal(count(&l.p, "net.ipv4.ip_local_reserved_ports", true), 0);
	clear(&l);
}

static void a_plain_set_replaces_all_merged_ones(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/replace.ini");
	assert_int_equal(l.r, 0);
	assert_int_equal(count(&l.p, "net.ipv4.ip_local_reserved_ports", true), 3);
	assert_setting(&l.p, "sysctl", "net.ipv4.ip_local_reserved_ports", "8472", "/replace.ini",
		       5);
	clear(&l);
}

static void a_profile_included_twice_counts_once_where_first_named(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/diamond.ini");
	assert_int_equal(l.r, 0);
	assert_int_equal(l.problems.n, 0);
	assert_int_equal(l.p.files.n, 4);
	assert_setting(&l.p, "sysctl", "kernel.panic", "3", "/diamond.ini", 5);
	/* Both sides' own settings hold over the common parent's. */
	assert_setting(&l.p, "sysctl", "vm.swappiness", "20", "/left.ini", 5);
	assert_setting(&l.p, "sysctl", "vm.overcommit_memory", "1", "/right.ini", 5);
	clear(&l);
}

static void a_circle_of_includes_is_told_where_it_closes(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/cycle-a.ini");
	assert_int_equal(l.r, -EINVAL);
	assert_int_equal(l.problems.n, 1);
	assert_problem(&l.problems, 0, "/cycle-b.ini", 3, "a circle: /cycle-a.ini");
	assert_null(l.p.name);
	clear(&l);
	load(&l, "/cycle-self.ini");
	assert_int_equal(l.r, -EINVAL);
	assert_problem(&l.problems, 0, "/cycle-self.ini", 2, "a circle: /cycle-self.ini");
	clear(&l);
}

static void every_missing_include_is_told_at_once(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/missing.ini");
	assert_int_equal(l.r, -EINVAL);
	assert_int_equal(l.problems.errors, 2);
	assert_problem(&l.problems, 0, "/missing.ini", 3, "no profile \"nobody\"");
	assert_problem(&l.problems, 1, "/missing.ini", 3, "cannot read /nowhere.ini");
	clear(&l);
}

static void includes_go_eight_deep_and_no_further(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "/deep-2.ini");
	assert_int_equal(l.r, 0);
	assert_setting(&l.p, "sysctl", "kernel.panic", "9", "/deep-9.ini", 2);
	clear(&l);
	load(&l, "/deep-1.ini");
	assert_int_equal(l.r, -EINVAL);
	assert_problem(&l.problems, 0, "/deep-8.ini", 2, "more than 8 deep");
	clear(&l);
}

static void everything_wrong_is_told_at_once_by_file_and_line(void **state)
{
	static const struct {
		const char *file;
		unsigned line;
		const char *text;
	} expected[] = {
		{"/wrong.ini", 1, "a setting before the first section"},
		{"/wrong.ini", 8, "\"=>\" compares whole numbers, \"many\" is none"},
		{"/wrong.ini", 9, "expected \"key = value\", found \"kernel.panic\""},
		{"/wrong.ini", 11, "kernel.panic is set twice: here and in line 10"},
		{"/wrong.ini", 12, "white space before the text"},
		{"/wrong.ini", 13, "expected \"key = value\", found \"vm.swappiness : 1\""},
		{"/wrong.ini", 14, "\"somaxconn\" is not a sysctl's name"},
		{"/wrong.ini", 15, "no patterns here"},
		{"/wrong.ini", 16, "variables and functions"},
		{"/wrong.ini", 17, "\"70000\" is none"},
		{"/wrong.ini", 18, "no value behind \"=\""},
		{"/wrong.ini", 19, "TuneD's option \"replace\""},
		{"/wrong.ini", 21, "[variables] is TuneD's"},
		{"/wrong.ini", 23, "[script] is TuneD's"},
		{"/wrong.ini", 25, "no such section: [sysctls]"},
		{"/wrong-parent.ini", 2, "\"=<\" compares whole numbers, \"x\" is none"},
		{"/wrong.ini", 5, "[main] has summary= and include=, not colour="},
	};
	struct loaded l;

	(void)state;
	load(&l, "/wrong.ini");
	assert_int_equal(l.r, -EINVAL);
	assert_int_equal(l.problems.errors, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_problem(&l.problems, i, expected[i].file, expected[i].line,
			       expected[i].text);
	clear(&l);
}

static void an_unknown_name_is_told_without_a_file(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "nobody");
	assert_int_equal(l.r, -ENOENT);
	assert_int_equal(l.problems.n, 1);
	assert_problem(&l.problems, 0, NULL, 0, "no profile \"nobody\"");
	clear(&l);
	load(&l, "/nobody.ini");
	assert_int_equal(l.r, -ENOENT);
	assert_problem(&l.problems, 0, "/nobody.ini", 0, "cannot read /nobody.ini");
	clear(&l);
	/* A name can't lead to any other file than a profile. */
	load(&l, "/etc");
	assert_int_equal(l.r, -EINVAL);
	clear(&l);
}

static void etcs_profile_hides_the_shipped_one(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "article");
	assert_int_equal(l.r, 0);
	assert_string_equal(l.p.name, "article");
	assert_string_equal(l.p.files.v[0], "/etc/nodefit/profiles/article.ini");
	assert_null(profile_find(&l.p, "sysctl", "fs.file-max"));
	clear(&l);
	load(&l, "site");
	assert_int_equal(l.r, 0);
	assert_string_equal(l.p.files.v[0], "/etc/nodefit/profiles/site.ini");
	assert_string_equal(l.p.files.v[1], "builtin/kube-node.ini");
	assert_setting(&l.p, "sysctl", "net.core.somaxconn", "1000",
		       "/etc/nodefit/profiles/site.ini", 6);
	clear(&l);
}

static void etcs_profile_can_include_the_shipped_one_of_its_name(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "control-plane");
	assert_int_equal(l.r, 0);
	assert_string_equal(l.p.files.v[0], "/etc/nodefit/profiles/control-plane.ini");
	assert_string_equal(l.p.files.v[1], "builtin/control-plane.ini");
	assert_setting(&l.p, "sysctl", "kernel.panic", "20",
		       "/etc/nodefit/profiles/control-plane.ini", 6);
	assert_non_null(profile_find(&l.p, "sysctl", "net.core.somaxconn"));
	clear(&l);
}

static void the_list_names_each_profile_once_with_the_file_that_counts(void **state)
{
	static const char *const expected[][2] = {
		{"article", "/etc/nodefit/profiles/article.ini"},
		{"control-plane", "/etc/nodefit/profiles/control-plane.ini"},
		{"site", "/etc/nodefit/profiles/site.ini"},
		{"jumbo", "builtin/jumbo.ini"},
		{"kube-node", "builtin/kube-node.ini"}};
	struct profile_place *places;
	struct sys sys;
	size_t n;

	(void)state;
	open_fixture(&sys, "profiles");
	assert_int_equal(profile_list(&sys, &places, &n), 0);
	assert_int_equal(n, ARRAY_LEN(expected));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(places[i].name, expected[i][0]);
		assert_string_equal(places[i].file, expected[i][1]);
	}
	profile_places_free(places, n);
	sys_done(&sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_overrides_its_parent_key_by_key),
		cmocka_unit_test(merged_sets_add_to_the_parents),
		cmocka_unit_test(a_plain_set_replaces_all_merged_ones),
		cmocka_unit_test(a_profile_included_twice_counts_once_where_first_named),
		cmocka_unit_test(a_circle_of_includes_is_told_where_it_closes),
		cmocka_unit_test(every_missing_include_is_told_at_once),
		cmocka_unit_test(includes_go_eight_deep_and_no_further),
		cmocka_unit_test(everything_wrong_is_told_at_once_by_file_and_line),
		cmocka_unit_test(an_unknown_name_is_told_without_a_file),
		cmocka_unit_test(etcs_profile_hides_the_shipped_one),
		cmocka_unit_test(etcs_profile_can_include_the_shipped_one_of_its_name),
		cmocka_unit_test(the_list_names_each_profile_once_with_the_file_that_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
