/* SPDX-License-Identifier: Apache-2.0 */
/* The table of tracked connections: readings, judging, who set the limit, and the check over files
 * of our own. */
#include "conntrack.h"

#include "check.h"
#include "helpers.h"

/* As Linux 6.18 and as 4.19 write it. */
#define NEW_HEAD                                                                                   \
	"entries  clashres found new invalid ignore delete chainlength insert insert_failed drop " \
	"early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
#define OLD_HEAD                                                                                   \
	"entries  searched found new invalid ignore delete delete_list insert insert_failed drop " \
	"early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
#define LINE(insert_failed, drop, early)                                                           \
	"00000fce  00000000 00000000 00000000 00000004 00000000 00000000 00000000 "                \
	"00000000 " insert_failed " " drop " " early                                               \
	" 00000000  00000000 00000000 00000000 00000000\n"

static void the_cpus_losses_are_added_up(void **state)
{
	struct conntrack_stat s = {0};

	(void)state;
	assert_int_equal(conntrack_stat_parse(NEW_HEAD LINE("000000c8", "000001d8", "00000001")
						      LINE("00000002", "00000010", "0000000f"),
					      &s),
			 0);
	assert_int_equal(s.insert_failed, 0xca);
	assert_int_equal(s.drop, 0x1e8);
	assert_int_equal(s.early_drop, 0x10);
	assert_int_equal(
		conntrack_stat_parse(OLD_HEAD LINE("00000001", "00000002", "00000003"), &s), 0);
	assert_int_equal(s.early_drop, 3);
	/* Columns have moved before. */
	assert_int_equal(conntrack_stat_parse("drop early_drop insert_failed\n1 2 3\n", &s), 0);
	assert_int_equal(s.drop, 1);
	assert_int_equal(s.insert_failed, 3);
	/* They wrap. */
	assert_int_equal(conntrack_stat_parse("drop early_drop insert_failed\nffffffff 0 0\n"
					      "2 0 0\n",
					      &s),
			 0);
	assert_int_equal(s.drop, 1);
}

static void another_form_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"drop early_drop insert_failed",
		"drop early_drop insert_failed\n",
		"drop early_drop\n1 2\n",
		"drop early_drop insert_failed\n1 2\n",
		"drop early_drop insert_failed\n1 2 3 4\n",
		"drop early_drop insert_failed\n1 2 3",
		"drop early_drop insert_failed\n1 2 g\n",
		"drop early_drop insert_failed\n1 2 -3\n",
		"drop early_drop insert_failed\n123456789 2 3\n",
		"drop early_drop insert_failed\n1 2 3\n\n",
	};
	/* Three columns, and 30 more. */
	static const char wide[] = "drop early_drop insert_failed a a a a a a a a a a a a a a a a "
				   "a a a a a a a a a a a a a a\n";
	struct conntrack_stat s = {.drop = 77};

	(void)state;
	assert_int_equal(conntrack_stat_parse(wide, &s), -EBADMSG);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (conntrack_stat_parse(texts[i], &s) != -EBADMSG)
			fail_msg("\"%s\"", texts[i]);
		assert_int_equal(s.drop, 77);
	}
}

/* --- judging --- */

static const struct conntrack_limits usual = {90, 95, 1, 100, 1, 10};

static struct result judged(const struct conntrack_space *s, double seconds)
{
	struct findings findings = {0};
	struct result r = {0};

	finding_add(&findings, VERDICT_PASS, "Fine", "fine");
	conntrack_judge(s, seconds, &usual, "set by hand", &findings);
	findings_tell(&findings, &r);
	return r;
}

static void assert_judged(const struct conntrack_space *s, enum verdict verdict, const char *reason,
			  const char *message)
{
	struct result r = judged(s, 10);

	assert_string_equal(verdict_text(r.verdict), verdict_text(verdict));
	assert_string_equal(r.reason, reason);
	assert_contains(r.message, message);
}

