/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "helpers.h"

#include <fcntl.h>
#include <sys/file.h>

#define FOLDER "/var/lib/nodefit"
#define FILE_  FOLDER "/journal"
#define BOOT   "3f2b8a54-6a0d-4c1e-9a55-0d7d1f6f2b10"
#define NETNS  "net:[4026531840]"

#define HEAD(boot, netns)                                                                          \
	"{\"schema\":\"nodefit-journal/v1\",\"boot_id\":\"" boot "\",\"netns\":\"" netns           \
	"\",\"entries\":["
#define ENTRY(key, more)                                                                           \
	"{\"tuner\":\"sysctl\",\"key\":\"" key "\",\"original\":\"0\",\"ours\":[\"1\"]" more "}"

static struct tree tree;

static int setup(void **state)
{
	(void)state;
	tree_open(&tree, "node");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}

static void assert_opens(struct journal *j, size_t entries)
{
	char *why = NULL;

	assert_int_equal(journal_open(&tree.sys, true, j, &why), 0);
	assert_null(why);
	assert_int_equal(j->n, entries);
}

static void assert_refused(int error, const char *part)
{
	_cleanup_free char *why = NULL;
	struct journal j;

	assert_int_equal(journal_open(&tree.sys, true, &j, &why), error);
	assert_contains(why, part);
}

static void what_is_saved_is_read_back(void **state)
{
	struct journal j;
	struct journal_entry *e;
	bool news = false;

	(void)state;
	assert_opens(&j, 0);
	assert_string_equal(j.boot_id, BOOT);
	assert_string_equal(j.netns, NETNS);
	assert_int_equal(journal_note(&j, "sysctl", "a.b", "1\t2 \"ü\"", "3", &news), 0);
	assert_int_equal(journal_note_flip(&j, "sysctl", "a.c", "", "a.b", &news), 0);
	journal_find(&j, "sysctl", "a.b")->persisted = true;
	assert_int_equal(journal_save(&tree.sys, &j), 0);
	journal_close(&j);
	assert_int_equal(j.lock, -1);

	assert_opens(&j, 2);
	e = journal_find(&j, "sysctl", "a.b");
	assert_string_equal(e->original, "1\t2 \"ü\"");
	assert_int_equal(e->ours.n, 1);
	assert_string_equal(e->ours.v[0], "3");
	assert_true(e->persisted);
	assert_null(e->flip_of);
	e = journal_find(&j, "sysctl", "a.c");
	assert_string_equal(e->original, "");
	assert_int_equal(e->ours.n, 0);
	assert_string_equal(e->flip_of, "a.b");
	assert_false(e->persisted);
	assert_null(journal_find(&j, "sysctl", "a.d"));
	assert_null(journal_find(&j, "other", "a.b"));
	journal_close(&j);
}

