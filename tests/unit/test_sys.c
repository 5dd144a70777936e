/* SPDX-License-Identifier: Apache-2.0 */
/* The seam to the machine, on a tree of its own. */
#include "helpers.h"

#include <fcntl.h>

static struct tree tree;

static int setup(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}

static void assert_reads(const char *path, const char *expected)
{
	_cleanup_free char *text = NULL;
	size_t len = 0;

	assert_int_equal(sys_read(&tree.sys, path, 100, &text, &len), 0);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
}

static void links_do_not_lead_out_of_the_root(void **state)
{
	char *text = NULL;

	(void)state;
	tree_write(&tree, "/etc/inside", "inside");
	assert_int_equal(symlink("/etc/inside", tree_path(&tree, "/absolute")), 0);
	assert_int_equal(symlink("../../../../etc/inside", tree_path(&tree, "/upwards")), 0);
	assert_int_equal(symlink("/etc/passwd", tree_path(&tree, "/passwd")), 0);
	assert_reads("/absolute", "inside");
	assert_reads("/upwards", "inside");
	assert_reads("/../../etc/inside", "inside");
	assert_int_equal(sys_read(&tree.sys, "/passwd", 100, &text, NULL), -ENOENT);
	assert_null(text);
}

static void another_machines_tree_has_no_cpuid(void **state)
{
	uint32_t regs[4];

	(void)state;
	assert_false(tree.sys.cpuid(&tree.sys, 1, regs));
}

static void a_root_that_is_no_folder_is_refused(void **state)
{
	struct sys sys = {.root = 4711};

	(void)state;
	tree_write(&tree, "/file", "");
	assert_int_equal(sys_init(&sys, tree_path(&tree, "/file")), -ENOTDIR);
	assert_int_equal(sys_init(&sys, tree_path(&tree, "/nowhere")), -ENOENT);
	assert_int_equal(sys.root, 4711);
}

static void a_file_is_read_up_to_its_limit_and_not_beyond(void **state)
{
	char *text = NULL;

	(void)state;
	tree_write(&tree, "/five", "12345");
	assert_int_equal(sys_read(&tree.sys, "/five", 4, &text, NULL), -EFBIG);
	assert_null(text);
	assert_int_equal(sys_read(&tree.sys, "/five", 5, &text, NULL), 0);
	free(text);
	tree_write(&tree, "/empty", "");
	assert_reads("/empty", "");
}

static void a_line_loses_its_trailing_white_space_only(void **state)
{
	_cleanup_free char *text = NULL;

	(void)state;
	tree_write(&tree, "/line", " a b \t\n\n");
	assert_int_equal(sys_read_line(&tree.sys, "/line", &text), 0);
	assert_string_equal(text, " a b");
}

static void writing_makes_no_file_and_follows_no_link(void **state)
{
	(void)state;
	assert_int_equal(sys_write(&tree.sys, "/new", "x", 1), -ENOENT);
	tree_write(&tree, "/target", "old");
	assert_int_equal(symlink("target", tree_path(&tree, "/link")), 0);
	assert_int_equal(sys_write(&tree.sys, "/link", "new", 3), -ELOOP);
	assert_reads("/target", "old");
	assert_int_equal(sys_write(&tree.sys, "/target", "new", 3), 0);
	assert_reads("/target", "new");
}

