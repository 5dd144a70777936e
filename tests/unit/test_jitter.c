/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of a spinning thread's gaps, and of numbers that can't be true. */
#include "jitter.h"

#include "check.h"
#include "helpers.h"

#define MS 1000000ull

static const struct jitter_rule rule = {.warn = 10, .fail = 30, .worst_warn = 25, .worst_fail = 50};

static double figure(const struct result *r, const char *name)
{
	for (size_t i = 0; i < r->n_figures; i++)
		if (strcmp(r->figures[i].name, name) == 0)
			return r->figures[i].value;
	return -1;
}

static void assert_answer(const struct result *r, enum verdict verdict, const char *reason)
{
	if (r->verdict != verdict || strcmp(r->reason, reason) != 0)
		fail_msg("%s %s: %s", verdict_text(r->verdict), r->reason, r->message);
}

static void a_schedstat_is_read(void **state)
{
	static const struct {
		const char *text;
		int error;
	} rows[] = {{"1724716 3849038 7\n", 0},
		    {"0 5 1\n", 0},
		    {"18446744073709551615 0 0\n", 0},
		    {"0 0 0\n", -ENODATA},
		    {"18446744073709551616 0 0\n", -EBADMSG},
		    {"1 2\n", -EBADMSG},
		    {"1 2 3", -EBADMSG},
		    {"1 2 3 4\n", -EBADMSG},
		    {"1 2 3\n4", -EBADMSG},
		    {"1  2 3\n", -EBADMSG},
		    {"-1 2 3\n", -EBADMSG},
		    {"", -EBADMSG}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct schedstat s = {.waited = 77};

		if (schedstat_parse(rows[i].text, &s) != rows[i].error)
			fail_msg("\"%s\"", rows[i].text);
		assert_true(rows[i].error == 0 || s.waited == 77);
	}
}

static void waiting_explains_its_part_of_a_gap(void **state)
{
	static const struct {
		uint64_t gap, waited, lost;
	} rows[] = {{5 * MS, 0, 5 * MS},
		    {5 * MS, 4 * MS, MS},
		    {5 * MS, 5 * MS, 0},
		    {5 * MS, 9 * MS, 0},
		    {5 * MS, UINT64_MAX, 0},
		    {5 * MS, 5 * MS - 99999, 0}, /* what is left would be no gap itself */
		    {5 * MS, 5 * MS - 100000, 100000},
		    {UINT64_MAX, 0, UINT64_MAX}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct latency_total gaps = {0};
		struct jitter_burst b = {0};
		double n = 0;

		jitter_gap(&b, &gaps, rows[i].gap, rows[i].waited);
		assert_true(b.lost == rows[i].lost && b.worst == rows[i].lost);
		assert_true(b.waited ==
			    (rows[i].waited < rows[i].gap ? rows[i].waited : rows[i].gap));
		assert_int_equal(b.gaps, rows[i].lost != 0);
		assert_int_equal(b.long_gaps, rows[i].lost >= MS);
		for (size_t k = 0; k < LATENCY_BINS; k++)
			n += gaps.counts[k];
		assert_int_equal(n, b.gaps);
	}
}

/* Twenty bursts of 50 ms, on two CPUs by turns. */
static struct jitter_burst bursts[20];

static struct jitter alike(uint64_t waited, uint64_t lost, uint64_t irq, uint64_t reported)
{
	for (size_t i = 0; i < ARRAY_LEN(bursts); i++)
		bursts[i] = (struct jitter_burst){.cpu = i % 2 ? 3 : 1,
						  .wanted = 50 * MS,
						  .waited = waited,
						  .lost = lost,
						  .worst = lost,
						  .told = true,
						  .irq = irq,
						  .reported = reported};
	return (struct jitter){
		.bursts = bursts, .n = ARRAY_LEN(bursts), .cpus = 2, .online = 4, .seconds = 2};
}

static struct result judged(const struct jitter *j)
{
	struct result r = {0};

	jitter_judge(j, &rule, &r);
	return r;
}

static void a_quiet_host_passes(void **state)
{
	struct jitter j = alike(0, 0, 0, 0);
	struct result r = judged(&j);

	(void)state;
	assert_answer(&r, VERDICT_PASS, "JitterLow");
	assert_contains(r.message, "on 2 of 4 CPUs");
	assert_true(figure(&r, "stolen") == 0 && figure(&r, "worst_gap") == 0);
	assert_true(figure(&r, "cpu1.stolen") == 0 && figure(&r, "cpu3.stolen") == 0);
}

