/* SPDX-License-Identifier: Apache-2.0 */
/* Running checks in workers. */
#include "check.h"

#include "helpers.h"

#include <signal.h>

struct no_params {
	double nothing;
};

static const struct param no_rows[] = {{0}};

static struct sys sys;
static struct report report;
static char announced[512]; /* the fullest line */

static int setup(void **state)
{
	(void)state;
	*announced = '\0';
	return sys_init(&sys, NULL);
}

static int teardown(void **state)
{
	(void)state;
	report_clear(&report);
	return 0;
}

static void announce(const char *line)
{
	if (strlen(line) > strlen(announced))
		snprintf(announced, sizeof(announced), "%s", line);
}

static void run_all(const struct check *const *wanted, size_t n)
{
	struct profile empty = {0};

	assert_int_equal(checks_run(&sys, &empty, wanted, n, true, announce, &report), 0);
	assert_int_equal(report.n_results, n);
}

static void assert_judged(const struct result *r, const char *name, enum verdict verdict,
			  const char *reason)
{
	assert_string_equal(r->name, name);
	assert_string_equal(verdict_text(r->verdict), verdict_text(verdict));
	assert_string_equal(r->reason, reason);
}

/* Takes 0.3 s, and says from when to when, and whether a quick answer was wanted. */
static void take_a_while(const struct check_run *run, struct result *r)
{
	uint64_t begin = sys.now(&sys);

	run->progress(run, "%d of %d", 1, 3);
	sys.sleep_until(&sys, begin + 300000000);
	result_figure(r, "begin", (double)begin, "");
	result_figure(r, "end", (double)sys.now(&sys), "");
	result_figure(r, "quick", run->quick, "");
	result_judge(r, VERDICT_PASS, "Done", "done");
}

static void hang(const struct check_run *run, struct result *r)
{
	(void)run;
	result_judge(r, VERDICT_PASS, "NeverTold", "never told");
	for (;;)
		pause();
}

static void crash(const struct check_run *run, struct result *r)
{
	(void)run;
	(void)r;
	raise(SIGKILL);
}

static void leave(const struct check_run *run, struct result *r)
{
	(void)run;
	(void)r;
	_exit(0);
}

#define CHECK(text, function)                                                                      \
	.name = text, .params = no_rows, .params_size = sizeof(struct no_params),                  \
	.deadline_s = 10, .run = function

static const struct check cpu = {CHECK("cpu", take_a_while), .loads = LOAD_CPU};
static const struct check disk = {CHECK("disk", take_a_while), .loads = LOAD_DISK,
				  .disturbed_by = LOAD_DISK | LOAD_CPU};
static const struct check idle = {CHECK("idle", take_a_while)};
static const struct check crashing = {CHECK("crashing", crash)};
static const struct check leaving = {CHECK("leaving", leave)};
static const struct check hanging = {.name = "hanging",
				     .params = no_rows,
				     .params_size = sizeof(struct no_params),
				     .deadline_s = 0.2,
				     .run = hang};

static bool overlap(const struct result *a, const struct result *b)
{
	return a->figures[0].value < b->figures[1].value &&
	       b->figures[0].value < a->figures[1].value;
}

static void checks_that_do_not_disturb_run_side_by_side(void **state)
{
	static const struct check *const wanted[] = {&cpu, &idle};

	(void)state;
	run_all(wanted, ARRAY_LEN(wanted));
	assert_judged(report.results[0], "cpu", VERDICT_PASS, "Done");
	assert_judged(report.results[1], "idle", VERDICT_PASS, "Done");
	assert_true(overlap(report.results[0], report.results[1]));
	assert_string_equal(announced, "cpu 1 of 3, idle 1 of 3");
	assert_true(report.results[0]->figures[2].value == 1); /* quick was handed on */
	assert_true(report.results[0]->duration_s >= 0.3);
}

static void checks_that_disturb_wait_for_each_other(void **state)
{
	static const struct check *const wanted[] = {&cpu, &disk, &idle};

	(void)state;
	run_all(wanted, ARRAY_LEN(wanted));
	assert_false(overlap(report.results[0], report.results[1]));
	assert_true(overlap(report.results[0], report.results[2]));
	/* The order is that of the asking, not that of the answers. */
	assert_string_equal(report.results[1]->name, "disk");
	assert_string_equal(report.results[2]->name, "idle");
}

