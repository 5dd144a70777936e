/* SPDX-License-Identifier: Apache-2.0 */
/* Is an etcd alive on the disk that is to be measured? */
#include "disk.h"

#include "helpers.h"

#include <sys/sysmacros.h>

#define WAL "/var/lib/etcd/member/wal/0000000000000000-0000000000000000.wal"

static struct tree tree;
static char who[64];

static int setup(void **state)
{
	(void)state;
	*who = '\0';
	tree_open(&tree, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}

static enum etcd_presence look_in(const char *fixture)
{
	static const struct disk unknown;
	enum etcd_presence presence;
	struct sys sys;

	*who = '\0';
	open_fixture(&sys, fixture);
	presence = etcd_look(&sys, &unknown, true, who, sizeof(who));
	sys_done(&sys);
	return presence;
}

/* Process 300 with this name and one open file. */
static void make_process(const char *comm, const char *target)
{
	tree_write(&tree, "/proc/300/comm", comm);
	tree_mkdir(&tree, "/proc/300/fd");
	if (target)
		assert_int_equal(symlink(target, tree_path(&tree, "/proc/300/fd/7")), 0);
}

/* The disk that the tree's files really lie on, which is a whole one for the tree. */
static dev_t own_disk(void)
{
	struct stat st;
	char path[64];

	assert_int_equal(sys_stat(&tree.sys, WAL, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	tree_mkdir(&tree, path);
	return st.st_dev;
}

static void an_open_log_is_a_live_etcd_whatever_its_process_is_called(void **state)
{
	(void)state;
	assert_int_equal(look_in("etcd-open"), ETCD_HERE);
	assert_string_equal(who, "k3s-server, process 4242");
}

static void an_open_database_is_a_live_etcd(void **state)
{
	static const struct disk unknown;

	(void)state;
	tree_write(&tree, "/srv/member/snap/db", "");
	make_process("etcd\n", "/srv/member/snap/db");
	assert_int_equal(etcd_look(&tree.sys, &unknown, true, who, sizeof(who)), ETCD_HERE);
	assert_string_equal(who, "etcd, process 300");
}

static void a_listener_on_etcds_ports_may_be_one(void **state)
{
	(void)state;
	assert_int_equal(look_in("etcd-port"), ETCD_MAYBE);
	assert_string_equal(who, "a listener on port 2379 or 2380");
	assert_int_equal(look_in("etcd-port6"), ETCD_MAYBE);
	assert_string_equal(who, "a listener on port 2379 or 2380");
}

static void clients_other_ports_and_other_files_are_no_etcd(void **state)
{
	(void)state;
	assert_int_equal(look_in("etcd-none"), ETCD_NONE);
	assert_int_equal(look_in("node"), ETCD_NONE);
	assert_string_equal(who, "");
}

static void a_log_on_this_disk_counts_and_on_another_does_not(void **state)
{
	struct disk disk = {.n_base = 1};

	(void)state;
	tree_write(&tree, WAL, "log");
	make_process("etcd\n", WAL);
	disk.base[0] = own_disk();
	assert_int_equal(etcd_look(&tree.sys, &disk, true, who, sizeof(who)), ETCD_HERE);
	disk.base[0]++;
	assert_int_equal(etcd_look(&tree.sys, &disk, true, who, sizeof(who)), ETCD_NONE);
	/* The listener is that one's, and known to write elsewhere. */
	tree_write(
		&tree, "/proc/net/tcp",
		"  sl  local_address rem_address   st\n"
		"   0: 0100007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 "
		"99 1 0\n");
	assert_int_equal(etcd_look(&tree.sys, &disk, true, who, sizeof(who)), ETCD_NONE);
}

static void a_disk_that_is_not_known_takes_no_risk(void **state)
{
	struct disk disk = {.n_base = 1, .base = {makedev(8, 0)}};

	(void)state;
	tree_write(&tree, WAL, "log");
	make_process("etcd\n", WAL);
	assert_int_equal(etcd_look(&tree.sys, &disk, true, who, sizeof(who)), ETCD_HERE);
}

static void an_etcd_without_a_log_in_sight_may_write_anywhere(void **state)
{
	static const struct disk unknown;

	(void)state;
	make_process("etcd\n", NULL);
	assert_int_equal(etcd_look(&tree.sys, &unknown, true, who, sizeof(who)), ETCD_MAYBE);
	assert_string_equal(who, "etcd, process 300");
	assert_int_equal(rmdir(tree_path(&tree, "/proc/300/fd")), 0);
	assert_int_equal(etcd_look(&tree.sys, &unknown, true, who, sizeof(who)), ETCD_MAYBE);
}

static void a_log_that_can_not_be_reached_may_be_on_this_disk(void **state)
{
	static const struct disk unknown;

	(void)state;
	make_process("k3s-server\n", WAL); /* in a mount namespace of its own */
	assert_int_equal(etcd_look(&tree.sys, &unknown, true, who, sizeof(who)), ETCD_MAYBE);
	assert_string_equal(who, "k3s-server, process 300");
}

/* On a full node each file of each process is too much to look at every minute. */
static void a_cheap_look_knows_an_etcd_by_its_name(void **state)
{
	static const struct disk unknown;

	(void)state;
	tree_write(&tree, WAL, "log");
	make_process("k3s-server\n", WAL);
	assert_int_equal(etcd_look(&tree.sys, &unknown, false, who, sizeof(who)), ETCD_HERE);
	tree_write(&tree, "/proc/300/comm", "database\n");
	assert_int_equal(etcd_look(&tree.sys, &unknown, false, who, sizeof(who)), ETCD_NONE);
	assert_int_equal(etcd_look(&tree.sys, &unknown, true, who, sizeof(who)), ETCD_HERE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_open_log_is_a_live_etcd_whatever_its_process_is_called),
		TEST(an_open_database_is_a_live_etcd),
		TEST(a_listener_on_etcds_ports_may_be_one),
		TEST(clients_other_ports_and_other_files_are_no_etcd),
		TEST(a_log_on_this_disk_counts_and_on_another_does_not),
		TEST(a_disk_that_is_not_known_takes_no_risk),
		TEST(an_etcd_without_a_log_in_sight_may_write_anywhere),
		TEST(a_log_that_can_not_be_reached_may_be_on_this_disk),
		TEST(a_cheap_look_knows_an_etcd_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
