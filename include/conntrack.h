/* SPDX-License-Identifier: Apache-2.0 */
/* How full the table of tracked connections is, and what it loses. The limit is one for all network
 * namespaces, writable in the host's alone, and each namespace's count is compared with it by
 * itself (kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc). */
#pragma once

#include "findings.h"
#include "sys.h"

/* The losses of /proc/net/stat/nf_conntrack, summed over the CPUs; they wrap at 2^32. */
struct conntrack_stat {
	uint32_t drop;          /* packets dropped: the table was full, or no memory */
	uint32_t early_drop;    /* connections thrown out for new ones, because it was full */
	uint32_t insert_failed; /* connections lost to another with the same addresses */
};

/* Reads the text: a line of names, then a line of hexadecimal numbers for each CPU (kernel:
 * nf_conntrack_standalone.c, ct_cpu_seq_show). Columns are found by name. 0 or -EBADMSG. */
int conntrack_stat_parse(const char *text, struct conntrack_stat *out);

/* One namespace's table. */
struct conntrack_space {
	bool own;
	uint64_t inode;
	char who[40];      /* a process in it, or "" */
	double count, max; /* max 0: no limit */
	bool has_stat;     /* before and after both are */
	struct conntrack_stat before, after;
};

/* Reads count and max as this thread sees them. 0; -ENOENT where connections are not tracked; or
 * -errno. */
int conntrack_read(const struct sys *sys, double *count, double *max);
int conntrack_read_stat(const struct sys *sys, struct conntrack_stat *out);

struct conntrack_limits {
	double warn, fail;           /* percent of max */
	double drop_warn, drop_fail; /* a second */
	double early_warn, insert_warn;
};

/* Percent of max. */
double conntrack_fullness(const struct conntrack_space *s);
/* Sorts the fullest first. */
void conntrack_rank(struct conntrack_space *v, size_t n);
/* Adds what is wrong with one namespace's table over `seconds`; `origin` says who set max. */
void conntrack_judge(const struct conntrack_space *s, double seconds,
		     const struct conntrack_limits *limits, const char *origin,
		     struct findings *findings);
/* Our own one's figures. */
void conntrack_tell(const struct conntrack_space *s, double seconds, struct result *r);

/* Who set the limit, in words: the sysctl.d file and line that wins at boot and says so,
 * kube-proxy's formula max(32768 x CPUs, 131072), or the kernel's default, the number of buckets.
 */
void conntrack_origin(const struct sys *sys, double max, unsigned cpus, char *text, size_t size);
