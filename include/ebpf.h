/* SPDX-License-Identifier: Apache-2.0 */
/* Can this node run Cilium in kube-proxy's place? */
#pragma once

#include "findings.h"
#include "kconfig.h"
#include "ranges.h"

/* The newest series whose needs are known here, and what is assumed of those that come later. */
#define CILIUM_NEWEST "1.19"

struct cilium_version {
	unsigned major, minor;
};
/* "1.18", "1.18.2", "v1.18". False when it is none. */
bool cilium_version_parse(const char *text, struct cilium_version *out);

/* What matters of a node. */
struct ebpf_node {
	char release[96];                         /* of the kernel, or empty */
	char os[32], os_like[64], os_version[16]; /* ID, ID_LIKE, VERSION_ID of os-release */
	struct kconfig config;
	bool btf, bpffs, cgroup2_mounted, cgroup2_supported;
	int jit;                      /* net.core.bpf_jit_enable, or -1: there is none */
	char lockdown[24];            /* "none", "integrity", "confidentiality", or empty */
	unsigned port_low, port_high; /* ip_local_port_range; 0: not known */
	struct ranges reserved;
	bool cilium; /* it is here */
};

void ebpf_read(const struct sys *sys, struct ebpf_node *out);

/* Judges the node for that version. What keeps Cilium from starting is a fail, what it lacks or
 * what costs something a warning; where no configuration could be read that is unknown, unless
 * Cilium is here: then it has answered. */
void ebpf_judge(const struct ebpf_node *node, const struct cilium_version *version,
		struct findings *findings);
