/* SPDX-License-Identifier: Apache-2.0 */
/* Could Cilium take kube-proxy's place on this node? */
#include "ebpf.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "helm.h"

enum { WANTED_AUTO, WANTED_YES, WANTED_NO };

struct ebpf_params {
	double interval;
	int wanted;
	char cilium[TEXT_PARAM_MAX];
};

static const struct param params[] = {
	CHECK_INTERVAL("1h"),
	{.name = "wanted",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct ebpf_params, wanted),
	 .choices = "auto yes no",
	 .fallback = "auto",
	 .help = "shall this node run Cilium? auto: where it does already; elsewhere what is "
		 "missing is only told; --cilium= is yes"},
	{.name = "cilium",
	 .type = PARAM_TEXT,
	 .offset = offsetof(struct ebpf_params, cilium),
	 .least = 1,
	 .most = 16,
	 .fallback = CILIUM_NEWEST,
	 .help = "the version of Cilium to judge for, such as 1.18"},
	{0}};

static void describe(const struct ebpf_node *n, struct result *r)
{
	result_fact(r, "kernel", *n->release ? n->release : "unknown");
	if (*n->os)
		result_fact(r, "os", n->os);
	result_fact(r, "kernel_config", n->config.known ? n->config.source : "unreadable");
	result_figure(r, "btf", n->btf, "");
	result_figure(r, "bpffs", n->bpffs, ""); /* Cilium mounts what is not there */
	result_figure(r, "cgroup2", n->cgroup2_mounted, "");
	if (n->jit >= 0)
		result_figure(r, "jit", n->jit, "");
	if (*n->lockdown)
		result_fact(r, "lockdown", n->lockdown);
}

/* Nobody has asked for Cilium here: what it would lack is no fault of the node. */
static void tell_only(const struct findings *findings, const char *version, struct result *r)
{
	size_t missing = 0, unknown = 0, told = 0;
	char name[24];

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *f = &findings->v[i];

		if (f->verdict == VERDICT_UNKNOWN) {
			unknown++;
			continue;
		}
		missing += f->verdict == VERDICT_FAIL;
		snprintf(name, sizeof(name), "lacks_%zu", ++told);
		result_fact(r, name, f->text);
	}
	if (missing)
		result_judge(r, VERDICT_PASS, "CiliumNotWanted",
			     "Cilium %s could not run here as it is, and is not asked for",
			     version);
	else
		result_judge(r, VERDICT_PASS, "CiliumPossible",
			     unknown ? "Cilium %s could run here, as far as can be read"
			     : told  ? "Cilium %s could run here, with what is told in its facts"
				     : "Cilium %s could run here in kube-proxy's place",
			     version);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct ebpf_params *p = run->params;
	_cleanup_free struct ebpf_node *node = calloc(1, sizeof(*node));
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	struct cilium_version version;

	if (p->wanted == WANTED_NO) {
		result_judge(r, VERDICT_SKIPPED, "CiliumNotWanted", "[check.ebpf] wanted=no");
		return;
	}
	if (!node || !findings) {
		result_judge(r, VERDICT_UNKNOWN, "CheckFailed", "%s", strerror(ENOMEM));
		return;
	}
	if (!cilium_version_parse(p->cilium, &version)) {
		result_judge(r, VERDICT_UNKNOWN, "CiliumVersion",
			     "[check.ebpf] cilium=%.32s is no version such as 1.18", p->cilium);
		return;
	}
	ebpf_read(run->sys, node);
	describe(node, r);
	ebpf_judge(node, &version, findings);
	if (p->wanted == WANTED_AUTO && !node->cilium) {
		tell_only(findings, p->cilium, r);
		return;
	}
	if (findings->n == 0)
		finding_add(findings, VERDICT_PASS, "CiliumPossible",
			    "the kernel and the node have what Cilium %s needs in kube-proxy's "
			    "place",
			    p->cilium);
	findings_tell(findings, r);
}

static void explain(const struct sys *sys, const void *values)
{
	const struct ebpf_params *p = values;

	helm_print(sys, p->cilium, stdout);
}

const struct check ebpf_check = {
	.name = "ebpf",
	.summary = "Cilium could take kube-proxy's place",
	.about = "Looks whether the kernel and the node have what Cilium needs with "
		 "kubeProxyReplacement: the kernel's release (or Red Hat's, by /etc/os-release, as "
		 "its "
		 "4.18 has what others call 5.10), the options it was built with (/proc/config.gz, "
		 "/boot/config-RELEASE), BTF, the BPF file system, cgroup v2, the JIT, lockdown, "
		 "and "
		 "whether NodePorts are safe from ip_local_port_range: one single reserved range "
		 "must "
		 "cover them. No program is loaded. Where Cilium runs, or wanted=yes, or with "
		 "--cilium=VERSION, what is missing fails or warns; elsewhere it is only told. The "
		 "danger: an option that is built as a module can still be kept from loading. "
		 "Sources: docs.cilium.io: System Requirements, Kubernetes Without kube-proxy; "
		 "kernel: Documentation/admin-guide/sysctl/net.rst, security/lockdown/lockdown.c.",
	.params = params,
	.params_size = sizeof(struct ebpf_params),
	.deadline_s = 30,
	.run = run,
	.explain = explain,
};
