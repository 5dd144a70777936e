/* SPDX-License-Identifier: Apache-2.0 */
/* The nf_tables ruleset over netlink (linux/netfilter/nf_tables.h), message by message: memory does
 * not grow with it. Nothing is written. Names are as the kernel has them, in every family. */
#pragma once

#include "netlink.h"

#define NFT_NAME 256 /* NFT_NAME_MAXLEN, with its NUL */

struct nft_table {
	uint8_t family; /* NFPROTO_IPV4, NFPROTO_INET … (linux/netfilter.h) */
	char name[NFT_NAME];
};

struct nft_chain {
	uint8_t family;
	char table[NFT_NAME], name[NFT_NAME];
	/* What the kernel counts of it: its rules, and each jump, goto and element of a verdict map
	 * that leads to it. */
	uint32_t use;
	bool base; /* on a hook; nothing may jump to it, so `use` is its rules */
};

struct nft_set {
	uint8_t family;
	char table[NFT_NAME], name[NFT_NAME];
	bool verdicts; /* a map to verdicts: its elements may jump */
};

/* Two sockets, so that one list can be asked while another comes in. */
struct nft {
	const struct sys *sys;
	uint64_t until; /* by sys->now(): then every call is -ETIMEDOUT */
	struct nl_sock *list, *detail;
	unsigned char *list_buffer, *detail_buffer;
	bool moved; /* the kernel said that the ruleset changed while it was listed */
};

/* 0; -EPROTONOSUPPORT where the kernel has no nfnetlink; or -errno. Released by nft_close(). */
int nft_open(const struct sys *sys, uint64_t until, struct nft *out);
void nft_close(struct nft *nft);
#define _cleanup_nft _cleanup_(nft_close)

/* Grows with every change of the ruleset. 0 or -errno: -EPERM without CAP_NET_ADMIN; -EINVAL or
 * -EOPNOTSUPP where the kernel has no nf_tables. */
int nft_generation(struct nft *nft, uint32_t *out);

/* Each table, and each chain, in the kernel's order. The handler may ask for the chain's rules; it
 * answers 0, or -errno to give up. 0 or -errno. */
int nft_tables(struct nft *nft, int (*take)(const struct nft_table *t, void *context),
	       void *context);
int nft_chains(struct nft *nft, int (*take)(const struct nft_chain *c, void *context),
	       void *context);

/* Counts a chain's rules by listing them. The kernel starts each part of a list from the chain's
 * beginning, so that this takes a time that grows with the square of a long chain. 0 or -errno. */
int nft_count_rules(struct nft *nft, const struct nft_chain *c, uint64_t *out);
/* How much of a chain's `use` are jumps to it, of all other chains of its table and of its verdict
 * maps: for a chain that is too long to be listed. Not from within a handler. 0 or -errno. */
int nft_count_jumps(struct nft *nft, const struct nft_chain *c, uint64_t *out);
/* The elements of a set or map; -ENOENT when there is no such one. */
int nft_count_elements(struct nft *nft, uint8_t family, const char *table, const char *set,
		       uint64_t *out);

/* --- one message each: 0, or -EBADMSG when it can't be one --- */

int nft_parse_table(struct nlmsghdr *message, struct nft_table *out);
int nft_parse_chain(struct nlmsghdr *message, struct nft_chain *out);
int nft_parse_set(struct nlmsghdr *message, struct nft_set *out);
/* How many jumps of this rule lead to the chain `to`. */
int nft_parse_jumps(struct nlmsghdr *message, const char *to, uint64_t *out);
/* How many elements there are in it, or, with `to`, how many of them lead to that chain. */
int nft_parse_elements(struct nlmsghdr *message, const char *to, uint64_t *out);
