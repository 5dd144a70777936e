/* SPDX-License-Identifier: Apache-2.0 */
/* The report: what the node is. Every face renders this one struct. */
#pragma once

#include "tuner.h"

enum verdict { VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL, VERDICT_UNKNOWN, VERDICT_SKIPPED };
enum fitness { FITNESS_FIT, FITNESS_DEGRADED, FITNESS_UNFIT, FITNESS_UNKNOWN };

struct figure {
	char name[56];
	double value;
	char unit[8]; /* "ms", "%", "CPUs" … */
};

/* What is told in words: a device's name, a file system, a lesser finding with its advice. */
struct fact {
	char name[24];
	char value[320];
};

/* How many samples were at most `upper` (and more than the bin before); the last is infinite. */
struct bin {
	double upper;
	double count;
};

#define FIGURES_MOST    64
#define THRESHOLDS_MOST 8
#define FACTS_MOST      8
#define BINS_MOST       32

/* One check's answer. It holds no pointers: a worker sends it through a pipe as it is. */
struct result {
	char name[24];
	enum verdict verdict;
	char reason[48];   /* CamelCase, for the Node condition */
	char message[320]; /* for people, numbers with their units */
	char advice[320];  /* what to do, or empty */
	struct figure figures[FIGURES_MOST];
	size_t n_figures;
	struct figure thresholds[THRESHOLDS_MOST];
	size_t n_thresholds;
	struct fact facts[FACTS_MOST];
	size_t n_facts;
	struct bin bins[BINS_MOST]; /* empty: no histogram */
	size_t n_bins;
	char bins_unit[8];
	double duration_s;
};

struct node {
	char name[256];
	char kernel[96];
	char boot_id[40];
	char virt[16];    /* "none", "kvm", "xen", "vmware", "microsoft", "unknown" … */
	char machine[96]; /* vendor and product by DMI, else the processor's architecture */
	unsigned cpus;    /* online */
};

struct report {
	struct node node;
	char *profile;
	int64_t started; /* seconds since 1970, UTC */
	double duration_s;
	enum fitness fitness;
	char reason[48];
	char message[320];
	struct changes changes;
	struct result **results;
	size_t n_results;
};

/* Says what the node is called and made of; what can't be read stays empty. */
void node_describe(const struct sys *sys, struct node *node);

/* Adds a figure, threshold or fact; beyond the limits they are dropped. */
void result_figure(struct result *r, const char *name, double value, const char *unit);
/* The same of one thing among several: "THING.NAME"; of the node's own (NULL) just NAME. */
void result_figure_of(struct result *r, const char *thing, const char *name, double value,
		      const char *unit);
void result_threshold(struct result *r, const char *name, double value, const char *unit);
void result_fact(struct result *r, const char *name, const char *value);
/* Sets the verdict, its reason and the message. */
void result_judge(struct result *r, enum verdict verdict, const char *reason, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
void result_advise(struct result *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

const char *verdict_text(enum verdict v);
/* How bad it is: fail 3, unknown 2, warn 1, the others 0. */
int verdict_weight(enum verdict v);
const char *fitness_text(enum fitness f);

/* The fitness of the whole, from its results and (for a run without checks) its changes: a fail
 * makes it unfit; an unknown makes it unknown unless the profile's [verdict] tolerate_unknown
 * names that check; then a warning, a tolerated unknown or a deviation makes it degraded. */
void report_judge(struct report *report, const char *tolerate_unknown);
/* Appends an empty result, the report's own: report_clear() frees them all. NULL without memory. */
struct result *report_add(struct report *report);
void report_clear(struct report *report);
/* The exit code that goes with it: 0, 1 or 3; `strict` makes degraded 1. */
int report_exit_code(const struct report *report, bool strict);
