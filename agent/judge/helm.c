/* SPDX-License-Identifier: Apache-2.0 */
#include "helm.h"

#include <errno.h>
#include <string.h>

#include "ebpf.h"
#include "link.h"
#include "route.h"
#include "text.h"

#define KUBECONFIG "/etc/kubernetes/kubelet.conf"
#define CONTROLLER "/etc/kubernetes/manifests/kube-controller-manager.yaml"
#define FILE_MOST  ((size_t)256 << 10)

bool helm_server_parse(const char *kubeconfig, char *host, size_t size, unsigned *port)
{
	static const char key[] = "server: ", https[] = "https://";
	const char *at = strstr(kubeconfig, key);
	char url[256], *name, *colon;
	size_t len;
	wide number = 443;

	if (!at)
		return false;
	at += strlen(key);
	at += *at == '"' || *at == '\'';
	if (strncmp(at, https, strlen(https)) != 0)
		return false;
	at += strlen(https);
	len = strcspn(at, "\"'/ \t\r\n");
	if (len == 0 || len >= sizeof(url))
		return false;
	memcpy(url, at, len);
	url[len] = '\0';
	name = url;
	colon = strrchr(url, ':');
	if (*url == '[') {
		char *end = strchr(url, ']');

		if (!end)
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
		name++;
	}
	if (colon) {
		*colon = '\0';
		if (number_parse(colon + 1, &number) < 0)
			return false;
	}
	if (!*name || number < 1 || number > 65535 || strlen(name) >= size ||
	    name[strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      ".:-")])
		return false;
	memcpy(host, name, strlen(name) + 1);
	*port = (unsigned)number;
	return true;
}

static void print_server(const struct sys *sys, FILE *out)
{
	_cleanup_free char *text = NULL;
	char host[128];
	unsigned port;

	if (sys_read(sys, KUBECONFIG, FILE_MOST, &text, NULL) == 0 &&
	    helm_server_parse(text, host, sizeof(host), &port))
		fprintf(out, "  k8sServiceHost: \"%s\"  # " KUBECONFIG "\n  k8sServicePort: %u\n",
			host, port);
	else
		fputs("  # k8sServiceHost, k8sServicePort: the API server's address, without "
		      "kube-proxy\n  # not the ClusterIP; " KUBECONFIG " tells none yet\n",
		      out);
}

static void print_mtu(const struct sys *sys, FILE *out)
{
	_cleanup_links struct links links = {0};
	const struct link *l = NULL;
	unsigned index;

	if (netlink_reaches(sys) && node_link(sys, &index) == 0 && links_read(sys, &links) == 0)
		l = links_at(&links, index);
	if (l)
		fprintf(out,
			"  MTU: %u  # of %s, whole: Cilium subtracts what its tunnel or encryption "
			"adds\n",
			l->mtu, l->name);
	else
		fputs("  # MTU: 0 lets Cilium find it; the node's NIC can't be seen from here\n",
		      out);
}

static bool allocates_cidrs(const struct sys *sys)
{
	_cleanup_free char *text = NULL;

	return sys_read(sys, CONTROLLER, FILE_MOST, &text, NULL) == 0 &&
	       strstr(text, "--allocate-node-cidrs=true");
}

static enum kconfig_value option(const struct kconfig *k, const char *name)
{
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++)
		if (strcmp(kconfig_options[i].name, name) == 0)
			return k->v[i];
	return KCONFIG_NO;
}

/* From 1.14 on two values say what one did before (cilium: install/kubernetes/cilium/values.yaml).
 */
static void print_routing(const struct kconfig *k, bool old, FILE *out)
{
	bool vxlan = !k->known || option(k, "VXLAN") != KCONFIG_NO;
	const char *tunnel = vxlan ? "vxlan" : option(k, "GENEVE") != KCONFIG_NO ? "geneve" : NULL;

	if (old)
		fprintf(out, "  tunnel: %s", tunnel ? tunnel : "disabled");
	else if (tunnel)
		fprintf(out, "  routingMode: tunnel\n  tunnelProtocol: %s", tunnel);
	else
		fputs("  routingMode: native", out);
	fprintf(out, "%s\n",
		vxlan    ? ""
		: tunnel ? "  # this kernel has no VXLAN"
			 : "  # this kernel has neither VXLAN nor Geneve");
}

/* So did this one: "true" was "strict". */
static void print_replacement(const char *obstacle, bool old, FILE *out)
{
	const char *yes = old ? "strict" : "true", *no = old ? "disabled" : "false";

	fprintf(out, "  kubeProxyReplacement: %s%s%s\n", obstacle ? no : yes,
		obstacle ? "  # " : "", obstacle ? obstacle : "");
}

void helm_print(const struct sys *sys, const char *version, FILE *out)
{
	_cleanup_free struct ebpf_node *node = calloc(1, sizeof(*node));
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	struct cilium_version v;
	const struct finding *worst = NULL;
	bool old;

	if (!node || !findings || !cilium_version_parse(version, &v))
		return;
	old = v.major == 1 && v.minor < 14;
	ebpf_read(sys, node);
	ebpf_judge(node, &v, findings);
	for (size_t i = 0; i < findings->n && !worst; i++)
		if (findings->v[i].verdict == VERDICT_FAIL)
			worst = &findings->v[i];
	fprintf(out, "Values for the Helm chart of Cilium %s that fit this node:\n", version);
	print_replacement(worst ? worst->text : NULL, old, out);
	/* BPF masquerading needs the replacement's NodePort code. */
	fprintf(out, "  bpf:\n    masquerade: %s\n", worst ? "false" : "true");
	print_server(sys, out);
	print_mtu(sys, out);
	print_routing(&node->config, old, out);
	if (allocates_cidrs(sys))
		fputs("  ipam:\n    mode: kubernetes  # the controller manager gives each node a "
		      "range (--allocate-node-cidrs)\n",
		      out);
	else
		fputs("  ipam:\n    mode: cluster-pool  # Cilium's default; kubernetes where nodes "
		      "have a spec.podCIDR\n",
		      out);
}
