/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include "helpers.h"

#include <math.h>

/* 1, 2, 3 …: a value is its own rank. */
static double ranks[2000];

static int count_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
		ranks[i] = (double)(i + 1);
	return 0;
}

static void sorting_goes_upwards(void **state)
{
	double v[] = {3, -1, 2, INFINITY, 2, 0};
	static const double expected[] = {-1, 0, 2, 2, 3, INFINITY};

	(void)state;
	stats_sort(v, ARRAY_LEN(v));
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_true(v[i] == expected[i]);
	stats_sort(v, 0);
	stats_sort(NULL, 0);
}

static void quantiles_are_values_that_were_measured(void **state)
{
	static const struct {
		size_t n;
		double p, expected;
	} rows[] = {{1000, 0.99, 990}, {1000, 0.5, 500}, {1000, 0.999, 999}, {100, 0.99, 99},
		    {101, 0.99, 100},  {3, 0.5, 2},      {2, 0.5, 1},        {1, 0.99, 1},
		    {1, 0.01, 1},      {10, 0.01, 1},    {200, 0.99, 198},   {2000, 0.9, 1800}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(stats_quantile(ranks, rows[i].n, rows[i].p) == rows[i].expected);
}

/* The ranks were worked out with exact fractions from the binomial distribution. */
static void intervals_have_the_binomial_distributions_ranks(void **state)
{
	static const struct {
		size_t n;
		double p, alpha, low, high;
	} rows[] = {{1000, 0.99, 0.05, 983, 997},     {2000, 0.99, 0.05, 1971, 1989},
		    {700, 0.9, 0.05, 614, 646},       {100, 0.5, 0.05, 40, 61},
		    {49, 0.5, 0.05, 18, 32},          {10, 0.5, 0.05, 2, 9},
		    {49, 0.1, 0.05, 1, 10},           {6, 0.5, 0.05, 1, 6},
		    {5, 0.5, 0.05, 0, INFINITY},      {500, 0.99, 0.00125, 486, INFINITY},
		    {1500, 0.99, 0.00125, 1471, 1497}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double low, high;

		stats_quantile_interval(ranks, rows[i].n, rows[i].p, 1, rows[i].alpha, &low, &high);
		assert_true(low == rows[i].low);
		assert_true(high == rows[i].high);
	}
}

static void an_upper_bound_for_p99_takes_368_samples(void **state)
{
	double low, high;

	(void)state;
	stats_quantile_interval(ranks, 367, 0.99, 1, 0.05, &low, &high);
	assert_true(low == 359);
	assert_true(isinf(high));
	stats_quantile_interval(ranks, 368, 0.99, 1, 0.05, &low, &high);
	assert_true(low == 360);
	assert_true(high == 368);
}

static void dependent_samples_count_for_fewer(void **state)
{
	double low, high, wider_low, wider_high;

	(void)state;
	stats_quantile_interval(ranks, 2000, 0.99, 1, 0.05, &low, &high);
	stats_quantile_interval(ranks, 2000, 0.99, 4, 0.05, &wider_low, &wider_high);
	assert_true(wider_low < low);
	assert_true(wider_high > high);
	/* 2000 of which 400 count: the ranks of 400, stretched. */
	stats_quantile_interval(ranks, 400, 0.99, 1, 0.05, &low, &high);
	stats_quantile_interval(ranks, 2000, 0.99, 5, 0.05, &wider_low, &wider_high);
	assert_true(wider_low == low * 5);
	assert_true(wider_high == high * 5);
	/* 2000 of which 200 count: no upper bound. */
	stats_quantile_interval(ranks, 2000, 0.99, 10, 0.05, &low, &high);
	assert_true(isinf(high));
	assert_true(low > 0);
	/* An effect below 1 is not believed. */
	stats_quantile_interval(ranks, 1000, 0.99, 0.1, 0.05, &low, &high);
	assert_true(low == 983 && high == 997);
}

static void too_few_samples_bound_nothing(void **state)
{
	double low = 1, high = 1;

	(void)state;
	stats_quantile_interval(ranks, 10, 0.99, 100, 0.05, &low, &high);
	assert_true(low == 0);
	assert_true(isinf(high));
	stats_quantile_interval(ranks, 0, 0.99, 1, 0.05, &low, &high);
	assert_true(low == 0);
	assert_true(isinf(high));
}

/* --- the design effect --- */

static double series[2000];

static void independent_samples_have_no_design_effect(void **state)
{
	(void)state;
	/* Every hundredth is slow: as evenly spread as can be. */
	for (size_t i = 0; i < ARRAY_LEN(series); i++)
		series[i] = i % 100 == 0 ? 2 : 1;
	assert_true(stats_design_effect(series, ARRAY_LEN(series), 1.5) == 1);
}

static void slow_samples_in_one_block_have_a_large_design_effect(void **state)
{
	double effect;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(series); i++)
		series[i] = i >= 900 && i < 945 ? 2 : 1;
	/* 44 batches of 45, one of them slow: 45 * 44/43. */
	effect = stats_design_effect(series, ARRAY_LEN(series), 1.5);
	assert_true(fabs(effect - 46.0465) < 0.001);
	/* Eight blocks. */
	for (size_t i = 0; i < ARRAY_LEN(series); i++)
		series[i] = i % 250 < 10 ? 2 : 1;
	effect = stats_design_effect(series, ARRAY_LEN(series), 1.5);
	assert_true(effect > 3);
	assert_true(effect < 12);
}

