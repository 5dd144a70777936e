/* SPDX-License-Identifier: Apache-2.0 */
/* What an etcd's counters are judged to say. */
#include "etcdnode.h"

#include "check.h"
#include "helpers.h"

/* --- the judge --- */

static const struct etcd_limits limits = {.wal_warn = 0.010,
					  .wal_fail = 0.016,
					  .commit_warn = 0.025,
					  .commit_fail = 0.064,
					  .least = 200,
					  .late_percent = 1};
static const struct etcd_place here = {.found = ETCD_PROCESS, .heartbeat_s = 0.1, .election_s = 1};

static struct histogram hist(const char *text)
{
	struct histogram h = {0};

	assert_int_equal(histogram_parse(text, &h), 0);
	return h;
}

static struct etcd_stat stat_of(const char *wal, const char *commit)
{
	struct etcd_stat s = {.numbers = {[ETCD_HAS_LEADER] = 1, [ETCD_STARTED] = 1000.25}};

	memset(s.known, true, sizeof(s.known));
	s.wal_fsync = hist(wal);
	s.backend_commit = hist(commit);
	return s;
}

#define FAST   "0.008:1000 0.016:1000 0.032:1000 0.064:1000 +Inf:1000"
#define COMMIT "0.008:500 0.016:1000 0.032:1000 0.064:1000 +Inf:1000"

static struct result judged(const struct etcd_stat *now, const struct etcd_stat *before)
{
	const struct etcd_view view = {.place = &here, .now = now, .before = before, .seconds = 5};
	struct findings *findings = calloc(1, sizeof(*findings));
	struct result r = {0};

	assert_non_null(findings);
	etcd_judge(&view, &limits, findings, &r);
	findings_tell(findings, &r);
	free(findings);
	return r;
}

static void assert_told(struct result r, enum verdict verdict, const char *reason, const char *part)
{
	assert_string_equal(r.reason, reason);
	assert_string_equal(verdict_text(r.verdict), verdict_text(verdict));
	assert_contains(r.message, part);
}

static const char *fact(const struct result *r, const char *name)
{
	for (size_t i = 0; i < r->n_facts; i++)
		if (strcmp(r->facts[i].name, name) == 0)
			return r->facts[i].value;
	return NULL;
}

