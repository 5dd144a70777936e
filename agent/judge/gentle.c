/* SPDX-License-Identifier: Apache-2.0 */
#include "gentle.h"

#include <string.h>

#define SAMPLE "sample_" /* their figures' names */

bool gentle_searches_whole(const struct gentle *g)
{
	return g->rounds % GENTLE_WHOLE_SEARCH == 0;
}

void gentle_recall(const struct gentle *g, uint64_t now, double sliding, struct latencies *l)
{
	l->least_effect = GENTLE_SAMPLES;
	for (size_t i = 0; i < g->n; i++)
		if ((double)(now - g->samples[i].at) / 1e9 <= sliding)
			l->ms[l->n++] = g->samples[i].ms;
}

void gentle_tell(struct result *r, unsigned i, double ms)
{
	char name[16];

	snprintf(name, sizeof(name), SAMPLE "%u", i + 1);
	result_figure(r, name, ms, "ms");
}

enum verdict gentle_judge(const struct gentle *g, const struct latencies *l, double warn_ms,
			  double fail_ms)
{
	if (l->n >= (size_t)GENTLE_ROUNDS_LEAST * GENTLE_SAMPLES && l->low >= warn_ms)
		return l->low >= fail_ms ? VERDICT_FAIL : VERDICT_WARN;
	if (l->n >= GENTLE_ENOUGH && l->p99 < warn_ms)
		return VERDICT_PASS;
	return g->verdict;
}

static void add(struct gentle *g, double ms, uint64_t now)
{
	if (g->n == GENTLE_MOST)
		memmove(&g->samples[0], &g->samples[1], --g->n * sizeof(g->samples[0]));
	g->samples[g->n].ms = ms;
	g->samples[g->n++].at = now;
	latency_add(&g->total, ms);
}

void gentle_note(struct gentle *g, uint64_t now, bool beside_etcd, bool fast, struct result *r)
{
	g->rounds++;
	if (beside_etcd)
		g->etcd = GENTLE_WHOLE_SEARCH;
	else if (g->etcd > 0)
		g->etcd--;
	if (r->n_bins == 0)
		return;
	if (!g->measured)
		latency_add_total(&g->total, r);
	g->whole += !g->measured;
	g->measured = g->measured || r->verdict == VERDICT_PASS || g->whole >= GENTLE_WHOLE_MOST;
	g->verdict = fast ? VERDICT_PASS : r->verdict;
	for (size_t i = 0; i < r->n_figures; i++)
		if (strncmp(r->figures[i].name, SAMPLE, strlen(SAMPLE)) == 0)
			add(g, r->figures[i].value, now);
	/* A histogram that a monitoring system can take differences of. */
	for (size_t i = 0; i < r->n_figures; i++)
		if (strcmp(r->figures[i].name, "sum") == 0)
			r->figures[i] = r->figures[--r->n_figures];
	latency_tell_total(&g->total, r);
}
