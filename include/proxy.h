/* SPDX-License-Identifier: Apache-2.0 */
/* Which data plane serves Services on this node: what was found of each, and what that proves. */
#pragma once

#include "rules.h"

enum proxy_plane {
	PLANE_NONE,
	PLANE_IPTABLES,
	PLANE_IPVS,
	PLANE_NFTABLES,
	PLANE_CILIUM,
	PLANE_OTHER, /* kube-proxy in a mode that is none of these */
};

enum proxy_cilium {
	CILIUM_ABSENT, /* no socket */
	CILIUM_SILENT, /* a socket, and no answer */
	CILIUM_TOLD,
};

#define PROXY_WORD 32

struct proxy_evidence {
	char mode[PROXY_WORD]; /* kube-proxy's own word, or "" */
	const struct rules *rules;
	bool ipvs_link; /* kube-ipvs0, of whatever kind: kube-proxy takes what has the name */
	size_t ipvs_addresses; /* on it: one for each Service's address */
	bool ip_vs;            /* the kernel has IPVS in this namespace (/proc/net/ip_vs) */
	bool ip_vs_servers;    /* and it serves something */
	enum proxy_cilium cilium;
	char replacement[PROXY_WORD]; /* Cilium's kube-proxy-replacement.mode, or "" */
	unsigned kernel[2];           /* 5, 13; zeros: not known */
};

/* What serves Services, and by which evidence: kube-proxy's own word, Cilium's, then what
 * kube-proxy has left in the kernel: its nft table, its IPVS device, its iptables chains. */
enum proxy_plane proxy_plane(const struct proxy_evidence *e, const char **by);
/* "kube-proxy iptables", "cilium", "none" …. */
const char *proxy_plane_text(enum proxy_plane plane);
/* Does Cilium do all of kube-proxy's work? */
bool proxy_cilium_replaces(const struct proxy_evidence *e);

struct findings;
void proxy_judge(const struct proxy_evidence *e, struct findings *findings);

/* Does the begin of /proc/net/ip_vs list a virtual server? */
bool proxy_ip_vs_serves(const char *text);
/* "6.1.0-37-cloud-amd64". False: no version. */
bool proxy_kernel_parse(const char *release, unsigned out[2]);
