/* SPDX-License-Identifier: Apache-2.0 */
/* Who else claims a key, and which ports a range would hand out. */
#include "helpers.h"

#include "sysctl.h"

struct planned {
	struct sys sys;
	struct profile p;
	struct changes changes;
};

static const struct change *plan_one(struct planned *pl, const char *root, const char *line)
{
	char text[256];

	*pl = (struct planned){0};
	snprintf(text, sizeof(text), "[sysctl]\n%s\n", line);
	open_fixture(&pl->sys, root);
	profile_of(&pl->p, text);
	assert_int_equal(changes_plan(&pl->sys, &pl->p, &pl->changes), 0);
	return &pl->changes.v[0];
}

static void clear(struct planned *pl)
{
	changes_clear(&pl->changes);
	profile_clear(&pl->p);
	sys_done(&pl->sys);
}

static void every_file_that_disagrees_is_named_with_its_effect(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", "net.core.somaxconn => 32768");

	(void)state;
	assert_int_equal(c->contested_by.n, 2);
	assert_string_equal(c->contested_by.v[0], "/etc/sysctl.d/10-site.conf:2");
	assert_string_equal(c->contested_by.v[1], "/etc/sysctl.d/99-vendor.conf:3");
	assert_int_equal(c->contests.n, 2);
	assert_string_equal(c->contests.v[0], "/etc/sysctl.d/10-site.conf:2 sets \"1024\" but a "
					      "later or more exact line overrides it");
	assert_string_equal(c->contests.v[1], "/etc/sysctl.d/99-vendor.conf:3 sets \"128\" and "
					      "wins at boot, also over 95-nodefit.conf");
	clear(&pl);
}

static void a_file_that_agrees_is_no_contest(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", "vm.max_map_count => 65530");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_UNCHANGED);
	assert_int_equal(c->contested_by.n, 0);
	clear(&pl);
}

static void what_wins_until_persisted_is_said_so(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", "vm.max_map_count = 65530");

	(void)state;
	assert_int_equal(c->contests.n, 1);
	assert_string_equal(c->contests.v[0],
			    "/etc/sysctl.d/10-site.conf:3 sets \"262144\" and wins at boot unless "
			    "`nodefit apply --persist` has written 95-nodefit.conf");
	clear(&pl);
}

static void a_late_glob_does_not_win_over_a_persisted_name(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", "net.ipv4.conf.all.forwarding = 1");

	(void)state;
	assert_int_equal(c->contests.n, 1);
	assert_string_equal(c->contests.v[0],
			    "/etc/sysctl.d/99-vendor.conf:4 sets \"0\" and wins at boot unless "
			    "`nodefit apply --persist` has written 95-nodefit.conf");
	clear(&pl);
}

static void a_loose_sysctl_conf_counts_when_it_is_run_by_hand(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", "net.ipv4.tcp_tw_reuse = 1");

	(void)state;
	assert_int_equal(c->contests.n, 1);
	assert_string_equal(c->contests.v[0], "/etc/sysctl.conf:1 sets \"0\" whenever `sysctl -p` "
					      "or `sysctl --system` is run");
	clear(&pl);
}

static void nodefits_own_file_is_no_contest(void **state)
{
	struct sysctld d = {0};
	struct change c = {0};

	(void)state;
	assert_int_equal(
		sysctld_parse(&d, "/etc/sysctl.d/95-nodefit.conf", "kernel.panic = 1\n", true), 0);
	assert_int_equal(contests_find(&d, "kernel/panic", OP_SET, "10", &c), 0);
	assert_int_equal(c.contested_by.n, 0);
	sysctld_clear(&d);
}

static void a_later_exclusion_of_a_key_is_told(void **state)
{
	struct sysctld d = {0};
	struct change c = {0};

	(void)state;
	assert_int_equal(sysctld_parse(&d, "/etc/sysctl.d/10-a.conf", "-kernel.panic\n", true), 0);
	assert_int_equal(sysctld_parse(&d, "/etc/sysctl.d/99-b.conf", "-kernel.panic\n", true), 0);
	assert_int_equal(contests_find(&d, "kernel/panic", OP_SET, "10", &c), 0);
	assert_int_equal(c.contested_by.n, 1);
	assert_string_equal(c.contests.v[0], "/etc/sysctl.d/99-b.conf:1 excludes it: at boot "
					     "95-nodefit.conf can't set it");
	strings_clear(&c.contested_by);
	strings_clear(&c.contests);
	sysctld_clear(&d);
}

