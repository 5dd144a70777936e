/* SPDX-License-Identifier: Apache-2.0 */
/* What a census adds up, what of it are Services, and how it is judged. */
#include "rules.h"

#include "check.h"
#include "findings.h"
#include "helpers.h"

extern const struct check rules_check;
static struct rules r;
static struct findings findings;
static struct result answer;
static const struct rules_limits limits = {5000, 20000, 100000, 500000};

static int set_up(void **state)
{
	(void)state;
	r = (struct rules){0};
	findings = (struct findings){0};
	answer = (struct result){0};
	return 0;
}

static void judge(void)
{
	findings = (struct findings){0};
	answer = (struct result){0};
	rules_judge(&r, &limits, &findings);
	findings_tell(&findings, &answer);
}

static void services(enum rules_backend backend, uint8_t family, unsigned n)
{
	char name[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "KUBE-SVC-%08X", i);
		rules_add_chain(&r, backend, family, "nat", name, 2);
	}
	rules_add_chain(&r, backend, family, "nat", "KUBE-SERVICES", n + 1);
}

static void a_table_is_iptables_nfts_by_its_family_and_name(void **state)
{
	(void)state;
	assert_int_equal(rules_backend_of(NFPROTO_IPV4, "nat"), RULES_IPTABLES_NFT);
	assert_int_equal(rules_backend_of(NFPROTO_IPV6, "security"), RULES_IPTABLES_NFT);
	assert_int_equal(rules_backend_of(NFPROTO_INET, "filter"), RULES_NFTABLES);
	assert_int_equal(rules_backend_of(NFPROTO_IPV4, "kube-proxy"), RULES_NFTABLES);
	assert_int_equal(rules_backend_of(NFPROTO_BRIDGE, "filter"), RULES_NFTABLES);
}

static void rules_and_chains_are_summed_by_table_and_backend(void **state)
{
	(void)state;
	rules_add_table(&r, RULES_LEGACY, NFPROTO_IPV4, "nat");
	rules_add_chain(&r, RULES_LEGACY, NFPROTO_IPV4, "nat", "PREROUTING", 3);
	rules_add_chain(&r, RULES_LEGACY, NFPROTO_IPV4, "nat", "OUTPUT", 4);
	rules_add_table(&r, RULES_NFTABLES, NFPROTO_INET, "nat");
	rules_add_chain(&r, RULES_NFTABLES, NFPROTO_INET, "nat", "a", 10);
	assert_int_equal(r.n_tables, 2);
	assert_int_equal(r.tables[0].rules, 7);
	assert_int_equal(r.tables[0].chains, 2);
	assert_int_equal(r.tables[1].rules, 10);
	assert_int_equal(r.rules[RULES_LEGACY], 7);
	assert_int_equal(rules_sum(r.rules), 17);
	assert_int_equal(rules_sum(r.chains), 3);
	assert_int_equal(rules_sum(r.n_of), 2);
	assert_string_equal(r.longest.chain, "a");
	assert_int_equal(r.longest.rules, 10);
}

/* nft's users call their tables so, too; iptables has chains of its own names on hooks. */
static void a_table_made_by_hand_is_no_backend_of_iptables(void **state)
{
	(void)state;
	rules_add_table(&r, RULES_LEGACY, NFPROTO_IPV4, "filter");
	rules_add_chain(&r, RULES_LEGACY, NFPROTO_IPV4, "filter", "INPUT", 3);
	rules_add_table(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "filter");
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "filter", "mine", 4);
	rules_disown(&r); /* iptables' may be without a hook so far */
	judge();
	assert_string_equal(answer.reason, "TwoBackends");
	rules_note_hook(&r, NFPROTO_IPV4, "filter", "input");
	rules_note_hook(&r, NFPROTO_INET, "filter", "INPUT"); /* another table */
	rules_disown(&r);
	assert_int_equal(r.rules[RULES_IPTABLES_NFT], 0);
	assert_int_equal(r.rules[RULES_NFTABLES], 4);
	assert_int_equal(r.chains[RULES_NFTABLES], 1);
	assert_int_equal(r.n_of[RULES_NFTABLES], 1);
	assert_int_equal(r.rules[RULES_LEGACY], 3);
	assert_int_equal(r.longest.backend, RULES_NFTABLES);
	findings = (struct findings){0};
	rules_judge(&r, &limits, &findings);
	assert_int_equal(findings.n, 0);
}

/* A chain beside iptables' own takes nothing from iptables. */
static void a_table_with_iptables_chains_stays_its(void **state)
{
	(void)state;
	rules_add_table(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "nat");
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "nat", "KUBE-SVC-A", 4);
	rules_note_hook(&r, NFPROTO_IPV4, "nat", "mine");
	rules_note_hook(&r, NFPROTO_IPV4, "nat", "PREROUTING");
	rules_disown(&r);
	assert_int_equal(r.rules[RULES_IPTABLES_NFT], 4);
}

