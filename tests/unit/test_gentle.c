/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent makes of a few syncs a minute. */
#include "gentle.h"

#include "helpers.h"

#define MINUTE 60000000000ull

struct memory {
	struct gentle g;
	struct latencies l;
	uint64_t now;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct memory));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void measure_whole(struct memory *m, enum verdict v, bool fast)
{
	struct result r = {.verdict = v, .n_bins = LATENCY_BINS};

	r.bins[3].count = 1000;
	gentle_note(&m->g, m->now, false, fast, &r);
}

/* A round of samples of so many ms; the verdict that it gets against 10 and 50 ms. */
static enum verdict round_of(struct memory *m, double ms)
{
	struct result r = {.n_bins = 1};

	m->now += MINUTE;
	m->l = (struct latencies){0};
	gentle_recall(&m->g, m->now, 3600, &m->l);
	for (unsigned i = 0; i < GENTLE_SAMPLES; i++) {
		m->l.ms[m->l.n++] = ms;
		gentle_tell(&r, i, ms);
	}
	latencies_look(&m->l, 0.05);
	r.verdict = gentle_judge(&m->g, &m->l, 10, 50);
	gentle_note(&m->g, m->now, false, false, &r);
	return r.verdict;
}

static void one_stall_after_the_start_is_no_slow_disk(void **state)
{
	struct memory *m = *state;

	measure_whole(m, VERDICT_PASS, false);
	for (int i = 1; i < GENTLE_ROUNDS_LEAST; i++)
		assert_int_equal(round_of(m, 80), VERDICT_PASS);
	assert_int_equal(round_of(m, 80), VERDICT_FAIL);
}

static void three_syncs_of_one_moment_are_one_observation(void **state)
{
	struct memory *m = *state;

	measure_whole(m, VERDICT_PASS, false);
	for (int i = 0; i < 30; i++)
		assert_int_equal(round_of(m, 1), VERDICT_PASS);
	/* Three of 93 samples: as independent ones they would prove p99 to be above. */
	assert_int_equal(round_of(m, 80), VERDICT_PASS);
	assert_true(m->l.effect >= GENTLE_SAMPLES);
}

static void a_disk_that_is_slow_while_the_node_boots_is_measured_again(void **state)
{
	struct memory *m = *state;

	measure_whole(m, VERDICT_FAIL, false);
	assert_false(m->g.measured);
	measure_whole(m, VERDICT_PASS, false);
	assert_true(m->g.measured);
	assert_int_equal(round_of(m, 1), VERDICT_PASS);
}

static void a_slow_disk_is_fast_again_once_there_are_enough(void **state)
{
	struct memory *m = *state;
	int rounds = 1;

	for (int i = 0; i < GENTLE_WHOLE_MOST; i++)
		measure_whole(m, VERDICT_WARN, false);
	while (round_of(m, 1) == VERDICT_WARN && rounds < 100)
		rounds++;
	assert_int_equal(rounds, (GENTLE_ENOUGH + GENTLE_SAMPLES - 1) / GENTLE_SAMPLES);
}

static void what_is_older_than_the_window_is_forgotten(void **state)
{
	struct memory *m = *state;

	measure_whole(m, VERDICT_PASS, false);
	round_of(m, 1);
	gentle_recall(&m->g, m->now + 3600 * 1000000000ull, 3600, &m->l);
	m->l = (struct latencies){0};
	gentle_recall(&m->g, m->now + 3601 * 1000000000ull, 3600, &m->l);
	assert_int_equal(m->l.n, 0);
}

/* A whole measurement costs a disk something, and etcd would be restarting. */
static void what_was_measured_outlives_an_etcd_and_a_failure(void **state)
{
	struct memory *m = *state;
	struct result none = {.verdict = VERDICT_SKIPPED};

	for (int i = 0; i < GENTLE_WHOLE_MOST; i++)
		measure_whole(m, VERDICT_WARN, false);
	gentle_note(&m->g, m->now, true, false, &none);
	none.verdict = VERDICT_UNKNOWN;
	gentle_note(&m->g, m->now, false, false, &none);
	assert_true(m->g.measured);
	assert_int_equal(round_of(m, 1), VERDICT_WARN);
}

static void an_etcd_is_believed_to_be_restarting_for_a_while(void **state)
{
	struct memory *m = *state;
	struct result none = {.verdict = VERDICT_SKIPPED};

	gentle_note(&m->g, m->now, true, false, &none);
	for (int i = 0; i < GENTLE_WHOLE_SEARCH; i++) {
		assert_true(m->g.etcd > 0);
		gentle_note(&m->g, m->now, false, false, &none);
	}
	assert_int_equal(m->g.etcd, 0);
	assert_true(!m->g.measured);
}

static void a_cache_that_forgets_is_suspicious_but_not_slow(void **state)
{
	struct memory *m = *state;

	for (int i = 0; i < GENTLE_WHOLE_MOST; i++)
		measure_whole(m, VERDICT_WARN, true);
	assert_int_equal(round_of(m, 1), VERDICT_PASS);
}

static void the_histogram_only_grows(void **state)
{
	struct memory *m = *state;
	struct result r = {.n_bins = 1};

	measure_whole(m, VERDICT_PASS, false);
	gentle_tell(&r, 0, 0.07);
	gentle_note(&m->g, m->now, false, false, &r);
	assert_int_equal(r.n_bins, LATENCY_BINS);
	assert_true(r.bins[3].count == 1001);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_stall_after_the_start_is_no_slow_disk),
		TEST(three_syncs_of_one_moment_are_one_observation),
		TEST(a_disk_that_is_slow_while_the_node_boots_is_measured_again),
		TEST(a_slow_disk_is_fast_again_once_there_are_enough),
		TEST(what_is_older_than_the_window_is_forgotten),
		TEST(what_was_measured_outlives_an_etcd_and_a_failure),
		TEST(an_etcd_is_believed_to_be_restarting_for_a_while),
		TEST(a_cache_that_forgets_is_suspicious_but_not_slow),
		TEST(the_histogram_only_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
