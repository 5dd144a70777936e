/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <stdlib.h>
#include <string.h>

#include "findings.h"

/* kube-proxy's nftables mode wants this kernel (kubernetes: pkg/util/kernel/constants.go). */
static const unsigned nftables_kernel[2] = {5, 13};

const char *proxy_plane_text(enum proxy_plane plane)
{
	static const char *const texts[] = {
		[PLANE_NONE] = "none",
		[PLANE_IPTABLES] = "kube-proxy iptables",
		[PLANE_IPVS] = "kube-proxy ipvs",
		[PLANE_NFTABLES] = "kube-proxy nftables",
		[PLANE_CILIUM] = "cilium",
		[PLANE_OTHER] = "kube-proxy, another mode",
	};

	return texts[plane];
}

bool proxy_cilium_replaces(const struct proxy_evidence *e)
{
	/* "Strict" until 1.13. */
	return e->cilium == CILIUM_TOLD &&
	       (strcmp(e->replacement, "True") == 0 || strcmp(e->replacement, "Strict") == 0);
}

static bool has_table(const struct proxy_evidence *e)
{
	return e->rules->services[RULES_IPV4].table || e->rules->services[RULES_IPV6].table;
}

/* An empty one serves nobody, not even the API server's Service. */
static bool has_ipvs(const struct proxy_evidence *e)
{
	return e->ipvs_link && (e->ipvs_addresses || e->ip_vs_servers);
}

/* In IPVS mode, too, KUBE-SERVICES has rules; chains of Services it has none. */
static bool has_chains(const struct proxy_evidence *e)
{
	return rules_service_chains(e->rules) > 0;
}

static enum proxy_plane plane_of_mode(const char *mode)
{
	return strcmp(mode, "iptables") == 0   ? PLANE_IPTABLES
	       : strcmp(mode, "ipvs") == 0     ? PLANE_IPVS
	       : strcmp(mode, "nftables") == 0 ? PLANE_NFTABLES
					       : PLANE_OTHER;
}

enum proxy_plane proxy_plane(const struct proxy_evidence *e, const char **by)
{
	*by = "by its own word";
	if (*e->mode)
		return plane_of_mode(e->mode);
	if (proxy_cilium_replaces(e))
		return PLANE_CILIUM;
	*by = "by table kube-proxy; it does not answer";
	if (has_table(e))
		return PLANE_NFTABLES;
	*by = "by device kube-ipvs0; it does not answer";
	if (has_ipvs(e))
		return PLANE_IPVS;
	*by = "by its iptables chains; it does not answer";
	if (has_chains(e) || rules_service_walk(e->rules) > 0)
		return PLANE_IPTABLES;
	*by = "no kube-proxy, no Cilium";
	return PLANE_NONE;
}

static void judge_two(const struct proxy_evidence *e, struct findings *findings)
{
	if (!*e->mode || !proxy_cilium_replaces(e))
		return;
	finding_advise(finding_add(findings, VERDICT_WARN, "TwoDataPlanes",
				   "Cilium replaces kube-proxy, and kube-proxy runs all the same, "
				   "in mode %s: both rewrite Services' packets",
				   e->mode),
		       "delete kube-proxy (kubectl -n kube-system delete daemonset kube-proxy), "
		       "then its rules: kube-proxy --cleanup, or restart the node");
}

static void append(char *list, size_t size, const char *text)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s", used ? ", " : "", text);
}

static void judge_leftovers(const struct proxy_evidence *e, enum proxy_plane plane,
			    struct findings *findings)
{
	char left[160] = "", text[64];

	if (has_table(e) && plane != PLANE_NFTABLES)
		append(left, sizeof(left), "nft table kube-proxy");
	if (e->ipvs_link && plane != PLANE_IPVS)
		append(left, sizeof(left), "device kube-ipvs0");
	if (has_chains(e) && plane != PLANE_IPTABLES) {
		snprintf(text, sizeof(text), "%llu KUBE-SVC chains in iptables",
			 (unsigned long long)rules_service_chains(e->rules));
		append(left, sizeof(left), text);
	}
	if (!*left)
		return;
	finding_advise(
		finding_add(findings, VERDICT_WARN, "ProxyLeftovers",
			    "Services are served by %s; of another mode of kube-proxy "
			    "there is left: %s",
			    plane == PLANE_NONE ? "nobody" : proxy_plane_text(plane), left),
		"what is left sends packets to pods that are gone: %s",
		plane == PLANE_NONE || plane == PLANE_CILIUM
			? "restart the node, or run kube-proxy --cleanup of the version that "
			  "made it"
			: "drain and restart the node (kube-proxy --cleanup would take away what "
			  "serves Services now, too)");
}

