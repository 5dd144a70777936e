/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the kernel's list of tables, chains, sets, rules and elements: nothing is read past
 * their end, names are bounded and printable, and no message holds more than fits into it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

static void check_name(const char *name)
{
	char told[RULES_TOLD];

	assert(*name && strlen(name) < NFT_NAME);
	for (const char *c = name; *c; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
	for (const char *c = rules_tell_name(name, told); *c; c++)
		assert(*c >= ' ' && *c < 0x7f);
}

static int on_message(struct nlmsghdr *h, void *context)
{
	struct rules *r = context;
	struct nft_table t;
	struct nft_chain c;
	struct nft_set s;
	uint64_t n, all;

	if (nft_parse_table(h, &t) == 0) {
		check_name(t.name);
		rules_add_table(r, rules_backend_of(t.family, t.name), t.family, t.name);
	}
	if (nft_parse_chain(h, &c) == 0) {
		check_name(c.table);
		check_name(c.name);
		rules_add_chain(r, rules_backend_of(c.family, c.table), c.family, c.table, c.name,
				c.use);
		if (c.base)
			rules_note_hook(r, c.family, c.table, c.name);
		assert(nft_parse_jumps(h, c.name, &n) < 0); /* of one kind only */
	}
	if (nft_parse_set(h, &s) == 0) {
		check_name(s.table);
		check_name(s.name);
	}
	if (nft_parse_jumps(h, "KUBE-SVC-A", &n) == 0)
		assert(n <= h->nlmsg_len / 8);
	if (nft_parse_elements(h, NULL, &all) == 0) {
		assert(all <= h->nlmsg_len / NLA_HDRLEN);
		assert(nft_parse_elements(h, "KUBE-SVC-A", &n) == 0 && n <= all);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules r = {0};
	uint64_t rules_before, chains_before;
	bool interrupted = false;
	uint32_t seq = 0;
	char *copy = malloc(size ? size : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (size >= NLMSG_HDRLEN)
		memcpy(&seq, copy + offsetof(struct nlmsghdr, nlmsg_seq), sizeof(seq));
	if (netlink_walk(copy, size, seq, on_message, &r, NULL, &interrupted) > 1)
		abort();
	assert(r.n_tables <= RULES_TABLES_MOST && r.n_tables <= rules_sum(r.n_of));
	assert(rules_sum(r.rules) >= r.longest.rules);
	assert(rules_service_chains(&r) <= rules_sum(r.chains));
	rules_before = rules_sum(r.rules);
	chains_before = rules_sum(r.chains);
	rules_disown(&r);
	assert(rules_sum(r.rules) == rules_before && rules_sum(r.chains) == chains_before);
	assert(r.n_of[RULES_IPTABLES_NFT] <= rules_sum(r.n_of)); /* nothing ran below 0 */
	assert(r.chains[RULES_IPTABLES_NFT] <= chains_before);
	assert(r.rules[RULES_IPTABLES_NFT] <= rules_before);
	free(copy);
	return 0;
}
