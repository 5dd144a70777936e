/* SPDX-License-Identifier: Apache-2.0 */
#include "condition.h"

#include "helpers.h"
#include "nodeevent.h"

#include <math.h>

static double half(void *context)
{
	(void)context;
	return 0.5;
}

static double drawn(void *context)
{
	return *(double *)context;
}

static const struct condition fit = {CONDITION_TRUE, "AllChecksPass", "all checks pass"};
static const struct condition slow = {CONDITION_FALSE, "FsyncSlow", "p99 80 ms"};
static const struct condition slower = {CONDITION_FALSE, "FsyncSlow", "p99 90 ms"};

static void news_are_sent_at_once_and_then_beat(void **state)
{
	struct publisher p;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	assert_true(isinf(p.next));
	publisher_want(&p, &fit, 10);
	assert_true(p.next == 10 && p.pending);
	assert_int_equal(publisher_transition(&p, 1000), 1000);
	publisher_succeeded(&p, &fit, 1000, 11);
	/* Anywhere from a tenth of a heartbeat to a whole one: what befalls a whole fleet does not
	 * make it beat in step.
	 */
	assert_true(p.next == 176 && !p.pending);
	publisher_want(&p, &fit, 50); /* nothing new */
	assert_true(p.next == 176);
	publisher_want(&p, &slow, 60);
	assert_true(p.next == 60 && p.pending);
}

/* A server that asks to wait means all of it. */
static void news_pass_a_heartbeat_that_fails_but_not_a_time_to_wait(void **state)
{
	struct publisher p;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	publisher_want(&p, &fit, 0);
	publisher_succeeded(&p, &fit, 1000, 0);
	publisher_failed(&p, true, 0, 300);
	publisher_want(&p, &slow, 300.5);
	assert_true(p.next == 300.5);
	publisher_succeeded(&p, &slow, 2000, 301);
	publisher_failed(&p, false, 60, 600);
	publisher_want(&p, &fit, 601);
	assert_true(p.next >= 660);
}

static void the_transition_time_moves_with_the_status_only(void **state)
{
	struct publisher p;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	publisher_holds(&p, &slow, 1000);
	publisher_want(&p, &slower, 0);
	assert_true(p.pending);
	assert_int_equal(publisher_transition(&p, 2000), 1000);
	publisher_want(&p, &fit, 1);
	assert_int_equal(publisher_transition(&p, 2000), 2000);
	publisher_succeeded(&p, &fit, 2000, 2);
	assert_int_equal(publisher_transition(&p, 3000), 2000);
}

/* Otherwise every restart of a fleet's reporters would be a storm. */
static void a_restart_sends_nothing_that_is_known(void **state)
{
	struct publisher p;
	double dice = 0.25;

	(void)state;
	publisher_init(&p, 300, drawn, &dice);
	publisher_holds(&p, &fit, 1000);
	publisher_want(&p, &fit, 10);
	assert_false(p.pending);
	assert_true(fabs(p.next - 10 - 300 * (0.1 + 0.9 * 0.25)) < 1e-6); /* as after news */
}

static void heartbeats_are_spread_by_a_tenth(void **state)
{
	struct publisher p;
	double dice = 0;

	(void)state;
	publisher_init(&p, 300, drawn, &dice);
	publisher_want(&p, &fit, 0);
	publisher_succeeded(&p, &fit, 1, 0);
	publisher_succeeded(&p, &fit, 1, 0);
	assert_true(fabs(p.next - 270) < 1e-6);
	dice = 1;
	publisher_succeeded(&p, &fit, 1, 0);
	assert_true(fabs(p.next - 330) < 1e-6);
}

static void failures_back_off_and_the_newest_state_is_sent_then(void **state)
{
	double waited[12];
	struct publisher p;
	double dice = 1;

	(void)state;
	publisher_init(&p, 300, drawn, &dice);
	publisher_want(&p, &fit, 0);
	for (size_t i = 0; i < ARRAY_LEN(waited); i++) {
		publisher_failed(&p, false, 0, 0);
		waited[i] = p.next;
		publisher_want(&p, i % 2 ? &slow : &slower, 0); /* no reason to hurry */
		assert_true(p.next == waited[i]);
	}
	assert_true(waited[0] == 1 && waited[1] == 2 && waited[5] == 32);
	assert_true(waited[10] == 60 && waited[11] == 60);
	assert_string_equal(p.wanted.message, slow.message);
	publisher_succeeded(&p, &p.wanted, 5, 400);
	assert_true(!p.pending && p.failures == 0);
}

static void who_is_refused_asks_seldom(void **state)
{
	struct publisher p;
	double dice = 1;

	(void)state;
	publisher_init(&p, 300, drawn, &dice);
	publisher_want(&p, &fit, 0);
	for (size_t i = 0; i < 12; i++)
		publisher_failed(&p, true, 0, 0);
	assert_true(p.next == 300);
}