static void buckets_decide_where_there_is_no_edge(void **state)
{
	static const struct {
		const char *wal;
		enum verdict verdict;
		const char *reason, *part;
	} rows[] = {
		{FAST, VERDICT_PASS, "EtcdFast", "at most 8 ms at p99 (n 1000)"},
		{"0.008:990 0.016:1000 +Inf:1000", VERDICT_PASS, "EtcdFast", "at most 8 ms"},
		{"0.008:989 0.016:1000 +Inf:1000", VERDICT_PASS, "EtcdFast",
		 "WAL fsync takes about 8.73 ms at p99 (n 1000)"},
		{"0.008:980 0.016:1000 +Inf:1000", VERDICT_WARN, "EtcdWalSlow",
		 "about 12 ms at p99, between its buckets' edges 8 and 16 ms (n 1000)"},
		{"0.008:0 0.016:990 0.032:1000 +Inf:1000", VERDICT_WARN, "EtcdWalSlow", "16 ms"},
		{"0.008:0 0.016:989 0.032:1000 +Inf:1000", VERDICT_FAIL, "EtcdWalSlow",
		 "takes 16 to 32 ms at p99"},
		{"0.008:0 0.016:0 8.192:0 +Inf:1000", VERDICT_FAIL, "EtcdWalSlow",
		 "more than 8192 ms"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct etcd_stat s = stat_of(rows[i].wal, COMMIT);

		assert_told(judged(&s, NULL), rows[i].verdict, rows[i].reason, rows[i].part);
	}
}

static void commits_have_bands_of_their_own(void **state)
{
	struct etcd_stat passed = stat_of(FAST, "0.016:985 0.032:1000 0.064:1000 +Inf:1000"),
			 warned = stat_of(FAST, "0.016:900 0.032:1000 0.064:1000 +Inf:1000"),
			 failed = stat_of(FAST, "0.016:0 0.032:0 0.064:900 0.128:1000 +Inf:1000");

	(void)state;
	assert_told(judged(&passed, NULL), VERDICT_PASS, "EtcdFast",
		    "backend commit about 21.3 ms");
	assert_told(judged(&warned, NULL), VERDICT_WARN, "EtcdCommitSlow", "backend commit");
	assert_told(judged(&failed, NULL), VERDICT_FAIL, "EtcdCommitSlow", "64 to 128 ms");
}

static void what_was_between_two_readings_counts(void **state)
{
	/* Slow once, long ago; fast since. */
	struct etcd_stat before = stat_of("0.008:0 0.016:0 0.032:1000 +Inf:1000", COMMIT),
			 now = stat_of("0.008:300 0.016:300 0.032:1300 +Inf:1300", COMMIT);
	struct result r;

	(void)state;
	assert_told(judged(&before, NULL), VERDICT_FAIL, "EtcdWalSlow", "16 to 32 ms");
	r = judged(&now, &before);
	assert_told(r, VERDICT_PASS, "EtcdFast", "at most 8 ms at p99 (n 300)");
	assert_contains(fact(&r, "judged"), "between two readings");
}

static void too_few_between_leave_all_since_its_start(void **state)
{
	struct etcd_stat before = stat_of("0.008:0 0.016:0 0.032:1000 +Inf:1000", COMMIT),
			 now = stat_of("0.008:100 0.016:100 0.032:1100 +Inf:1100", COMMIT);
	struct result r = judged(&now, &before);

	(void)state;
	assert_told(r, VERDICT_FAIL, "EtcdWalSlow", "(n 1100)");
	assert_contains(fact(&r, "judged"), "too little was written meanwhile");
}

static void too_few_at_all_are_not_judged(void **state)
{
	struct etcd_stat s = stat_of("0.008:0 0.016:0 0.032:199 +Inf:199", "0.008:9 +Inf:9");

	(void)state;
	assert_told(judged(&s, NULL), VERDICT_PASS, "EtcdQuiet", "199 writes");
}

static void a_restart_between_the_readings_is_noticed(void **state)
{
	struct etcd_stat before = stat_of("0.008:500 +Inf:500", COMMIT),
			 now = stat_of("0.008:900 +Inf:900", COMMIT);
	struct result r;

	(void)state;
	now.numbers[ETCD_STARTED] = 2000.5;
	before.numbers[ETCD_LEADER_CHANGES] = 1;
	now.numbers[ETCD_LEADER_CHANGES] = 5; /* of another process */
	r = judged(&now, &before);
	assert_told(r, VERDICT_PASS, "EtcdFast", "(n 900)");
	assert_contains(fact(&r, "judged"), "which was just now");
}

static void an_etcd_without_leader_fails(void **state)
{
	struct etcd_stat s = stat_of(FAST, COMMIT);

	(void)state;
	s.numbers[ETCD_HAS_LEADER] = 0;
	assert_told(judged(&s, NULL), VERDICT_FAIL, "EtcdNoLeader", "no leader");
}

static void a_change_of_leader_in_the_window_warns(void **state)
{
	struct etcd_stat before = stat_of(FAST, COMMIT), now = before;

	(void)state;
	now.numbers[ETCD_LEADER_CHANGES] = 1;
	assert_told(judged(&now, &before), VERDICT_WARN, "EtcdLeaderChanged",
		    "in the last 5 s (changes: 1)");
	assert_told(judged(&now, NULL), VERDICT_PASS, "EtcdFast", ""); /* when, nobody knows */
}

static void late_heartbeats_warn_from_their_share(void **state)
{
	struct etcd_stat before = stat_of(FAST, COMMIT), now = before;

	(void)state;
	now.n_peers = before.n_peers = 2;
	now.peers[0].rtt = now.peers[1].rtt = hist("0.1:1 +Inf:1");
	now.numbers[ETCD_HEARTBEAT_FAILURES] = 1; /* of 100: 5 s, ten a second, two peers */
	assert_told(judged(&now, &before), VERDICT_WARN, "EtcdHeartbeatsLate", "1 of about 100");
	now.n_peers = 3;
	assert_told(judged(&now, &before), VERDICT_PASS, "EtcdFast", "");
}

static void a_peer_beyond_the_heartbeat_warns(void **state)
{
	struct etcd_stat s = stat_of(FAST, COMMIT);

	(void)state;
	s.n_peers = 1;
	snprintf(s.peers[0].id, sizeof(s.peers[0].id), "8e9e05c52164694d");
	s.peers[0].rtt = hist("0.0512:0 0.1024:100 +Inf:100");
	assert_told(judged(&s, NULL), VERDICT_PASS, "EtcdFast",
		    ""); /* 51.2 ms is all that is proven */
	s.peers[0].rtt = hist("0.0512:0 0.1024:0 0.2048:100 +Inf:100");
	assert_told(judged(&s, NULL), VERDICT_WARN, "EtcdPeerFar",
		    "peer 8e9e05c52164694d is 102.4 ms or more; the heartbeat is 100 ms");
	s.peers[0].rtt = hist("0.0512:0 0.1024:0 0.2048:9 +Inf:9"); /* too few probes */
	assert_told(judged(&s, NULL), VERDICT_PASS, "EtcdFast", "");
}

/* --- the check --- */

static void no_progress(const struct check_run *run, const char *fmt, ...)
{
	(void)run;
	(void)fmt;
}

static void at_once(const struct sys *sys, uint64_t when)
{
	(void)sys;
	(void)when;
}

static uint64_t clock_now;

static uint64_t passing(const struct sys *sys)
{
	(void)sys;
	clock_now += 2000000; /* each look at it takes 2 ms */
	return clock_now;
}

/* Runs the check with a nodefit-net that prints `answer`. */
static struct result checked(const char *answer, const void *state)
{
	const struct check *check = check_find("etcd");
	struct profile p;
	void *values = NULL;
	char script[256];
	struct check_run run = {.sys = &tree.sys, .progress = no_progress, .gentle = state};
	struct result r = {0};

	snprintf(script, sizeof(script), "%s/script", tree.dir);
	if (answer) {
		char text[512];

		snprintf(text, sizeof(text), "#!/bin/sh\nprintf '%s'\n", answer);
		tree_write(&tree, "/script", text);
		assert_int_equal(chmod(script, 0755), 0);
	}
	tree.sys.helper = script;
	tree.sys.sleep_until = at_once;
	profile_of(&p, "");
	assert_int_equal(check_params(&p, check, &values), 0);
	run.params = values;
	check->run(&run, &r);
	free(values);
	profile_clear(&p);
	return r;
}

static void silence_is_unknown_only_where_it_is_no_choice(void **state)
{
	static const char refused[] = "error=127.0.0.1:2381: nobody listens\\nrefused=yes\\n";

	(void)state;
	assert_told(checked(refused, NULL), VERDICT_SKIPPED, "NoEtcd", "no etcd lives");
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/cmdline",
			 "etcd --listen-client-urls=https://10.0.0.5:2379 ");
	assert_told(checked(refused, NULL), VERDICT_SKIPPED, "EtcdTellsNothing", "TLS only");
	tree_write_words(&tree, "/proc/7/cmdline",
			 "etcd --listen-metrics-urls=http://127.0.0.1:2381 ");
	assert_told(checked(refused, NULL), VERDICT_UNKNOWN, "EtcdSilent", "nobody listens");
	assert_told(checked("error=127.0.0.1:2381: no whole answer in time\\n", NULL),
		    VERDICT_UNKNOWN, "EtcdSilent", "in time");
	assert_told(checked("address=127.0.0.1:1\\nwal_fsync=1:1\\n", NULL), VERDICT_UNKNOWN,
		    "EtcdSilent", "not in order");
	assert_int_equal(unlink(tree_path(&tree, "/script")), 0);
	assert_told(checked(NULL, NULL), VERDICT_UNKNOWN, "EtcdSilent", "not installed");
}

