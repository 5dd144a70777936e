/* SPDX-License-Identifier: Apache-2.0 */
/* How often the 95% interval of p99 holds the true p99, by simulation with a fixed seed. Disks'
 * latencies are skewed and resemble their neighbours: log-normal series, whose logarithms follow
 * x[i] = rho * x[i-1] + noise. */
#include "stats.h"

#include "helpers.h"

#include <math.h>

#define SAMPLES 2000
#define SERIES  500

static uint64_t seed;

/* splitmix64 (Steele, Lea & Flood 2014), as a number between 0 and 1, neither included. */
static double uniform(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

/* By Box and Muller. */
static double normal(void)
{
	double length = sqrt(-2 * log(uniform()));

	return length * cos(6.283185307179586 * uniform());
}

struct outcome_counts {
	double covered, too_high, too_low, unbounded; /* shares of all series */
	double effect;                                /* mean design effect */
};

static struct outcome_counts simulate(double rho)
{
	static double v[SAMPLES], sorted[SAMPLES];
	const double truth = exp(2.3263478740408408); /* the normal distribution's p99 */
	struct outcome_counts c = {0};

	seed = 20240229;
	for (int s = 0; s < SERIES; s++) {
		double low, high, p99, effect, x = normal();

		for (int i = 0; i < SAMPLES; i++) {
			x = rho * x + sqrt(1 - rho * rho) * normal();
			v[i] = sorted[i] = exp(x);
		}
		stats_sort(sorted, SAMPLES);
		p99 = stats_quantile(sorted, SAMPLES, 0.99);
		effect = stats_design_effect(v, SAMPLES, p99);
		stats_quantile_interval(sorted, SAMPLES, 0.99, effect, 0.05, &low, &high);
		assert_true(low <= p99 && p99 <= high);
		c.too_high += low > truth;
		c.too_low += high < truth;
		c.unbounded += isinf(high) != 0;
		c.effect += effect;
	}
	c.too_high /= SERIES;
	c.too_low /= SERIES;
	c.unbounded /= SERIES;
	c.effect /= SERIES;
	c.covered = 1 - c.too_high - c.too_low;
	print_message("# rho %.2f: covered %.1f%%, above %.1f%%, below %.1f%%, unbounded %.1f%%, "
		      "design effect %.2f\n",
		      rho, c.covered * 100, c.too_high * 100, c.too_low * 100, c.unbounded * 100,
		      c.effect);
	return c;
}

static void the_interval_of_independent_samples_covers_95_percent(void **state)
{
	struct outcome_counts c = simulate(0);

	(void)state;
	assert_true(c.covered >= 0.94);
	assert_true(c.too_high <= 0.04);
	assert_true(c.too_low <= 0.04);
	assert_true(c.unbounded <= 0.01);
	assert_true(c.effect < 1.2); /* nothing is given away */
}

static void the_interval_of_correlated_samples_still_covers(void **state)
{
	struct outcome_counts c;

	(void)state;
	c = simulate(0.5);
	assert_true(c.covered >= 0.92);
	c = simulate(0.7);
	assert_true(c.covered >= 0.92);
	assert_true(c.effect > 1.5);
}

/* Over 1,500 series it covers 91% at 0.9 and 90% at 0.95 (94% and 92% with 5,000 samples). */
static void the_interval_of_strongly_correlated_samples_covers_nearly(void **state)
{
	struct outcome_counts c;

	(void)state;
	c = simulate(0.9);
	assert_true(c.covered >= 0.88);
	assert_true(c.effect > 3);
	c = simulate(0.95);
	assert_true(c.covered >= 0.86);
}

/* The known limit: when neighbours are nearly the same, batches of sqrt(n) are too short to see
 * it, and the interval covers 80% only. It errs towards "unbounded", which decides nothing. */
static void the_interval_of_nearly_constant_samples_stays_open(void **state)
{
	struct outcome_counts c = simulate(0.99);

	(void)state;
	assert_true(c.covered >= 0.75);
	assert_true(c.unbounded >= 0.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interval_of_independent_samples_covers_95_percent),
		cmocka_unit_test(the_interval_of_correlated_samples_still_covers),
		cmocka_unit_test(the_interval_of_strongly_correlated_samples_covers_nearly),
		cmocka_unit_test(the_interval_of_nearly_constant_samples_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