/* Time is scaled: the clock is the test's own. */
static void ten_minutes_without_a_server_end_in_one_patch(void **state)
{
	struct publisher p;
	struct condition news = fit;
	unsigned tries = 0;
	double now;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	publisher_want(&p, &news, 0);
	for (int second = 0; second < 600; second++) {
		now = second;
		snprintf(news.message, sizeof(news.message), "news of second %d", second);
		publisher_want(&p, &news, now);
		if (p.next <= now) {
			publisher_failed(&p, false, 0, now);
			tries++;
		}
	}
	assert_in_range(tries, 10, 30);
	assert_true(p.next <= 600 + 60);
	now = p.next;
	publisher_succeeded(&p, &p.wanted, 1, now);
	assert_string_equal(p.told.message, "news of second 599");
	assert_false(p.pending);
	assert_true(p.next >= now + 30);
}

static void a_server_that_names_a_time_is_heard(void **state)
{
	struct publisher p;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	publisher_want(&p, &fit, 0);
	publisher_failed(&p, false, 30, 100);
	assert_true(p.next >= 130 && p.next <= 133);
	publisher_failed(&p, false, 1e12, 100);
	assert_true(p.next <= 100 + 3600 * 1.1);
}

static void what_changes_while_it_is_sent_is_sent_again(void **state)
{
	struct publisher p;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	publisher_want(&p, &fit, 0);
	publisher_want(&p, &slow, 1); /* the first is on its way */
	publisher_succeeded(&p, &fit, 1000, 2);
	assert_true(p.pending && p.next == 2);
	assert_int_equal(publisher_transition(&p, 2000), 2000);
}

static void what_flips_back_before_it_is_sent_is_not_sent(void **state)
{
	struct publisher p;

	(void)state;
	publisher_init(&p, 300, half, NULL);
	publisher_holds(&p, &fit, 1000);
	publisher_want(&p, &fit, 0);
	publisher_want(&p, &slow, 1);
	publisher_want(&p, &fit, 1);
	assert_false(p.pending);
	assert_true(p.next > 1);
}

/* --- the report --- */

#define HEAD                                                                                       \
	"{\"schema\":\"nodefit/v1\",\"node\":{\"name\":\"n1\",\"boot_id\":\"b\"},"                 \
	"\"profile\":\"p\",\"started\":\"2026-11-23T12:00:00Z\","

static void a_report_becomes_a_condition(void **state)
{
	static const char text[] = HEAD
		"\"verdict\":\"unfit\",\"reason\":\"FsyncSlow\",\"message\":\"p99 80 ms\","
		"\"tuning\":[{\"outcome\":\"changed\"},{\"outcome\":\"changed\"},{\"outcome\":1}],"
		"\"checks\":[{\"name\":\"fsync\",\"verdict\":\"fail\",\"reason\":\"FsyncSlow\","
		"\"message\":\"m\",\"figures\":{\"p99\":{\"value\":80.5,\"unit\":\"ms\"}},"
		"\"histogram\":[{\"le\":1,\"count\":2},{\"le\":null,\"count\":3}]}]}";
	struct condition c;
	struct view v;
	const char *why;

	(void)state;
	assert_int_equal(view_parse(text, strlen(text), &v, &why), 0);
	assert_string_equal(v.node, "n1");
	assert_int_equal(v.written, 1795435200);
	assert_int_equal(v.outcomes[1], 2);
	assert_int_equal(v.n_checks, 1);
	assert_true(v.checks[0].figures[0].value == 80.5);
	assert_int_equal(v.checks[0].n_bins, 2);
	assert_true(isinf(v.checks[0].bins[1].upper));
	condition_of(&v, &c);
	assert_int_equal(c.status, CONDITION_FALSE);
	assert_string_equal(c.reason, "FsyncSlow");
	view_clear(&v);
}

static void only_reports_are_believed(void **state)
{
	static const char *const wrong[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"schema\":\"nodefit/v2\"}",
		HEAD "\"verdict\":\"fit\"}",
		HEAD "\"verdict\":\"fine\",\"reason\":\"x\"}",
		HEAD "\"verdict\":\"fit\",\"reason\":\"x\",\"checks\":[{}]}",
		HEAD "\"verdict\":\"fit\",\"reason\":\"x\",\"checks\":[{\"name\":\"a\","
		     "\"verdict\":\"good\"}]}",
		HEAD "\"verdict\":\"fit\",\"reason\":\"x\",\"checks\":[{\"name\":\"a b\","
		     "\"verdict\":\"pass\"}]}",
		HEAD "\"verdict\":\"fit\",\"reason\":\"x\",\"checks\":[{\"name\":\"a\","
		     "\"verdict\":\"pass\"},{\"name\":\"a\",\"verdict\":\"fail\"}]}",
		"{\"schema\":\"nodefit/v1\",\"started\":\"yesterday\",\"verdict\":\"fit\","
		"\"reason\":\"x\"}",
		HEAD "\"verdict\":\"fit\",\"reason\":\"x\""};
	const char *why;
	struct view v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(view_parse(wrong[i], strlen(wrong[i]), &v, &why), -EBADMSG);
}

