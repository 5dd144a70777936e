/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include "helpers.h"

#include <math.h>

static char *print(const struct view *v, const struct metrics_own *own)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(metrics_print(v, own, f), 0);
	fclose(f);
	return text;
}

static void every_verdict_and_figure_has_its_line(void **state)
{
	struct view_figure figures[] = {{"p99", 80.5, "ms"}, {"sum", 12, "ms"}};
	struct view_bin bins[] = {{1, 2}, {INFINITY, 3}};
	struct view_check check = {.name = "fsync",
				   .verdict = "fail",
				   .figures = figures,
				   .n_figures = 2,
				   .bins = bins,
				   .n_bins = 2,
				   .bins_unit = "ms"};
	struct view v = {.verdict = "unfit", .checks = &check, .n_checks = 1, .outcomes = {5, 2}};
	struct metrics_own own = {.requests = 7, .failures = 1, .report_age = 1.5};
	_cleanup_free char *text = print(&v, &own);

	(void)state;
	assert_contains(text, "\nnodefit_verdict{verdict=\"unfit\"} 1\n");
	assert_contains(text, "\nnodefit_verdict{verdict=\"fit\"} 0\n");
	assert_contains(text, "\nnodefit_check_verdict{check=\"fsync\",verdict=\"fail\"} 1\n");
	assert_contains(
		text, "\nnodefit_check_figure{check=\"fsync\",figure=\"p99\",unit=\"ms\"} 80.5\n");
	assert_contains(text, "\nnodefit_tuning_settings{outcome=\"changed\"} 2\n");
	assert_contains(text, "\nnodefit_fsync_seconds_bucket{le=\"0.001\"} 2\n"
			      "nodefit_fsync_seconds_bucket{le=\"+Inf\"} 5\n"
			      "nodefit_fsync_seconds_sum 0.012\nnodefit_fsync_seconds_count 5\n");
	assert_contains(text, "\nnodefit_api_requests_total 7\n");
	assert_contains(text, "\nnodefit_report_age_seconds 1.5\n");
}

static void without_a_report_no_verdict_is_made_up(void **state)
{
	struct metrics_own own = {.report_age = -1};
	_cleanup_free char *text = print(NULL, &own);

	(void)state;
	assert_contains(text, "nodefit_report_age_seconds NaN\n");
	assert_null(strstr(text, "nodefit_verdict"));
}

static void hostile_names_stay_inside_their_label(void **state)
{
	struct view_figure figures[] = {{"a\"} 1\nx{b=\"\\", 1, ""}};
	struct view_check check = {
		.name = "c", .verdict = "pass", .figures = figures, .n_figures = 1};
	struct view v = {.verdict = "fit", .checks = &check, .n_checks = 1};
	struct metrics_own own = {0};
	_cleanup_free char *text = print(&v, &own);

	(void)state;
	assert_contains(text, "figure=\"a\\\"} 1x{b=\\\"\\\\\",unit=\"\"} 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_and_figure_has_its_line),
		cmocka_unit_test(without_a_report_no_verdict_is_made_up),
		cmocka_unit_test(hostile_names_stay_inside_their_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
