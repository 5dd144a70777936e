/* SPDX-License-Identifier: Apache-2.0 */
#include "nft.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel makes no larger parts of a list (net/netlink/af_netlink.c, netlink_dump), and makes
 * them as large as the largest buffer that it was offered. */
#define BUFFER 32768

int nft_open(const struct sys *sys, uint64_t until, struct nft *out)
{
	struct nft nft = {.sys = sys, .until = until};
	int r = netlink_open(NETLINK_NETFILTER, &nft.list);

	if (r == 0)
		r = netlink_open(NETLINK_NETFILTER, &nft.detail);
	nft.list_buffer = malloc(BUFFER);
	nft.detail_buffer = malloc(BUFFER);
	if (r == 0 && (!nft.list_buffer || !nft.detail_buffer))
		r = -ENOMEM;
	if (r < 0)
		nft_close(&nft);
	else
		*out = nft;
	return r;
}

void nft_close(struct nft *nft)
{
	netlink_close(&nft->list);
	netlink_close(&nft->detail);
	free(TAKE(nft->list_buffer));
	free(TAKE(nft->detail_buffer));
}

static struct nl_msg *request(int kind, int flags, uint8_t family)
{
	struct nfgenmsg g = {.nfgen_family = family, .version = NFNETLINK_V0};
	struct nl_msg *m = nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | kind, flags);

	if (m && nlmsg_append(m, &g, sizeof(g), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

/* Hands every message of the answer over, part by part. 0 or -errno. */
static int receive(struct nft *nft, struct nl_sock *sock, unsigned char *buffer, uint32_t seq,
		   netlink_handler handler, void *context)
{
	while (nft->sys->now(nft->sys) < nft->until) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(nl_socket_get_fd(sock), buffer, BUFFER, MSG_TRUNC,
				       (struct sockaddr *)&from, &from_len);
		int r;

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return errno == EAGAIN || len == 0 ? -ETIMEDOUT : negative_errno();
		if (len > BUFFER)
			return -EMSGSIZE;
		if (from.nl_pid != 0) /* not the kernel */
			continue;
		r = netlink_walk(buffer, (size_t)len, seq, handler, context, NULL, &nft->moved);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return -ETIMEDOUT;
}

/* Asks for a list; `m` is freed. */
static int list(struct nft *nft, struct nl_sock *sock, unsigned char *buffer, struct nl_msg *m,
		netlink_handler handler, void *context)
{
	uint32_t seq;
	int r;

	if (!m)
		return -ENOMEM;
	errno = 0;
	r = nl_send_auto(sock, m) < 0 ? negative_errno() : 0;
	seq = nlmsg_hdr(m)->nlmsg_seq;
	nlmsg_free(m);
	return r < 0 ? r : receive(nft, sock, buffer, seq, handler, context);
}

static int take_generation(struct nlmsghdr *h, void *context)
{
	const struct nlattr *id =
		nlmsg_datalen(h) < (int)sizeof(struct nfgenmsg)
			? NULL
			: nlmsg_find_attr(h, sizeof(struct nfgenmsg), NFTA_GEN_ID);

	return netlink_u32(id, context) ? 0 : -EBADMSG;
}

int nft_generation(struct nft *nft, uint32_t *out)
{
	struct nl_msg *m = request(NFT_MSG_GETGEN, 0, 0);
	uint32_t id = 0;
	int r = m ? netlink_ask(nft->detail, m, take_generation, &id, NULL) : -ENOMEM;

	if (r == 0)
		*out = ntohl(id);
	return r;
}

struct taker {
	int (*table)(const struct nft_table *t, void *context);
	int (*chain)(const struct nft_chain *c, void *context);
	void *context;
};

static int take_table(struct nlmsghdr *h, void *context)
{
	const struct taker *to = context;
	struct nft_table t;
	int r = nft_parse_table(h, &t);

	return r < 0 ? r : to->table(&t, to->context);
}

static int take_chain(struct nlmsghdr *h, void *context)
{
	const struct taker *to = context;
	struct nft_chain c;
	int r = nft_parse_chain(h, &c);

	return r < 0 ? r : to->chain(&c, to->context);
}

int nft_tables(struct nft *nft, int (*take)(const struct nft_table *t, void *context),
	       void *context)
{
	struct taker to = {.table = take, .context = context};

	return list(nft, nft->list, nft->list_buffer,
		    request(NFT_MSG_GETTABLE, NLM_F_REQUEST | NLM_F_DUMP, 0), take_table, &to);
}

int nft_chains(struct nft *nft, int (*take)(const struct nft_chain *c, void *context),
	       void *context)
{
	struct taker to = {.chain = take, .context = context};

	return list(nft, nft->list, nft->list_buffer,
		    request(NFT_MSG_GETCHAIN, NLM_F_REQUEST | NLM_F_DUMP, 0), take_chain, &to);
}

/* What is counted of the messages of a list. */
struct count {
	const char *to; /* jumps to this chain alone, or NULL */
	uint64_t n;
};

static int count_rule(struct nlmsghdr *h, void *context)
{
	struct count *count = context;
	uint64_t n = 1;

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) ||
	    (count->to && nft_parse_jumps(h, count->to, &n) < 0))
		return -EBADMSG;
	count->n += n;
	return 0;
}

