/* SPDX-License-Identifier: Apache-2.0 */
/* apply on a writable copy of a machine's files. A plain file is not cut when a shorter value is
 * written, so the values here are as long as the old ones, or longer. */
#include "applied.h"

#include <jansson.h>

/* A journal entry's original, and the values that are noted as ours. */
static void assert_journal(size_t n, const char *key, const char *original, const char *ours)
{
	_cleanup_free char *text = read_at(tree_path(&tree, JOURNAL));
	json_t *root = json_loads(text, 0, NULL), *entry, *value;
	char joined[128] = "";
	size_t i, k, found = 0;

	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "entries")), n);
	json_array_foreach(json_object_get(root, "entries"), i, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "key")), key) != 0)
			continue;
		found++;
		assert_string_equal(json_string_value(json_object_get(entry, "original")),
				    original);
		json_array_foreach(json_object_get(entry, "ours"), k, value)
			snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s;",
				 json_string_value(value));
		assert_string_equal(joined, ours);
	}
	assert_int_equal(found, 1);
	json_decref(root);
}

static void deviating_keys_are_written_and_read_back(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nvm.overcommit_memory = 1\nvm.panic_on_oom = 0\n"
				    "fs.inotify.max_user_instances => 8192\n",
				    false),
			 0);
	assert_int_equal(changes.n, 3);
	assert_int_equal(changes.v[0].outcome, OUTCOME_CHANGED);
	assert_string_equal(changes.v[0].before, "0");
	assert_string_equal(changes.v[0].after, "1");
	assert_int_equal(changes.v[1].outcome, OUTCOME_UNCHANGED);
	assert_int_equal(changes.v[2].outcome, OUTCOME_CHANGED);
	assert_tree_holds(&tree, SYS "vm/overcommit_memory", "1\n");
	assert_tree_holds(&tree, SYS "fs/inotify/max_user_instances", "8192\n");
	assert_journal(2, "vm.overcommit_memory", "0", "1;");
	assert_journal(2, "fs.inotify.max_user_instances", "1024", "8192;");
}

static void nothing_is_written_when_all_conforms(void **state)
{
	(void)state;
	assert_int_equal(
		apply_text("[sysctl]\nvm.panic_on_oom = 0\nfs.file-max => 2097152\n", false), 0);
	assert_int_equal(changes_count(&changes, OUTCOME_UNCHANGED), 2);
	assert_false(tree_has(&tree, JOURNAL));
	assert_tree_holds(&tree, SYS "fs/file-max", "9223372036854775807\n");
}

static void the_journal_is_written_before_the_key(void **state)
{
	(void)state;
	/* A link is not written through: this write fails, after the journal. */
	assert_int_equal(unlink(tree_path(&tree, SYS "vm/overcommit_memory")), 0);
	assert_int_equal(symlink("panic_on_oom", tree_path(&tree, SYS "vm/overcommit_memory")), 0);
	assert_int_equal(apply_text("[sysctl]\nvm.overcommit_memory = 1\n", false), 0);
	assert_int_equal(changes.v[0].outcome, OUTCOME_FAILED);
	assert_string_equal(changes.v[0].error, "Too many levels of symbolic links");
	assert_journal(1, "vm.overcommit_memory", "0", "1;");
	assert_tree_holds(&tree, SYS "vm/panic_on_oom", "0\n");
}

static void nothing_is_written_when_the_journal_can_not_be(void **state)
{
	(void)state;
	/* A folder where the draft has to be. */
	tree_mkdir(&tree, "/var/lib/nodefit/.journal.new");
	assert_true(apply_text("[sysctl]\nvm.overcommit_memory = 1\n", false) < 0);
	assert_contains(why, "cannot write /var/lib/nodefit/journal: ");
	assert_contains(why, "nothing was changed");
	assert_int_equal(changes.n, 0);
	assert_tree_holds(&tree, SYS "vm/overcommit_memory", "0\n");
}

static void nothing_is_written_when_the_journal_is_damaged(void **state)
{
	(void)state;
	tree_write(&tree, JOURNAL, "{\"schema\":");
	assert_int_equal(apply_text("[sysctl]\nvm.overcommit_memory = 1\n", false), -EBADMSG);
	assert_contains(why, "is damaged");
	assert_tree_holds(&tree, SYS "vm/overcommit_memory", "0\n");
	assert_tree_holds(&tree, JOURNAL, "{\"schema\":");
	assert_int_equal(back(false, true), -EBADMSG);
}

