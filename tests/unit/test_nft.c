/* SPDX-License-Identifier: Apache-2.0 */
/* What nf_tables' messages say is read whole, and never past their end. */
#include "messages.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft.h"

static struct nl_msg *nft_message(int kind)
{
	struct nfgenmsg g = {.nfgen_family = NFPROTO_IPV4};

	return message(NFNL_SUBSYS_NFTABLES << 8 | kind, &g, sizeof(g));
}

static struct nl_msg *chain_message(const char *name, uint32_t use, bool base)
{
	struct nl_msg *m = nft_message(NFT_MSG_NEWCHAIN);
	struct nlattr *hook;

	nla_put_string(m, NFTA_CHAIN_TABLE, "nat");
	nla_put_string(m, NFTA_CHAIN_NAME, name);
	nla_put_u32(m, NFTA_CHAIN_USE, htonl(use));
	if (base) {
		hook = nla_nest_start(m, NFTA_CHAIN_HOOK);
		nla_put_u32(m, NFTA_HOOK_HOOKNUM, 0);
		nla_nest_end(m, hook);
	}
	return m;
}

static void put_verdict(struct nl_msg *m, int type, const char *to)
{
	struct nlattr *data = nla_nest_start(m, type);
	struct nlattr *verdict = nla_nest_start(m, NFTA_DATA_VERDICT);

	nla_put_u32(m, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_JUMP));
	if (to)
		nla_put_string(m, NFTA_VERDICT_CHAIN, to);
	nla_nest_end(m, verdict);
	nla_nest_end(m, data);
}

/* A rule that jumps to each of the two. */
static struct nl_msg *rule_message(const char *first, const char *second)
{
	struct nl_msg *m = nft_message(NFT_MSG_NEWRULE);
	const char *const to[] = {first, second};
	struct nlattr *list, *e, *data;

	nla_put_string(m, NFTA_RULE_TABLE, "nat");
	nla_put_string(m, NFTA_RULE_CHAIN, "KUBE-SERVICES");
	list = nla_nest_start(m, NFTA_RULE_EXPRESSIONS);
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		e = nla_nest_start(m, NFTA_LIST_ELEM);
		nla_put_string(m, NFTA_EXPR_NAME, "immediate");
		data = nla_nest_start(m, NFTA_EXPR_DATA);
		nla_put_u32(m, NFTA_IMMEDIATE_DREG, 0);
		put_verdict(m, NFTA_IMMEDIATE_DATA, to[i]);
		nla_nest_end(m, data);
		nla_nest_end(m, e);
	}
	nla_nest_end(m, list);
	return m;
}

static struct nl_msg *elements_message(size_t n, const char *to)
{
	struct nl_msg *m = nft_message(NFT_MSG_NEWSETELEM);
	struct nlattr *list, *e;

	nla_put_string(m, NFTA_SET_ELEM_LIST_TABLE, "kube-proxy");
	nla_put_string(m, NFTA_SET_ELEM_LIST_SET, "service-ips");
	list = nla_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++) {
		e = nla_nest_start(m, NFTA_LIST_ELEM);
		put_verdict(m, NFTA_SET_ELEM_DATA, i == 0 ? to : "other");
		nla_nest_end(m, e);
	}
	nla_nest_end(m, list);
	return m;
}

static struct nl_msg *set_message(uint32_t type)
{
	struct nl_msg *m = nft_message(NFT_MSG_NEWSET);

	nla_put_string(m, NFTA_SET_TABLE, "kube-proxy");
	nla_put_string(m, NFTA_SET_NAME, "service-ips");
	nla_put_u32(m, NFTA_SET_DATA_TYPE, htonl(type));
	return m;
}

static void a_chain_tells_its_use_and_whether_it_is_on_a_hook(void **state)
{
	struct nl_msg *m = chain_message("KUBE-SVC-A", 7, false);
	struct nft_chain c;

	(void)state;
	assert_int_equal(nft_parse_chain(nlmsg_hdr(m), &c), 0);
	assert_int_equal(c.family, NFPROTO_IPV4);
	assert_string_equal(c.table, "nat");
	assert_string_equal(c.name, "KUBE-SVC-A");
	assert_int_equal(c.use, 7);
	assert_false(c.base);
	nlmsg_free(m);
	m = chain_message("PREROUTING", 1, true);
	assert_int_equal(nft_parse_chain(nlmsg_hdr(m), &c), 0);
	assert_true(c.base);
	nlmsg_free(m);
}

static void a_chain_needs_a_sound_name_and_its_use(void **state)
{
	char longest[NFT_NAME + 1];
	struct nl_msg *m;
	struct nft_chain c = {.use = 77};

	(void)state;
	memset(longest, 'x', NFT_NAME);
	longest[NFT_NAME] = '\0';
	m = chain_message(longest, 1, false);
	assert_int_equal(nft_parse_chain(nlmsg_hdr(m), &c), -EBADMSG);
	nlmsg_free(m);
	longest[NFT_NAME - 1] = '\0';
	m = chain_message(longest, 1, false);
	assert_int_equal(nft_parse_chain(nlmsg_hdr(m), &c), 0);
	assert_string_equal(c.name, longest);
	nlmsg_free(m);
	c.use = 77;
	m = nft_message(NFT_MSG_NEWCHAIN);
	nla_put_string(m, NFTA_CHAIN_TABLE, "nat");
	nla_put_string(m, NFTA_CHAIN_NAME, "a");
	assert_int_equal(nft_parse_chain(nlmsg_hdr(m), &c), -EBADMSG);
	assert_int_equal(c.use, 77); /* untouched */
	nlmsg_free(m);
}

