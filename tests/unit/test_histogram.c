/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by edges: what was between two readings, and between which edges a quantile lies. */
#include "histogram.h"

#include <math.h>

#include "helpers.h"

static struct histogram of(const char *text)
{
	struct histogram h = {0};

	assert_int_equal(histogram_parse(text, &h), 0);
	return h;
}

static void what_is_printed_is_read_back(void **state)
{
	static const char text[] = "0.001:0 0.002:7 0.0128:7 8.192:9007199254740992 "
				   "+Inf:9007199254740992";
	struct histogram h = of(text);
	char again[HISTOGRAM_TEXT];

	(void)state;
	assert_int_equal(h.n, 5);
	histogram_print(&h, again);
	assert_string_equal(again, text);
}

static void what_can_be_no_histogram_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"+Inf:5",         /* no edge */
		"1:5",            /* not whole */
		"1:5 1:5 +Inf:5", /* edges ascend */
		"2:5 1:5 +Inf:5",
		"1:5 +Inf:4",  /* counts never fall */
		"1:-1 +Inf:4", /* and are whole */
		"1:0.5 +Inf:4",
		"1:1e300 +Inf:1e300",
		"1:5 +Inf:5 2:5", /* nothing behind infinity */
		"1:5  +Inf:5",
		"1 +Inf:5",
		"nan:5 +Inf:5",
		"0x1p3:5 +Inf:5",
		"1: 5 +Inf:5",
	};
	struct histogram h = {.n = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (histogram_parse(texts[i], &h) != -EINVAL)
			fail_msg("\"%s\"", texts[i]);
	assert_int_equal(h.n, 77);
}

static void too_many_buckets_are_refused(void **state)
{
	struct histogram h = {0};

	(void)state;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		assert_int_equal(histogram_add(&h, i, i), 0);
	assert_int_equal(histogram_add(&h, INFINITY, 100), -EINVAL);
	assert_false(histogram_whole(&h));
}

static void what_was_between_two_readings_is_their_difference(void **state)
{
	struct histogram before = of("1:10 2:20 +Inf:25"), after = of("1:10 2:30 +Inf:36"), h;

	(void)state;
	assert_int_equal(histogram_since(&after, &before, &h), 0);
	assert_true(h.v[0].count == 0 && h.v[1].count == 10 && h.v[2].count == 11);
}

static void counts_that_ran_backwards_are_no_difference(void **state)
{
	struct histogram before = of("1:10 2:20 +Inf:25"), h = {.n = 77};
	const struct histogram others[] = {of("1:9 2:20 +Inf:25"), of("1:10 3:20 +Inf:25"),
					   of("1:10 +Inf:25"),
					   /* all grew, but not in the same process */
					   of("1:25 2:26 +Inf:26")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(histogram_since(&others[i], &before, &h), -EINVAL);
	assert_int_equal(h.n, 77);
}

static void a_quantile_lies_between_two_edges(void **state)
{
	struct histogram h = of("0.008:90 0.016:100 0.032:100 +Inf:100");
	struct quantile q;

	(void)state;
	assert_true(histogram_quantile(&h, 0.99, &q));
	assert_true(q.low == 0.008 && q.high == 0.016);
	assert_true(fabs(q.estimate - 0.0152) < 1e-9); /* nine tenths of the way */
	assert_true(histogram_quantile(&h, 0.5, &q));
	assert_true(q.low == 0 && q.high == 0.008);
}

/* 99 of 100 are at most 8 ms: that is p99 <= 8 ms, with no doubt. */
static void an_edge_that_holds_the_share_exactly_is_the_quantiles(void **state)
{
	struct histogram h = of("0.008:99 0.016:100 +Inf:100");
	struct quantile q;

	(void)state;
	assert_true(histogram_quantile(&h, 0.99, &q));
	assert_true(q.high == 0.008 && q.estimate == 0.008);
}

static void beyond_the_last_edge_nothing_is_estimated(void **state)
{
	struct histogram h = of("1:1 8.192:50 +Inf:100"), none = of("1:0 +Inf:0");
	struct quantile q;

	(void)state;
	assert_true(histogram_quantile(&h, 0.99, &q));
	assert_true(q.low == 8.192 && isinf(q.high) && q.estimate == 8.192);
	assert_false(histogram_quantile(&none, 0.99, &q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(what_can_be_no_histogram_is_refused),
		cmocka_unit_test(too_many_buckets_are_refused),
		cmocka_unit_test(what_was_between_two_readings_is_their_difference),
		cmocka_unit_test(counts_that_ran_backwards_are_no_difference),
		cmocka_unit_test(a_quantile_lies_between_two_edges),
		cmocka_unit_test(an_edge_that_holds_the_share_exactly_is_the_quantiles),
		cmocka_unit_test(beyond_the_last_edge_nothing_is_estimated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