static void a_full_table_warns_and_fails(void **state)
{
	struct conntrack_space s = {.own = true, .count = 899, .max = 1000};

	(void)state;
	assert_judged(&s, VERDICT_PASS, "Fine", "");
	s.count = 900;
	assert_judged(&s, VERDICT_WARN, "ConntrackFull",
		      "the host's table is 90% full, 900 of 1000");
	s.count = 950;
	assert_judged(&s, VERDICT_FAIL, "ConntrackFull", "95% full, 950 of 1000");
	assert_contains(judged(&s, 10).advice, "set by hand");
	s.own = false;
	s.inode = 4026532281;
	snprintf(s.who, sizeof(s.who), "nginx (7)");
	assert_judged(&s, VERDICT_FAIL, "ConntrackFull",
		      "the table of network namespace 4026532281, nginx (7)'s is 95% full");
	s.max = 0; /* no limit */
	assert_judged(&s, VERDICT_PASS, "Fine", "");
}

static void losses_are_judged_by_their_rate(void **state)
{
	struct conntrack_space s = {.own = true, .count = 1, .max = 1000, .has_stat = true};

	(void)state;
	s.before.drop = UINT32_MAX - 4; /* over the wrap */
	s.after.drop = 4;
	assert_judged(&s, VERDICT_PASS, "Fine", ""); /* 0.9 a second */
	s.after.drop = 5;
	assert_judged(&s, VERDICT_WARN, "ConntrackDrops",
		      "1.0 packets/s are dropped at the host's");
	s.after.drop = 995;
	assert_judged(&s, VERDICT_FAIL, "ConntrackDrops", "100.0 packets/s");
	s.after.drop = s.before.drop - 1; /* backwards: no reading */
	assert_judged(&s, VERDICT_PASS, "Fine", "");
	s.after.drop = s.before.drop;
	s.after.early_drop = 20;
	assert_judged(&s, VERDICT_WARN, "ConntrackEvicts", "2.0 connections/s are thrown out");
	s.after.early_drop = 0;
	s.after.insert_failed = 100;
	assert_judged(&s, VERDICT_WARN, "ConntrackClashes", "10.0 connections/s");
}

/* The kernel counts each clash as a drop, too; no larger table helps. */
static void clashes_are_not_taken_for_a_full_table(void **state)
{
	struct conntrack_space s = {.own = true, .count = 1, .max = 1000, .has_stat = true};
	struct result r;

	(void)state;
	s.after.drop = s.after.insert_failed = 5000;
	r = judged(&s, 10);
	assert_string_equal(r.reason, "ConntrackClashes");
	assert_string_equal(verdict_text(r.verdict), "warn");
	assert_contains(r.message, "500.0 connections/s find their place taken");
	s.after.insert_failed = 0;
	assert_contains(judged(&s, 10).advice, "has room now");
	s.count = 900;
	assert_contains(judged(&s, 10).advice, "raise net.netfilter.nf_conntrack_max");
}

static void the_fullest_comes_first(void **state)
{
	struct conntrack_space v[] = {{.inode = 1, .count = 10, .max = 100},
				      {.inode = 2, .count = 99, .max = 100},
				      {.inode = 3, .count = 9999, .max = 0},
				      {.inode = 4, .count = 50, .max = 50}};

	(void)state;
	conntrack_rank(v, ARRAY_LEN(v));
	assert_int_equal(v[0].inode, 4);
	assert_int_equal(v[1].inode, 2);
	assert_int_equal(v[2].inode, 1);
	conntrack_rank(v, 0);
}

/* --- over files --- */

