/* SPDX-License-Identifier: Apache-2.0 */
/* The report in Prometheus' text format (prometheus.io, "Exposition formats"). */
#pragma once

#include "reportview.h"

/* What the reporter counts of itself. */
struct metrics_own {
	uint64_t requests, failures; /* to the API server */
	double report_age;           /* seconds, or below 0: there is no report */
};

/* Writes all metrics; `v` is NULL without a report. 0 or -EIO. */
int metrics_print(const struct view *v, const struct metrics_own *own, FILE *f);