static void too_little_to_tell_is_no_design_effect(void **state)
{
	static const double few[] = {1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};

	(void)state;
	assert_true(stats_design_effect(few, ARRAY_LEN(few), 5) == 1);
	/* None is above, or all are. */
	for (size_t i = 0; i < ARRAY_LEN(series); i++)
		series[i] = 1;
	assert_true(stats_design_effect(series, ARRAY_LEN(series), 1) == 1);
	assert_true(stats_design_effect(series, ARRAY_LEN(series), 0) == 1);
	assert_true(stats_design_effect(NULL, 0, 0) == 1);
}

/* --- the mean --- */

static void the_mean_has_students_interval(void **state)
{
	static const double v[] = {2, 4, 4, 4, 5, 5, 7, 9};
	double mean, half;

	(void)state;
	stats_mean(v, ARRAY_LEN(v), &mean, &half);
	assert_true(mean == 5);
	/* t(7) = 2.3646, s = 2.13809, n = 8 */
	assert_true(fabs(half - 1.78748) < 0.002);
	stats_mean(v, 2, &mean, &half);
	assert_true(mean == 3);
	assert_true(fabs(half - 12.706) < 0.001); /* t(1) = 12.706, s = sqrt(2) */
	stats_mean(v, 1, &mean, &half);
	assert_true(mean == 2);
	assert_true(isinf(half));
}

static void students_points_are_those_of_the_tables(void **state)
{
	static const struct {
		size_t degrees;
		double t;
	} rows[] = {{2, 4.3027}, {3, 3.1824},  {4, 2.7764},  {5, 2.5706},  {6, 2.4469},
		    {9, 2.2622}, {19, 2.0930}, {29, 2.0452}, {99, 1.9842}, {999, 1.9623}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = rows[i].degrees + 1;
		double mean, half, deviation = 0;

		/* The half-width of 1, 2 … n gives the point away. */
		for (size_t k = 0; k < n; k++)
			deviation += pow(ranks[k] - (double)(n + 1) / 2, 2);
		deviation = sqrt(deviation / (double)(n - 1) / (double)n);
		stats_mean(ranks, n, &mean, &half);
		assert_true(fabs(half / deviation - rows[i].t) < 0.0025);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorting_goes_upwards),
		cmocka_unit_test(quantiles_are_values_that_were_measured),
		cmocka_unit_test(intervals_have_the_binomial_distributions_ranks),
		cmocka_unit_test(an_upper_bound_for_p99_takes_368_samples),
		cmocka_unit_test(dependent_samples_count_for_fewer),
		cmocka_unit_test(too_few_samples_bound_nothing),
		cmocka_unit_test(independent_samples_have_no_design_effect),
		cmocka_unit_test(slow_samples_in_one_block_have_a_large_design_effect),
		cmocka_unit_test(too_little_to_tell_is_no_design_effect),
		cmocka_unit_test(the_mean_has_students_interval),
		cmocka_unit_test(students_points_are_those_of_the_tables),
	};

	return cmocka_run_group_tests(tests, count_up, NULL);
}
