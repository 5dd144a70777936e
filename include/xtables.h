/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of iptables' legacy backend by getsockopt (linux/netfilter_ipv4/ip_tables.h and its
 * twin for IPv6). Only tables that the kernel lists are asked for: to ask for another one makes
 * it. */
#pragma once

#include <linux/netfilter.h>

#include "sys.h"

#define XTABLES_NAME  32 /* XT_TABLE_MAXNAMELEN, with its NUL */
#define XTABLES_CHAIN 30 /* XT_FUNCTION_MAXNAMELEN, with its NUL */
#define XTABLES_MOST  16 /* tables of a family; the kernel has 5 */

/* A chain, its own rules alone: without its policy or the RETURN at its end. */
typedef int (*xtables_handler)(const char *chain, uint32_t rules, void *context);

/* A walk along a table's entries, part by part. */
struct xtables_walk {
	bool six; /* of ip6tables */
	uint32_t size, entries;
	uint32_t hooks;                    /* bits of those that the table is on */
	uint32_t begins[NF_INET_NUMHOOKS]; /* where their chains begin */
	xtables_handler take;
	void *context;

	/* Its own: begin with zeros. */
	uint32_t at; /* where the next entry begins; `size` at the end */
	uint32_t seen, in_chain;
	bool built_in, open;
	char chain[XTABLES_CHAIN];
};

/* Takes the table's bytes from..from+len, which must hold the entry at w->at unless it lies beyond.
 * Whole entries are taken; what is cut is to be given again, from w->at. 0, what the handler
 * answered, or -EBADMSG when these can't be entries. */
int xtables_walk(struct xtables_walk *w, const unsigned char *bytes, uint32_t from, uint32_t len);
/* Was that all, and as much as the kernel says? 0 or -EBADMSG. */
int xtables_walk_end(const struct xtables_walk *w);

/* The names of the tables that exist: AF_INET's or AF_INET6's. Names that no table can have are
 * passed over. Returns how many; 0 where iptables' legacy backend is not loaded; or -errno. */
int xtables_names(const struct sys *sys, int family, char names[XTABLES_MOST][XTABLES_NAME]);

/* Tells every chain of a table. The kernel gives a table in one piece: it goes through a window of
 * 4 MB, of a large table a sixteenth, 64 MB at the most, once for each part. 0; -EAGAIN when it
 * changed meanwhile (chains have been told, and are to be forgotten); -ETIMEDOUT once sys->now() is
 * `until`; or -errno: -EPERM without CAP_NET_RAW and CAP_NET_ADMIN. */
int xtables_read(const struct sys *sys, int family, const char *table, uint64_t until,
		 xtables_handler take, void *context);