static void beyond_the_tables_that_are_kept_the_sums_go_on(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < RULES_TABLES_MOST + 5; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		rules_add_table(&r, RULES_NFTABLES, NFPROTO_INET, name);
		rules_add_chain(&r, RULES_NFTABLES, NFPROTO_INET, name, "c", 1);
	}
	assert_int_equal(r.n_tables, RULES_TABLES_MOST);
	assert_int_equal(rules_sum(r.n_of), RULES_TABLES_MOST + 5);
	assert_int_equal(rules_sum(r.rules), RULES_TABLES_MOST + 5);
}

static void services_are_told_from_kubelets_own_chains(void **state)
{
	(void)state;
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "mangle", "KUBE-IPTABLES-HINT", 0);
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "nat", "KUBE-KUBELET-CANARY", 0);
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "filter", "KUBE-SERVICES", 9);
	rules_add_chain(&r, RULES_NFTABLES, NFPROTO_IPV4, "nat2", "KUBE-SVC-A", 1);
	rules_add_chain(&r, RULES_NFTABLES, NFPROTO_INET, "nat", "KUBE-SVC-A", 1);
	assert_int_equal(rules_service_chains(&r), 0);
	assert_int_equal(rules_service_walk(&r), 0);
	/* Of both families the one with more: a Service of both is one. */
	services(RULES_LEGACY, NFPROTO_IPV4, 3);
	services(RULES_LEGACY, NFPROTO_IPV6, 5);
	assert_int_equal(rules_service_chains(&r), 5);
	assert_int_equal(rules_service_walk(&r), 6);
}

static void few_rules_are_no_finding(void **state)
{
	(void)state;
	services(RULES_IPTABLES_NFT, NFPROTO_IPV4, 4999);
	rules_judge(&r, &limits, &findings);
	assert_int_equal(findings.n, 0);
}

static void many_services_warn_and_too_many_fail(void **state)
{
	(void)state;
	services(RULES_IPTABLES_NFT, NFPROTO_IPV4, 5000);
	judge();
	assert_int_equal(answer.verdict, VERDICT_WARN);
	assert_string_equal(answer.reason, "ManyServices");
	assert_contains(answer.message, "5000 Services' ports");
	assert_contains(answer.message, "first packet of a connection");
	assert_contains(answer.message, "up to 5001 rules of KUBE-SERVICES");
	set_up(NULL);
	services(RULES_LEGACY, NFPROTO_IPV6, 20000);
	judge();
	assert_int_equal(answer.verdict, VERDICT_FAIL);
}

/* In nftables mode a Service is looked up. */
static void services_in_a_map_are_not_walked_along(void **state)
{
	(void)state;
	r.services[RULES_IPV4].table = true;
	r.services[RULES_IPV4].elements = 50000;
	rules_add_chain(&r, RULES_NFTABLES, NFPROTO_IPV4, "kube-proxy", "c", 600000);
	rules_judge(&r, &limits, &findings);
	assert_int_equal(findings.n, 0);
	assert_int_equal(rules_service_elements(&r), 50000);
}

static void many_rules_of_iptables_warn(void **state)
{
	(void)state;
	rules_add_chain(&r, RULES_LEGACY, NFPROTO_IPV4, "filter", "FORWARD", 100000);
	judge();
	assert_int_equal(answer.verdict, VERDICT_WARN);
	assert_string_equal(answer.reason, "ManyRules");
	rules_add_chain(&r, RULES_LEGACY, NFPROTO_IPV4, "filter", "INPUT", 400000);
	judge();
	assert_int_equal(answer.verdict, VERDICT_FAIL);
}

static void two_backends_are_a_finding_once_both_hold_rules(void **state)
{
	(void)state;
	rules_add_chain(&r, RULES_LEGACY, NFPROTO_IPV4, "filter", "FORWARD", 1);
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "mangle", "KUBE-IPTABLES-HINT", 0);
	rules_add_chain(&r, RULES_NFTABLES, NFPROTO_INET, "filter", "input", 7);
	rules_judge(&r, &limits, &findings);
	assert_int_equal(findings.n, 0);
	rules_add_chain(&r, RULES_IPTABLES_NFT, NFPROTO_IPV4, "filter", "INPUT", 1);
	judge();
	assert_int_equal(answer.verdict, VERDICT_WARN);
	assert_string_equal(answer.reason, "TwoBackends");
	assert_contains(answer.message, "1 in legacy, 1 in nft");
}

static void what_can_t_be_read_is_unknown(void **state)
{
	(void)state;
	r.nft_error = -EPERM;
	judge();
	assert_int_equal(answer.verdict, VERDICT_UNKNOWN);
	assert_contains(answer.message, "nf_tables can't be read: Operation not permitted");
	assert_contains(answer.advice, "CAP_NET_ADMIN");
	/* What was read all the same may still fail. */
	services(RULES_LEGACY, NFPROTO_IPV4, 20000);
	judge();
	assert_int_equal(answer.verdict, VERDICT_FAIL);
}