static void a_message_of_another_kind_is_refused(void **state)
{
	struct nl_msg *m = link_message();
	struct nft_chain c;
	struct nft_table t;
	struct nft_set s;
	uint64_t n = 7;

	(void)state;
	assert_int_equal(nft_parse_chain(nlmsg_hdr(m), &c), -EBADMSG);
	assert_int_equal(nft_parse_table(nlmsg_hdr(m), &t), -EBADMSG);
	assert_int_equal(nft_parse_set(nlmsg_hdr(m), &s), -EBADMSG);
	assert_int_equal(nft_parse_jumps(nlmsg_hdr(m), "a", &n), -EBADMSG);
	assert_int_equal(nft_parse_elements(nlmsg_hdr(m), NULL, &n), -EBADMSG);
	assert_int_equal(n, 7);
	nlmsg_free(m);
}

static void jumps_to_a_chain_are_told_from_others(void **state)
{
	struct nl_msg *m = rule_message("long", "other");
	uint64_t n;

	(void)state;
	assert_int_equal(nft_parse_jumps(nlmsg_hdr(m), "long", &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(nft_parse_jumps(nlmsg_hdr(m), "lon", &n), 0);
	assert_int_equal(n, 0);
	nlmsg_free(m);
	/* An accept has no chain. */
	m = rule_message(NULL, "long");
	assert_int_equal(nft_parse_jumps(nlmsg_hdr(m), "long", &n), 0);
	assert_int_equal(n, 1);
	nlmsg_free(m);
}

static void elements_are_counted_and_their_jumps(void **state)
{
	struct nl_msg *m = elements_message(5, "long");
	uint64_t n;

	(void)state;
	assert_int_equal(nft_parse_elements(nlmsg_hdr(m), NULL, &n), 0);
	assert_int_equal(n, 5);
	assert_int_equal(nft_parse_elements(nlmsg_hdr(m), "long", &n), 0);
	assert_int_equal(n, 1);
	nlmsg_free(m);
	m = elements_message(0, NULL);
	assert_int_equal(nft_parse_elements(nlmsg_hdr(m), NULL, &n), 0);
	assert_int_equal(n, 0);
	nlmsg_free(m);
}

static void a_map_to_verdicts_is_told_from_other_sets(void **state)
{
	struct nl_msg *m = set_message(NFT_DATA_VERDICT);
	struct nft_set s;

	(void)state;
	assert_int_equal(nft_parse_set(nlmsg_hdr(m), &s), 0);
	assert_string_equal(s.name, "service-ips");
	assert_true(s.verdicts);
	nlmsg_free(m);
	m = set_message(7); /* an address */
	assert_int_equal(nft_parse_set(nlmsg_hdr(m), &s), 0);
	assert_false(s.verdicts);
	nlmsg_free(m);
}

static void parse_all(struct nlmsghdr *h)
{
	struct nft_chain c;
	struct nft_table t;
	struct nft_set s;
	uint64_t n;

	nft_parse_table(h, &t);
	nft_parse_chain(h, &c);
	nft_parse_set(h, &s);
	if (nft_parse_jumps(h, "long", &n) == 0)
		assert_true(n <= 2);
	if (nft_parse_elements(h, NULL, &n) == 0)
		assert_true(n <= 5);
}

static void truncated_messages_are_not_read_past_their_end(void **state)
{
	(void)state;
	in_every_length(chain_message("PREROUTING", 3, true), parse_all);
	in_every_length(rule_message("long", "other"), parse_all);
	in_every_length(elements_message(5, "long"), parse_all);
	in_every_length(set_message(NFT_DATA_VERDICT), parse_all);
}

/* The largest part of a list that the kernel makes. */
static void a_huge_message_is_counted_whole(void **state)
{
	struct nl_msg *m = nlmsg_alloc_size(65536);
	struct nfgenmsg g = {.nfgen_family = NFPROTO_IPV6};
	struct nlattr *list, *e;
	uint64_t n;

	(void)state;
	assert_non_null(m);
	assert_non_null(nlmsg_put(m, 0, SEQ, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM, 0, 0));
	assert_int_equal(nlmsg_append(m, &g, sizeof(g), NLMSG_ALIGNTO), 0);
	list = nla_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < 4000; i++) {
		e = nla_nest_start(m, NFTA_LIST_ELEM);
		nla_put_u32(m, NFTA_SET_ELEM_FLAGS, 0);
		nla_nest_end(m, e);
	}
	nla_nest_end(m, list);
	assert_int_equal(nft_parse_elements(nlmsg_hdr(m), NULL, &n), 0);
	assert_int_equal(n, 4000);
	nlmsg_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_tells_its_use_and_whether_it_is_on_a_hook),
		cmocka_unit_test(a_chain_needs_a_sound_name_and_its_use),
		cmocka_unit_test(a_message_of_another_kind_is_refused),
		cmocka_unit_test(jumps_to_a_chain_are_told_from_others),
		cmocka_unit_test(elements_are_counted_and_their_jumps),
		cmocka_unit_test(a_map_to_verdicts_is_told_from_other_sets),
		cmocka_unit_test(truncated_messages_are_not_read_past_their_end),
		cmocka_unit_test(a_huge_message_is_counted_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
