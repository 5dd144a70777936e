/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text format, line by line (prometheus.io: exposition formats, version 0.0.4). */
#pragma once

#include "util.h"

#define PROM_LABELS_MOST 8

struct prom_sample {
	const char *name;
	struct {
		const char *name, *value;
	} labels[PROM_LABELS_MOST];
	size_t n_labels;
	double value; /* may be infinite or no number at all */
};

/* Splits a line without its newline, in place: what it tells points into it. 1: a sample; 0: a
 * comment or nothing; -EBADMSG, *out untouched. */
int prom_parse(char *line, struct prom_sample *out);
/* A label's value, or NULL. */
const char *prom_label(const struct prom_sample *s, const char *name);
