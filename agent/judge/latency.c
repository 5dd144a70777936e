/* SPDX-License-Identifier: Apache-2.0 */
#include "latency.h"

#include <math.h>
#include <string.h>

#include "stats.h"

void latencies_look(struct latencies *l, double alpha)
{
	memcpy(l->sorted, l->ms, l->n * sizeof(*l->ms));
	stats_sort(l->sorted, l->n);
	l->p99 = stats_quantile(l->sorted, l->n, 0.99);
	l->effect = stats_design_effect(l->ms, l->n, l->p99);
	stats_quantile_interval(l->sorted, l->n, 0.99, l->effect, alpha, &l->low, &l->high);
}

double latencies_tell(struct latencies *l, struct result *r)
{
	static const double edges[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,   2,
				       5,    10,   20,   50,  100, 200, 500, 1000};
	double p50;
	size_t i = 0;

	latencies_look(l, 0.05);
	p50 = stats_quantile(l->sorted, l->n, 0.5);
	result_figure(r, "p50", p50, "ms");
	result_figure(r, "p90", stats_quantile(l->sorted, l->n, 0.9), "ms");
	result_figure(r, "p99", l->p99, "ms");
	result_figure(r, "p99_low", l->low, "ms");
	result_figure(r, "p99_high", l->high, "ms"); /* dropped when infinite */
	result_figure(r, "p99.9", stats_quantile(l->sorted, l->n, 0.999), "ms");
	result_figure(r, "max", l->sorted[l->n - 1], "ms");
	result_figure(r, "samples", (double)l->n, "");
	result_figure(r, "design_effect", l->effect, "");
	for (size_t b = 0; b <= ARRAY_LEN(edges); b++) {
		double upper = b < ARRAY_LEN(edges) ? edges[b] : INFINITY;
		size_t first = i;

		while (i < l->n && l->sorted[i] <= upper)
			i++;
		r->bins[b].upper = upper;
		r->bins[b].count = (double)(i - first);
	}
	r->n_bins = ARRAY_LEN(edges) + 1;
	snprintf(r->bins_unit, sizeof(r->bins_unit), "ms");
	return p50;
}
