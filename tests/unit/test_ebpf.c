/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a node, and whether Cilium could run there. */
#include "ebpf.h"

#include "check.h"
#include "helm.h"
#include "helpers.h"
#include "scraper.h"

#define CONFIG                                                                                     \
	"#\n# Automatically generated file; DO NOT EDIT.\nCONFIG_BPF=y\nCONFIG_BPF_SYSCALL=y\n"    \
	"CONFIG_BPF_JIT=y\nCONFIG_NET_CLS_BPF=m\nCONFIG_NET_CLS_ACT=y\nCONFIG_NET_SCH_INGRESS=m\n" \
	"CONFIG_CGROUPS=y\nCONFIG_CGROUP_BPF=y\nCONFIG_FIB_RULES=y\nCONFIG_PERF_EVENTS=y\n"        \
	"CONFIG_SCHEDSTATS=y\nCONFIG_CRYPTO_SHA1=y\nCONFIG_CRYPTO_USER_API_HASH=m\n"               \
	"CONFIG_VXLAN=m\n# CONFIG_GENEVE is not set\nCONFIG_LOCALVERSION=\"\"\n"

/* --- versions --- */

static void versions_are_series(void **state)
{
	static const struct {
		const char *text;
		int minor; /* -1: refused */
	} rows[] = {{"1.18", 18},   {"v1.18.2", 18}, {"1.18.0-rc.1", 18}, {"1.9", 9},
		    {"1", -1},      {"1.", -1},      {"1.x", -1},         {"", -1},
		    {"latest", -1}, {"1.18.", -1},   {"-1.18", -1},       {"1.-8", -1},
		    {"1.18 2", -1}, {"100.1", -1},   {"1.99999", -1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cilium_version v = {.major = 77};

		if (cilium_version_parse(rows[i].text, &v) != (rows[i].minor >= 0))
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(v.major, rows[i].minor >= 0 ? 1 : 77);
		if (rows[i].minor >= 0)
			assert_int_equal(v.minor, rows[i].minor);
	}
}

/* --- the judge --- */

static struct ebpf_node whole_node(void)
{
	struct ebpf_node n = {.release = "6.1.0-28-amd64",
			      .os = "debian",
			      .os_version = "12",
			      .btf = true,
			      .bpffs = true,
			      .cgroup2_supported = true,
			      .jit = 1,
			      .port_low = 32768,
			      .port_high = 60999};

	n.config.known = true;
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++)
		n.config.v[i] = KCONFIG_MODULE;
	return n;
}

static struct result judged(const struct ebpf_node *n, const char *version)
{
	struct findings *findings = calloc(1, sizeof(*findings));
	struct cilium_version v;
	struct result r = {0};

	assert_non_null(findings);
	assert_true(cilium_version_parse(version, &v));
	ebpf_judge(n, &v, findings);
	if (findings->n)
		findings_tell(findings, &r);
	free(findings);
	return r;
}

static void assert_told(const struct ebpf_node *n, enum verdict verdict, const char *reason,
			const char *part)
{
	struct result r = judged(n, "1.18");

	assert_string_equal(r.reason, reason);
	assert_string_equal(verdict_text(r.verdict), verdict_text(verdict));
	assert_contains(r.message, part);
}

static void a_whole_node_has_no_finding(void **state)
{
	struct ebpf_node n = whole_node();

	(void)state;
	assert_told(&n, VERDICT_PASS, "", "");
}

