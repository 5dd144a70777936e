/* SPDX-License-Identifier: Apache-2.0 */
/* What the sysctl tuner plans for a machine of fixture files. */
#include "helpers.h"

#include "sysctl.h"

struct planned {
	struct sys sys;
	struct profile p;
	struct changes changes;
};

static void plan(struct planned *pl, const char *profile)
{
	*pl = (struct planned){0};
	open_fixture(&pl->sys, "node");
	profile_of(&pl->p, profile);
	assert_int_equal(changes_plan(&pl->sys, &pl->p, &pl->changes), 0);
}

static void clear(struct planned *pl)
{
	changes_clear(&pl->changes);
	profile_clear(&pl->p);
	sys_done(&pl->sys);
}

/* The plan for one line of [sysctl]. */
static const struct change *plan_one(struct planned *pl, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "[sysctl]\n%s\n", line);
	plan(pl, text);
	assert_int_equal(pl->changes.n, 1);
	return &pl->changes.v[0];
}

static void assert_outcome(const char *line, enum outcome outcome, const char *wanted)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, line);

	assert_int_equal(c->outcome, outcome);
	assert_string_equal(c->wanted, wanted);
	assert_null(c->after);
	clear(&pl);
}

static void a_change_tells_all_about_its_key(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "# why\nnet.ipv4.ip_local_port_range = 1024 65535");

	(void)state;
	assert_ptr_equal(c->tuner, &sysctl_tuner);
	assert_string_equal(c->key, "net.ipv4.ip_local_port_range");
	assert_string_equal(c->wish, "= 1024 65535");
	assert_string_equal(c->wanted, "1024 65535");
	assert_string_equal(c->before, "32768\t60999");
	assert_int_equal(c->outcome, OUTCOME_WOULD_CHANGE);
	assert_string_equal(c->origin_file, "test.ini");
	assert_int_equal(c->origin_line, 3);
	assert_null(c->error);
	assert_false(c->optional);
	clear(&pl);
}

static void a_value_that_conforms_is_left_as_it_is(void **state)
{
	(void)state;
	assert_outcome("net.ipv4.ip_local_port_range = 32768  60999", OUTCOME_UNCHANGED,
		       "32768  60999");
	assert_outcome("net.ipv4.tcp_timestamps = 2|1", OUTCOME_UNCHANGED, "1");
	assert_outcome("vm.max_map_count =< 65530", OUTCOME_UNCHANGED, "65530");
	assert_outcome("net.ipv4.tcp_rmem => 4096 1 1", OUTCOME_UNCHANGED, "4096\t131072\t6291456");
	assert_outcome("kernel.core_pattern = |/usr/lib/systemd/systemd-coredump %P %u",
		       OUTCOME_UNCHANGED, "|/usr/lib/systemd/systemd-coredump %P %u");
}

static void file_max_of_systemd_is_left_alone_by_at_least(void **state)
{
	(void)state;
	assert_outcome("fs.file-max => 2097152", OUTCOME_UNCHANGED, "9223372036854775807");
}

static void a_value_that_deviates_would_change(void **state)
{
	(void)state;
	assert_outcome("net.core.somaxconn => 32768", OUTCOME_WOULD_CHANGE, "32768");
	assert_outcome("vm.max_map_count =< 1000", OUTCOME_WOULD_CHANGE, "1000");
	assert_outcome("net.ipv4.tcp_tw_reuse = 0 | 1", OUTCOME_WOULD_CHANGE, "0");
	assert_outcome("net.ipv4.tcp_rmem => 8192 1 9999999", OUTCOME_WOULD_CHANGE,
		       "8192 131072 9999999");
	assert_outcome("net.ipv4.ip_local_reserved_ports =+ 6443", OUTCOME_WOULD_CHANGE, "6443");
}

static void a_key_whose_module_is_missing_is_pending(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "-net.bridge.bridge-nf-call-iptables = 1");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_PENDING);
	assert_string_equal(c->error, "appears when the module br_netfilter is loaded");
	assert_string_equal(c->wanted, "1");
	assert_null(c->before);
	assert_true(c->optional);
	clear(&pl);
}

static void a_key_of_a_missing_interface_is_pending(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "net.ipv4.conf.eth0/200.forwarding = 1");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_PENDING);
	assert_string_equal(c->error, "appears with its interface");
	clear(&pl);
}