static void a_missing_key_is_contested_too(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", "net.ipv4.conf.eth9.forwarding = 1");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_PENDING);
	assert_int_equal(c->contested_by.n, 1);
	assert_string_equal(c->contested_by.v[0], "/etc/sysctl.d/99-vendor.conf:4");
	clear(&pl);
}

/* --- ports --- */

static void assert_collision(const char *lines, const char *note)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "node", lines);

	if (note) {
		assert_int_equal(c->notes.n, 1);
		assert_contains(c->notes.v[0], note);
	} else {
		assert_int_equal(c->notes.n, 0);
	}
	clear(&pl);
}

static void a_range_that_hands_out_a_nodes_ports_is_said(void **state)
{
	(void)state;
	assert_collision("net.ipv4.ip_local_port_range = 1024 65535",
			 "collides with NodePorts 30000-32767, etcd 2379-2381, Cilium's health "
			 "check 4240, Hubble 4244, Geneve 6081, the API server 6443, VXLAN 8472, "
			 "kubelet and the control plane 10248-10260, Cilium's WireGuard 51871: add "
			 "them to net.ipv4.ip_local_reserved_ports");
	assert_collision("net.ipv4.ip_local_port_range = 32767 50000",
			 "collides with NodePorts 30000-32767: add");
	/* What it holds already is judged too. */
	assert_collision("net.ipv4.ip_local_port_range = 32768 60999",
			 "collides with Cilium's WireGuard 51871: add");
	assert_collision("net.ipv4.ip_local_port_range = 32768 50000", NULL);
}

static void reserved_ports_do_not_collide(void **state)
{
	(void)state;
	assert_collision("net.ipv4.ip_local_port_range = 20000 50000\n"
			 "net.ipv4.ip_local_reserved_ports =+ 30000-32767",
			 NULL);
	/* A part is not enough. */
	assert_collision("net.ipv4.ip_local_port_range = 20000 50000\n"
			 "net.ipv4.ip_local_reserved_ports =+ 30000-32000",
			 "collides with NodePorts 30000-32767: add");
}

static void article_takes_nodeports_and_kube_node_does_not(void **state)
{
	static const struct {
		const char *profile;
		size_t notes;
	} rows[] = {{"article", 1}, {"kube-node", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct problems problems = {0};
		struct changes changes;
		struct profile p;
		struct sys sys;
		size_t range;

		open_fixture(&sys, "node");
		assert_int_equal(profile_load(&sys, rows[i].profile, &p, &problems), 0);
		assert_int_equal(changes_plan(&sys, &p, &changes), 0);
		for (range = 0; range < changes.n; range++)
			if (strcmp(changes.v[range].key, "net.ipv4.ip_local_port_range") == 0)
				break;
		assert_true(range < changes.n);
		assert_int_equal(changes.v[range].notes.n, rows[i].notes);
		changes_clear(&changes);
		profile_clear(&p);
		sys_done(&sys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_that_disagrees_is_named_with_its_effect),
		cmocka_unit_test(a_file_that_agrees_is_no_contest),
		cmocka_unit_test(what_wins_until_persisted_is_said_so),
		cmocka_unit_test(a_late_glob_does_not_win_over_a_persisted_name),
		cmocka_unit_test(a_loose_sysctl_conf_counts_when_it_is_run_by_hand),
		cmocka_unit_test(nodefits_own_file_is_no_contest),
		cmocka_unit_test(a_later_exclusion_of_a_key_is_told),
		cmocka_unit_test(a_missing_key_is_contested_too),
		cmocka_unit_test(a_range_that_hands_out_a_nodes_ports_is_said),
		cmocka_unit_test(reserved_ports_do_not_collide),
		cmocka_unit_test(article_takes_nodeports_and_kube_node_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
