/* SPDX-License-Identifier: Apache-2.0 */
#include "procstat.h"

#include "helpers.h"

static void online_cpus_are_read_with_all_their_ticks(void **state)
{
	static const char text[] = "cpu  9 9 9 9 9 9 9 9 9 9\n"
				   "cpu0 1 2 3 4 5 6 7 8 9 10\n"
				   "cpu2 18446744073709551615 0 0 0 0 0 0 11\n"
				   "cpu8191 0 0 0 0 0 0 0 1 0 0\n"
				   "intr 5 6\nctxt 7\ncpufreq 8\n";
	static const uint64_t first[TICKS] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct proc_stat s;

	(void)state;
	assert_int_equal(procstat_parse(text, &s), 0);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.v[0].cpu, 0);
	assert_memory_equal(s.v[0].ticks, first, sizeof(first));
	assert_int_equal(s.v[1].cpu, 2);
	assert_true(s.v[1].ticks[TICK_USER] == UINT64_MAX);
	assert_int_equal(s.v[1].ticks[TICK_STEAL], 11);
	assert_int_equal(s.v[2].cpu, 8191);
	procstat_clear(&s);
	assert_int_equal(s.n, 0);
}

static void a_last_line_without_newline_is_read(void **state)
{
	struct proc_stat s;

	(void)state;
	assert_int_equal(procstat_parse("cpu0 1 2 3 4 5 6 7 8", &s), 0);
	assert_int_equal(s.v[0].ticks[TICK_STEAL], 8);
	procstat_clear(&s);
}

static void assert_error(const char *text, int error)
{
	struct proc_stat s = {.n = 4711};

	assert_int_equal(procstat_parse(text, &s), error);
	assert_int_equal(s.n, 4711); /* untouched */
}

static void malformed_lines_are_refused(void **state)
{
	static const char *const texts[] = {
		"cpu0\n",
		"cpu0 \n",
		"cpu0 1 2 3 4 5 6\n",
		"cpu0 1 2 3 x 5 6 7 8\n",
		"cpu0 1 2 3 -4 5 6 7 8\n",
		"cpu0 1 2 3 4.5 5 6 7 8\n",
		"cpu0 1 2 3 4 5 6 7 8x\n",
		"cpu0x 1 2 3 4 5 6 7 8\n",
		"cpu0\t1 2 3 4 5 6 7 8\n",
		"cpu8192 1 2 3 4 5 6 7 8\n",
		"cpu99999999999999999999 1 2 3 4 5 6 7 8\n",
		/* a sound line before it does not help */
		"cpu0 1 2 3 4 5 6 7 8\ncpu1 1 2 3\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_error(texts[i], -EBADMSG);
}

static void a_missing_steal_column_is_told_apart(void **state)
{
	(void)state;
	assert_error("cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n", -ENODATA);
	assert_error("cpu0 1 2 3 4 5 6 7", -ENODATA);
}

static void cpus_out_of_order_are_refused(void **state)
{
	(void)state;
	assert_error("cpu1 1 2 3 4 5 6 7 8\ncpu0 1 2 3 4 5 6 7 8\n", -EBADMSG);
	assert_error("cpu1 1 2 3 4 5 6 7 8\ncpu1 1 2 3 4 5 6 7 8\n", -EBADMSG);
}

static void a_counter_beyond_64_bits_is_refused(void **state)
{
	(void)state;
	assert_error("cpu0 18446744073709551616 2 3 4 5 6 7 8\n", -EBADMSG);
	assert_error("cpu0 1 2 3 4 5 6 7 99999999999999999999999999\n", -EBADMSG);
}

static void a_text_without_cpus_is_refused(void **state)
{
	(void)state;
	assert_error("", -EBADMSG);
	assert_error("cpu  1 2 3 4 5 6 7 8\nintr 1\n", -EBADMSG);
}

static void the_file_is_read_below_the_root(void **state)
{
	struct proc_stat s;
	struct sys sys;

	(void)state;
	open_fixture(&sys, "node");
	assert_int_equal(procstat_read(&sys, &s), 0);
	assert_int_equal(s.n, 4);
	assert_int_equal(s.v[3].ticks[TICK_IDLE], 2000);
	procstat_clear(&s);
	sys_done(&sys);
	open_fixture(&sys, "profiles");
	assert_int_equal(procstat_read(&sys, &s), -ENOENT);
	sys_done(&sys);
}

/* --- differences --- */

static bool delta(const uint64_t before[TICKS], const uint64_t after[TICKS], double elapsed_s,
		  uint64_t *steal, uint64_t *total)
{
	struct cpu_ticks a = {0}, b = {0};

	memcpy(a.ticks, before, sizeof(a.ticks));
	memcpy(b.ticks, after, sizeof(b.ticks));
	*steal = *total = 4711;
	return procstat_delta(&a, &b, elapsed_s, 100, steal, total);
}

static const uint64_t base[TICKS] = {1000, 0, 1000, 90000, 50, 0, 10, 30};

static void a_difference_has_its_steal_and_its_sum(void **state)
{
	static const uint64_t after[TICKS] = {1040, 0, 1010, 90040, 50, 0, 10, 40};
	uint64_t steal, total;

	(void)state;
	assert_true(delta(base, after, 1, &steal, &total));
	assert_int_equal(steal, 10);
	assert_int_equal(total, 100);
	assert_true(delta(base, base, 1, &steal, &total));
	assert_int_equal(total, 0);
}

static void a_counter_that_runs_backwards_says_nothing(void **state)
{
	uint64_t steal, total;

	(void)state;
	for (int i = 0; i < TICKS; i++) {
		uint64_t after[TICKS];

		memcpy(after, base, sizeof(after));
		after[TICK_IDLE] += 100;
		if (base[i] == 0)
			continue;
		after[i] = base[i] - 1;
		assert_false(delta(base, after, 1, &steal, &total));
		assert_int_equal(steal, 4711);
	}
}

static void more_ticks_than_the_time_can_hold_say_nothing(void **state)
{
	uint64_t after[TICKS], steal, total;

	(void)state;
	memcpy(after, base, sizeof(after));
	after[TICK_IDLE] += 152; /* 1.5 times 100, and two for coarse readings */
	assert_true(delta(base, after, 1, &steal, &total));
	after[TICK_IDLE]++;
	assert_false(delta(base, after, 1, &steal, &total));
	/* The sum of them counts too. */
	after[TICK_IDLE] = base[TICK_IDLE] + 100;
	after[TICK_STEAL] += 100;
	assert_false(delta(base, after, 1, &steal, &total));
	assert_true(delta(base, after, 2, &steal, &total));
	after[TICK_STEAL] = UINT64_MAX;
	assert_false(delta(base, after, 1, &steal, &total));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(online_cpus_are_read_with_all_their_ticks),
		cmocka_unit_test(a_last_line_without_newline_is_read),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(a_missing_steal_column_is_told_apart),
		cmocka_unit_test(cpus_out_of_order_are_refused),
		cmocka_unit_test(a_counter_beyond_64_bits_is_refused),
		cmocka_unit_test(a_text_without_cpus_is_refused),
		cmocka_unit_test(the_file_is_read_below_the_root),
		cmocka_unit_test(a_difference_has_its_steal_and_its_sum),
		cmocka_unit_test(a_counter_that_runs_backwards_says_nothing),
		cmocka_unit_test(more_ticks_than_the_time_can_hold_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
