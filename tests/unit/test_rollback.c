/* SPDX-License-Identifier: Apache-2.0 */
/* Putting back what apply found, on a writable copy of a machine's files. */
#include "applied.h"

#include <fcntl.h>
#include <sys/file.h>

#define FOLDER "/var/lib/nodefit"

static void assert_row(size_t i, const char *key, enum outcome outcome)
{
	assert_true(i < changes.n);
	assert_string_equal(changes.v[i].key, key);
	assert_int_equal(changes.v[i].outcome, outcome);
	assert_string_equal(changes.v[i].wish, "as nodefit found it");
}

static void a_foreign_change_is_left_alone_and_kept_in_the_journal(void **state)
{
	(void)state;
	assert_int_equal(
		apply_text("[sysctl]\nkernel.panic = 5\nvm.overcommit_memory = 1\n", false), 0);
	tree_write(&tree, SYS "kernel/panic", "7\n");
	assert_int_equal(back(false, false), 0);
	assert_row(0, "vm.overcommit_memory", OUTCOME_CHANGED);
	assert_row(1, "kernel.panic", OUTCOME_REFUSED);
	assert_string_equal(changes.v[1].error, "somebody else has set it to \"7\" since: left "
						"alone; --force puts back \"0\"");
	assert_tree_holds(&tree, SYS "kernel/panic", "7\n");
	assert_tree_holds(&tree, SYS "vm/overcommit_memory", "0\n");
	/* Only the refused one is left, and force puts it back. */
	assert_int_equal(back(false, true), 0);
	assert_int_equal(changes.n, 1);
	assert_row(0, "kernel.panic", OUTCOME_CHANGED);
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
	assert_false(tree_has(&tree, JOURNAL));
}

static void every_value_of_ours_may_be_put_back(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", false), 0);
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 9\n", false), 0);
	/* The first profile's value is ours as well. */
	tree_write(&tree, SYS "kernel/panic", "5\n");
	assert_int_equal(back(false, false), 0);
	assert_row(0, "kernel.panic", OUTCOME_CHANGED);
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
}

static void what_is_back_already_is_not_written(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", false), 0);
	tree_write(&tree, SYS "kernel/panic", "0\n");
	assert_int_equal(back(false, false), 0);
	assert_row(0, "kernel.panic", OUTCOME_UNCHANGED);
	assert_null(changes.v[0].after);
	assert_false(tree_has(&tree, JOURNAL));
}

static void a_key_that_is_gone_needs_no_putting_back(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.conf.eth0.forwarding = 1\n", false), 0);
	assert_int_equal(unlink(tree_path(&tree, SYS "net/ipv4/conf/eth0/forwarding")), 0);
	assert_int_equal(back(false, false), 0);
	assert_row(0, "net.ipv4.conf.eth0.forwarding", OUTCOME_ABSENT);
	assert_false(tree_has(&tree, JOURNAL));
}

static void flipped_keys_come_back_after_their_cause(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_forward = 1\n", false), 0);
	/* As the kernel does on the write. */
	tree_write(&tree, SYS "net/ipv4/conf/all/forwarding", "1\n");
	tree_write(&tree, SYS "net/ipv4/conf/all/accept_redirects", "0\n");
	assert_int_equal(back(false, false), 0);
	assert_row(0, "net.ipv4.ip_forward", OUTCOME_CHANGED);
	assert_tree_holds(&tree, SYS "net/ipv4/ip_forward", "0\n");
	assert_tree_holds(&tree, SYS "net/ipv4/conf/all/forwarding", "0\n");
	assert_tree_holds(&tree, SYS "net/ipv4/conf/all/accept_redirects", "1\n");
	assert_false(tree_has(&tree, JOURNAL));
}

static void flipped_keys_wait_for_a_cause_that_is_refused(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_forward = 1\n", false), 0);
	tree_write(&tree, SYS "net/ipv4/ip_forward", "2\n");
	tree_write(&tree, SYS "net/ipv4/conf/all/accept_redirects", "0\n");
	assert_int_equal(back(false, false), 0);
	assert_int_equal(changes.n, 1);
	assert_row(0, "net.ipv4.ip_forward", OUTCOME_REFUSED);
	assert_tree_holds(&tree, SYS "net/ipv4/conf/all/accept_redirects", "0\n");
	assert_true(tree_has(&tree, JOURNAL));
}

static void after_a_reboot_there_is_nothing_to_put_back(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", false), 0);
	tree_write(&tree, SYS "kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n");
	assert_int_equal(back(false, false), 0);
	assert_int_equal(changes.n, 0);
	assert_tree_holds(&tree, SYS "kernel/panic", "5\n");
	assert_false(tree_has(&tree, JOURNAL));
}

static void another_network_namespaces_values_are_not_touched(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", false), 0);
	assert_int_equal(unlink(tree_path(&tree, "/proc/self/ns/net")), 0);
	assert_int_equal(symlink("net:[4026532000]", tree_path(&tree, "/proc/self/ns/net")), 0);
	assert_int_equal(back(false, true), -EXDEV);
	assert_contains(why, "another network namespace");
	assert_tree_holds(&tree, SYS "kernel/panic", "5\n");
	assert_true(tree_has(&tree, JOURNAL));
}

static void nothing_is_put_back_while_another_is_at_work(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(apply_text("[sysctl]\nkernel.panic = 5\n", false), 0);
	fd = open(tree_path(&tree, FOLDER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(back(false, false), -EBUSY);
	assert_contains(why, "another nodefit is at work");
	assert_tree_holds(&tree, SYS "kernel/panic", "5\n");
	close(fd);
	assert_int_equal(back(false, false), 0);
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
}

static void without_a_journal_there_is_nothing_to_do(void **state)
{
	(void)state;
	assert_int_equal(back(false, false), 0);
	assert_int_equal(changes.n, 0);
	assert_null(why);
	assert_false(tree_has(&tree, FOLDER));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_foreign_change_is_left_alone_and_kept_in_the_journal),
		TEST(every_value_of_ours_may_be_put_back),
		TEST(what_is_back_already_is_not_written),
		TEST(a_key_that_is_gone_needs_no_putting_back),
		TEST(flipped_keys_come_back_after_their_cause),
		TEST(flipped_keys_wait_for_a_cause_that_is_refused),
		TEST(after_a_reboot_there_is_nothing_to_put_back),
		TEST(another_network_namespaces_values_are_not_touched),
		TEST(nothing_is_put_back_while_another_is_at_work),
		TEST(without_a_journal_there_is_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
