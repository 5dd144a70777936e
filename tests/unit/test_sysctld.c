/* SPDX-License-Identifier: Apache-2.0 */
#include "sysctld.h"

#include "helpers.h"

static void read_fixture(const char *name, struct sysctld *d)
{
	struct sys sys;

	open_fixture(&sys, name);
	assert_int_equal(sysctld_read(&sys, d), 0);
	sys_done(&sys);
}

static void parse(struct sysctld *d, const char *file, const char *text)
{
	assert_int_equal(sysctld_parse(d, file, text, true), 0);
}

static void assert_winner(const struct sysctld *d, const char *path, const char *skip,
			  const char *value)
{
	const struct sysctld_entry *e = sysctld_winner(d, path, skip);

	if (!value) {
		assert_null(e);
	} else {
		assert_non_null(e);
		assert_string_equal(e->value, value);
	}
}

static void files_are_read_by_base_name_and_etc_masks_the_others(void **state)
{
	static const struct {
		const char *file, *path, *value;
		unsigned line;
		bool boot;
	} expected[] = {
		{"/etc/sysctl.d/10-distro.conf", "kernel/panic", "2", 1, true},
		{"/run/sysctl.d/20-run.conf", "vm/swappiness", "20", 1, true},
		{"/run/sysctl.d/30-local.conf", "vm/swappiness", "31", 1, true},
		{"/usr/lib/sysctl.d/50-default.conf", "kernel/sysrq", "16", 1, true},
		{"/usr/lib/sysctl.d/50-default.conf", "net/ipv4/conf/all/rp_filter", NULL, 2, true},
		{"/usr/lib/sysctl.d/50-default.conf", "net/ipv4/conf/*/rp_filter", "2", 3, true},
		{"/etc/sysctl.d/60-site.conf", "vm/swappiness", "60", 4, true},
		{"/etc/sysctl.d/60-site.conf", "kernel/sysrq", "1", 5, true},
		{"/etc/sysctl.d/60-site.conf", "net/ipv4/conf/eth0.200/rp_filter", "0", 8, true},
		{"/etc/sysctl.conf", "vm/swappiness", "99", 1, false},
	};
	struct sysctld d;

	(void)state;
	read_fixture("sysctld", &d);
	assert_int_equal(d.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < d.n; i++) {
		assert_string_equal(d.v[i].file, expected[i].file);
		assert_int_equal(d.v[i].line, expected[i].line);
		assert_string_equal(d.v[i].path, expected[i].path);
		assert_int_equal(d.v[i].boot, expected[i].boot);
		if (expected[i].value)
			assert_string_equal(d.v[i].value, expected[i].value);
		else
			assert_null(d.v[i].value);
	}
	sysctld_clear(&d);
}

static void a_loose_sysctl_conf_does_not_count_at_boot(void **state)
{
	struct sysctld d;

	(void)state;
	read_fixture("sysctld", &d);
	assert_winner(&d, "vm/swappiness", NULL, "60");
	sysctld_clear(&d);
}

static void a_linked_sysctl_conf_counts_once_and_at_boot(void **state)
{
	struct sysctld d;

	(void)state;
	read_fixture("sysctld-linked", &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].file, "/etc/sysctl.d/99-sysctl.conf");
	assert_true(d.v[0].boot);
	assert_winner(&d, "vm/swappiness", NULL, "99");
	sysctld_clear(&d);
}

static void a_machine_without_the_folders_has_no_entries(void **state)
{
	struct sysctld d;

	(void)state;
	read_fixture("profiles", &d);
	assert_int_equal(d.n, 0);
	assert_winner(&d, "vm/swappiness", NULL, NULL);
	sysctld_clear(&d);
}

static void a_name_beats_every_glob_and_the_later_beats_the_earlier(void **state)
{
	struct sysctld d = {0};

	(void)state;
	parse(&d, "/etc/sysctl.d/10-a.conf", "net.ipv4.conf.eth0.forwarding = 1\n");
	parse(&d, "/etc/sysctl.d/20-b.conf",
	      "net.ipv4.conf.*.forwarding = 2\nnet.ipv4.conf.lo.forwarding = 3\n");
	parse(&d, "/etc/sysctl.d/30-c.conf",
	      "net.ipv4.conf.e*.forwarding = 4\nnet.ipv4.conf.lo.forwarding = 5\n");
	assert_winner(&d, "net/ipv4/conf/eth0/forwarding", NULL, "1");
	assert_winner(&d, "net/ipv4/conf/eth1/forwarding", NULL, "4");
	assert_winner(&d, "net/ipv4/conf/all/forwarding", NULL, "2");
	assert_winner(&d, "net/ipv4/conf/lo/forwarding", NULL, "5");
	/* A glob's star stays within one part. */
	assert_winner(&d, "net/ipv4/conf/a/b/forwarding", NULL, NULL);
	sysctld_clear(&d);
}

