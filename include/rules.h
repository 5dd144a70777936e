/* SPDX-License-Identifier: Apache-2.0 */
/* A census of the packet filter: what there is in iptables' legacy backend and in nf_tables, and
 * what of it serves Services. Reading makes no table and loads no module. */
#pragma once

#include "nft.h"
#include "xtables.h"

enum rules_backend {
	RULES_LEGACY,       /* ip_tables, ip6_tables */
	RULES_IPTABLES_NFT, /* nf_tables' tables with the names of iptables' and of its chains */
	RULES_NFTABLES,     /* all other tables */
	RULES_BACKENDS
};

/* Figures of so many tables are kept; the others are counted in the sums alone. */
#define RULES_TABLES_MOST 20

struct rules_table {
	enum rules_backend backend;
	uint8_t family; /* NFPROTO_… */
	char name[NFT_NAME];
	uint64_t rules, chains;
	bool ours, foreign; /* of RULES_IPTABLES_NFT: has chains on hooks by its names, by others */
};

struct rules_longest {
	uint64_t rules;
	enum rules_backend backend;
	uint8_t family;
	char table[NFT_NAME], chain[NFT_NAME];
};

/* Of one family: IPv4 or IPv6. */
struct rules_services {
	/* KUBE-SVC-* chains of table nat, one for each port of a Service that has endpoints:
	 * kube-proxy's iptables mode. Of RULES_LEGACY and RULES_IPTABLES_NFT. */
	uint64_t chains[2];
	/* Rules of KUBE-SERVICES there: what a connection's first packet walks along. */
	uint64_t walk[2];
	/* Elements of map service-ips in table kube-proxy, one for each address and port of a
	 * Service that has endpoints: kube-proxy's nftables mode. */
	uint64_t elements;
	bool table; /* there is a table kube-proxy */
};

enum { RULES_IPV4, RULES_IPV6, RULES_FAMILIES };

struct rules {
	struct rules_table tables[RULES_TABLES_MOST];
	size_t n_tables;
	/* Of all tables, by enum rules_backend. Of chains without their rules counted: 0 rules. */
	uint64_t rules[RULES_BACKENDS], chains[RULES_BACKENDS], n_of[RULES_BACKENDS];
	struct rules_longest longest;
	struct rules_services services[RULES_FAMILIES];
	bool moved; /* it changed under every attempt: the counts are of several moments */
	/* 0, or why that part could not be read, in which case it counts as empty. */
	int legacy_error, nft_error;
};

/* Reads it within `seconds`. Without `all` the rules of nf_tables are not counted but those of
 * KUBE-SERVICES, which is quicker. What can't be read is told in the struct. */
void rules_read(const struct sys *sys, bool all, double seconds, struct rules *out);

/* Would asking for nf_tables load its module? Then there is nothing to count. */
bool rules_nft_absent(const struct sys *sys);

uint64_t rules_sum(const uint64_t counts[RULES_BACKENDS]);
/* Services' ports of the family and way that has the most of them: KUBE-SVC-* chains, rules of
 * KUBE-SERVICES, elements of service-ips. */
uint64_t rules_service_chains(const struct rules *r);
uint64_t rules_service_walk(const struct rules *r);
uint64_t rules_service_elements(const struct rules *r);
/* "legacy", "iptables-nft", "nftables"; "ip", "ip6", "inet" …. */
const char *rules_backend_text(enum rules_backend backend);
const char *rules_family_text(uint8_t family);
/* A table's or chain's name for people: its first bytes, in ASCII. Returns `out`. */
#define RULES_TOLD 32
const char *rules_tell_name(const char *name, char out[RULES_TOLD]);

/* --- of the census: one table or chain each --- */

/* By family and name: what iptables-nft would take for its own. */
enum rules_backend rules_backend_of(uint8_t family, const char *table);
void rules_add_table(struct rules *r, enum rules_backend backend, uint8_t family, const char *name);
/* A chain of a table; the table is added when it is new. */
void rules_add_chain(struct rules *r, enum rules_backend backend, uint8_t family, const char *table,
		     const char *chain, uint64_t rules);
/* A chain of one of nf_tables' tables is on a hook. */
void rules_note_hook(struct rules *r, uint8_t family, const char *table, const char *chain);
/* At the end: a table with the name of one of iptables' that has chains on hooks, and none by
 * iptables' names, was made by hand. It, and what was counted in it, are RULES_NFTABLES'. */
void rules_disown(struct rules *r);

/* --- the judgement --- */

struct findings;
struct rules_limits {
	double services_warn, services_fail, rules_warn, rules_fail;
};

void rules_judge(const struct rules *r, const struct rules_limits *limits,
		 struct findings *findings);
