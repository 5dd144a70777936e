/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' histograms: how many observations were at most each edge. The edges are whoever
 * counts' own, so a quantile lies between two of them and is not known better. */
#pragma once

#include "util.h"

#define HISTOGRAM_BUCKETS 24
#define HISTOGRAM_TEXT    1024 /* enough for one as text */

struct histogram {
	size_t n; /* buckets, the infinite one included; 0: there is no histogram */
	struct {
		double edge;  /* ascending; the last is INFINITY */
		double count; /* observations <= edge: whole, never less than the one before */
	} v[HISTOGRAM_BUCKETS];
};

/* Where a quantile lies. */
struct quantile {
	double low, high; /* the bucket's edges, or INFINITY */
	double estimate;  /* between them, as if they were spread evenly; the last finite edge for
			     what is above it, as histogram_quantile() of Prometheus has it */
};

/* Appends a bucket: 0, or -EINVAL when it can't follow those before, or there is no room. */
int histogram_add(struct histogram *h, double edge, double count);
/* Has it an infinite bucket, so that it is whole? */
bool histogram_whole(const struct histogram *h);
/* All observations. */
double histogram_count(const struct histogram *h);

/* As text: "EDGE:COUNT EDGE:COUNT … +Inf:COUNT". Reading it: 0, or -EINVAL with *out untouched
 * unless it is whole. */
void histogram_print(const struct histogram *h, char text[HISTOGRAM_TEXT]);
int histogram_parse(const char *text, struct histogram *out);

/* What was observed after `earlier`: 0, or -EINVAL, *out untouched, when one can't have grown from
 * the other: other edges, or a count that ran backwards. */
int histogram_since(const struct histogram *later, const struct histogram *earlier,
		    struct histogram *out);
/* The q-th quantile (0 < q < 1) of a whole one. False when nothing was observed. */
bool histogram_quantile(const struct histogram *h, double q, struct quantile *out);
