/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <math.h>
#include <string.h>

#ifndef NODEFIT_VERSION
#define NODEFIT_VERSION "unknown"
#endif

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline are escaped; other control characters go. */
static void label(FILE *f, const char *name, const char *value)
{
	fprintf(f, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fprintf(f, "\\%c", *value);
		else if ((unsigned char)*value >= ' ')
			fputc(*value, f);
	}
	fputc('"', f);
}

static void one_of(FILE *f, const char *metric, const char *check, const char *const *values,
		   const char *is)
{
	for (size_t i = 0; values[i]; i++) {
		fprintf(f, "%s{", metric);
		if (check) {
			label(f, "check", check);
			fputc(',', f);
		}
		label(f, "verdict", values[i]);
		fprintf(f, "} %d\n", strcmp(values[i], is) == 0);
	}
}

static void print_verdicts(const struct view *v, FILE *f)
{
	static const char *const node[] = {"fit", "degraded", "unfit", "unknown", NULL};
	static const char *const check[] = {"pass", "warn", "fail", "unknown", "skipped", NULL};

	head(f, "nodefit_verdict", "gauge", "1 for the verdict on the node, 0 for the others.");
	one_of(f, "nodefit_verdict", NULL, node, v->verdict);
	if (!v->n_checks)
		return;
	head(f, "nodefit_check_verdict", "gauge",
	     "1 for the verdict of the check, 0 for the others.");
	for (size_t i = 0; i < v->n_checks; i++)
		one_of(f, "nodefit_check_verdict", v->checks[i].name, check, v->checks[i].verdict);
}

static void print_figures(const struct view *v, FILE *f)
{
	bool any = false;

	for (size_t i = 0; i < v->n_checks; i++) {
		const struct view_check *c = &v->checks[i];

		for (size_t k = 0; k < c->n_figures; k++) {
			if (!any)
				head(f, "nodefit_check_figure", "gauge",
				     "What a check has measured, in the label's unit.");
			any = true;
			fputs("nodefit_check_figure{", f);
			label(f, "check", c->name);
			fputc(',', f);
			label(f, "figure", c->figures[k].name);
			fputc(',', f);
			label(f, "unit", c->figures[k].unit);
			fprintf(f, "} %.10g\n", c->figures[k].value);
		}
	}
}

static double figure(const struct view_check *c, const char *name)
{
	for (size_t i = 0; i < c->n_figures; i++)
		if (strcmp(c->figures[i].name, name) == 0)
			return c->figures[i].value;
	return 0;
}

/* The agent's histograms are in ms and count from its start on, as Prometheus wants them. */
static void print_histogram(const struct view_check *c, FILE *f)
{
	double count = 0;
	char name[64];

	snprintf(name, sizeof(name), "nodefit_%s_seconds", c->name);
	head(f, name, "histogram", "Times that the check has measured since the agent's start.");
	for (size_t i = 0; i < c->n_bins; i++) {
		count += c->bins[i].count;
		if (isfinite(c->bins[i].upper))
			fprintf(f, "%s_bucket{le=\"%.10g\"} %.10g\n", name, c->bins[i].upper / 1e3,
				count);
	}
	fprintf(f, "%s_bucket{le=\"+Inf\"} %.10g\n%s_sum %.10g\n%s_count %.10g\n", name, count,
		name, figure(c, "sum") / 1e3, name, count);
}

static void print_tuning(const struct view *v, FILE *f)
{
	head(f, "nodefit_tuning_settings", "gauge",
	     "Settings of the profile, by what has become of them.");
	for (size_t i = 0; i < VIEW_OUTCOMES; i++) {
		fputs("nodefit_tuning_settings{", f);
		label(f, "outcome", view_outcome(i));
		fprintf(f, "} %zu\n", v->outcomes[i]);
	}
}

int metrics_print(const struct view *v, const struct metrics_own *own, FILE *f)
{
	head(f, "nodefit_build_info", "gauge", "The version that runs.");
	fputs("nodefit_build_info{version=\"" NODEFIT_VERSION "\"} 1\n", f);
	head(f, "nodefit_api_requests_total", "counter", "Requests to the API server.");
	fprintf(f, "nodefit_api_requests_total %llu\n", (unsigned long long)own->requests);
	head(f, "nodefit_api_failures_total", "counter", "Those of them that failed.");
	fprintf(f, "nodefit_api_failures_total %llu\n", (unsigned long long)own->failures);
	head(f, "nodefit_report_age_seconds", "gauge",
	     "Age of the agent's report; NaN without one.");
	if (v)
		fprintf(f, "nodefit_report_age_seconds %.10g\n", own->report_age);
	else
		fputs("nodefit_report_age_seconds NaN\n", f);
	if (v) {
		print_verdicts(v, f);
		print_tuning(v, f);
		print_figures(v, f);
		for (size_t i = 0; i < v->n_checks; i++)
			if (v->checks[i].n_bins && strcmp(v->checks[i].bins_unit, "ms") == 0)
				print_histogram(&v->checks[i], f);
	}
	return ferror(f) ? -EIO : 0;
}