static void kernels_are_told_by_version_or_distribution(void **state)
{
	static const struct {
		const char *release, *os, *like, *version, *cilium;
		bool enough;
	} rows[] = {
		{"5.10.0-28-amd64", "debian", "", "11", "1.18", true},
		{"5.9.16", "debian", "", "11", "1.18", false},
		{"5.4.17-2136.el8uek.x86_64", "ol", "fedora", "8.10", "1.18", false},
		{"5.4.0-216-generic", "ubuntu", "debian", "20.04", "1.17", true},
		{"5.4.0-216-generic", "ubuntu", "debian", "20.04", "1.18", false},
		{"4.18.0-372.9.1.el8.x86_64", "rhel", "fedora", "8.6", "1.18", true},
		{"4.18.0-348.el8.x86_64", "rhel", "fedora", "8.5", "1.18", false},
		{"4.18.0-553.el8_10.x86_64", "rocky", "rhel centos fedora", "8.10", "1.19", true},
		{"4.18.0-372.9.1.el8.x86_64", "rhel", "fedora", "8.6", "1.19", false},
		{"4.18.0-553.el8.x86_64", "centos", "rhel fedora", "8", "1.18", true},
		{"4.18.0-372.43.1.el8_6.x86_64", "rhcos", "rhel fedora", "4.12", "1.18", true},
		{"4.18.0-1-generic", "ubuntu", "debian", "18.10", "1.16", false},
		{"3.10.0-1160.el7.x86_64", "centos", "rhel fedora", "7", "1.16", false},
		{"6.1", "", "", "", "1.42", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ebpf_node n = whole_node();
		struct result r;

		snprintf(n.release, sizeof(n.release), "%s", rows[i].release);
		snprintf(n.os, sizeof(n.os), "%s", rows[i].os);
		snprintf(n.os_like, sizeof(n.os_like), "%s", rows[i].like);
		snprintf(n.os_version, sizeof(n.os_version), "%s", rows[i].version);
		r = judged(&n, rows[i].cilium);
		if ((strcmp(r.reason, "KernelTooOld") != 0) != rows[i].enough)
			fail_msg("%s %s, Cilium %s: %s", rows[i].os, rows[i].version,
				 rows[i].cilium, r.message);
	}
}

static void missing_options_are_named(void **state)
{
	struct ebpf_node n = whole_node();

	(void)state;
	n.config.v[13] = KCONFIG_NO; /* Geneve alone: VXLAN does */
	assert_string_equal(kconfig_options[13].name, "GENEVE");
	assert_told(&n, VERDICT_PASS, "", "");
	n.config.v[12] = KCONFIG_NO;
	assert_told(&n, VERDICT_WARN, "KernelLacksTunnels", "neither VXLAN nor Geneve");
	n.config.v[10] = KCONFIG_NO;
	assert_told(&n, VERDICT_WARN, "KernelLacksOptions", "SCHEDSTATS");
	n.config.v[2] = n.config.v[7] = KCONFIG_NO;
	assert_told(&n, VERDICT_FAIL, "KernelLacksBpf", "BPF_JIT, CGROUP_BPF");
}

static void an_unreadable_configuration_is_unknown_unless_cilium_runs(void **state)
{
	struct ebpf_node n = whole_node();

	(void)state;
	n.config = (struct kconfig){.known = false};
	assert_told(&n, VERDICT_UNKNOWN, "KernelConfigUnreadable", "/boot/config-6.1.0-28-amd64");
	n.cilium = true;
	assert_told(&n, VERDICT_PASS, "", "");
}

static void what_is_around_the_kernel_counts_too(void **state)
{
	struct ebpf_node n = whole_node();

	(void)state;
	n.btf = false;
	assert_told(&n, VERDICT_WARN, "NoBtf", "BTF");
	n = whole_node();
	n.jit = 0;
	assert_told(&n, VERDICT_WARN, "BpfInterpreted", "net.core.bpf_jit_enable");
	n = whole_node();
	snprintf(n.lockdown, sizeof(n.lockdown), "confidentiality");
	assert_told(&n, VERDICT_WARN, "KernelLockdown", "confidentiality");
	n = whole_node();
	n.cgroup2_supported = false;
	assert_told(&n, VERDICT_FAIL, "NoCgroup2", "cgroup v2");
	n = whole_node();
	n.bpffs = false; /* Cilium mounts it */
	assert_told(&n, VERDICT_PASS, "", "");
}

static void nodeports_need_one_range_that_covers_them(void **state)
{
	static const struct {
		unsigned low, high;
		const char *reserved;
		bool safe;
	} rows[] = {{32768, 60999, "", true},
		    {1024, 65535, "", false},
		    {1024, 29999, "", true},
		    {32767, 60999, "", false},
		    {1024, 65535, "30000-32767", true},
		    {1024, 65535, "30000-32766", false},
		    {1024, 65535, "8080,29000-33000", true},
		    {1024, 65535, "30000-31000,31002-32767", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ebpf_node n = whole_node();

		n.port_low = rows[i].low;
		n.port_high = rows[i].high;
		assert_int_equal(ranges_add(&n.reserved, rows[i].reserved), 0);
		if ((judged(&n, "1.18").verdict == VERDICT_PASS) != rows[i].safe)
			fail_msg("%u-%u, %s", rows[i].low, rows[i].high, rows[i].reserved);
	}
}

/* --- reading, and the check --- */

static void make_node(void)
{
	tree_write(&tree, "/proc/sys/kernel/osrelease", "6.1.0-1\n");
	tree_write(&tree, "/etc/os-release",
		   "NAME=\"X\"\nID='rocky'\nID_LIKE=\"rhel centos\"\n"
		   "VERSION_ID=\"9.4\"\nID_X=y\n");
	tree_write(&tree, "/boot/config-6.1.0-1", CONFIG);
	tree_write(&tree, "/proc/filesystems", "nodev\tsysfs\nnodev\tcgroup2\n\text4\n");
	tree_write(&tree, "/sys/kernel/btf/vmlinux", "");
	tree_write(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	tree_write(&tree, "/proc/sys/net/core/bpf_jit_enable", "1\n");
	tree_write(&tree, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
	tree_write(&tree, "/proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
}

static void in_an_image_the_first_process_tells_the_distribution(void **state)
{
	struct ebpf_node n;

	(void)state;
	tree_write(&tree, "/proc/sys/kernel/osrelease", "4.18.0-553.el8_10.x86_64\n");
	tree_write(&tree, "/proc/1/root/usr/lib/os-release", "ID=rhel\nVERSION_ID=\"8.10\"\n");
	ebpf_read(&tree.sys, &n);
	assert_string_equal(n.os, "rhel");
	assert_string_equal(n.os_version, "8.10");
}

static void a_node_is_read(void **state)
{
	struct ebpf_node n;

	(void)state;
	make_node();
	ebpf_read(&tree.sys, &n);
	assert_string_equal(n.release, "6.1.0-1");
	assert_string_equal(n.os, "rocky");
	assert_string_equal(n.os_like, "rhel centos");
	assert_string_equal(n.os_version, "9.4");
	assert_true(n.btf && n.cgroup2_supported && !n.cgroup2_mounted && !n.bpffs && !n.cilium);
	assert_int_equal(n.jit, 1);
	assert_string_equal(n.lockdown, "integrity");
	assert_true(n.port_low == 32768 && n.port_high == 60999);
	tree_mkdir(&tree, "/sys/class/net/cilium_host");
	ebpf_read(&tree.sys, &n);
	assert_true(n.cilium);
}

static void nothing_readable_is_no_crash(void **state)
{
	struct ebpf_node n;

	(void)state;
	ebpf_read(&tree.sys, &n);
	assert_told(&n, VERDICT_FAIL, "NoCgroup2", "");
}

static struct result checked(const char *profile)
{
	const struct check *check = check_find("ebpf");
	struct check_run run = {.sys = &tree.sys};
	struct result r = {0};
	struct profile p;
	void *values = NULL;

	profile_of(&p, profile);
	assert_int_equal(check_params(&p, check, &values), 0);
	run.params = values;
	check->run(&run, &r);
	free(values);
	profile_clear(&p);
	return r;
}

static void assert_check(const char *profile, enum verdict verdict, const char *reason)
{
	struct result r = checked(profile);

	assert_string_equal(r.reason, reason);
	assert_string_equal(verdict_text(r.verdict), verdict_text(verdict));
}

static void a_node_without_cilium_gets_no_noise(void **state)
{
	(void)state;
	make_node();
	assert_check("", VERDICT_PASS, "CiliumPossible");
	assert_check("[check.ebpf]\nwanted=no\n", VERDICT_SKIPPED, "CiliumNotWanted");
	tree_write(&tree, "/boot/config-6.1.0-1", "CONFIG_BPF=y\n");
	assert_check("", VERDICT_PASS, "CiliumNotWanted");
	assert_contains(checked("").facts[4].value, "BPF_SYSCALL");
	assert_check("[check.ebpf]\nwanted=yes\n", VERDICT_FAIL, "KernelLacksBpf");
	tree_write(&tree, "/etc/cni/net.d/05-cilium.conflist", "{}");
	assert_check("", VERDICT_FAIL, "KernelLacksBpf");
	assert_check("[check.ebpf]\nwanted=no\n", VERDICT_SKIPPED, "CiliumNotWanted");
	assert_check("[check.ebpf]\ncilium=newest\n", VERDICT_UNKNOWN, "CiliumVersion");
}

/* --- the values for Helm --- */

static void the_api_server_is_taken_from_kubelets_configuration(void **state)
{
	static const struct {
		const char *text, *host; /* NULL: none */
		unsigned port;
	} rows[] = {{"clusters:\n- cluster:\n    server: https://10.0.0.1:6443\n  name: x\n",
		     "10.0.0.1", 6443},
		    {"    server: \"https://api.example.org\"\n", "api.example.org", 443},
		    {"    server: https://[fd00::1]:6443/\n", "fd00::1", 6443},
		    {"    server: https://[fd00::1]\n", "fd00::1", 443},
		    {"    server: http://10.0.0.1\n", NULL, 0},
		    {"    server: https://\n", NULL, 0},
		    {"    server: https://x:y\n", NULL, 0},
		    {"    server: https://x:0\n", NULL, 0},
		    {"    server: https://[::1\n", NULL, 0},
		    {"    server: https://a;b:1\n", NULL, 0},
		    {"", NULL, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char host[64] = "untouched";
		unsigned port = 77;
		bool found = helm_server_parse(rows[i].text, host, sizeof(host), &port);

		if (found != (rows[i].host != NULL))
			fail_msg("%s", rows[i].text);
		assert_string_equal(host, found ? rows[i].host : "untouched");
		assert_int_equal(port, found ? rows[i].port : 77);
	}
}

static char *helm(const char *version)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	helm_print(&tree.sys, version, out);
	fclose(out);
	return text;
}

static void helms_values_fit_the_node(void **state)
{
	_cleanup_free char *good = NULL, *old = NULL, *bad = NULL;

	(void)state;
	make_node();
	tree_write(&tree, "/etc/kubernetes/kubelet.conf", "    server: https://10.0.0.1:6443\n");
	tree_write(&tree, "/etc/kubernetes/manifests/kube-controller-manager.yaml",
		   "    - --allocate-node-cidrs=true\n");
	good = helm("1.18");
	assert_contains(good, "kubeProxyReplacement: true\n");
	assert_contains(good, "masquerade: true\n");
	assert_contains(good, "k8sServiceHost: \"10.0.0.1\"");
	assert_contains(good, "k8sServicePort: 6443\n");
	assert_contains(good, "mode: kubernetes");
	assert_contains(good, "tunnelProtocol: vxlan\n");
	old = helm("1.13");
	assert_contains(old, "kubeProxyReplacement: strict\n");
	assert_contains(old, "tunnel: vxlan\n");
	assert_null(strstr(old, "routingMode"));
	tree_write(&tree, "/boot/config-6.1.0-1", "CONFIG_BPF=y\n");
	bad = helm("1.18");
	assert_contains(bad, "kubeProxyReplacement: false  # the kernel is built without");
	assert_contains(bad, "routingMode: native");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up_helped, tree_tear_down)
		TEST(versions_are_series),
		TEST(a_whole_node_has_no_finding),
		TEST(kernels_are_told_by_version_or_distribution),
		TEST(missing_options_are_named),
		TEST(an_unreadable_configuration_is_unknown_unless_cilium_runs),
		TEST(what_is_around_the_kernel_counts_too),
		TEST(nodeports_need_one_range_that_covers_them),
		TEST(in_an_image_the_first_process_tells_the_distribution),
		TEST(a_node_is_read),
		TEST(nothing_readable_is_no_crash),
		TEST(a_node_without_cilium_gets_no_noise),
		TEST(the_api_server_is_taken_from_kubelets_configuration),
		TEST(helms_values_fit_the_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
