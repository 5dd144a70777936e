/* SPDX-License-Identifier: Apache-2.0 */
/* Connects on the loopback, and what is said of their times. */
#include "rtt.h"

#include "check.h"
#include "helpers.h"

#include <sys/socket.h>

static struct sys sys;

static int set_up(void **state)
{
	(void)state;
	return sys_init(&sys, NULL);
}

/* Bound to a port of the loopback; with a backlog of 0 or more it listens. */
static int local_port(int backlog, uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static struct rtt_series to_port(uint16_t port)
{
	struct rtt_series s = {.port = port};

	assert_true(ip_parse("127.0.0.1", &s.ip));
	return s;
}

static void made_and_refused_connects_are_told_apart(void **state)
{
	static const struct rtt_plan plan = {.count = 5, .gap_s = 0.001, .wait_s = 3};
	struct rtt_series s[2];
	uint16_t open, shut;
	int listens = local_port(16, &open), bound = local_port(-1, &shut);

	(void)state;
	s[0] = to_port(open);
	s[1] = to_port(shut);
	rtt_measure(&sys, s, 2, &plan, NULL, NULL);
	assert_int_equal(s[0].n, 5);
	assert_int_equal(s[0].refused + s[0].lost + s[0].failed, 0);
	for (unsigned i = 0; i < 5; i++)
		assert_true(s[0].ms[i] > 0 && s[0].ms[i] < 3000);
	assert_int_equal(s[1].n, 5);
	assert_int_equal(s[1].refused, 5);
	close(listens);
	close(bound);
}

static void who_never_answers_is_given_up(void **state)
{
	static const struct rtt_plan plan = {.count = 20, .gap_s = 0.001, .wait_s = 0.05};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct rtt_series s;
	int fds[16], listens;
	uint16_t port;

	(void)state;
	/* A listener whose queue is full drops the first packet of others. */
	listens = local_port(0, &port);
	a.sin_port = htons(port);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fds[i], (struct sockaddr *)&a, sizeof(a));
	}
	s = to_port(port);
	rtt_measure(&sys, &s, 1, &plan, NULL, NULL);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.lost, RTT_HOPELESS);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	close(listens);
}

static void no_way_is_told_with_its_reason(void **state)
{
	static const struct rtt_plan plan = {.count = 20, .gap_s = 0.001, .wait_s = 0.05};
	struct rtt_series s = {.port = 1};

	(void)state;
	/* A multicast group can't be connected to. */
	assert_true(ip_parse("224.0.0.1", &s.ip));
	rtt_measure(&sys, &s, 1, &plan, NULL, NULL);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.failed, RTT_HOPELESS);
	assert_int_equal(s.error, ENETUNREACH);
}

/* --- judging --- */

static const struct rtt_limits usual = {
	.warn = 0.1, .fail = 0.5, .p99_warn = 0.5, .p99_fail = 3, .loss_warn = 5, .loss_fail = 50};

static struct result judged(struct rtt_series s, const struct rtt_limits *limits)
{
	struct findings findings = {0};
	struct result r = {0};

	assert_true(ip_parse("10.0.0.1", &s.ip));
	s.port = 6443;
	rtt_judge("api", &s, limits, &findings, &r);
	findings_tell(&findings, &r);
	return r;
}

static void assert_judged(struct rtt_series s, enum verdict verdict, const char *reason,
			  const char *message)
{
	struct result r = judged(s, &usual);

	assert_string_equal(verdict_text(r.verdict), verdict_text(verdict));
	assert_string_equal(r.reason, reason);
	assert_contains(r.message, message);
	assert_true(verdict == VERDICT_PASS || *r.advice);
}

/* 20 answers after `ms`. */
static struct rtt_series far(double ms)
{
	struct rtt_series s = {.n = 20};

	for (unsigned i = 0; i < s.n; i++)
		s.ms[i] = ms;
	return s;
}

static void the_median_and_the_tail_are_held_against_limits(void **state)
{
	struct rtt_series s = far(30);

	(void)state;
	assert_judged(s, VERDICT_PASS, "TargetsNear", "api: median 30 ms, p99 30 ms");
	assert_judged(far(100), VERDICT_WARN, "TargetFar",
		      "the median is 100 ms, warn from 100 ms");
	assert_judged(far(500), VERDICT_FAIL, "TargetFar",
		      "the median is 500 ms, fail from 500 ms");
	s.ms[3] = 1030; /* one of twenty: the median does not see it */
	assert_judged(s, VERDICT_WARN, "TargetFar", "p99 is 1030 ms, warn from 500 ms");
	s.ms[3] = 3100;
	assert_judged(s, VERDICT_FAIL, "TargetFar", "p99 is 3100 ms, fail from 3000 ms");
}

static void losses_and_resent_packets_count_alike(void **state)
{
	struct rtt_series s = far(30);

	(void)state;
	s.retried = 1;
	assert_judged(s, VERDICT_WARN, "TargetLossy", "5% of 20 connects");
	s.retried = 0;
	s.lost = 2;
	assert_judged(s, VERDICT_WARN, "TargetLossy", "9.09% of 22 connects");
	s.lost = 20;
	assert_judged(s, VERDICT_FAIL, "TargetLossy", "50% of 40 connects");
}

