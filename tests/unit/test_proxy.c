/* SPDX-License-Identifier: Apache-2.0 */
/* Which evidence proves which data plane, and what is a finding of it. */
#include "proxy.h"

#include "findings.h"
#include "helpers.h"

static struct rules rules;
static struct proxy_evidence e;
static struct result answer;

static int set_up(void **state)
{
	(void)state;
	rules = (struct rules){0};
	e = (struct proxy_evidence){.rules = &rules, .kernel = {6, 1}};
	return 0;
}

static void judge(enum verdict verdict, const char *reason)
{
	static struct findings findings;

	findings = (struct findings){0};
	answer = (struct result){0};
	proxy_judge(&e, &findings);
	findings_tell(&findings, &answer);
	assert_string_equal(answer.reason, reason);
	assert_int_equal(answer.verdict, verdict);
}

static enum proxy_plane plane(void)
{
	const char *by = NULL;
	enum proxy_plane p = proxy_plane(&e, &by);

	assert_non_null(by);
	return p;
}

static void mode(const char *word)
{
	snprintf(e.mode, sizeof(e.mode), "%s", word);
}

static void cilium(const char *word)
{
	e.cilium = CILIUM_TOLD;
	snprintf(e.replacement, sizeof(e.replacement), "%s", word);
}

static void chains(unsigned n)
{
	char name[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "KUBE-SVC-%08X", i);
		rules_add_chain(&rules, RULES_LEGACY, NFPROTO_IPV4, "nat", name, 0);
	}
}

static void ipvs(size_t addresses)
{
	e.ipvs_link = true;
	e.ipvs_addresses = addresses;
}

static void nothing_there_is_none_and_passes(void **state)
{
	(void)state;
	rules_add_chain(&rules, RULES_LEGACY, NFPROTO_IPV4, "nat", "KUBE-KUBELET-CANARY", 0);
	rules_add_chain(&rules, RULES_IPTABLES_NFT, NFPROTO_IPV4, "mangle", "KUBE-IPTABLES-HINT",
			0);
	assert_int_equal(plane(), PLANE_NONE);
	judge(VERDICT_PASS, "NoDataPlane");
	/* IPVS in the kernel serves others, too. */
	e.ip_vs = true;
	assert_int_equal(plane(), PLANE_NONE);
}

static void kube_proxys_own_word_comes_first(void **state)
{
	static const struct {
		const char *word;
		enum proxy_plane plane;
	} rows[] = {{"iptables", PLANE_IPTABLES},
		    {"ipvs", PLANE_IPVS},
		    {"nftables", PLANE_NFTABLES},
		    {"userspace", PLANE_OTHER}};

	(void)state;
	rules.services[RULES_IPV4].table = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mode(rows[i].word);
		assert_int_equal(plane(), rows[i].plane);
	}
}

static void without_an_answer_what_lies_in_the_kernel_tells(void **state)
{
	(void)state;
	chains(1);
	assert_int_equal(plane(), PLANE_IPTABLES);
	ipvs(3);
	assert_int_equal(plane(), PLANE_IPVS);
	rules.services[RULES_IPV6].table = true;
	assert_int_equal(plane(), PLANE_NFTABLES);
	cilium("False");
	assert_int_equal(plane(), PLANE_NFTABLES);
	cilium("True");
	assert_int_equal(plane(), PLANE_CILIUM);
}

static void services_without_endpoints_alone_are_iptables_too(void **state)
{
	(void)state;
	rules_add_chain(&rules, RULES_LEGACY, NFPROTO_IPV4, "nat", "KUBE-SERVICES", 1);
	assert_int_equal(plane(), PLANE_IPTABLES);
	judge(VERDICT_PASS, "OneDataPlane");
	assert_contains(answer.message, "kube-proxy iptables serves Services");
}

static void only_a_whole_replacement_is_cilium(void **state)
{
	static const char *const words[] = {"False", "Disabled", "Partial", "Probe", "Unknown"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		cilium(words[i]);
		assert_int_equal(plane(), PLANE_NONE);
		mode("iptables");
		judge(VERDICT_PASS, "OneDataPlane");
		mode("");
	}
	cilium("Strict");
	assert_int_equal(plane(), PLANE_CILIUM);
}

static void cilium_and_kube_proxy_at_once_warn(void **state)
{
	(void)state;
	cilium("True");
	judge(VERDICT_PASS, "OneDataPlane");
	mode("iptables");
	judge(VERDICT_WARN, "TwoDataPlanes");
	assert_contains(answer.message, "in mode iptables");
}

