/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/sysctl.d/95-nodefit.conf */
#include "persist.h"

#include "applied.h"

#define CONF "/etc/sysctl.d/95-nodefit.conf"
#define HEAD                                                                                       \
	"# Written by nodefit from the profile test: edits are lost at the next\n"                 \
	"# `nodefit apply --persist`; `nodefit rollback --persist` removes it.\n"
#define FOREIGN "# the admin's own\nkernel.panic = 3\n"

static bool present(void)
{
	struct strings paths = {0};
	bool any;

	assert_int_equal(persist_list(&tree.sys, &paths), 0);
	any = paths.n;
	strings_clear(&paths);
	return any;
}

static void the_file_sets_at_boot_what_apply_has_set(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_local_port_range = 10240 65535\n"
				    "fs.inotify.max_user_instances => 8192\n"
				    "vm.panic_on_oom = 0\n"
				    "fs.file-max => 2097152\n"
				    "-net.bridge.bridge-nf-call-iptables = 1\n"
				    "net.ipv4.conf.eth9.forwarding = 1\n"
				    "kernel.no_such = 1\n",
				    true),
			 0);
	assert_tree_holds(&tree, CONF,
			  HEAD
			  "net.ipv4.ip_local_port_range = 10240 65535\n"
			  "fs.inotify.max_user_instances = 8192\n"
			  /* It conforms, and shall after a reboot. */
			  "vm.panic_on_oom = 0\n"
			  /* The kernel's own value was good enough: no constant for it. */
			  "# fs.file-max: wanted => 2097152, unchanged: 9223372036854775807\n"
			  "-net.bridge.bridge-nf-call-iptables = 1\n"
			  "-net.ipv4.conf.eth9.forwarding = 1\n"
			  "# kernel.no_such: wanted = 1, absent: this kernel has no such key\n");
	assert_int_equal(sys_stat(&tree.sys, CONF, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_true(present());
}

static void what_at_least_has_raised_once_stays_in_the_file(void **state)
{
	static const char text[] = "[sysctl]\nfs.inotify.max_user_instances => 8192\n";
	struct stat first, second;

	(void)state;
	assert_int_equal(apply_text(text, true), 0);
	assert_int_equal(sys_stat(&tree.sys, CONF, &first), 0);
	assert_int_equal(apply_text(text, true), 0);
	assert_int_equal(changes.v[0].outcome, OUTCOME_UNCHANGED);
	assert_tree_holds(&tree, CONF, HEAD "fs.inotify.max_user_instances = 8192\n");
	/* It said so already: it is not written again. */
	assert_int_equal(sys_stat(&tree.sys, CONF, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
}

static void a_foreign_file_of_that_name_stops_all(void **state)
{
	(void)state;
	tree_write(&tree, CONF, FOREIGN);
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", true), -EEXIST);
	assert_contains(why, CONF " was not written by nodefit");
	assert_tree_holds(&tree, CONF, FOREIGN);
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
	assert_false(tree_has(&tree, JOURNAL));
	assert_false(present());
}

static void rollback_takes_the_file_away_when_asked(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", true), 0);
	assert_int_equal(back(false, false), 0);
	assert_true(tree_has(&tree, CONF));
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
	assert_int_equal(back(true, false), 0);
	assert_false(tree_has(&tree, CONF));
	assert_int_equal(back(true, false), 0); /* nothing there is nothing wrong */
}

static void rollback_leaves_a_foreign_file_unless_forced(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", true), 0);
	tree_write(&tree, CONF, FOREIGN);
	assert_int_equal(back(true, false), -EEXIST);
	assert_tree_holds(&tree, CONF, FOREIGN);
	assert_tree_holds(&tree, SYS "kernel/panic", "5\n");
	assert_int_equal(back(true, true), 0);
	assert_false(tree_has(&tree, CONF));
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
}

static void what_is_set_at_boot_can_be_put_back_after_a_reboot(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", true), 0);
	tree_write(&tree, SYS "kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n");
	assert_int_equal(back(true, false), 0);
	assert_int_equal(changes.n, 1);
	assert_int_equal(changes.v[0].outcome, OUTCOME_CHANGED);
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
	assert_false(tree_has(&tree, CONF));
}

static void a_key_whose_file_is_gone_is_forgotten_at_the_next_boot(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", true), 0);
	tree_write(&tree, SYS "kernel/panic", "7\n");
	assert_int_equal(back(true, false), 0);
	assert_int_equal(changes.v[0].outcome, OUTCOME_REFUSED);
	assert_true(tree_has(&tree, JOURNAL));
	tree_write(&tree, SYS "kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n");
	assert_int_equal(back(true, false), 0);
	assert_int_equal(changes.n, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_file_sets_at_boot_what_apply_has_set),
		TEST(what_at_least_has_raised_once_stays_in_the_file),
		TEST(a_foreign_file_of_that_name_stops_all),
		TEST(rollback_takes_the_file_away_when_asked),
		TEST(rollback_leaves_a_foreign_file_unless_forced),
		TEST(what_is_set_at_boot_can_be_put_back_after_a_reboot),
		TEST(a_key_whose_file_is_gone_is_forgotten_at_the_next_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