static void the_journal_is_for_its_owner_alone(void **state)
{
	struct journal j;
	struct stat st;
	bool news;

	(void)state;
	assert_opens(&j, 0);
	assert_int_equal(journal_note(&j, "sysctl", "a.b", "1", "2", &news), 0);
	assert_int_equal(journal_save(&tree.sys, &j), 0);
	journal_close(&j);
	assert_int_equal(sys_stat(&tree.sys, FOLDER, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(sys_stat(&tree.sys, FILE_, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_first_original_is_kept_and_each_of_our_values_once(void **state)
{
	struct journal_entry *e;
	struct journal j;
	bool news = false;

	(void)state;
	assert_opens(&j, 0);
	assert_int_equal(journal_note(&j, "sysctl", "a.b", "1", "2", &news), 0);
	assert_true(news);
	assert_int_equal(journal_note(&j, "sysctl", "a.b", "2", "3", &news), 0);
	news = false;
	assert_int_equal(journal_note(&j, "sysctl", "a.b", "3", "2", &news), 0);
	assert_false(news);
	assert_int_equal(j.n, 1);
	e = journal_find(&j, "sysctl", "a.b");
	assert_string_equal(e->original, "1");
	assert_int_equal(e->ours.n, 2);
	journal_close(&j);
}

static void a_flipped_key_that_is_then_set_becomes_our_own(void **state)
{
	struct journal_entry *e;
	struct journal j;
	bool news = false;

	(void)state;
	assert_opens(&j, 0);
	assert_int_equal(journal_note_flip(&j, "sysctl", "a.c", "0", "a.b", &news), 0);
	assert_int_equal(journal_note(&j, "sysctl", "a.c", "1", "5", &news), 0);
	assert_true(news);
	assert_int_equal(journal_note_flip(&j, "sysctl", "a.c", "5", "a.b", &news), 0);
	e = journal_find(&j, "sysctl", "a.c");
	assert_null(e->flip_of);
	assert_string_equal(e->original, "0");
	assert_int_equal(j.n, 1);
	journal_close(&j);
}

static void dropping_keeps_the_others_in_order(void **state)
{
	static const bool drop[] = {true, false, true, false};
	struct journal j;
	char key[16];
	bool news;

	(void)state;
	assert_opens(&j, 0);
	for (int i = 0; i < 4; i++) {
		snprintf(key, sizeof(key), "k.%d", i);
		assert_int_equal(journal_note(&j, "sysctl", key, "0", "1", &news), 0);
	}
	journal_drop(&j, drop);
	assert_int_equal(j.n, 2);
	assert_string_equal(j.v[0].key, "k.1");
	assert_string_equal(j.v[1].key, "k.3");
	journal_close(&j);
}

static void an_empty_journal_has_no_file(void **state)
{
	struct journal j;

	(void)state;
	tree_write(&tree, FILE_, HEAD(BOOT, NETNS) ENTRY("a.b", "") "]}");
	assert_opens(&j, 1);
	journal_drop(&j, &(const bool){true});
	assert_int_equal(journal_save(&tree.sys, &j), 0);
	assert_false(tree_has(&tree, FILE_));
	assert_int_equal(journal_save(&tree.sys, &j), 0);
	journal_close(&j);
}

static void without_a_folder_it_is_empty_and_makes_none(void **state)
{
	struct journal j;
	char *why = NULL;

	(void)state;
	assert_int_equal(journal_open(&tree.sys, false, &j, &why), 0);
	assert_int_equal(j.n, 0);
	assert_int_equal(j.lock, -1);
	assert_false(tree_has(&tree, FOLDER));
	journal_close(&j);
}

static void only_one_nodefit_is_at_work(void **state)
{
	struct journal j;
	int fd;

	(void)state;
	tree_mkdir(&tree, FOLDER);
	fd = open(tree_path(&tree, FOLDER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_refused(-EBUSY, "another nodefit is at work");
	close(fd);
	assert_opens(&j, 0);
	journal_close(&j);
	assert_opens(&j, 0); /* closing has unlocked it */
	journal_close(&j);
}

static void a_reboot_drops_all_but_what_is_set_at_boot(void **state)
{
	struct journal j;

	(void)state;
	tree_write(&tree, FILE_,
		   HEAD("another", "net:[1]")
			   ENTRY("a.b", "") "," ENTRY("a.c", ",\"persisted\":true") "]}");
	assert_opens(&j, 1);
	assert_string_equal(j.v[0].key, "a.c");
	assert_string_equal(j.boot_id, BOOT); /* it is saved as this boot's */
	journal_close(&j);
}

static void another_network_namespaces_journal_is_refused(void **state)
{
	(void)state;
	tree_write(&tree, FILE_, HEAD(BOOT, "net:[1]") ENTRY("a.b", "") "]}");
	assert_refused(-EXDEV, "was written in another network namespace");
}

static void a_damaged_journal_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{"", "/var/lib/nodefit/journal is damaged"},
		{"{", "is damaged"},
		{"[]", "is damaged"},
		{"{\"schema\":\"x\",\"boot_id\":\"\",\"netns\":\"\",\"entries\":[]}",
		 "not a nodefit-journal/v1"},
		{"{\"schema\":\"nodefit-journal/v1\",\"boot_id\":\"\",\"netns\":\"\"}", "entries"},
		{HEAD(BOOT, NETNS) "1]}", "entry 1 is not understood"},
		{HEAD(BOOT, NETNS) ENTRY("a.b", "") "," ENTRY("a.b", "") "]}",
		 "entry 2 is not understood"},
		{HEAD(BOOT,
		      NETNS) "{\"tuner\":\"x\",\"key\":\"a.b\",\"original\":\"\",\"ours\":[]}]}",
		 "entry 1 is not understood"},
		{HEAD(BOOT, NETNS) "{\"tuner\":\"sysctl\",\"key\":\"a.b\",\"ours\":[]}]}",
		 "entry 1 is not understood"},
		{HEAD(BOOT, NETNS) "{\"tuner\":\"sysctl\",\"key\":\"a.b\",\"original\":\"\","
				   "\"ours\":[1]}]}",
		 "entry 1 is not understood"},
		{HEAD(BOOT, NETNS) ENTRY("a.b", ",\"key\":\"c.d\"") "]}", "duplicate"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tree_write(&tree, FILE_, rows[i].text);
		assert_refused(-EBADMSG, rows[i].part);
		assert_refused(-EBADMSG, "is damaged");
		assert_tree_holds(&tree, FILE_, rows[i].text);
	}
}

static void a_value_that_is_no_utf8_can_not_be_kept(void **state)
{
	struct journal j;
	bool news;

	(void)state;
	assert_opens(&j, 0);
	assert_int_equal(journal_note(&j, "sysctl", "a.b", "\xff", "1", &news), 0);
	assert_int_equal(journal_save(&tree.sys, &j), -EILSEQ);
	assert_false(tree_has(&tree, FILE_));
	journal_close(&j);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_saved_is_read_back),
		TEST(the_journal_is_for_its_owner_alone),
		TEST(the_first_original_is_kept_and_each_of_our_values_once),
		TEST(a_flipped_key_that_is_then_set_becomes_our_own),
		TEST(dropping_keeps_the_others_in_order),
		TEST(an_empty_journal_has_no_file),
		TEST(without_a_folder_it_is_empty_and_makes_none),
		TEST(only_one_nodefit_is_at_work),
		TEST(a_reboot_drops_all_but_what_is_set_at_boot),
		TEST(another_network_namespaces_journal_is_refused),
		TEST(a_damaged_journal_is_refused_with_the_reason),
		TEST(a_value_that_is_no_utf8_can_not_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
