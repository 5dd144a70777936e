/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "helpers.h"

struct loaded {
	struct tree tree;
	struct config config;
	struct problems problems;
	int r;
};

static void load(struct loaded *l, const char *text)
{
	*l = (struct loaded){0};
	tree_open(&l->tree, NULL);
	tree_mkdir(&l->tree, "/etc/nodefit");
	if (text)
		tree_write(&l->tree, CONFIG_FILE, text);
	l->r = config_load(&l->tree.sys, NULL, &l->config, &l->problems);
}

static void clear(struct loaded *l)
{
	problems_clear(&l->problems);
	tree_close(&l->tree);
}

static void without_a_file_all_is_as_by_default(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, NULL);
	assert_int_equal(l.r, 0);
	assert_string_equal(l.config.agent.profile, "kube-node");
	assert_int_equal(l.config.agent.drift, DRIFT_ENFORCE);
	assert_true(l.config.agent.drift_interval == 30);
	assert_true(l.config.agent.worse_for == 30 && l.config.agent.better_for == 120);
	clear(&l);
}

static void a_file_that_was_named_must_be_there(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, NULL);
	assert_int_equal(config_load(&l.tree.sys, "/etc/other.conf", &l.config, &l.problems),
			 -ENOENT);
	assert_problem(&l.problems, 0, "/etc/other.conf", 0, "No such file");
	clear(&l);
}

static void every_option_is_read(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "[agent]\nprofile=control-plane\ndrift=report\ndrift_interval=5s\nfor=10s\n"
		 "recover_for=1m # longer\nreport_interval=2s\n");
	assert_int_equal(l.r, 0);
	assert_int_equal(l.problems.n, 0);
	assert_string_equal(l.config.agent.profile, "control-plane");
	assert_int_equal(l.config.agent.drift, DRIFT_REPORT);
	assert_true(l.config.agent.drift_interval == 5 && l.config.agent.worse_for == 10 &&
		    l.config.agent.better_for == 60 && l.config.agent.report_interval == 2);
	clear(&l);
}

static void all_that_is_wrong_is_told_with_its_line(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "[agent]\ndrift=fight\ninterval=5s\nfor=5\nprofile=\n[sysctl]\nvm.swappiness=1\n");
	assert_int_equal(l.r, -EINVAL);
	assert_int_equal(l.problems.errors, 5);
	assert_problem(&l.problems, 0, CONFIG_FILE, 6, "no such section: [sysctl]");
	assert_problem(&l.problems, 1, CONFIG_FILE, 2, "one of: enforce report");
	assert_problem(&l.problems, 2, CONFIG_FILE, 3, "has no parameter interval=");
	assert_problem(&l.problems, 3, CONFIG_FILE, 4, "a duration from");
	assert_problem(&l.problems, 4, CONFIG_FILE, 5, "1 to 255 bytes");
	clear(&l);
}

static void the_reporters_options_are_read(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "[reporter]\nnode=n1\nserver=https://192.0.2.1:6443\nheartbeat_interval=1m\n"
		 "stale_after=2m\non_stop=unknown\nbootstrap=yes\n");
	assert_int_equal(l.r, 0);
	assert_string_equal(l.config.reporter.node, "n1");
	assert_string_equal(l.config.reporter.server, "https://192.0.2.1:6443");
	assert_string_equal(l.config.reporter.kubeconfig, "");
	assert_true(l.config.reporter.heartbeat_interval == 60);
	assert_true(l.config.reporter.stale_after == 120);
	assert_int_equal(l.config.reporter.on_stop, ON_STOP_UNKNOWN);
	assert_int_equal(l.config.reporter.bootstrap, 1);
	clear(&l);
	load(&l, "[reporter]\nstale_after=40s\n");
	assert_int_equal(l.r, -EINVAL);
	assert_problem(&l.problems, 0, CONFIG_FILE, 2, "a living agent would be taken for silent");
	clear(&l);
}

static void the_textfile_is_one_that_node_exporter_reads(void **state)
{
	static const char *const good[] = {"", "/n.prom", "/var/lib/node exporter/nodefit.prom",
					   "/a/../b//c.prom.prom"};
	static const char *const bad[] = {"nodefit.prom", "./n.prom", "/d/n.prom.txt",
					  "/d/n.PROM",    "/d/.prom", "/d/.n.prom",
					  "/d/n.prom/",   "/",        "/d.prom/n"};
	char text[256];
	struct loaded l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		snprintf(text, sizeof(text), "[reporter]\ntextfile=%s\n", good[i]);
		load(&l, text);
		assert_int_equal(l.r, 0);
		assert_string_equal(l.config.reporter.textfile, good[i]);
		clear(&l);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), "[reporter]\nnode=n1\ntextfile=%s\n", bad[i]);
		load(&l, text);
		assert_int_equal(l.r, -EINVAL);
		assert_problem(&l.problems, 0, CONFIG_FILE, 3, "[reporter] textfile= is not");
		clear(&l);
	}
}

static void what_does_not_fit_together_is_told_at_once(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "[agent]\nfor=3m\nreport_interval=1m\n[reporter]\ntextfile=x\n");
	assert_int_equal(l.r, -EINVAL);
	assert_int_equal(l.problems.errors, 3);
	assert_problem(&l.problems, 0, CONFIG_FILE, 2, "recover_for= is below for=");
	assert_problem(&l.problems, 1, CONFIG_FILE, 3, "stale_after= is below twice");
	assert_problem(&l.problems, 2, CONFIG_FILE, 5, "textfile= is not");
	clear(&l);
}

static void a_recovery_faster_than_a_failure_is_refused(void **state)
{
	struct loaded l;

	(void)state;
	load(&l, "[agent]\nfor=3m\n");
	assert_int_equal(l.r, -EINVAL);
	assert_problem(&l.problems, 0, CONFIG_FILE, 2, "recover_for= is below for=");
	clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_all_is_as_by_default),
		cmocka_unit_test(a_file_that_was_named_must_be_there),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(all_that_is_wrong_is_told_with_its_line),
		cmocka_unit_test(the_reporters_options_are_read),
		cmocka_unit_test(the_textfile_is_one_that_node_exporter_reads),
		cmocka_unit_test(what_does_not_fit_together_is_told_at_once),
		cmocka_unit_test(a_recovery_faster_than_a_failure_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