static void a_key_that_this_kernel_lacks_is_absent(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "kernel.no_such = |/bin/core");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_ABSENT);
	assert_string_equal(c->error, "this kernel has no such key");
	assert_string_equal(c->wanted, "|/bin/core");
	clear(&pl);
	c = plan_one(&pl, "net.core.wmem_max => 1");
	assert_int_equal(c->outcome, OUTCOME_ABSENT);
	assert_contains(c->error, "this network namespace does not have it");
	clear(&pl);
	assert_outcome("net.ipv4.conf.all.no_such = 1 | 2", OUTCOME_ABSENT, "1");
}

static void lowering_a_limit_is_said_with_the_way_out(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "fs.file-max = 2097152");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_WOULD_CHANGE);
	assert_true(c->lowers);
	assert_int_equal(c->notes.n, 1);
	assert_string_equal(c->notes.v[0],
			    "lowers the limit from 9223372036854775807 to 2097152: write \"=> "
			    "2097152\" in the profile to keep the greater one");
	clear(&pl);
}

static void only_plain_lowering_of_a_limit_is_said(void **state)
{
	static const char *const lines[] = {"vm.max_map_count =< 1000", /* asked for */
					    "net.ipv4.tcp_tw_reuse = 1" /* no limit */,
					    "net.core.somaxconn = 65535"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct planned pl;
		const struct change *c = plan_one(&pl, lines[i]);

		assert_int_equal(c->outcome, OUTCOME_WOULD_CHANGE);
		assert_false(c->lowers);
		assert_int_equal(c->notes.n, 0);
		clear(&pl);
	}
}

static void keys_of_a_network_namespace_are_marked_and_writers_told(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "net.core.somaxconn = 65535");

	(void)state;
	assert_true(c->per_netns);
	assert_null(c->writers);
	clear(&pl);
	c = plan_one(&pl, "vm.overcommit_memory = 1");
	assert_false(c->per_netns);
	assert_string_equal(c->writers, "kubelet");
	clear(&pl);
}

static void merged_lines_of_one_key_are_one_change(void **state)
{
	struct planned pl;
	const struct change *c =
		plan_one(&pl, "net.ipv4.ip_local_reserved_ports =+ 30000-32767\n"
			      "net.ipv4.ip_local_reserved_ports =+ 6443,2379-2381");

	(void)state;
	assert_string_equal(c->wish, "=+ 2379-2381,6443,30000-32767");
	assert_string_equal(c->wanted, "2379-2381,6443,30000-32767");
	assert_int_equal(c->origin_line, 2);
	clear(&pl);
}

static void an_operator_that_can_not_work_on_the_value_is_refused(void **state)
{
	struct planned pl;
	const struct change *c = plan_one(&pl, "net.ipv4.tcp_rmem => 4096");

	(void)state;
	assert_int_equal(c->outcome, OUTCOME_REFUSED);
	assert_string_equal(c->error, "\"=>\" can't be applied to what it holds: "
				      "\"4096\t131072\t6291456\"");
	clear(&pl);
	c = plan_one(&pl, "net.ipv4.conf = 1"); /* a folder */
	assert_int_equal(c->outcome, OUTCOME_REFUSED);
	assert_contains(c->error, "cannot be read: ");
	clear(&pl);
}

static void overridden_settings_and_other_sections_are_not_planned(void **state)
{
	struct planned pl;

	(void)state;
	plan(&pl, "[main]\nsummary=x\n[check.steal]\nwarn=5%\n[sysctl]\nkernel.panic = 10\n");
	assert_int_equal(pl.changes.n, 1);
	pl.p.settings[pl.p.n - 1].overridden = true;
	changes_clear(&pl.changes);
	assert_int_equal(changes_plan(&pl.sys, &pl.p, &pl.changes), 0);
	assert_int_equal(pl.changes.n, 0);
	clear(&pl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_tells_all_about_its_key),
		cmocka_unit_test(a_value_that_conforms_is_left_as_it_is),
		cmocka_unit_test(file_max_of_systemd_is_left_alone_by_at_least),
		cmocka_unit_test(a_value_that_deviates_would_change),
		cmocka_unit_test(a_key_whose_module_is_missing_is_pending),
		cmocka_unit_test(a_key_of_a_missing_interface_is_pending),
		cmocka_unit_test(a_key_that_this_kernel_lacks_is_absent),
		cmocka_unit_test(lowering_a_limit_is_said_with_the_way_out),
		cmocka_unit_test(only_plain_lowering_of_a_limit_is_said),
		cmocka_unit_test(keys_of_a_network_namespace_are_marked_and_writers_told),
		cmocka_unit_test(merged_lines_of_one_key_are_one_change),
		cmocka_unit_test(an_operator_that_can_not_work_on_the_value_is_refused),
		cmocka_unit_test(overridden_settings_and_other_sections_are_not_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