static void names_are_told_in_ascii(void **state)
{
	char out[RULES_TOLD];

	(void)state;
	assert_string_equal(rules_tell_name("a\xc3\xa9z", out), "a??z");
	assert_int_equal(strlen(rules_tell_name("a-name-of-more-than-thirty-two-bytes", out)),
			 RULES_TOLD - 1);
}

/* To ask for what only a module has would load it. */
static void nf_tables_is_not_asked_for_where_that_would_load_it(void **state)
{
	struct tree t;

	(void)state;
	tree_open(&t, NULL);
	assert_false(rules_nft_absent(&t.sys));
	tree_write(&t, "/proc/sys/kernel/osrelease", "6.1.0-test\n");
	assert_false(rules_nft_absent(&t.sys)); /* no modules here */
	tree_write(&t, "/lib/modules/6.1.0-test/modules.builtin", "kernel/fs/ext4/ext4.ko\n");
	assert_true(rules_nft_absent(&t.sys));
	tree_write(&t, "/lib/modules/6.1.0-test/modules.builtin",
		   "kernel/net/netfilter/nf_tables.ko\n");
	assert_false(rules_nft_absent(&t.sys));
	tree_write(&t, "/lib/modules/6.1.0-test/modules.builtin", "");
	assert_true(rules_nft_absent(&t.sys));
	tree_mkdir(&t, "/sys/module/nf_tables");
	assert_false(rules_nft_absent(&t.sys));
	tree_close(&t);
}

/* --- in the agent --- */

static uint64_t clock_s;

static uint64_t fake_now(const struct sys *sys)
{
	(void)sys;
	return clock_s * 1000000000;
}

/* The figure after a census of so many rules at that time, or -1. */
static double growth(const struct check_run *run, void *state, uint64_t when, double n)
{
	clock_s = when;
	answer = (struct result){.verdict = VERDICT_PASS};
	result_figure(&answer, "rules", n, "");
	assert_true(rules_check.watch(run, state, &answer));
	for (size_t i = 0; i < answer.n_figures; i++)
		if (strcmp(answer.figures[i].name, "growth") == 0)
			return answer.figures[i].value;
	return -1;
}

static void growth_is_told_over_the_last_hour(void **state)
{
	const struct sys sys = {.root = -1, .now = fake_now};
	const struct check_run run = {.sys = &sys};
	_cleanup_free void *memory = calloc(1, rules_check.state_size);

	(void)state;
	assert_non_null(memory);
	assert_true(growth(&run, memory, 1000, 100) < 0); /* nothing to compare with */
	assert_true(growth(&run, memory, 1000 + 300, 200) - 1200 < 0.001);
	for (uint64_t i = 2; i < 40; i++)
		assert_true(growth(&run, memory, 1000 + 300 * i, 100 + 10 * (double)i) > 0);
	/* What was before the hour is forgotten. */
	assert_true(growth(&run, memory, 1000 + 300 * 40, 500) < 130);
	/* A short interval fills no memory: an hour is still looked back on. */
	for (uint64_t i = 0; i < 4000; i++)
		(void)growth(&run, memory, 20000 + i, 1000);
	assert_true(growth(&run, memory, 24000, 1000) > -0.001);
	assert_string_equal(answer.figures[2].name, "growth_window");
	assert_true(answer.figures[2].value > 3000);
}

static void an_unknown_census_is_no_growth(void **state)
{
	const struct sys sys = {.root = -1, .now = fake_now};
	const struct check_run run = {.sys = &sys};
	_cleanup_free void *memory = calloc(1, rules_check.state_size);

	(void)state;
	assert_non_null(memory);
	(void)growth(&run, memory, 1000, 100);
	answer = (struct result){.verdict = VERDICT_UNKNOWN};
	result_figure(&answer, "rules", 0, "");
	assert_true(rules_check.watch(&run, memory, &answer));
	assert_int_equal(answer.n_figures, 1);
	assert_true(growth(&run, memory, 1000 + 3600, 100) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
		TEST(a_table_is_iptables_nfts_by_its_family_and_name),
		TEST(rules_and_chains_are_summed_by_table_and_backend),
		TEST(a_table_made_by_hand_is_no_backend_of_iptables),
		TEST(a_table_with_iptables_chains_stays_its),
		TEST(beyond_the_tables_that_are_kept_the_sums_go_on),
		TEST(services_are_told_from_kubelets_own_chains),
		TEST(few_rules_are_no_finding),
		TEST(many_services_warn_and_too_many_fail),
		TEST(services_in_a_map_are_not_walked_along),
		TEST(many_rules_of_iptables_warn),
		TEST(two_backends_are_a_finding_once_both_hold_rules),
		TEST(what_can_t_be_read_is_unknown),
		TEST(names_are_told_in_ascii),
		TEST(nf_tables_is_not_asked_for_where_that_would_load_it),
		TEST(growth_is_told_over_the_last_hour),
		TEST(an_unknown_census_is_no_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
