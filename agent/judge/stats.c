/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

#include "util.h"

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
	return double_max(1, squares / (double)(batches - 1) / independent);
}

/* The probability of exactly k among n, for each k: each follows from its neighbour, outward from
 * the greatest, so that nothing overflows and what underflows is nothing. The caller's, or NULL. */
static double *binomial(size_t n, double p)
{
	double *term = calloc(n + 1, sizeof(*term)), odds = p / (1 - p), all = 0;
	size_t mode = (size_t)((double)n * p);

	if (!term)
		return NULL;
	term[mode] = 1;
	for (size_t k = mode; k < n; k++)
		term[k + 1] = term[k] * odds * (double)(n - k) / (double)(k + 1);
	for (size_t k = mode; k > 0; k--)
		term[k - 1] = term[k] / odds * (double)k / (double)(n - k + 1);
	for (size_t k = 0; k <= n; k++)
		all += term[k];
	for (size_t k = 0; k <= n; k++)
		term[k] /= all;
	return term;
}

void stats_quantile_interval(const double *sorted, size_t n, double p, double design_effect,
			     double alpha, double *low, double *high)
{
	size_t size = (size_t)((double)n / double_max(1, design_effect)), rank;
	_cleanup_free double *probability = size ? binomial(size, p) : NULL;
	double below = 0, above = 0;

	*low = 0;
	*high = INFINITY;
	if (!probability)
		return;
	/* The greatest rank l with P(fewer than l samples below the quantile) <= alpha/2. */
	for (rank = 0; rank <= size; rank++) {
		below += probability[rank];
		if (below > alpha / 2)
			break;
	}
	if (rank >= 1)
		*low = sorted[rank * n / size - 1];
	/* The smallest rank u with P(at least u samples below the quantile) <= alpha/2. */
	for (rank = size + 1; rank > 0; rank--) {
		above += probability[rank - 1];
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