static void leftovers_of_another_mode_warn(void **state)
{
	(void)state;
	mode("nftables");
	rules.services[RULES_IPV4].table = true;
	judge(VERDICT_PASS, "OneDataPlane");
	chains(12);
	ipvs(0);
	judge(VERDICT_WARN, "ProxyLeftovers");
	assert_contains(answer.message, "device kube-ipvs0, 12 KUBE-SVC chains");
	/* It would clean up all modes, the one in use too. */
	assert_contains(answer.advice, "cleanup would take away");
	mode("iptables");
	judge(VERDICT_WARN, "ProxyLeftovers");
	assert_contains(answer.message, "left: nft table kube-proxy, device kube-ipvs0");
	set_up(NULL);
	cilium("True");
	chains(1);
	judge(VERDICT_WARN, "ProxyLeftovers");
	assert_contains(answer.message, "served by cilium");
	assert_contains(answer.advice, "or run kube-proxy --cleanup");
}

static void an_empty_ipvs_device_serves_nobody(void **state)
{
	(void)state;
	ipvs(0);
	assert_int_equal(plane(), PLANE_NONE);
	judge(VERDICT_WARN, "ProxyLeftovers");
	assert_contains(answer.message, "served by nobody");
	e.ip_vs = e.ip_vs_servers = true;
	assert_int_equal(plane(), PLANE_IPVS);
	judge(VERDICT_PASS, "OneDataPlane");
}

static void ipvs_without_its_module_fails(void **state)
{
	(void)state;
	ipvs(2);
	judge(VERDICT_FAIL, "IpvsMissing");
	e.ip_vs = true;
	judge(VERDICT_PASS, "OneDataPlane");
	mode("ipvs");
	e.ip_vs = false;
	judge(VERDICT_FAIL, "IpvsMissing");
}

static void mode_nftables_needs_its_kernel(void **state)
{
	(void)state;
	mode("nftables");
	e.kernel[0] = 5;
	e.kernel[1] = 12;
	judge(VERDICT_WARN, "KernelOldForNftables");
	assert_contains(answer.message, "needs kernel 5.13; this is 5.12");
	e.kernel[1] = 13;
	judge(VERDICT_PASS, "OneDataPlane");
	e.kernel[0] = e.kernel[1] = 0; /* not known */
	judge(VERDICT_PASS, "OneDataPlane");
}

static void what_can_t_be_told_is_unknown(void **state)
{
	(void)state;
	e.cilium = CILIUM_SILENT;
	judge(VERDICT_UNKNOWN, "CiliumSilent");
	/* Who answers needs no rules to be read. */
	mode("iptables");
	rules.nft_error = -EPERM;
	judge(VERDICT_PASS, "OneDataPlane");
	mode("");
	judge(VERDICT_UNKNOWN, "ProxyUnreadable");
	assert_contains(answer.advice, "CAP_NET_ADMIN");
}

static void virtual_servers_are_told_from_headings(void **state)
{
	static const char headings[] =
		"IP Virtual Server version 1.2.1 (size=4096)\n"
		"Prot LocalAddress:Port Scheduler Flags\n"
		"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";
	char text[512];

	(void)state;
	assert_false(proxy_ip_vs_serves(headings));
	snprintf(text, sizeof(text), "%sTCP  0A600001:01BB rr \n  -> C0000201:192B Masq 1 0 0\n",
		 headings);
	assert_true(proxy_ip_vs_serves(text));
}

static void a_kernels_release_is_two_numbers_and_more(void **state)
{
	static const char *const wrong[] = {"", "6", "6.", "x.1", ".1", "-6.1", "6.-1", "99999.1"};
	unsigned v[2] = {77, 77};

	(void)state;
	assert_true(proxy_kernel_parse("6.1.0-37-cloud-amd64", v));
	assert_int_equal(v[0], 6);
	assert_int_equal(v[1], 1);
	assert_true(proxy_kernel_parse("5.13-rc1", v));
	assert_int_equal(v[1], 13);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(proxy_kernel_parse(wrong[i], v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(nothing_there_is_none_and_passes),
		TEST(kube_proxys_own_word_comes_first),
		TEST(without_an_answer_what_lies_in_the_kernel_tells),
		TEST(services_without_endpoints_alone_are_iptables_too),
		TEST(only_a_whole_replacement_is_cilium),
		TEST(cilium_and_kube_proxy_at_once_warn),
		TEST(leftovers_of_another_mode_warn),
		TEST(an_empty_ipvs_device_serves_nobody),
		TEST(ipvs_without_its_module_fails),
		TEST(mode_nftables_needs_its_kernel),
		TEST(what_can_t_be_told_is_unknown),
		TEST(virtual_servers_are_told_from_headings),
		TEST(a_kernels_release_is_two_numbers_and_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