static void a_dead_target_is_told_by_how_it_is_dead(void **state)
{
	struct rtt_series s = far(1);

	(void)state;
	s.refused = 20;
	assert_judged(s, VERDICT_FAIL, "TargetRefuses",
		      "api: 10.0.0.1 refuses connections to port");
	s.refused = 3;
	assert_judged(s, VERDICT_WARN, "TargetRefusesSome", "3 of 20 connects were refused");
	assert_judged((struct rtt_series){.lost = 3}, VERDICT_FAIL, "TargetSilent",
		      "api: no answer of 10.0.0.1 port 6443");
	assert_judged((struct rtt_series){.failed = 3, .error = EHOSTUNREACH}, VERDICT_FAIL,
		      "TargetUnreachable", "No route to host");
	/* Neither is the target's fault. */
	assert_judged((struct rtt_series){.failed = 3, .error = EADDRNOTAVAIL}, VERDICT_FAIL,
		      "NoLocalPort", "api: no local port or address is left");
	assert_judged((struct rtt_series){.failed = 3, .error = EMFILE}, VERDICT_UNKNOWN,
		      "TargetUnmeasured", "api: this machine has no socket to spare");
}

static void a_mild_profile_only_warns(void **state)
{
	struct rtt_limits mild = usual;
	struct result r;

	(void)state;
	mild.mild = true;
	r = judged(far(600), &mild);
	assert_string_equal(verdict_text(r.verdict), "warn");
	assert_contains(r.message, "warn from 100 ms");
	r = judged((struct rtt_series){.lost = 3}, &mild);
	assert_string_equal(verdict_text(r.verdict), "warn");
}

/* --- the check --- */

static void progress(const struct check_run *run, const char *fmt, ...)
{
	(void)run;
	(void)fmt;
}

static struct result checked(const struct sys *of, const char *profile)
{
	const struct check *check = check_find("rtt");
	_cleanup_free void *params = NULL;
	struct result r = {0};
	struct profile p;

	profile_of(&p, profile);
	assert_int_equal(check_params(&p, check, &params), 0);
	check->run(&(struct check_run){.sys = of, .params = params, .progress = progress}, &r);
	profile_clear(&p);
	return r;
}

static void without_targets_nothing_is_sent(void **state)
{
	struct result r = checked(&sys, "[check.rtt]\n");

	(void)state;
	assert_string_equal(verdict_text(r.verdict), "skipped");
}

static void another_root_is_unknown(void **state)
{
	struct result r;

	(void)state;
	tree_open(&tree, NULL);
	r = checked(&tree.sys, "[check.rtt]\ntargets=127.0.0.1:1\n");
	assert_string_equal(verdict_text(r.verdict), "unknown");
	tree_close(&tree);
}

static void each_target_is_held_against_its_own_limits(void **state)
{
	char profile[160];
	struct result r;
	uint16_t port;
	int fd = local_port(16, &port);

	(void)state;
	snprintf(profile, sizeof(profile),
		 "[check.rtt]\ncount=3\ngap=1ms\nwarn=60s\nfail=60s\np99_warn=60s\np99_fail=60s\n"
		 "loss_warn=100%%\nloss_fail=100%%\ntargets=far=127.0.0.1:%u@100us/60s\n",
		 port);
	r = checked(&sys, profile);
	/* No handshake takes a minute; whether it takes 0.1 ms is the machine's affair. */
	assert_true(r.verdict == VERDICT_PASS || r.verdict == VERDICT_WARN);
	assert_true(r.n_figures >= 3);
	close(fd);
}

static void a_name_without_nodefit_net_is_unknown(void **state)
{
	struct result r;

	(void)state;
	sys.helper = "/nonexistent/nodefit-net";
	r = checked(&sys, "[check.rtt]\ntargets=host.example:1\n");
	sys.helper = NULL;
	assert_string_equal(verdict_text(r.verdict), "unknown");
	assert_string_equal(r.reason, "NamesUnresolved");
	assert_contains(r.message, "nodefit-net is not installed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_refused_connects_are_told_apart),
		cmocka_unit_test(who_never_answers_is_given_up),
		cmocka_unit_test(no_way_is_told_with_its_reason),
		cmocka_unit_test(the_median_and_the_tail_are_held_against_limits),
		cmocka_unit_test(losses_and_resent_packets_count_alike),
		cmocka_unit_test(a_dead_target_is_told_by_how_it_is_dead),
		cmocka_unit_test(a_mild_profile_only_warns),
		cmocka_unit_test(without_targets_nothing_is_sent),
		cmocka_unit_test(another_root_is_unknown),
		cmocka_unit_test(each_target_is_held_against_its_own_limits),
		cmocka_unit_test(a_name_without_nodefit_net_is_unknown),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
