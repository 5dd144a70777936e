/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's files say of swap, pressure, limits, sockets, modules and memory. */
#include "hoststat.h"
#include "listeners.h"

#include "helpers.h"
#include "hostfiles.h"

static void swaps_are_added_up(void **state)
{
	struct swaps s = {0};

	(void)state;
	assert_int_equal(swaps_parse(SWAPS, &s), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(swaps_parse(SWAPS "/dev/zram0 partition\t1024\t\t24\t\t100\n"
					   "/swap\\040file file\t2048\t\t0\t\t-2\n",
				     &s),
			 0);
	assert_int_equal(s.n, 2);
	assert_float_equal(s.kib, 3072, 0);
	assert_float_equal(s.used_kib, 24, 0);
	assert_string_equal(s.first, "/dev/zram0");
}

static void swaps_of_another_form_are_refused(void **state)
{
	static const char *const texts[] = {"",
					    "Filename",
					    "x\n",
					    SWAPS "/dev/a partition 1 0 0",
					    SWAPS "/dev/a partition x 0 0\n",
					    SWAPS "/dev/a partition 1 2 0\n",
					    SWAPS "/dev/a partition\n",
					    SWAPS "\n"};
	struct swaps s = {.n = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (swaps_parse(texts[i], &s) != -EBADMSG || s.n != 77)
			fail_msg("\"%s\"", texts[i]);
}

static void pressure_is_the_full_minute(void **state)
{
	double full = 77;

	(void)state;
	assert_int_equal(pressure_parse("some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n"
					"full avg10=5.00 avg60=6.50 avg300=7.00 total=8\n",
					&full),
			 0);
	assert_float_equal(full, 6.5, 1e-9);
	assert_int_equal(
		pressure_parse("full avg10=0.00 avg60=100.00 avg300=0.00 total=0\n", &full), 0);
	assert_float_equal(full, 100, 0);
	full = 77;
	assert_int_equal(pressure_parse("", &full), -EBADMSG);
	assert_int_equal(pressure_parse("some avg10=0.00 avg60=1.00 avg300=0.00 total=0\n", &full),
			 -EBADMSG);
	assert_int_equal(pressure_parse("full avg10=0.00\nx avg60=1.00 \n", &full), -EBADMSG);
	assert_int_equal(pressure_parse("full avg10=0.00 avg60=100.01 x\n", &full), -EBADMSG);
	assert_int_equal(pressure_parse("full avg10=0.00 avg60=inf x\n", &full), -EBADMSG);
	assert_int_equal(pressure_parse("full avg10=0.00 avg60=-1 x\n", &full), -EBADMSG);
	assert_float_equal(full, 77, 0);
}

static void open_files_are_found_among_the_limits(void **state)
{
	uint64_t soft, hard;

	(void)state;
	assert_int_equal(open_files_parse(LIMITS "Max open files            1024                 "
						 "524288               files     \n",
					  &soft, &hard),
			 0);
	assert_int_equal(soft, 1024);
	assert_int_equal(hard, 524288);
	assert_int_equal(open_files_parse("Max open files  1024 unlimited files\n", &soft, &hard),
			 0);
	assert_true(hard == LIMIT_NONE);
	assert_int_equal(open_files_parse(LIMITS, &soft, &hard), -EBADMSG);
	assert_int_equal(open_files_parse("Max open files  2 1 files\n", &soft, &hard), -EBADMSG);
	assert_int_equal(open_files_parse("Max open files  x 1 files\n", &soft, &hard), -EBADMSG);
	assert_int_equal(open_files_parse("Max open files  1", &soft, &hard), -EBADMSG);
}

static void listening_sockets_are_told_from_connections(void **state)
{
	struct listener l = {0};

	(void)state;
	assert_int_equal(listener_parse(KUBELET_LISTENS, &l), 1);
	assert_int_equal(l.port, 10250);
	assert_int_equal(l.inode, 4711);
	assert_int_equal(listener_parse(CONNECTED, &l), 0);
	assert_int_equal(
		listener_parse("  12: 00000000000000000000000000000000:192B "
			       "00000000000000000000000000000000:0000 0A 00000000:00000000 "
			       "00:00000000 00000000  1000        0 99 1 0 100 0 0 10 0\n",
			       &l),
		1);
	assert_int_equal(l.port, 6443);
	assert_int_equal(l.inode, 99);
	assert_int_equal(listener_parse(TCP, &l), -EBADMSG);
	assert_int_equal(listener_parse("", &l), -EBADMSG);
	assert_int_equal(listener_parse("0: 00000000:280A 00000000:0000 0A", &l), -EBADMSG);
	assert_int_equal(listener_parse("0: 0000:280A 00000000:0000 0A x\n", &l), -EBADMSG);
}

static void modules_are_found_by_their_file(void **state)
{
	static const char text[] =
		"kernel/fs/overlayfs/overlay.ko: \n"
		"kernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko.xz\n"
		"kernel/net/some-thing.ko\n";

	(void)state;
	assert_true(modules_has(text, "overlay"));
	assert_true(modules_has(text, "br_netfilter"));
	assert_true(modules_has(text, "some_thing"));
	assert_false(modules_has(text, "bridge")); /* depended on, and not listed by itself */
	assert_false(modules_has(text, "over"));
	assert_false(modules_has(text, "netfilter"));
	assert_false(modules_has("", "overlay"));
}

static void memory_is_in_kib(void **state)
{
	double kib = 77;

	(void)state;
	assert_int_equal(
		meminfo_parse("MemTotal:       24683616 kB\nMemFree: 1 kB\n", "MemTotal", &kib), 0);
	assert_float_equal(kib, 24683616, 0);
	assert_int_equal(meminfo_parse("MemTotal: 1\n", "MemTotal", &kib), -EBADMSG);
	assert_int_equal(meminfo_parse("MemTotalX: 1 kB\n", "MemTotal", &kib), -EBADMSG);
	assert_int_equal(meminfo_parse("MemTotal: 1 kB", "MemTotal", &kib), -EBADMSG);
	assert_int_equal(meminfo_parse("", "MemTotal", &kib), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swaps_are_added_up),
		cmocka_unit_test(swaps_of_another_form_are_refused),
		cmocka_unit_test(pressure_is_the_full_minute),
		cmocka_unit_test(open_files_are_found_among_the_limits),
		cmocka_unit_test(listening_sockets_are_told_from_connections),
		cmocka_unit_test(modules_are_found_by_their_file),
		cmocka_unit_test(memory_is_in_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