static void who_set_the_limit_is_told(void **state)
{
	char text[160];

	(void)state;
	conntrack_origin(&tree.sys, 4711, 2, text, sizeof(text));
	assert_string_equal(text, "set by hand or by a program");
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_buckets", "4711\n");
	conntrack_origin(&tree.sys, 4711, 2, text, sizeof(text));
	assert_contains(text, "the kernel's default");
	conntrack_origin(&tree.sys, 4 * 4711, 2, text, sizeof(text));
	assert_string_equal(text, "the kernel's default, 4 for each bucket");
	conntrack_origin(&tree.sys, 131072, 2, text, sizeof(text));
	assert_contains(text, "what kube-proxy sets: max(32768 x 2 CPUs, 131072)");
	conntrack_origin(&tree.sys, 262144, 8, text, sizeof(text));
	assert_contains(text, "what kube-proxy sets: max(32768 x 8 CPUs, 131072)");
	/* Of 8 CPUs both come to the same. */
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_buckets", "262144\n");
	conntrack_origin(&tree.sys, 262144, 8, text, sizeof(text));
	assert_string_equal(text, "the kernel's default, and what kube-proxy sets: "
				  "max(32768 x 8 CPUs, 131072)");
	tree_write(&tree, "/etc/sysctl.d/50-ct.conf",
		   "# x\nnet.netfilter.nf_conntrack_max = 262144\n");
	conntrack_origin(&tree.sys, 262144, 8, text, sizeof(text));
	assert_string_equal(text, "set by /etc/sysctl.d/50-ct.conf:2");
	conntrack_origin(&tree.sys, 4711, 8, text, sizeof(text));
	assert_string_equal(text, "not what /etc/sysctl.d/50-ct.conf:2 says");
}

static void progress(const struct check_run *run, const char *fmt, ...)
{
	(void)run;
	(void)fmt;
}

static uint64_t fake_time;

static uint64_t fake_now(const struct sys *sys)
{
	(void)sys;
	return fake_time;
}

/* While it waits five packets are dropped. */
static void fake_sleep(const struct sys *sys, uint64_t when)
{
	(void)sys;
	fake_time = when;
	tree_write(&tree, "/proc/net/stat/nf_conntrack",
		   "drop early_drop insert_failed\n5 0 0\n0 0 0\n");
}

static struct result checked(void)
{
	const struct check *check = check_find("conntrack");
	_cleanup_free void *params = NULL;
	struct result r = {0};
	struct profile p;

	tree.sys.now = fake_now;
	tree.sys.sleep_until = fake_sleep;
	profile_of(&p, "[check.conntrack]\nwindow=5s\n");
	assert_int_equal(check_params(&p, check, &params), 0);
	check->run(&(struct check_run){.sys = &tree.sys, .params = params, .progress = progress},
		   &r);
	profile_clear(&p);
	return r;
}

static void without_the_module_it_is_skipped(void **state)
{
	struct result r = checked();

	(void)state;
	assert_string_equal(verdict_text(r.verdict), "skipped");
	assert_contains(r.message, "not loaded yet");
}

static void a_count_that_is_none_is_unknown(void **state)
{
	struct result r;

	(void)state;
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_count", "many\n");
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	r = checked();
	assert_string_equal(verdict_text(r.verdict), "unknown");
}

static void count_limit_and_losses_make_the_answer(void **state)
{
	struct result r;

	(void)state;
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_count", "10\n");
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	r = checked(); /* the statistics were not there before: no rates */
	assert_string_equal(verdict_text(r.verdict), "pass");
	assert_contains(r.message, "10 of 1000 connections (1.0%) are tracked");
	tree_write(&tree, "/proc/net/stat/nf_conntrack",
		   "drop early_drop insert_failed\n0 0 0\n0 0 0\n");
	r = checked();
	assert_string_equal(r.reason, "ConntrackDrops");
	assert_contains(r.message, "1.0 packets/s are dropped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)
		cmocka_unit_test(the_cpus_losses_are_added_up),
		cmocka_unit_test(another_form_is_refused),
		cmocka_unit_test(a_full_table_warns_and_fails),
		cmocka_unit_test(losses_are_judged_by_their_rate),
		cmocka_unit_test(clashes_are_not_taken_for_a_full_table),
		cmocka_unit_test(the_fullest_comes_first),
		TEST(who_set_the_limit_is_told),
		TEST(without_the_module_it_is_skipped),
		TEST(a_count_that_is_none_is_unknown),
		TEST(count_limit_and_losses_make_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