static void steal_that_nobody_reports_is_hidden(void **state)
{
	struct jitter j = alike(0, 10 * MS, 0, 0);
	struct result r = judged(&j);

	(void)state;
	assert_answer(&r, VERDICT_WARN, "StealHidden");
	assert_float_equal(figure(&r, "stolen"), 20, 1e-9);
	assert_float_equal(figure(&r, "hidden"), 20, 1e-9);
	assert_contains(r.message, "hides steal");
	j = alike(0, 20 * MS, 0, 0);
	r = judged(&j);
	assert_answer(&r, VERDICT_FAIL, "StealHidden");
}

static void steal_that_is_reported_is_not_hidden(void **state)
{
	struct jitter j = alike(0, 10 * MS, 0, 9 * MS);
	struct result r = judged(&j);

	(void)state;
	assert_answer(&r, VERDICT_WARN, "StealUnderLoad");
	assert_float_equal(figure(&r, "hidden"), 2, 1e-9);
}

static void on_bare_metal_it_is_the_firmware(void **state)
{
	struct jitter j = alike(0, 10 * MS, 0, 0);
	struct result r;

	(void)state;
	j.bare_metal = true;
	r = judged(&j);
	assert_answer(&r, VERDICT_WARN, "LostToFirmware");
}

static void interrupts_are_taken_off(void **state)
{
	struct jitter j = alike(0, 10 * MS, 9 * MS, 0);
	struct result r = judged(&j);

	(void)state;
	assert_answer(&r, VERDICT_PASS, "JitterLow");
	assert_float_equal(figure(&r, "stolen"), 2, 1e-9);
	assert_float_equal(figure(&r, "interrupts"), 18, 1e-9);
	j = alike(0, 10 * MS, UINT64_MAX, 0);
	r = judged(&j);
	assert_true(figure(&r, "stolen") == 0);
}

static void untold_interrupts_leave_it_open(void **state)
{
	struct jitter j = alike(0, 10 * MS, 0, 0);
	struct result r;

	(void)state;
	for (size_t i = 0; i < j.n; i++)
		j.bursts[i].told = false;
	r = judged(&j);
	assert_answer(&r, VERDICT_UNKNOWN, "InterruptsUntold");
	assert_true(figure(&r, "reported") == -1 && figure(&r, "interrupts") == -1);
}

static void a_share_is_of_the_time_that_it_had(void **state)
{
	struct jitter j = alike(30 * MS, 4 * MS, 0, 0);
	struct result r = judged(&j);

	(void)state;
	assert_float_equal(figure(&r, "stolen"), 20, 1e-9);
	assert_float_equal(figure(&r, "waited"), 60, 1e-9);
}

static void a_quota_is_told_as_its_own(void **state)
{
	struct jitter j = alike(30 * MS, 0, 0, 0);
	struct result r;

	(void)state;
	j.throttled = 500 * MS;
	j.throttled_by = "/sys/fs/cgroup/kubepods/pod1";
	r = judged(&j);
	assert_answer(&r, VERDICT_PASS, "OwnQuota");
	assert_float_equal(figure(&r, "throttled"), 50, 1e-9);
	assert_contains(r.message, "quota withheld 50%");
	assert_string_equal(r.facts[0].value, j.throttled_by);
	/* Other tasks of the group were held back as well: that is none of ours. */
	j.throttled = 100000 * MS;
	r = judged(&j);
	assert_float_equal(figure(&r, "throttled"), 60, 1e-9);
}

static void a_busy_machine_says_nothing(void **state)
{
	struct jitter j = alike(48 * MS, 2 * MS, 0, 0);
	struct result r = judged(&j);

	(void)state;
	assert_answer(&r, VERDICT_UNKNOWN, "CpusBusy");
	j = alike(0, 10 * MS, 0, 0);
	j.n = 1; /* 50 ms in all */
	r = judged(&j);
	assert_answer(&r, VERDICT_UNKNOWN, "CpusBusy");
	j.n = 0;
	r = judged(&j);
	assert_answer(&r, VERDICT_UNKNOWN, "JitterUnmeasured");
}

