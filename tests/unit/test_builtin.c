/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped profiles themselves. */
#include "helpers.h"

#include "check.h"
#include "key.h"

static void load(const char *name, struct profile *p)
{
	struct problems problems = {0};
	struct sys sys;

	open_fixture(&sys, "node");
	assert_int_equal(profile_load(&sys, name, p, &problems), 0);
	checks_validate(p, &problems);
	assert_int_equal(problems.n, 0);
	problems_clear(&problems);
	sys_done(&sys);
}

static void assert_sysctl(const struct profile *p, const char *key, enum op op, const char *value)
{
	const struct setting *s = profile_find(p, "sysctl", key);

	assert_non_null(s);
	assert_int_equal(s->op, op);
	assert_string_equal(s->value, value);
}

static void every_shipped_profile_is_without_fault(void **state)
{
	static const char *const names[] = {"article", "control-plane", "jumbo", "kube-node"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct profile p;

		assert_string_equal(builtin_profile_name(i), names[i]);
		load(names[i], &p);
		assert_string_equal(p.name, names[i]);
		assert_non_null(p.summary);
		profile_clear(&p);
	}
	assert_null(builtin_profile_name(ARRAY_LEN(names)));
}

static void control_plane_is_kube_node_and_a_disk_that_may_fail(void **state)
{
	struct profile node, plane;

	(void)state;
	load("kube-node", &node);
	load("control-plane", &plane);
	assert_string_equal(plane.files.v[1], "builtin/kube-node.ini");
	for (size_t i = 0; i < node.n; i++) {
		const struct setting *s = &node.settings[i], *same;

		if (strcmp(s->section, "sysctl") != 0 || s->op == OP_MERGE)
			continue;
		same = profile_find(&plane, "sysctl", s->key);
		assert_non_null(same);
		assert_string_equal(same->value, s->value);
		assert_int_equal(same->op, s->op);
		assert_int_equal(same->optional, s->optional);
	}
	assert_string_equal(profile_find(&node, "check.fsync", "worst")->value, "warn");
	assert_string_equal(profile_find(&plane, "check.fsync", "worst")->value, "fail");
	assert_string_equal(profile_find(&plane, "check.fsync", "path")->value, "/var/lib/etcd");
	profile_clear(&node);
	profile_clear(&plane);
}

static void kube_node_lowers_no_limit(void **state)
{
	struct profile p;

	(void)state;
	load("kube-node", &p);
	assert_sysctl(&p, "fs.file-max", OP_AT_LEAST, "2097152");
	assert_sysctl(&p, "net.core.somaxconn", OP_AT_LEAST, "32768");
	assert_sysctl(&p, "vm.max_map_count", OP_AT_LEAST, "262144");
	assert_sysctl(&p, "net.ipv4.ip_local_port_range", OP_SET, "10240 65535");
	assert_sysctl(&p, "net.ipv4.tcp_timestamps", OP_ONE_OF, "1|2");
	assert_true(profile_find(&p, "sysctl", "net.bridge.bridge-nf-call-iptables")->optional);
	profile_clear(&p);
}

static void kube_node_leaves_alone_what_others_own(void **state)
{
	static const char *const keys[] = {"net.netfilter.nf_conntrack_max",
					   "net.core.rmem_max",
					   "net.ipv4.tcp_rmem",
					   "net.ipv4.conf.all.rp_filter",
					   "net.core.bpf_jit_enable",
					   "kernel.unprivileged_bpf_disabled"};
	struct profile p;

	(void)state;
	load("kube-node", &p);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_null(profile_find(&p, "sysctl", keys[i]));
	profile_clear(&p);
}

static void kube_node_sets_what_kubelet_insists_on(void **state)
{
	/* Kubernetes: pkg/util/sysctl and pkg/kubelet/cm (setupKernelTunables) */
	static const char *const rows[][2] = {{"vm.overcommit_memory", "1"},
					      {"vm.panic_on_oom", "0"},
					      {"kernel.panic", "10"},
					      {"kernel.panic_on_oops", "1"},
					      {"kernel.keys.root_maxkeys", "1000000"},
					      {"kernel.keys.root_maxbytes", "25000000"}};
	struct profile p;

	(void)state;
	load("kube-node", &p);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_sysctl(&p, rows[i][0], OP_SET, rows[i][1]);
	profile_clear(&p);
}

static void article_is_word_for_word(void **state)
{
	struct profile p;
	size_t n = 0;

	(void)state;
	load("article", &p);
	for (size_t i = 0; i < p.n; i++)
		n += strcmp(p.settings[i].section, "sysctl") == 0;
	assert_int_equal(n, 4);
	assert_sysctl(&p, "net.ipv4.ip_local_port_range", OP_SET, "1024 65535");
	assert_sysctl(&p, "net.core.somaxconn", OP_SET, "65535");
	assert_sysctl(&p, "net.ipv4.tcp_tw_reuse", OP_SET, "1");
	assert_sysctl(&p, "fs.file-max", OP_SET, "2097152");
	profile_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shipped_profile_is_without_fault),
		cmocka_unit_test(control_plane_is_kube_node_and_a_disk_that_may_fail),
		cmocka_unit_test(kube_node_lowers_no_limit),
		cmocka_unit_test(kube_node_leaves_alone_what_others_own),
		cmocka_unit_test(kube_node_sets_what_kubelet_insists_on),
		cmocka_unit_test(article_is_word_for_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