#define ANSWER(n)                                                                                  \
	"address=127.0.0.1:2381\\nhas_leader=1\\nstarted=5\\nwal_fsync=0.008:" n " +Inf:" n "\\n"

static void the_agents_readings_are_an_interval_apart(void **state)
{
	const struct check *check = check_find("etcd");
	void *kept = calloc(1, check->state_size);
	struct check_run run = {.sys = &tree.sys};
	struct result r;

	(void)state;
	assert_non_null(kept);
	tree.sys.now = passing;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/cmdline", "etcd ");
	for (int i = 0; i < 2; i++) { /* the first two rounds take two readings each */
		r = checked(ANSWER("1000"), kept);
		assert_told(r, VERDICT_PASS, "EtcdFast", "(n 1000)");
		assert_true(check->watch(&run, kept, &r));
	}
	r = checked(ANSWER("1500"), kept);
	assert_told(r, VERDICT_PASS, "EtcdFast", "(n 500)");
	assert_true(check->watch(&run, kept, &r));
	r = checked("error=x\\n", kept); /* a reading that fails is not taken for one */
	assert_told(r, VERDICT_UNKNOWN, "EtcdSilent", "x");
	assert_true(check->watch(&run, kept, &r));
	r = checked(ANSWER("1800"), kept);
	assert_told(r, VERDICT_PASS, "EtcdFast", "(n 300)");
	check->forget(kept);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)
		TEST(buckets_decide_where_there_is_no_edge),
		TEST(commits_have_bands_of_their_own),
		TEST(what_was_between_two_readings_counts),
		TEST(too_few_between_leave_all_since_its_start),
		TEST(too_few_at_all_are_not_judged),
		TEST(a_restart_between_the_readings_is_noticed),
		TEST(an_etcd_without_leader_fails),
		TEST(a_change_of_leader_in_the_window_warns),
		TEST(late_heartbeats_warn_from_their_share),
		TEST(a_peer_beyond_the_heartbeat_warns),
		TEST(silence_is_unknown_only_where_it_is_no_choice),
		TEST(the_agents_readings_are_an_interval_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
