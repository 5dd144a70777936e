/* SPDX-License-Identifier: Apache-2.0 */
/* One fitness and one exit code from many results. */
#include "report.h"

#include "helpers.h"

#include <math.h>

static void judge(struct report *report, const char *tolerated, size_t n,
		  const enum verdict *verdicts)
{
	static const char *const names[] = {"sysctl", "steal", "fsync"};

	*report = (struct report){0};
	for (size_t i = 0; i < n; i++) {
		struct result *r = report_add(report);

		assert_non_null(r);
		snprintf(r->name, sizeof(r->name), "%s", names[i]);
		result_judge(r, verdicts[i], "Reason", "%s: %s", names[i],
			     verdict_text(verdicts[i]));
		snprintf(r->reason, sizeof(r->reason), "Reason%zu", i);
	}
	report_judge(report, tolerated);
}

#define JUDGE(report, tolerated, ...)                                                              \
	judge(report, tolerated, sizeof((enum verdict[]){__VA_ARGS__}) / sizeof(enum verdict),     \
	      (enum verdict[]){__VA_ARGS__})

static void assert_fitness(struct report *report, enum fitness fitness, const char *reason,
			   int code, int strict_code)
{
	assert_string_equal(fitness_text(report->fitness), fitness_text(fitness));
	assert_string_equal(report->reason, reason);
	assert_int_equal(report_exit_code(report, false), code);
	assert_int_equal(report_exit_code(report, true), strict_code);
	report_clear(report);
	assert_int_equal(report->n_results, 0);
}

static void all_passes_are_fit(void **state)
{
	struct report report;

	(void)state;
	JUDGE(&report, "", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS);
	assert_string_equal(report.message, "all checks pass");
	assert_fitness(&report, FITNESS_FIT, "AllChecksPass", 0, 0);
}

static void a_skipped_check_does_not_count(void **state)
{
	struct report report;

	(void)state;
	JUDGE(&report, "", VERDICT_PASS, VERDICT_SKIPPED);
	assert_fitness(&report, FITNESS_FIT, "AllChecksPass", 0, 0);
}

static void a_warning_degrades_and_only_strict_fails_on_it(void **state)
{
	struct report report;

	(void)state;
	JUDGE(&report, "", VERDICT_PASS, VERDICT_WARN, VERDICT_WARN);
	assert_string_equal(report.message, "steal: warn");
	assert_fitness(&report, FITNESS_DEGRADED, "Reason1", 0, 1);
}

static void an_unknown_weighs_more_than_a_warning(void **state)
{
	struct report report;

	(void)state;
	JUDGE(&report, "", VERDICT_WARN, VERDICT_UNKNOWN, VERDICT_PASS);
	assert_fitness(&report, FITNESS_UNKNOWN, "Reason1", 3, 3);
}

static void a_failure_weighs_more_than_all(void **state)
{
	struct report report;

	(void)state;
	JUDGE(&report, "steal", VERDICT_UNKNOWN, VERDICT_WARN, VERDICT_FAIL);
	assert_string_equal(report.message, "fsync: fail");
	assert_fitness(&report, FITNESS_UNFIT, "Reason2", 1, 1);
}

static void a_tolerated_unknown_only_degrades(void **state)
{
	struct report report;

	(void)state;
	JUDGE(&report, "fsync steal", VERDICT_PASS, VERDICT_UNKNOWN, VERDICT_UNKNOWN);
	assert_fitness(&report, FITNESS_DEGRADED, "Reason1", 0, 1);
	/* A warning is the weightier reason. */
	JUDGE(&report, "steal", VERDICT_PASS, VERDICT_UNKNOWN, VERDICT_WARN);
	assert_fitness(&report, FITNESS_DEGRADED, "Reason2", 0, 1);
	/* Only the named one is tolerated. */
	JUDGE(&report, "steal", VERDICT_PASS, VERDICT_UNKNOWN, VERDICT_UNKNOWN);
	assert_fitness(&report, FITNESS_UNKNOWN, "Reason2", 3, 3);
}

/* --- a run without checks --- */

static void judge_outcomes(struct report *report, size_t n, const enum outcome *outcomes,
			   bool optional)
{
	*report = (struct report){0};
	for (size_t i = 0; i < n; i++) {
		struct change *c = array_add(&report->changes.v, &report->changes.n, sizeof(*c));

		assert_non_null(c);
		c->outcome = outcomes[i];
		c->optional = optional;
	}
	report_judge(report, "");
}

#define JUDGE_OUTCOMES(report, optional, ...)                                                      \
	judge_outcomes(report, sizeof((enum outcome[]){__VA_ARGS__}) / sizeof(enum outcome),       \
		       (enum outcome[]){__VA_ARGS__}, optional)