static void a_check_that_hangs_is_unknown_and_stops_no_other(void **state)
{
	static const struct check *const wanted[] = {&hanging, &idle};

	(void)state;
	run_all(wanted, ARRAY_LEN(wanted));
	assert_judged(report.results[0], "hanging", VERDICT_UNKNOWN, "CheckTimedOut");
	assert_judged(report.results[1], "idle", VERDICT_PASS, "Done");
}

static void a_check_that_dies_is_unknown_with_its_signal(void **state)
{
	static const struct check *const wanted[] = {&crashing, &leaving};

	(void)state;
	run_all(wanted, ARRAY_LEN(wanted));
	assert_judged(report.results[0], "crashing", VERDICT_UNKNOWN, "CheckFailed");
	assert_string_equal(report.results[0]->message, "ended by signal 9 (Killed)");
	assert_judged(report.results[1], "leaving", VERDICT_UNKNOWN, "CheckFailed");
	assert_string_equal(report.results[1]->message, "ended without an answer");
}

/* --- the sysctl check, which judges the plan alone --- */

static const struct result *judge_plan(const char *text)
{
	const struct check *const wanted[] = {check_find("sysctl")};
	struct profile p;
	struct sys root;

	report_clear(&report);
	open_fixture(&root, "node");
	profile_of(&p, text);
	assert_int_equal(changes_plan(&root, &p, &report.changes), 0);
	assert_int_equal(checks_run(&root, &p, wanted, 1, false, NULL, &report), 0);
	profile_clear(&p);
	sys_done(&root);
	return report.results[0];
}

static void conforming_and_pending_keys_pass(void **state)
{
	const struct result *r = judge_plan("[sysctl]\nvm.panic_on_oom = 0\nfs.file-max => 1\n"
					    "-kernel.no_such = 1\n");

	(void)state;
	assert_judged(r, "sysctl", VERDICT_PASS, "SysctlConforms");
	assert_string_equal(r->message, "all 2 keys are as test wants them");
	r = judge_plan("[sysctl]\nvm.panic_on_oom = 0\nnet.bridge.bridge-nf-call-iptables = 1\n");
	assert_judged(r, "sysctl", VERDICT_PASS, "SysctlConforms");
	assert_contains(r->message, "1 wait for their module");
}

static void deviating_keys_warn_or_fail_as_the_profile_wants(void **state)
{
	const struct result *r = judge_plan("[sysctl]\nkernel.panic = 10\nvm.panic_on_oom = 0\n");

	(void)state;
	assert_judged(r, "sysctl", VERDICT_WARN, "SysctlDeviates");
	assert_string_equal(r->message, "1 of 2 keys are not as test wants them");
	assert_string_equal(r->advice,
			    "`nodefit diff` shows kernel.panic, `nodefit apply` sets it");
	r = judge_plan("[sysctl]\nkernel.panic = 10\n[check.sysctl]\ndeviates=fail\n");
	assert_judged(r, "sysctl", VERDICT_FAIL, "SysctlDeviates");
}

static void missing_keys_deviate_and_unreadable_ones_are_unknown(void **state)
{
	const struct result *r = judge_plan("[sysctl]\nkernel.no_such = 1\n");

	(void)state;
	assert_judged(r, "sysctl", VERDICT_WARN, "SysctlDeviates");
	assert_contains(r->advice, "kernel.no_such is not there");
	r = judge_plan("[sysctl]\nnet.ipv4.conf = 1\n"); /* a folder */
	assert_judged(r, "sysctl", VERDICT_UNKNOWN, "SysctlUnreadable");
	assert_string_equal(r->message, "1 of 1 keys can't be read, net.ipv4.conf first");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(checks_that_do_not_disturb_run_side_by_side),
		TEST(checks_that_disturb_wait_for_each_other),
		TEST(a_check_that_hangs_is_unknown_and_stops_no_other),
		TEST(a_check_that_dies_is_unknown_with_its_signal),
		TEST(conforming_and_pending_keys_pass),
		TEST(deviating_keys_warn_or_fail_as_the_profile_wants),
		TEST(missing_keys_deviate_and_unreadable_ones_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