static int count_elements(struct nlmsghdr *h, void *context)
{
	struct count *count = context;
	uint64_t n;
	int r = nft_parse_elements(h, count->to, &n);

	if (r == 0)
		count->n += n;
	return r;
}

static int list_rules(struct nft *nft, const struct nft_chain *c, struct count *count)
{
	struct nl_msg *m = request(NFT_MSG_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, c->family);

	if (m && (nla_put_string(m, NFTA_RULE_TABLE, c->table) < 0 ||
		  nla_put_string(m, NFTA_RULE_CHAIN, c->name) < 0)) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return list(nft, nft->detail, nft->detail_buffer, m, count_rule, count);
}

static int list_elements(struct nft *nft, uint8_t family, const char *table, const char *set,
			 struct count *count)
{
	struct nl_msg *m = request(NFT_MSG_GETSETELEM, NLM_F_REQUEST | NLM_F_DUMP, family);

	if (m && (nla_put_string(m, NFTA_SET_ELEM_LIST_TABLE, table) < 0 ||
		  nla_put_string(m, NFTA_SET_ELEM_LIST_SET, set) < 0)) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	return list(nft, nft->detail, nft->detail_buffer, m, count_elements, count);
}

int nft_count_rules(struct nft *nft, const struct nft_chain *c, uint64_t *out)
{
	struct count count = {0};
	int r = list_rules(nft, c, &count);

	if (r == 0)
		*out = count.n;
	return r;
}

int nft_count_elements(struct nft *nft, uint8_t family, const char *table, const char *set,
		       uint64_t *out)
{
	struct count count = {0};
	int r = list_elements(nft, family, table, set, &count);

	if (r == 0)
		*out = count.n;
	return r;
}

/* --- what leads to a chain --- */

struct jumps {
	struct nft *nft;
	const struct nft_chain *target;
	struct count count;
};

static int jumps_of_chain(const struct nft_chain *c, void *context)
{
	struct jumps *j = context;

	/* A chain can't lead to itself: the kernel refuses loops. */
	if (c->family != j->target->family || strcmp(c->table, j->target->table) != 0 ||
	    strcmp(c->name, j->target->name) == 0 || c->use == 0)
		return 0;
	return list_rules(j->nft, c, &j->count);
}

static int jumps_of_set(struct nlmsghdr *h, void *context)
{
	struct jumps *j = context;
	struct nft_set s;
	int r = nft_parse_set(h, &s);

	if (r < 0 || !s.verdicts || s.family != j->target->family ||
	    strcmp(s.table, j->target->table) != 0)
		return r;
	return list_elements(j->nft, s.family, s.table, s.name, &j->count);
}

int nft_count_jumps(struct nft *nft, const struct nft_chain *c, uint64_t *out)
{
	struct jumps j = {.nft = nft, .target = c, .count = {.to = c->name}};
	int r = nft_chains(nft, jumps_of_chain, &j);

	if (r == 0)
		r = list(nft, nft->list, nft->list_buffer,
			 request(NFT_MSG_GETSET, NLM_F_REQUEST | NLM_F_DUMP, c->family),
			 jumps_of_set, &j);
	if (r == 0)
		*out = j.count.n;
	return r;
}