static void one_file_can_be_left_out_of_the_judgement(void **state)
{
	struct sysctld d = {0};

	(void)state;
	parse(&d, "/etc/sysctl.d/10-a.conf", "kernel.panic = 1\n");
	parse(&d, "/etc/sysctl.d/95-nodefit.conf", "kernel.panic = 10\nvm.swappiness = 5\n");
	assert_winner(&d, "kernel/panic", NULL, "10");
	assert_winner(&d, "kernel/panic", "95-nodefit.conf", "1");
	assert_winner(&d, "kernel/panic", "nodefit.conf", "10");
	assert_winner(&d, "vm/swappiness", "95-nodefit.conf", NULL);
	sysctld_clear(&d);
}

static void an_excluded_key_is_left_out_of_globs(void **state)
{
	struct sysctld d = {0};

	(void)state;
	parse(&d, "/etc/sysctl.d/10-a.conf",
	      "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n");
	assert_winner(&d, "net/ipv4/conf/all/rp_filter", NULL, NULL);
	assert_winner(&d, "net/ipv4/conf/eth0/rp_filter", NULL, "2");
	/* The exclusion takes an earlier plain line back; a later line sets the key again. */
	parse(&d, "/etc/sysctl.d/20-b.conf", "-net.ipv4.conf.eth0.rp_filter\n");
	assert_winner(&d, "net/ipv4/conf/eth0/rp_filter", NULL, NULL);
	parse(&d, "/etc/sysctl.d/30-c.conf", "-net.ipv4.conf.eth0.rp_filter = 1\n");
	assert_winner(&d, "net/ipv4/conf/eth0/rp_filter", NULL, "1");
	sysctld_clear(&d);
}

static void a_dash_before_an_assignment_only_forgives_its_failure(void **state)
{
	struct sysctld d = {0};

	(void)state;
	parse(&d, "/etc/sysctl.d/10-a.conf", "-kernel.panic = 7\n - vm.swappiness=8\n");
	assert_winner(&d, "kernel/panic", NULL, "7");
	assert_winner(&d, "vm/swappiness", NULL, "8");
	sysctld_clear(&d);
}

static void lines_that_are_no_assignment_are_passed_over(void **state)
{
	static const char text[] = "# kernel.panic = 1\n; kernel.panic = 2\nkernel.panic\n\n"
				   "= 3\npanic = 4\nkernel.panic .. = 5\n-\n../../x = 6\n"
				   "  kernel.sysrq\t= a = b  \r\nnet.core.empty =\n";
	struct sysctld d = {0};

	(void)state;
	parse(&d, "/etc/sysctl.d/10-a.conf", text);
	assert_int_equal(d.n, 2);
	assert_string_equal(d.v[0].path, "kernel/sysrq");
	assert_string_equal(d.v[0].value, "a = b");
	assert_int_equal(d.v[0].line, 10);
	assert_string_equal(d.v[1].value, "");
	assert_int_equal(d.v[1].line, 11);
	sysctld_clear(&d);
}

static void an_entrys_base_name_has_no_folder(void **state)
{
	struct sysctld d = {0};

	(void)state;
	parse(&d, "/etc/sysctl.d/10-a.conf", "kernel.panic = 1\n");
	parse(&d, "plain.conf", "kernel.panic = 1\n");
	assert_string_equal(sysctld_base(&d.v[0]), "10-a.conf");
	assert_string_equal(sysctld_base(&d.v[1]), "plain.conf");
	sysctld_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_by_base_name_and_etc_masks_the_others),
		cmocka_unit_test(a_loose_sysctl_conf_does_not_count_at_boot),
		cmocka_unit_test(a_linked_sysctl_conf_counts_once_and_at_boot),
		cmocka_unit_test(a_machine_without_the_folders_has_no_entries),
		cmocka_unit_test(a_name_beats_every_glob_and_the_later_beats_the_earlier),
		cmocka_unit_test(one_file_can_be_left_out_of_the_judgement),
		cmocka_unit_test(an_excluded_key_is_left_out_of_globs),
		cmocka_unit_test(a_dash_before_an_assignment_only_forgives_its_failure),
		cmocka_unit_test(lines_that_are_no_assignment_are_passed_over),
		cmocka_unit_test(an_entrys_base_name_has_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
