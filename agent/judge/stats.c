/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), compare);
}

double stats_quantile(const double *sorted, size_t n, double p)
{
	double rank = ceil(p * (double)n - 1e-9);

	if (rank < 1)
		rank = 1;
	if (rank > (double)n)
		rank = (double)n;
	return sorted[(size_t)rank - 1];
}

double stats_design_effect(const double *v, size_t n, double quantile)
{
	size_t batches = (size_t)sqrt((double)n), size;
	double above = 0, mean, squares = 0, independent;

	if (batches < 4)
		return 1;
	size = n / batches;
	for (size_t i = 0; i < batches * size; i++)
		above += v[i] > quantile;
	mean = above / (double)(batches * size);
	independent = mean * (1 - mean) / (double)size;
	if (independent <= 0)
		return 1;
	for (size_t b = 0; b < batches; b++) {
		double in_batch = 0, d;

		for (size_t i = b * size; i < (b + 1) * size; i++)
			in_batch += v[i] > quantile;
		d = in_batch / (double)size - mean;
		squares += d * d;
	}
	return fmax(1, squares / (double)(batches - 1) / independent);
}

/* log of the probability of exactly k among n. */
static double log_binomial(size_t size, size_t count, double p)
{
	double n = (double)size, k = (double)count;

	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p);
}

void stats_quantile_interval(const double *sorted, size_t n, double p, double design_effect,
			     double alpha, double *low, double *high)
{
	size_t size = (size_t)((double)n / fmax(1, design_effect)), rank;
	double below = 0, above = 0;

	*low = 0;
	*high = INFINITY;
	if (size < 1)
		return;
	/* The greatest rank l with P(fewer than l samples below the quantile) <= alpha/2. */
	for (rank = 0; rank <= size; rank++) {
		below += exp(log_binomial(size, rank, p));
		if (below > alpha / 2)
			break;
	}
	if (rank >= 1)
		*low = sorted[rank * n / size - 1];
	/* The smallest rank u with P(at least u samples below the quantile) <= alpha/2. */
	for (rank = size + 1; rank > 0; rank--) {
		above += exp(log_binomial(size, rank - 1, p));
		if (above > alpha / 2)
			break;
	}
	if (rank <= size)
		*high = sorted[(rank * n + size - 1) / size - 1];
}

/* The 97.5% point of Student's t: tabled for few degrees, else the Cornish-Fisher expansion around
 * the normal point (Abramowitz & Stegun 26.7.5, three terms; right to 0.002 from six on). */
static double student(size_t degrees)
{
	static const double small[] = {12.706, 4.303, 3.182, 2.776, 2.571};
	const double z = 1.959964;
	double d = (double)degrees;

	if (degrees >= 1 && degrees <= 5)
		return small[degrees - 1];
	return z + (z * z * z + z) / (4 * d) +
	       (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * d * d) +
	       (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * z * z * z - 15 * z) / (384 * d * d * d);
}

void stats_mean(const double *v, size_t n, double *mean, double *half_width)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	*mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - *mean) * (v[i] - *mean);
	*half_width =
		n < 2 ? INFINITY : student(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
}
