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
	l->effect = double_max(stats_design_effect(l->ms, l->n, l->p99), l->least_effect);
	stats_quantile_interval(l->sorted, l->n, 0.99, l->effect, alpha, &l->low, &l->high);
}

static const double edges[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,   2,
			       5,    10,   20,   50,  100, 200, 500, 1000};

_Static_assert(ARRAY_LEN(edges) + 1 == LATENCY_BINS, "LATENCY_BINS");

void latency_add(struct latency_total *t, double ms)
{
	size_t b = 0;

	while (b < ARRAY_LEN(edges) && ms > edges[b])
		b++;
	t->counts[b]++;
	t->sum += ms;
}

void latency_tell_total(const struct latency_total *t, struct result *r)
{
	for (size_t b = 0; b < LATENCY_BINS; b++) {
		r->bins[b].upper = b < ARRAY_LEN(edges) ? edges[b] : INFINITY;
		r->bins[b].count = t->counts[b];
	}
	r->n_bins = LATENCY_BINS;
	snprintf(r->bins_unit, sizeof(r->bins_unit), "ms");
	result_figure(r, "sum", t->sum, "ms");
}

void latency_add_total(struct latency_total *t, const struct result *r)
{
	for (size_t b = 0; b < LATENCY_BINS && b < r->n_bins; b++)
		t->counts[b] += r->bins[b].count;
	for (size_t i = 0; i < r->n_figures; i++)
		if (strcmp(r->figures[i].name, "sum") == 0)
			t->sum += r->figures[i].value;
}

double latencies_tell(struct latencies *l, struct result *r)
{
	struct latency_total total = {0};
	double p50;

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
	for (size_t i = 0; i < l->n; i++)
		latency_add(&total, l->ms[i]);
	latency_tell_total(&total, r);
	return p50;
}
