/* SPDX-License-Identifier: Apache-2.0 */
/* Filling results in, and one fitness from all of them. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report.h"
#include "text.h"

static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static void add_figure(struct figure *list, size_t *n, size_t most, const char *name, double value,
		       const char *unit)
{
	if (*n == most || !isfinite(value))
		return;
	set_text(list[*n].name, sizeof(list->name), name);
	set_text(list[*n].unit, sizeof(list->unit), unit);
	list[(*n)++].value = value;
}

void result_figure(struct result *r, const char *name, double value, const char *unit)
{
	add_figure(r->figures, &r->n_figures, FIGURES_MOST, name, value, unit);
}

void result_figure_of(struct result *r, const char *thing, const char *name, double value,
		      const char *unit)
{
	char full[sizeof(r->figures->name)];

	snprintf(full, sizeof(full), "%s%s%s", thing ? thing : "", thing ? "." : "", name);
	result_figure(r, full, value, unit);
}

void result_threshold(struct result *r, const char *name, double value, const char *unit)
{
	add_figure(r->thresholds, &r->n_thresholds, THRESHOLDS_MOST, name, value, unit);
}

void result_fact(struct result *r, const char *name, const char *value)
{
	if (r->n_facts == FACTS_MOST)
		return;
	set_text(r->facts[r->n_facts].name, sizeof(r->facts->name), name);
	set_text(r->facts[r->n_facts++].value, sizeof(r->facts->value), value);
}

void result_judge(struct result *r, enum verdict verdict, const char *reason, const char *fmt, ...)
{
	va_list ap;

	r->verdict = verdict;
	set_text(r->reason, sizeof(r->reason), reason);
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
}

void result_advise(struct result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->advice, sizeof(r->advice), fmt, ap);
	va_end(ap);
}

const char *verdict_text(enum verdict v)
{
	static const char *const texts[] = {[VERDICT_PASS] = "pass",
					    [VERDICT_WARN] = "warn",
					    [VERDICT_FAIL] = "fail",
					    [VERDICT_UNKNOWN] = "unknown",
					    [VERDICT_SKIPPED] = "skipped"};

	return texts[v];
}

int verdict_weight(enum verdict v)
{
	return v == VERDICT_FAIL ? 3 : v == VERDICT_UNKNOWN ? 2 : v == VERDICT_WARN ? 1 : 0;
}

const char *fitness_text(enum fitness f)
{
	static const char *const texts[] = {[FITNESS_FIT] = "fit",
					    [FITNESS_DEGRADED] = "degraded",
					    [FITNESS_UNFIT] = "unfit",
					    [FITNESS_UNKNOWN] = "unknown"};

	return texts[f];
}

static void judge_changes(struct report *report)
{
	size_t bad = changes_count(&report->changes, OUTCOME_REFUSED) +
		     changes_count(&report->changes, OUTCOME_FAILED);
	size_t deviating = changes_count(&report->changes, OUTCOME_WOULD_CHANGE);

	for (size_t i = 0; i < report->changes.n; i++)
		bad += report->changes.v[i].outcome == OUTCOME_ABSENT &&
		       !report->changes.v[i].optional;
	report->fitness = bad ? FITNESS_UNFIT : deviating ? FITNESS_DEGRADED : FITNESS_FIT;
	if (bad) {
		set_text(report->reason, sizeof(report->reason), "TuningFailed");
		snprintf(report->message, sizeof(report->message),
			 "%zu of %zu settings are not as wanted and can't be changed", bad,
			 report->changes.n);
	} else if (deviating) {
		set_text(report->reason, sizeof(report->reason), "TuningDeviates");
		snprintf(report->message, sizeof(report->message), "%zu of %zu settings deviate",
			 deviating, report->changes.n);
	} else {
		set_text(report->reason, sizeof(report->reason), "TuningConforms");
		snprintf(report->message, sizeof(report->message),
			 "all settings are as the profile wants them");
	}
}

void report_judge(struct report *report, const char *tolerate_unknown)
{
	static const enum fitness by_weight[] = {
		[0] = FITNESS_FIT,     [1] = FITNESS_DEGRADED, [2] = FITNESS_DEGRADED,
		[4] = FITNESS_UNKNOWN, [6] = FITNESS_UNFIT,
	};
	const struct result *worst = NULL;
	int most = 0;

	if (report->n_results == 0) {
		judge_changes(report);
		return;
	}
	for (size_t i = 0; i < report->n_results; i++) {
		const struct result *r = report->results[i];
		bool tolerated =
			r->verdict == VERDICT_UNKNOWN && word_in(tolerate_unknown, r->name);
		/* In steps of two, so that a tolerated unknown is below a warning. */
		int w = tolerated ? 1 : 2 * verdict_weight(r->verdict);

		if (w > most) {
			most = w;
			worst = r;
		}
	}
	report->fitness = by_weight[most];
	if (worst) {
		set_text(report->reason, sizeof(report->reason), worst->reason);
		set_text(report->message, sizeof(report->message), worst->message);
	} else {
		set_text(report->reason, sizeof(report->reason), "AllChecksPass");
		set_text(report->message, sizeof(report->message), "all checks pass");
	}
}

struct result *report_add(struct report *report)
{
	struct result *r = calloc(1, sizeof(*r));
	struct result **slot =
		r ? array_add(&report->results, &report->n_results, sizeof(struct result *)) : NULL;

	if (!slot) {
		free(r);
		return NULL;
	}
	return *slot = r;
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->n_results; i++)
		free(report->results[i]);
	free(report->profile);
	free(report->results);
	changes_clear(&report->changes);
	*report = (struct report){0};
}

int report_exit_code(const struct report *report, bool strict)
{
	switch (report->fitness) {
	case FITNESS_FIT:
		return 0;
	case FITNESS_DEGRADED:
		return strict ? 1 : 0;
	case FITNESS_UNFIT:
		return 1;
	case FITNESS_UNKNOWN:
		break;
	}
	return 3;
}
