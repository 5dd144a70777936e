/* SPDX-License-Identifier: Apache-2.0 */
#include "steady.h"

#include "helpers.h"

#define WORSE_FOR  30
#define BETTER_FOR 120

static void give(struct steady *s, double now, enum verdict v, const char *reason, double number)
{
	struct result r = {.name = "fsync"};

	result_judge(&r, v, reason, "p99 %.0f ms", number);
	result_figure(&r, "p99", number, "ms");
	steady_take(s, &r, now, WORSE_FOR, BETTER_FOR);
}

static void assert_told(const struct steady *s, enum verdict v, const char *message, double number)
{
	assert_int_equal(s->told.verdict, v);
	assert_string_equal(s->told.message, message);
	assert_true(s->told.figures[0].value == number);
}

static void the_first_answer_is_told_at_once(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 5, VERDICT_FAIL, "Slow", 80);
	assert_told(&s, VERDICT_FAIL, "p99 80 ms", 80);
	assert_true(steady_due(&s) == 0);
}

static void numbers_move_under_words_that_stay(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_PASS, "Fast", 1);
	give(&s, 60, VERDICT_PASS, "Fast", 2);
	assert_told(&s, VERDICT_PASS, "p99 1 ms", 2);
}

static void a_failure_must_last(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_PASS, "Fast", 1);
	give(&s, 10, VERDICT_FAIL, "Slow", 80);
	assert_told(&s, VERDICT_PASS, "p99 1 ms", 80);
	assert_true(steady_due(&s) == 40);
	give(&s, 20, VERDICT_PASS, "Fast", 1);
	assert_true(steady_due(&s) == 0);
	give(&s, 30, VERDICT_FAIL, "Slow", 81);
	give(&s, 59, VERDICT_FAIL, "Slow", 82);
	assert_told(&s, VERDICT_PASS, "p99 1 ms", 82);
	give(&s, 60, VERDICT_FAIL, "Slow", 83);
	assert_told(&s, VERDICT_FAIL, "p99 83 ms", 83);
}

static void recovery_takes_longer(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_FAIL, "Slow", 80);
	give(&s, 10, VERDICT_PASS, "Fast", 1);
	give(&s, 10 + WORSE_FOR, VERDICT_PASS, "Fast", 1);
	assert_int_equal(s.told.verdict, VERDICT_FAIL);
	give(&s, 10 + BETTER_FOR, VERDICT_PASS, "Fast", 2);
	assert_told(&s, VERDICT_PASS, "p99 2 ms", 2);
}

/* It has been at least a warning all the time, but a failure only now and then. */
static void alternating_between_bad_and_worse_is_the_milder_of_both(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_PASS, "Fast", 1);
	for (int t = 10; t <= 50; t += 10)
		give(&s, t, t % 20 ? VERDICT_FAIL : VERDICT_WARN, t % 20 ? "Slow" : "Slowish", 80);
	assert_int_equal(s.told.verdict, VERDICT_WARN);
	for (int t = 60; t <= 90; t += 10)
		give(&s, t, VERDICT_FAIL, "Slow", 80);
	assert_int_equal(s.told.verdict, VERDICT_FAIL);
}

static void one_bad_answer_when_the_time_is_over_does_not_decide(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_PASS, "Fast", 1);
	give(&s, 10, VERDICT_WARN, "Slowish", 12);
	give(&s, 40, VERDICT_FAIL, "Slow", 80);
	assert_told(&s, VERDICT_WARN, "p99 12 ms", 80);
	assert_true(steady_due(&s) == 40 + WORSE_FOR);
	give(&s, 40 + WORSE_FOR, VERDICT_FAIL, "Slow", 81);
	assert_told(&s, VERDICT_FAIL, "p99 81 ms", 81);
}

static void a_recovery_is_told_with_the_worst_of_its_time(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_FAIL, "Slow", 80);
	for (int t = 10; t < 130; t += 10)
		give(&s, t, VERDICT_WARN, "Slowish", 12);
	give(&s, 130, VERDICT_PASS, "Fast", 1);
	assert_told(&s, VERDICT_WARN, "p99 12 ms", 1);
}

static void say(struct steady *s, double now, const char *words)
{
	struct result r = {0};

	result_judge(&r, VERDICT_WARN, "Drops", "%s", words);
	steady_take(s, &r, now, WORSE_FOR, BETTER_FOR);
}