static void judge_needs(const struct proxy_evidence *e, enum proxy_plane plane,
			struct findings *findings)
{
	if (plane == PLANE_IPVS && !e->ip_vs)
		finding_advise(
			finding_add(findings, VERDICT_FAIL, "IpvsMissing",
				    "kube-proxy is in mode ipvs, and the kernel has no IPVS: "
				    "no Service can be reached"),
			"load it now and at boot: modprobe -a ip_vs ip_vs_rr ip_vs_wrr "
			"ip_vs_sh, and the names in /etc/modules-load.d/ipvs.conf");
	if (plane == PLANE_NFTABLES && e->kernel[0] &&
	    (e->kernel[0] < nftables_kernel[0] ||
	     (e->kernel[0] == nftables_kernel[0] && e->kernel[1] < nftables_kernel[1])))
		finding_advise(finding_add(findings, VERDICT_WARN, "KernelOldForNftables",
					   "kube-proxy is in mode nftables, which needs kernel "
					   "%u.%u; this is %u.%u",
					   nftables_kernel[0], nftables_kernel[1], e->kernel[0],
					   e->kernel[1]),
			       "use mode iptables here, or a newer kernel");
}

static void judge_unknown(const struct proxy_evidence *e, enum proxy_plane plane,
			  struct findings *findings)
{
	int error = e->rules->nft_error ? e->rules->nft_error : e->rules->legacy_error;

	if (plane != PLANE_NONE)
		return;
	if (error)
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "ProxyUnreadable",
					   "nobody answers, and the rules can't be read: %s",
					   strerror(-error)),
			       error == -EPERM || error == -EACCES
				       ? "run as root, with CAP_NET_ADMIN and CAP_NET_RAW"
				       : "measure again: nodefit check proxy");
	else if (e->cilium == CILIUM_SILENT)
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "CiliumSilent",
					   "Cilium's socket is there, but nobody answers: whether "
					   "it serves Services can't be told"),
			       "look at Cilium's agent: kubectl -n kube-system logs -l "
			       "k8s-app=cilium");
}

void proxy_judge(const struct proxy_evidence *e, struct findings *findings)
{
	const char *by;
	enum proxy_plane plane = proxy_plane(e, &by);

	judge_needs(e, plane, findings);
	judge_two(e, findings);
	judge_leftovers(e, plane, findings);
	judge_unknown(e, plane, findings);
	if (findings->n == 0 && plane == PLANE_NONE)
		finding_add(findings, VERDICT_PASS, "NoDataPlane",
			    "nothing serves Services (%s), as before a node joins", by);
	else if (findings->n == 0)
		finding_add(findings, VERDICT_PASS, "OneDataPlane", "%s serves Services (%s)",
			    proxy_plane_text(plane), by);
}

/* Three lines of headings, then "TCP  0A600001:01BB rr" and its servers with "->". */
bool proxy_ip_vs_serves(const char *text)
{
	static const char *const kinds[] = {"\nTCP ", "\nUDP ", "\nSCTP ", "\nFWM "};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strstr(text, kinds[i]))
			return true;
	return false;
}

bool proxy_kernel_parse(const char *release, unsigned out[2])
{
	char *dot, *end;
	unsigned long major = strtoul(release, &dot, 10), minor;

	if (dot == release || *dot != '.' || *release == '-' || major > 1000)
		return false;
	minor = strtoul(dot + 1, &end, 10);
	if (end == dot + 1 || dot[1] == '-' || dot[1] == '+' || minor > 1000)
		return false;
	out[0] = (unsigned)major;
	out[1] = (unsigned)minor;
	return true;
}