static void conforming_changed_and_pending_keys_are_fit(void **state)
{
	struct report report;

	(void)state;
	JUDGE_OUTCOMES(&report, false, OUTCOME_UNCHANGED, OUTCOME_CHANGED, OUTCOME_PENDING);
	assert_fitness(&report, FITNESS_FIT, "TuningConforms", 0, 0);
}

static void a_deviation_degrades(void **state)
{
	struct report report;

	(void)state;
	JUDGE_OUTCOMES(&report, false, OUTCOME_UNCHANGED, OUTCOME_WOULD_CHANGE);
	assert_string_equal(report.message, "1 of 2 settings deviate");
	assert_fitness(&report, FITNESS_DEGRADED, "TuningDeviates", 0, 1);
}

static void what_can_not_be_set_makes_unfit(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_REFUSED, OUTCOME_FAILED, OUTCOME_ABSENT};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		struct report report;

		JUDGE_OUTCOMES(&report, false, OUTCOME_WOULD_CHANGE, outcomes[i]);
		assert_string_equal(report.message,
				    "1 of 2 settings are not as wanted and can't be changed");
		assert_fitness(&report, FITNESS_UNFIT, "TuningFailed", 1, 1);
	}
}

static void an_optional_key_may_be_absent(void **state)
{
	struct report report;

	(void)state;
	JUDGE_OUTCOMES(&report, true, OUTCOME_UNCHANGED, OUTCOME_ABSENT);
	assert_fitness(&report, FITNESS_FIT, "TuningConforms", 0, 0);
	JUDGE_OUTCOMES(&report, true, OUTCOME_UNCHANGED, OUTCOME_REFUSED);
	assert_fitness(&report, FITNESS_UNFIT, "TuningFailed", 1, 1);
}

/* --- filling results in --- */

static void figures_beyond_the_limit_and_infinite_ones_are_dropped(void **state)
{
	struct result r = {0};

	(void)state;
	result_figure(&r, "p99_high", INFINITY, "ms");
	result_figure(&r, "nothing", NAN, "ms");
	assert_int_equal(r.n_figures, 0);
	for (int i = 0; i < FIGURES_MOST + 5; i++)
		result_figure(&r, "a name of nothing in particular that is longer than its field",
			      i, "milliseconds");
	assert_int_equal(r.n_figures, FIGURES_MOST);
	assert_int_equal(strlen(r.figures[0].name), sizeof(r.figures[0].name) - 1);
	assert_string_equal(r.figures[0].unit, "millise");
	assert_true(r.figures[FIGURES_MOST - 1].value == FIGURES_MOST - 1);
	for (int i = 0; i < THRESHOLDS_MOST + 1; i++)
		result_threshold(&r, "warn", 5, "%");
	assert_int_equal(r.n_thresholds, THRESHOLDS_MOST);
	for (int i = 0; i < FACTS_MOST + 1; i++)
		result_fact(&r, "device", "vda");
	assert_int_equal(r.n_facts, FACTS_MOST);
}

static void long_messages_are_cut(void **state)
{
	struct result r = {0};
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	result_judge(&r, VERDICT_WARN, text, "%s", text);
	result_advise(&r, "%s", text);
	assert_int_equal(strlen(r.message), sizeof(r.message) - 1);
	assert_int_equal(strlen(r.reason), sizeof(r.reason) - 1);
	assert_int_equal(strlen(r.advice), sizeof(r.advice) - 1);
}

static void a_node_is_described_from_its_files(void **state)
{
	struct node node;
	struct sys sys;

	(void)state;
	open_fixture(&sys, "node");
	node_describe(&sys, &node);
	assert_string_equal(node.name, "node-1");
	assert_string_equal(node.kernel, "6.1.0-18-amd64");
	assert_string_equal(node.boot_id, "3f2b8a54-6a0d-4c1e-9a55-0d7d1f6f2b10");
	assert_string_equal(node.virt, "kvm");
	assert_string_equal(node.machine, "QEMU Standard PC (Q35 + ICH9, 2009)");
	assert_int_equal(node.cpus, 4);
	sys_done(&sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_passes_are_fit),
		cmocka_unit_test(a_skipped_check_does_not_count),
		cmocka_unit_test(a_warning_degrades_and_only_strict_fails_on_it),
		cmocka_unit_test(an_unknown_weighs_more_than_a_warning),
		cmocka_unit_test(a_failure_weighs_more_than_all),
		cmocka_unit_test(a_tolerated_unknown_only_degrades),
		cmocka_unit_test(conforming_changed_and_pending_keys_are_fit),
		cmocka_unit_test(a_deviation_degrades),
		cmocka_unit_test(what_can_not_be_set_makes_unfit),
		cmocka_unit_test(an_optional_key_may_be_absent),
		cmocka_unit_test(figures_beyond_the_limit_and_infinite_ones_are_dropped),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(a_node_is_described_from_its_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