static void one_bad_moment_proves_nothing(void **state)
{
	struct jitter j = alike(0, 0, 0, 0);
	struct result r;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		j.bursts[i].lost = 50 * MS;
	r = judged(&j);
	assert_float_equal(figure(&r, "stolen"), 25, 1e-9);
	assert_true(figure(&r, "stolen_half_width") > 15);
	assert_answer(&r, VERDICT_PASS, "JitterLow");
	j.n = 2; /* and two of them are no interval */
	r = judged(&j);
	assert_answer(&r, VERDICT_PASS, "JitterLow");
}

static void one_bad_cpu_is_found(void **state)
{
	struct jitter j = alike(0, 0, 0, 0);
	struct result r;

	(void)state;
	for (size_t i = 1; i < j.n; i += 2)
		j.bursts[i].lost = 14 * MS;
	r = judged(&j);
	assert_answer(&r, VERDICT_WARN, "StealHidden");
	assert_true(figure(&r, "worst_cpu") == 3);
	assert_float_equal(figure(&r, "worst"), 28, 1e-9);
}

static void without_a_count_of_waiting_it_says_so(void **state)
{
	struct jitter j = alike(0, 10 * MS, 0, 40 * MS);
	struct result r;

	(void)state;
	j.by_clock = true;
	r = judged(&j);
	/* The thread's clock has left reported steal out already. */
	assert_answer(&r, VERDICT_WARN, "StealHidden");
	assert_true(figure(&r, "reported") == -1);
	assert_string_equal(r.facts[0].name, "waiting");
}

static void numbers_that_cannot_be_stay_within_bounds(void **state)
{
	static const uint64_t extremes[] = {0, 1, 50 * MS, INT64_MAX, UINT64_MAX};

	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(extremes); a++) {
		for (size_t b = 0; b < ARRAY_LEN(extremes); b++) {
			struct jitter j = alike(extremes[a], extremes[b], extremes[a], extremes[b]);
			static const char *const shares[] = {"stolen", "worst",     "waited",
							     "hidden", "throttled", "interrupts"};
			struct result r;

			j.bursts[7].wanted = extremes[b];
			j.throttled = extremes[a];
			r = judged(&j);
			for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
				double v = figure(&r, shares[i]);

				if (v != -1 && !(v >= 0 && v <= 100))
					fail_msg("%s %g", shares[i], v);
			}
		}
	}
}

static void many_cpus_leave_room_for_the_rest(void **state)
{
	static struct jitter_burst many[1000];
	struct jitter j = {.bursts = many, .n = ARRAY_LEN(many), .cpus = 500, .online = 500};
	struct result r;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct jitter_burst){.cpu = i % 500, .wanted = 5 * MS, .told = true};
	r = judged(&j);
	assert_answer(&r, VERDICT_PASS, "JitterLow");
	assert_true(r.n_figures < FIGURES_MOST && figure(&r, "sum") == 0);
}

static void the_agents_histogram_grows(void **state)
{
	const struct check *check = check_find("jitter");
	_cleanup_free void *memory = calloc(1, check->state_size);
	struct jitter j = alike(0, 10 * MS, 0, 0);
	struct result r;

	(void)state;
	latency_add(&j.gaps, 10);
	for (int round = 1; round <= 3; round++) {
		double n = 0;

		r = judged(&j);
		assert_true(check->watch(NULL, memory, &r));
		for (size_t i = 0; i < r.n_bins; i++)
			n += r.bins[i].count;
		assert_float_equal(n, round, 0);
		assert_float_equal(figure(&r, "sum"), 10 * round, 1e-9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schedstat_is_read),
		cmocka_unit_test(waiting_explains_its_part_of_a_gap),
		cmocka_unit_test(a_quiet_host_passes),
		cmocka_unit_test(steal_that_nobody_reports_is_hidden),
		cmocka_unit_test(steal_that_is_reported_is_not_hidden),
		cmocka_unit_test(on_bare_metal_it_is_the_firmware),
		cmocka_unit_test(interrupts_are_taken_off),
		cmocka_unit_test(untold_interrupts_leave_it_open),
		cmocka_unit_test(a_share_is_of_the_time_that_it_had),
		cmocka_unit_test(a_quota_is_told_as_its_own),
		cmocka_unit_test(a_busy_machine_says_nothing),
		cmocka_unit_test(one_bad_moment_proves_nothing),
		cmocka_unit_test(one_bad_cpu_is_found),
		cmocka_unit_test(without_a_count_of_waiting_it_says_so),
		cmocka_unit_test(numbers_that_cannot_be_stay_within_bounds),
		cmocka_unit_test(many_cpus_leave_room_for_the_rest),
		cmocka_unit_test(the_agents_histogram_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