/* Else people look for a fault where it was yesterday. */
static void another_thing_with_the_same_fault_is_told(void **state)
{
	struct steady s = {0};

	(void)state;
	say(&s, 0, "eth0 drops 1.5% of 20 packets");
	say(&s, 10, "eth0 drops inf% of 3 packets");
	assert_string_equal(s.told.message, "eth0 drops 1.5% of 20 packets");
	assert_true(steady_due(&s) == 0);
	say(&s, 20, "eth1 drops 7% of 3 packets");
	assert_string_equal(s.told.message, "eth0 drops 1.5% of 20 packets");
	say(&s, 20 + WORSE_FOR, "eth1 drops 8% of 3 packets");
	assert_string_equal(s.told.message, "eth1 drops 8% of 3 packets");
}

static void another_wording_is_no_failure_that_has_lasted(void **state)
{
	struct steady s = {0};
	struct result r = {0};

	(void)state;
	say(&s, 0, "eth0 drops");
	say(&s, 10, "eth1 drops");
	result_judge(&r, VERDICT_FAIL, "Down", "eth1 is down");
	steady_take(&s, &r, 10 + WORSE_FOR, WORSE_FOR, BETTER_FOR);
	assert_int_equal(s.told.verdict, VERDICT_WARN);
}

static void where_nothing_is_measured_numbers_are_news(void **state)
{
	struct steady s = {.exact = true};

	(void)state;
	say(&s, 0, "somaxconn is 128");
	say(&s, 1, "somaxconn is 256");
	assert_string_equal(s.told.message, "somaxconn is 256");
}

static void by_new_rules_the_words_are_new_at_once(void **state)
{
	struct steady s = {0};

	(void)state;
	say(&s, 0, "p99 35 ms is above 10 ms");
	s.renewed = true;
	say(&s, 10, "p99 36 ms is above 20 ms");
	assert_string_equal(s.told.message, "p99 36 ms is above 20 ms");
	say(&s, 20, "p99 37 ms is above 20 ms");
	assert_string_equal(s.told.message, "p99 36 ms is above 20 ms");
}

static void another_reason_is_told_after_a_while_too(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_FAIL, "LinkDown", 1);
	give(&s, 10, VERDICT_FAIL, "NoCarrier", 1);
	assert_string_equal(s.told.reason, "LinkDown");
	give(&s, 10 + WORSE_FOR, VERDICT_FAIL, "NoCarrier", 1);
	assert_string_equal(s.told.reason, "NoCarrier");
}

/* Otherwise one lost reading would hold a healthy node back for the time of a recovery. */
static void what_was_not_known_needs_no_recovery(void **state)
{
	struct steady s = {0};

	(void)state;
	give(&s, 0, VERDICT_UNKNOWN, "Unreadable", 0);
	give(&s, 10, VERDICT_PASS, "Fast", 1);
	give(&s, 10 + WORSE_FOR, VERDICT_PASS, "Fast", 1);
	assert_int_equal(s.told.verdict, VERDICT_PASS);
}

static void without_hold_times_every_answer_is_told(void **state)
{
	struct steady s = {0};
	struct result r = {.verdict = VERDICT_PASS, .reason = "Fast"};

	(void)state;
	steady_take(&s, &r, 0, 0, 0);
	r.verdict = VERDICT_FAIL;
	steady_take(&s, &r, 0, 0, 0);
	assert_int_equal(s.told.verdict, VERDICT_FAIL);
	r.verdict = VERDICT_PASS;
	steady_take(&s, &r, 0, 0, 0);
	assert_int_equal(s.told.verdict, VERDICT_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_answer_is_told_at_once),
		cmocka_unit_test(numbers_move_under_words_that_stay),
		cmocka_unit_test(a_failure_must_last),
		cmocka_unit_test(recovery_takes_longer),
		cmocka_unit_test(alternating_between_bad_and_worse_is_the_milder_of_both),
		cmocka_unit_test(one_bad_answer_when_the_time_is_over_does_not_decide),
		cmocka_unit_test(a_recovery_is_told_with_the_worst_of_its_time),
		cmocka_unit_test(another_thing_with_the_same_fault_is_told),
		cmocka_unit_test(another_wording_is_no_failure_that_has_lasted),
		cmocka_unit_test(where_nothing_is_measured_numbers_are_news),
		cmocka_unit_test(by_new_rules_the_words_are_new_at_once),
		cmocka_unit_test(another_reason_is_told_after_a_while_too),
		cmocka_unit_test(what_was_not_known_needs_no_recovery),
		cmocka_unit_test(without_hold_times_every_answer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