static void nothing_is_written_when_a_value_can_not_be_journalled(void **state)
{
	(void)state;
	tree_write(&tree, SYS "kernel/hostname",
		   "n\xf6"
		   "de\n");
	assert_int_equal(
		apply_text("[sysctl]\nvm.overcommit_memory = 1\nkernel.hostname = other\n", false),
		-EILSEQ);
	assert_contains(why, "no UTF-8");
	assert_tree_holds(&tree, SYS "vm/overcommit_memory", "0\n");
}

static void a_value_that_reads_back_otherwise_is_put_back(void **state)
{
	(void)state;
	/* The longer value's tail stays behind, as if the kernel had made something else of it. */
	assert_int_equal(apply_text("[sysctl]\nvm.max_map_count = 128\n", false), 0);
	assert_int_equal(changes.v[0].outcome, OUTCOME_FAILED);
	assert_contains(changes.v[0].error, "wrote \"128\" but it reads back \"128");
	assert_contains(changes.v[0].error, "put back as it was");
	assert_string_equal(changes.v[0].after, "65530");
	assert_tree_holds(&tree, SYS "vm/max_map_count", "65530\n");
}

static void originals_survive_a_second_profile_and_come_back_byte_by_byte(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_local_port_range = 10240 65535\n"
				    "kernel.panic = 5\n",
				    false),
			 0);
	assert_int_equal(
		apply_text("[sysctl]\nkernel.panic = 9\nvm.overcommit_memory = 1\n", false), 0);
	assert_journal(3, "kernel.panic", "0", "5;9;");
	assert_journal(3, "net.ipv4.ip_local_port_range", "32768\t60999", "10240 65535;");
	assert_int_equal(back(false, false), 0);
	/* The last one first. */
	assert_int_equal(changes.n, 3);
	assert_string_equal(changes.v[0].key, "vm.overcommit_memory");
	assert_string_equal(changes.v[2].key, "net.ipv4.ip_local_port_range");
	assert_int_equal(changes_count(&changes, OUTCOME_CHANGED), 3);
	assert_tree_holds(&tree, SYS "net/ipv4/ip_local_port_range", "32768\t60999\n");
	assert_tree_holds(&tree, SYS "kernel/panic", "0\n");
	assert_tree_holds(&tree, SYS "vm/overcommit_memory", "0\n");
	assert_false(tree_has(&tree, JOURNAL));
}

static void the_keys_that_change_along_are_journalled(void **state)
{
	(void)state;
	tree_write(&tree, SYS "net/ipv4/conf/eth0/forwarding", "1\n");
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_forward = 1\n", false), 0);
	/* itself, four interfaces' forwarding, and all.accept_redirects */
	assert_journal(6, "net.ipv4.ip_forward", "0", "1;");
	assert_journal(6, "net.ipv4.conf.all.forwarding", "0", "");
	assert_journal(6, "net.ipv4.conf.eth0.forwarding", "1", "");
	assert_journal(6, "net.ipv4.conf.all.accept_redirects", "1", "");
}

static void an_interface_that_came_between_two_runs_is_journalled(void **state)
{
	(void)state;
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_forward = 1\n", false), 0);
	tree_write(&tree, SYS "net/ipv4/ip_forward", "0\n");
	tree_write(&tree, SYS "net/ipv4/conf/eth9/forwarding", "0\n");
	assert_int_equal(apply_text("[sysctl]\nnet.ipv4.ip_forward = 1\n", false), 0);
	assert_journal(7, "net.ipv4.conf.eth9.forwarding", "0", "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(deviating_keys_are_written_and_read_back),
		TEST(nothing_is_written_when_all_conforms),
		TEST(the_journal_is_written_before_the_key),
		TEST(nothing_is_written_when_the_journal_can_not_be),
		TEST(nothing_is_written_when_the_journal_is_damaged),
		TEST(nothing_is_written_when_a_value_can_not_be_journalled),
		TEST(a_value_that_reads_back_otherwise_is_put_back),
		TEST(originals_survive_a_second_profile_and_come_back_byte_by_byte),
		TEST(the_keys_that_change_along_are_journalled),
		TEST(an_interface_that_came_between_two_runs_is_journalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
