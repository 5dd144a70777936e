/* SPDX-License-Identifier: Apache-2.0 */
/* What something on this node says of itself by HTTP, asked and parsed by `nodefit-net scrape`, the
 * program without privileges, and read back as a few "key=value" lines. */
#pragma once

#include "sys.h"

#define SCRAPE_BYTES_MOST 16384
#define SCRAPE_PAIRS_MOST 256

struct scrape {
	char *text; /* what keys and values point into */
	struct {
		const char *key, *value;
	} pairs[SCRAPE_PAIRS_MOST];
	size_t n;
};

/* Runs `nodefit-net scrape WHAT`; `request` ("key=value" lines, may be "") is its standard input.
 * `fd` is a connected socket or an open credential to hand over, or NULL. 0; -ENOENT where
 * nodefit-net is not installed; -ETIMEDOUT; -EBADMSG when it printed what is no such line; or what
 * helper_run() returns. That nobody answered is no error but a line "error=WORDS" (and
 * "refused=yes" when nobody even listens). *out is the caller's, to be released by scrape_clear().
 *
 * WHAT            request               answer
 * "kube-proxy"    address=HOST:PORT …   mode=iptables|ipvs|nftables|…, address=
 * "cilium"        fd: its socket        kube_proxy_replacement=, state=, version=, each if told
 * "etcd"          address=HOST:PORT …   address=, and what etcdstat.h reads
 * "kernel-config" fd: /proc/config.gz   CONFIG_NAME=y|m of kconfig.h's options
 *
 * Addresses are numeric, at most four; without any, the usual ones on the loopback. */
int scrape_run(const struct sys *sys, const char *what, const char *request, int *fd,
	       double deadline_s, struct scrape *out);
/* The first value of a key, or NULL. */
const char *scrape_value(const struct scrape *s, const char *key);
void scrape_clear(struct scrape *s);