static void replacing_makes_the_folders_and_leaves_no_draft(void **state)
{
	struct strings names = {0};
	struct stat st;

	(void)state;
	assert_int_equal(sys_replace(&tree.sys, "/var/lib/x", "f", "first and long", 14, 0600), 0);
	assert_int_equal(sys_stat(&tree.sys, "/var/lib/x/f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(sys_replace(&tree.sys, "/var/lib/x", "f", "second", 6, 0644), 0);
	assert_reads("/var/lib/x/f", "second");
	assert_int_equal(sys_stat(&tree.sys, "/var/lib/x/f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(sys_list(&tree.sys, "/var/lib/x", &names), 0);
	assert_int_equal(names.n, 1);
	strings_clear(&names);
}

static void a_killed_runs_draft_is_taken_away(void **state)
{
	(void)state;
	tree_write(&tree, "/etc/x/.f.new", "half of");
	assert_int_equal(sys_replace(&tree.sys, "/etc/x", "f", "whole", 5, 0644), 0);
	assert_reads("/etc/x/f", "whole");
	assert_false(tree_has(&tree, "/etc/x/.f.new"));
}

static void a_replacement_that_fails_leaves_the_old_file(void **state)
{
	(void)state;
	tree_write(&tree, "/etc/x/f", "old");
	tree_mkdir(&tree, "/etc/x/.f.new");
	assert_true(sys_replace(&tree.sys, "/etc/x", "f", "new", 3, 0644) < 0);
	assert_reads("/etc/x/f", "old");
}

static void a_fleeting_replacement_makes_no_folder(void **state)
{
	const struct sys *sys = &tree.sys;

	(void)state;
	assert_int_equal(sys_replace_fleeting(sys, "/etc/y", "f", "new", 3, 0644), -ENOENT);
	assert_false(tree_has(&tree, "/etc/y"));
	tree_write(&tree, "/etc/x/f", "old");
	tree_write(&tree, "/etc/x/.f.new", "half of");
	assert_int_equal(sys_replace_fleeting(sys, "/etc/x", "f", "new", 3, 0644), 0);
	assert_reads("/etc/x/f", "new");
	assert_false(tree_has(&tree, "/etc/x/.f.new"));
}

static void removing_tells_when_there_is_nothing(void **state)
{
	(void)state;
	tree_write(&tree, "/etc/x/f", "old");
	assert_int_equal(sys_remove(&tree.sys, "/etc/x", "f"), 0);
	assert_false(tree_has(&tree, "/etc/x/f"));
	assert_int_equal(sys_remove(&tree.sys, "/etc/x", "f"), -ENOENT);
	assert_int_equal(sys_remove(&tree.sys, "/etc/y", "f"), -ENOENT);
}

static void names_are_listed_in_order(void **state)
{
	struct strings names = {0};

	(void)state;
	tree_write(&tree, "/d/b", "");
	tree_write(&tree, "/d/B", "");
	tree_write(&tree, "/d/.a", "");
	tree_mkdir(&tree, "/d/a");
	assert_int_equal(sys_list(&tree.sys, "/d", &names), 0);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0], ".a");
	assert_string_equal(names.v[1], "B");
	assert_string_equal(names.v[2], "a");
	assert_string_equal(names.v[3], "b");
	assert_true(strings_contains(&names, "a"));
	assert_false(strings_contains(&names, "c"));
	strings_clear(&names);
	assert_int_equal(sys_list(&tree.sys, "/e", &names), -ENOENT);
}

static void a_folder_is_made_with_its_mode_only_when_asked(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(sys_open_dir(&tree.sys, "/a/b/c", 0), -ENOENT);
	assert_false(tree_has(&tree, "/a"));
	fd = sys_open_dir(&tree.sys, "/a/b/c", 0700);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sys_stat(&tree.sys, "/a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* One that is there keeps its mode. */
	fd = sys_open_dir(&tree.sys, "/a/b/c", 0755);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sys_stat(&tree.sys, "/a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_links_text_is_read_even_when_it_leads_nowhere(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(symlink("net:[1]", tree_path(&tree, "/link")), 0);
	assert_int_equal(sys_readlink(&tree.sys, "/link", text, sizeof(text)), 0);
	assert_string_equal(text, "net:[1]");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(links_do_not_lead_out_of_the_root),
		TEST(another_machines_tree_has_no_cpuid),
		TEST(a_root_that_is_no_folder_is_refused),
		TEST(a_file_is_read_up_to_its_limit_and_not_beyond),
		TEST(a_line_loses_its_trailing_white_space_only),
		TEST(writing_makes_no_file_and_follows_no_link),
		TEST(replacing_makes_the_folders_and_leaves_no_draft),
		TEST(a_killed_runs_draft_is_taken_away),
		TEST(a_fleeting_replacement_makes_no_folder),
		TEST(a_replacement_that_fails_leaves_the_old_file),
		TEST(removing_tells_when_there_is_nothing),
		TEST(names_are_listed_in_order),
		TEST(a_folder_is_made_with_its_mode_only_when_asked),
		TEST(a_links_text_is_read_even_when_it_leads_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
