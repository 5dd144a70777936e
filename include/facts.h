/* SPDX-License-Identifier: Apache-2.0 */
/* What nodefit knows about single sysctls and links' settings: a row each, shown by
 * `nodefit explain KEY`. */
#pragma once

#include "util.h"

enum {
	FACT_LIMIT = 1 << 0,   /* a ceiling: to lower it takes something away */
	FACT_NETNS = 1 << 1,   /* each network namespace has its own: pods don't inherit it */
	FACT_HOST_NET = 1 << 2 /* there, or writable, in the host's network namespace only */
};

struct sysctl_fact {
	const char *pattern; /* path or glob, see key.h; the first row that matches holds */
	unsigned flags;
	const char *module;   /* the key appears when this module loads; or NULL */
	const char *flips;    /* blank-separated globs of keys that the kernel changes along */
	const char *writers;  /* who writes it at run time, or NULL */
	const char *fallback; /* the kernel's default, in words */
	const char *what;
	const char *danger; /* or NULL */
	const char *source;
};

/* The row for a path, or NULL. */
const struct sysctl_fact *fact_find(const char *path);

struct link_fact {
	const char *attribute; /* of the net tuner's keys: "mtu" of "eth0/mtu" */
	const char *what, *danger, *source;
};

/* The row for "LINK/ATTRIBUTE" or "LINK/ATTRIBUTE/NAME", or NULL. */
const struct link_fact *link_fact_find(const char *key);