/* An API server refuses what is no UTF-8. */
static void long_texts_are_cut_between_characters(void **state)
{
	char text[1024], message[401];
	struct view v;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(message) - 1; i++)
		message[i] = "\u00e9"[i % 2];
	message[sizeof(message) - 1] = '\0';
	snprintf(text, sizeof(text),
		 HEAD "\"verdict\":\"fit\",\"reason\":\"x\",\"message\":\"%s\"}", message);
	assert_int_equal(view_parse(text, strlen(text), &v, &why), 0);
	assert_int_equal(strlen(v.message) % 2, 0);
	assert_true(strlen(v.message) >= sizeof(v.message) - 2);
	view_clear(&v);
}

/* Prometheus would refuse all metrics for one of these. */
static void figures_and_bins_that_are_no_metric_are_left_out(void **state)
{
	static const char text[] =
		HEAD "\"verdict\":\"fit\",\"reason\":\"x\",\"checks\":["
		     "{\"name\":\"a\",\"verdict\":\"pass\",\"figures\":{\"a\\nb\":{\"value\":1},"
		     "\"0123456789012345678901234567890123456789012345678901234\":{\"value\":2},"
		     "\"01234567890123456789012345678901234567890123456789012345\":{\"value\":3}},"
		     "\"histogram\":[{\"le\":1,\"count\":2},{\"le\":1,\"count\":3}]},"
		     "{\"name\":\"b\",\"verdict\":\"pass\","
		     "\"histogram\":[{\"le\":1,\"count\":2},{\"le\":2,\"count\":-1}]}]}";
	struct view v;
	const char *why;

	(void)state;
	assert_int_equal(view_parse(text, strlen(text), &v, &why), 0);
	assert_int_equal(v.checks[0].n_figures, 1);
	assert_true(v.checks[0].figures[0].value == 2);
	assert_int_equal(v.checks[0].n_bins, 0);
	assert_int_equal(v.checks[1].n_bins, 0);
	view_clear(&v);
}

/* --- events --- */

struct made {
	int r;
	const char *method;
	char *path, *body;
};

static struct made make(struct nodeevents *e, const struct condition *c, double now)
{
	struct made m = {0};

	m.r = nodeevent_make(e, "n1", c, now, 1795435200, 0xabc, &m.method, &m.path, &m.body);
	return m;
}

static void drop(struct made *m)
{
	free(m->path);
	free(m->body);
}

static void what_happens_again_is_counted(void **state)
{
	struct nodeevents e = {0};
	struct made m = make(&e, &slow, 1000);

	(void)state;
	assert_int_equal(m.r, 1);
	assert_string_equal(m.method, "POST");
	assert_string_equal(m.path, "/api/v1/namespaces/default/events");
	assert_contains(m.body, "\"type\":\"Warning\",\"reason\":\"FsyncSlow\"");
	assert_contains(m.body, "\"name\":\"n1.0000000000000abc\"");
	assert_contains(m.body, "\"firstTimestamp\":\"2026-11-23T12:00:00Z\"");
	drop(&m);
	m = make(&e, &slower, 1100);
	assert_string_equal(m.method, "PATCH");
	assert_string_equal(m.path, "/api/v1/namespaces/default/events/n1.0000000000000abc");
	assert_contains(m.body, "\"count\":2");
	drop(&m);
	m = make(&e, &fit, 1101);
	assert_string_equal(m.method, "POST");
	assert_contains(m.body, "\"type\":\"Normal\"");
	drop(&m);
	m = make(&e, &slow, 1100 + 601); /* long ago */
	assert_string_equal(m.method, "POST");
	drop(&m);
}

static void a_flapping_node_does_not_flood(void **state)
{
	struct nodeevents e = {0};
	unsigned sent = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct made m = make(&e, i % 2 ? &fit : &slow, i);

		sent += m.r == 1;
		drop(&m);
	}
	assert_int_equal(sent, 25 + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(news_are_sent_at_once_and_then_beat),
		cmocka_unit_test(news_pass_a_heartbeat_that_fails_but_not_a_time_to_wait),
		cmocka_unit_test(the_transition_time_moves_with_the_status_only),
		cmocka_unit_test(a_restart_sends_nothing_that_is_known),
		cmocka_unit_test(heartbeats_are_spread_by_a_tenth),
		cmocka_unit_test(failures_back_off_and_the_newest_state_is_sent_then),
		cmocka_unit_test(who_is_refused_asks_seldom),
		cmocka_unit_test(ten_minutes_without_a_server_end_in_one_patch),
		cmocka_unit_test(a_server_that_names_a_time_is_heard),
		cmocka_unit_test(what_changes_while_it_is_sent_is_sent_again),
		cmocka_unit_test(what_flips_back_before_it_is_sent_is_not_sent),
		cmocka_unit_test(a_report_becomes_a_condition),
		cmocka_unit_test(only_reports_are_believed),
		cmocka_unit_test(what_happens_again_is_counted),
		cmocka_unit_test(a_flapping_node_does_not_flood),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(figures_and_bins_that_are_no_metric_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
