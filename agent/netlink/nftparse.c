/* SPDX-License-Identifier: Apache-2.0 */
#include "nft.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <string.h>

/* The message's attributes by their types, once it is of that kind. */
static int parse(struct nlmsghdr *h, int kind, struct nlattr **tb, int most, uint8_t *family)
{
	const struct nfgenmsg *g = nlmsg_data(h);

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | kind) ||
	    nlmsg_datalen(h) < (int)sizeof(*g) || nlmsg_parse(h, sizeof(*g), tb, most, NULL) < 0)
		return -EBADMSG;
	*family = g->nfgen_family;
	return 0;
}

int nft_parse_table(struct nlmsghdr *message, struct nft_table *out)
{
	struct nlattr *tb[NFTA_TABLE_MAX + 1];
	struct nft_table t;

	if (parse(message, NFT_MSG_NEWTABLE, tb, NFTA_TABLE_MAX, &t.family) < 0 ||
	    !netlink_name(tb[NFTA_TABLE_NAME], t.name, sizeof(t.name)))
		return -EBADMSG;
	*out = t;
	return 0;
}

int nft_parse_chain(struct nlmsghdr *message, struct nft_chain *out)
{
	struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	struct nft_chain c;

	if (parse(message, NFT_MSG_NEWCHAIN, tb, NFTA_CHAIN_MAX, &c.family) < 0 ||
	    !netlink_name(tb[NFTA_CHAIN_TABLE], c.table, sizeof(c.table)) ||
	    !netlink_name(tb[NFTA_CHAIN_NAME], c.name, sizeof(c.name)) ||
	    !netlink_u32(tb[NFTA_CHAIN_USE], &c.use))
		return -EBADMSG;
	c.use = ntohl(c.use);
	c.base = tb[NFTA_CHAIN_HOOK] != NULL;
	*out = c;
	return 0;
}

int nft_parse_set(struct nlmsghdr *message, struct nft_set *out)
{
	struct nlattr *tb[NFTA_SET_MAX + 1];
	struct nft_set s;
	uint32_t type;

	if (parse(message, NFT_MSG_NEWSET, tb, NFTA_SET_MAX, &s.family) < 0 ||
	    !netlink_name(tb[NFTA_SET_TABLE], s.table, sizeof(s.table)) ||
	    !netlink_name(tb[NFTA_SET_NAME], s.name, sizeof(s.name)))
		return -EBADMSG;
	s.verdicts = netlink_u32(tb[NFTA_SET_DATA_TYPE], &type) && ntohl(type) == NFT_DATA_VERDICT;
	*out = s;
	return 0;
}

/* The attribute of that type in a nest, or NULL. */
static struct nlattr *within(const struct nlattr *nest, int type)
{
	return nest ? nla_find(nla_data(nest), nla_len(nest), type) : NULL;
}

/* NFTA_DATA_VERDICT with that chain? */
static bool leads_to(const struct nlattr *data, const char *to)
{
	const struct nlattr *chain = within(within(data, NFTA_DATA_VERDICT), NFTA_VERDICT_CHAIN);
	char name[NFT_NAME];

	return netlink_name(chain, name, sizeof(name)) && strcmp(name, to) == 0;
}

int nft_parse_jumps(struct nlmsghdr *message, const char *to, uint64_t *out)
{
	struct nlattr *tb[NFTA_RULE_MAX + 1], *e;
	uint8_t family;
	uint64_t n = 0;
	int left;

	if (parse(message, NFT_MSG_NEWRULE, tb, NFTA_RULE_MAX, &family) < 0)
		return -EBADMSG;
	if (tb[NFTA_RULE_EXPRESSIONS])
		nla_for_each_nested(e, tb[NFTA_RULE_EXPRESSIONS], left) n +=
			leads_to(within(within(e, NFTA_EXPR_DATA), NFTA_IMMEDIATE_DATA), to);
	*out = n;
	return 0;
}

int nft_parse_elements(struct nlmsghdr *message, const char *to, uint64_t *out)
{
	struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *e;
	uint8_t family;
	uint64_t n = 0;
	int left;

	if (parse(message, NFT_MSG_NEWSETELEM, tb, NFTA_SET_ELEM_LIST_MAX, &family) < 0)
		return -EBADMSG;
	if (tb[NFTA_SET_ELEM_LIST_ELEMENTS])
		nla_for_each_nested(e, tb[NFTA_SET_ELEM_LIST_ELEMENTS], left) n +=
			!to || leads_to(within(e, NFTA_SET_ELEM_DATA), to);
	*out = n;
	return 0;
}
