/* SPDX-License-Identifier: Apache-2.0 */
/* Which control groups hold this process back, in hosts and containers, and for how long. */
#include "throttle.h"

#include "helpers.h"

#define V1 "32 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
#define V2 "41 31 0:38 / /sys/fs/cgroup rw shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n"

static void both_versions_are_read(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint64_t ns;
	} rows[] = {{"nr_periods 33\nnr_throttled 30\nthrottled_time 1766215193\nnr_bursts 0\n", 0,
		     1766215193},
		    {"usage_usec 9\nuser_usec 9\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\n"
		     "throttled_usec 25\n",
		     0, 25000},
		    {"usage_usec 9\nuser_usec 9\nsystem_usec 0\n", -ENODATA, 0},
		    {"", -ENODATA, 0},
		    {"throttled_usec -1\n", -EBADMSG, 0},
		    {"throttled_usec 1x\n", -EBADMSG, 0},
		    {"throttled_usec 18446744073709551615\n", -EBADMSG, 0},
		    {"throttled_time 18446744073709551616\n", -EBADMSG, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t ns = 0;

		if (throttle_parse(rows[i].text, &ns) != rows[i].error || ns != rows[i].ns)
			fail_msg("\"%s\"", rows[i].text);
	}
}

static void the_own_group_is_found(void **state)
{
	static const struct {
		const char *cgroup, *mountinfo, *folder; /* NULL: not to be seen */
	} rows[] = {
		{"0::/system.slice/a.service\n", V2, "/sys/fs/cgroup/system.slice/a.service"},
		{"0::/\n", V2, "/sys/fs/cgroup"},
		/* Hybrid: version 1 has the controller. */
		{"9:name=systemd:/x\n2:cpu,cpuacct:/kubepods/p\n0::/other\n", V2 V1,
		 "/sys/fs/cgroup/cpu,cpuacct/kubepods/p"},
		{"0::/other\n1:cpuacct,cpu:/p\n", V1, "/sys/fs/cgroup/cpu,cpuacct/p"},
		/* "cpuset" and "cpuacct" are others. */
		{"3:cpuset:/s\n2:cpuacct:/a\n0::/v2\n", V2, "/sys/fs/cgroup/v2"},
		/* A container without a namespace of its own sees its part alone. */
		{"1:cpu,cpuacct:/kubepods/p/c\n",
		 "1 2 0:30 /kubepods/p/c /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
		 "/sys/fs/cgroup/cpu"},
		{"1:cpu,cpuacct:/kubepods/p/c/below\n",
		 "1 2 0:30 /kubepods/p/c /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
		 "/sys/fs/cgroup/cpu/below"},
		{"1:cpu,cpuacct:/kubepods/p/cc\n",
		 "1 2 0:30 /kubepods/p/c /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
		 NULL},
		{"0::/system.slice/system-a\\x2db.slice\n", V2,
		 "/sys/fs/cgroup/system.slice/system-a\\x2db.slice"},
		/* Outside of the namespace's root. */
		{"0::/../../a\n", V2, NULL},
		{"0::/a\n", "41 31 0:38 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", NULL},
		{"0::/a\n", "41 31 0:38 / /sys/fs/c\\040g rw - cgroup2 cgroup2 rw\n", NULL},
		{"0::/a\n", "", NULL},
		{"0::/a\n", "41 31 0:38 / /sys/fs/cgroup rw\n", NULL},
		{"0::/a\n", "41 31 0:38 / /sys/fs/cgroup\n", NULL},
		{"0::a\n", V2, NULL},
		{"0:", V2, NULL},
		{"", V2, NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char folder[THROTTLE_PATH] = "";
		size_t top = 0;
		int r = throttle_folder(rows[i].cgroup, rows[i].mountinfo, folder, &top);

		if (r != (rows[i].folder ? 0 : -ENOENT))
			fail_msg("%zu: %d \"%s\"", i, r, folder);
		assert_string_equal(folder, rows[i].folder ? rows[i].folder : "");
		assert_true(top <= strlen(folder));
	}
}

static void a_path_too_long_is_not_cut(void **state)
{
	char cgroup[400], folder[THROTTLE_PATH] = "";
	size_t top;

	(void)state;
	snprintf(cgroup, sizeof(cgroup), "0::/%0300d\n", 0);
	assert_int_equal(throttle_folder(cgroup, V2, folder, &top), -ENOENT);
	assert_string_equal(folder, "");
}

static void the_groups_above_count_too(void **state)
{
	struct throttle before = {0}, after = {0};
	const char *where;
	struct tree t;

	(void)state;
	tree_open(&t, NULL);
	tree_write(&t, "/proc/self/cgroup", "0::/pod/ctr\n");
	tree_write(&t, "/proc/self/mountinfo", V2);
	tree_write(&t, "/sys/fs/cgroup/cpu.stat", "usage_usec 1\n");
	tree_write(&t, "/sys/fs/cgroup/pod/cpu.stat", "throttled_usec 100\n");
	tree_write(&t, "/sys/fs/cgroup/pod/ctr/cpu.stat", "throttled_usec 7\n");
	assert_int_equal(throttle_read(&t.sys, &before), 0);
	assert_int_equal(before.n, 2);
	assert_string_equal(before.v[0].path, "/sys/fs/cgroup/pod/ctr");
	assert_string_equal(before.v[1].path, "/sys/fs/cgroup/pod");
	tree_write(&t, "/sys/fs/cgroup/pod/cpu.stat", "throttled_usec 600\n");
	tree_write(&t, "/sys/fs/cgroup/pod/ctr/cpu.stat", "throttled_usec 6\n"); /* backwards */
	assert_int_equal(throttle_read(&t.sys, &after), 0);
	assert_int_equal(throttle_between(&before, &after, &where), 500000);
	assert_string_equal(where, "/sys/fs/cgroup/pod");
	assert_int_equal(throttle_between(&before, &before, &where), 0);
	assert_null(where);
	tree_close(&t);
}

static void without_groups_it_says_so(void **state)
{
	struct throttle out = {.n = 7};
	struct tree t;

	(void)state;
	tree_open(&t, NULL);
	assert_int_equal(throttle_read(&t.sys, &out), -ENOENT);
	tree_write(&t, "/proc/self/cgroup", "0::/\n");
	tree_write(&t, "/proc/self/mountinfo", "1 2 0:3 / / rw - ext4 /dev/vda rw\n");
	assert_int_equal(throttle_read(&t.sys, &out), -ENOENT);
	assert_int_equal(out.n, 7);
	tree_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions_are_read),
		cmocka_unit_test(the_own_group_is_found),
		cmocka_unit_test(a_path_too_long_is_not_cut),
		cmocka_unit_test(the_groups_above_count_too),
		cmocka_unit_test(without_groups_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
