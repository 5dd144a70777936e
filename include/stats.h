/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles and intervals, with the reasons for trusting them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Sorts doubles upwards. */
void stats_sort(double *v, size_t n);

/* The p-quantile (0 < p < 1) of n > 0 sorted values: the smallest one that at least p of them do
 * not exceed (the inverse of the empirical distribution; Hyndman & Fan 1996, definition 1). */
double stats_quantile(const double *sorted, size_t n, double p);

/* How much wider than for independent samples the interval of the p-quantile is, as a factor on
 * the variance, at least 1: "is this sample above the quantile?" is a series of zeros and ones in
 * time order; its means over floor(sqrt(n)) batches of neighbours vary by more than p(1-p)/m when
 * neighbours resemble each other. Batch means: Law, "Simulation Modeling and Analysis", 9.5.3; for
 * quantiles of dependent series Heidelberger & Lewis, Operations Research 32(1), 1984; that the
 * number of batches has to grow for sequential stopping: Glynn & Whitt, Operations Research
 * Letters 10, 1991. */
double stats_design_effect(const double *in_time_order, size_t n, double quantile);

/* A two-sided interval for the p-quantile that misses it with probability `alpha`: order statistics
 * whose ranks come from the binomial distribution (David & Nagaraja, "Order Statistics", 7.1), for
 * n / design_effect independent samples (Kish's effective size). *low may be 0 (-infinity) when the
 * samples are too few; *high is INFINITY then. */
void stats_quantile_interval(const double *sorted, size_t n, double p, double design_effect,
			     double alpha, double *low, double *high);

/* Mean and the half-width of its 95% interval by Student's t (n >= 2). */
void stats_mean(const double *v, size_t n, double *mean, double *half_width);
