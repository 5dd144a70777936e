/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay.h"

#include <fnmatch.h>
#include <string.h>

#include "text.h"

static const struct {
	const char *kind;
	unsigned v4, v6; /* by the outer packets' family; 0: can't be */
} kinds[] = {
	{"vxlan", 50, 70},    {"geneve", 50, 70},    {"ipip", 20, 0},   {"sit", 20, 0},
	{"gre", 24, 0},       {"gretap", 38, 0},     {"ip6tnl", 0, 40}, {"ip6gre", 0, 44},
	{"ip6gretap", 0, 58}, {"wireguard", 60, 80},
};

unsigned tunnel_overhead(const char *kind, int family)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		if (kinds[i].v4 == 0 || (family == AF_INET6 && kinds[i].v6))
			return kinds[i].v6;
		return kinds[i].v4;
	}
	return 0;
}

/* What sets the MTU of a CNI's devices. */
static const struct cni {
	const char *device, *name, *setting;
	bool takes_nics; /* it is told the NIC's MTU, and takes its headers off by itself */
} cnis[] = {
	{"flannel*", "flannel",
	 "delete its device and restart its pod, which takes the NIC's MTU less the tunnel's "
	 "headers",
	 false},
	{"vxlan*.calico", "Calico",
	 "calicoNetwork.mtu of the Installation (by hand: vxlanMTU of the FelixConfiguration and "
	 "veth_mtu of calico-config)",
	 false},
	{"tunl0", "Calico, where it is its",
	 "calicoNetwork.mtu of the Installation (by hand: ipipMTU of the FelixConfiguration and "
	 "veth_mtu of calico-config)",
	 false},
	{"w*g*.cali", "Calico",
	 "calicoNetwork.mtu of the Installation (by hand: wireguardMTU of the FelixConfiguration "
	 "and veth_mtu of calico-config)",
	 false},
	{"cilium_*", "Cilium", "helm's MTU, the NIC's, from which it takes its headers off itself",
	 true},
	{"cali*", "Calico",
	 "calicoNetwork.mtu of the Installation (by hand: veth_mtu of calico-config)", false},
	{"lxc*", "Cilium", "helm's MTU, the NIC's, from which it takes its headers off itself",
	 true},
	{"eni*", "Amazon VPC CNI", "AWS_VPC_ENI_MTU of the DaemonSet aws-node", false},
	{"antrea-*", "Antrea", "defaultMTU of antrea-agent.conf (or 0, which follows the NIC)",
	 false},
	{"weave", "Weave", "WEAVE_MTU of its DaemonSet", false},
};

static const struct cni *cni_of(const char *device)
{
	for (size_t i = 0; i < ARRAY_LEN(cnis); i++)
		if (fnmatch(cnis[i].device, device, 0) == 0)
			return &cnis[i];
	return NULL;
}

/* Is it a tunnel between nodes, or somebody's for something else (a VPN, a lab)? By its name alone:
 * either has routes that point into it. */
static bool is_cnis(const char *device)
{
	static const char *const others[] = {"genev_sys_*", "vxlan_sys_*", "gre_sys*", "vxlan-6784",
					     "tun-*"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (fnmatch(others[i], device, 0) == 0)
			return true;
	return cni_of(device) != NULL;
}

struct judging {
	const struct overlay_view *v;
	enum verdict verdict;
	struct findings *findings;
	struct result *r;
	/* What the pods' packets may have: the least of all tunnels, and whose that is. */
	unsigned pods;
	const struct link *narrowest;
	const struct cni *cni;
	unsigned external; /* headers of a tunnel that others lead packets into, or 0 */
	bool cilium;
};

static void advise(const struct judging *j, struct finding *f, const struct cni *cni,
		   const char *device, unsigned mtu)
{
	if (cni)
		finding_advise(f, "%s: %s: %u", cni->name, cni->setting,
			       cni->takes_nics ? j->v->nic->mtu : mtu);
	else
		finding_advise(f, "ip link set %s mtu %u, and the same where it is configured",
			       device, mtu);
}

/* Some modules bring a device that nobody uses, such as tunl0. */
static bool is_used(const struct overlay_view *v, const struct link *l)
{
	if (!(l->flags & IFF_UP))
		return false;
	if (!word_in("tunl0 sit0 gre0 gretap0 erspan0 ip6tnl0 ip6gre0", l->name))
		return true;
	for (size_t i = 0; i < v->addresses->n; i++)
		if (v->addresses->v[i].link == l->index)
			return true;
	return false;
}

static void narrow(struct judging *j, const struct link *l, unsigned mtu)
{
	if (!is_cnis(l->name))
		return;
	if (!j->cni)
		j->cni = cni_of(l->name);
	if (j->narrowest && mtu >= j->pods)
		return;
	j->pods = mtu;
	j->narrowest = l;
}

/* One device that packets leave through, `overhead` bytes larger, over the link `below`. */
static void judge_device(struct judging *j, const struct link *l, const struct link *below,
			 unsigned overhead)
{
	unsigned most = below->mtu > overhead ? below->mtu - overhead : 0;

	result_figure_of(j->r, l->name, "mtu", l->mtu, "bytes");
	result_figure_of(j->r, l->name, "most", most, "bytes");
	narrow(j, l, l->mtu < most ? l->mtu : most);
	if (l->mtu <= most)
		return;
	advise(j,
	       finding_add(j->findings, j->verdict, "OverlayTooLarge",
			   "%s (%s, MTU %u) does not fit into %s (MTU %u): its headers take %u, so "
			   "%u fits",
			   l->name, *l->kind ? l->kind : "device", l->mtu, below->name, below->mtu,
			   overhead, most),
	       cni_of(l->name), l->name, most);
}

static void judge_tunnel(struct judging *j, const struct link *l)
{
	const struct overlay_view *v = j->v;
	const struct link *below = l->underlay ? links_at(v->links, l->underlay) : v->nic;
	int family = l->remote_family;
	unsigned overhead;

	if (family == AF_UNSPEC && v->ipv6_only)
		family = AF_INET6;
	overhead = tunnel_overhead(l->kind, family);
	if (overhead == 0 || l == v->nic || !is_used(v, l))
		return;
	/* Its own MTU is about 65000: what counts is that of those who send into it. */
	if (l->collects_meta) {
		if (overhead > j->external)
			j->external = overhead;
		narrow(j, l, v->nic->mtu > overhead ? v->nic->mtu - overhead : 0);
		return;
	}
	if (below)
		judge_device(j, l, below, overhead);
}

/* Cilium's pods have the NIC's MTU, and smaller routes within. */
static void look_for_cilium(struct judging *j)
{
	const struct links *links = j->v->links;

	for (size_t i = 0; i < links->n && !j->cilium; i++) {
		if (!(links->v[i].flags & IFF_UP) || strncmp(links->v[i].name, "cilium_", 7) != 0)
			continue;
		j->cilium = true;
		j->cni = cni_of(links->v[i].name);
	}
}

/* Antrea's and Weave's own ports: all that pods send to other nodes goes through them. */
static void judge_gateways(struct judging *j)
{
	const struct links *links = j->v->links;

	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].flags & IFF_UP && word_in("antrea-gw0 weave", links->v[i].name))
			judge_device(j, &links->v[i], j->v->nic, j->external);
}

/* Pods of this node's CNI, not those of another container engine's bridge. */
static bool is_behind_tunnel(const struct judging *j, const struct link *veth)
{
	const struct link *master = veth->master ? links_at(j->v->links, veth->master) : NULL;

	if (!j->narrowest || j->cilium)
		return false;
	return !master || word_in("cni0 cbr0 weave kube-bridge ovs-system", master->name);
}

/* A pod's link has two ends: the host's made smaller alone, it would drop without a word what its
 * pod goes on to send. */
static void advise_pods(const struct judging *j, struct finding *f, bool behind,
			const struct link *pod, unsigned mtu)
{
	const struct cni *cni = cni_of(pod->name);

	if (!cni && (behind || j->cilium))
		cni = j->cni;
	if (cni)
		finding_advise(f, "%s: %s: %u; then make the pods anew: running ones keep theirs",
			       cni->name, cni->setting, cni->takes_nics ? j->v->nic->mtu : mtu);
	else
		finding_advise(
			f,
			"set MTU %u where %s's maker is configured (the CNI, or the "
			"container engine), then make the pods anew: running ones keep theirs",
			mtu, pod->name);
}

/* Those behind the tunnel lose packets without a word. Others are bounded by the NIC, and this
 * machine tells them when they send too much: a warning. */
static void judge_pods(struct judging *j, bool behind)
{
	const struct links *links = j->v->links;
	const struct link *worst = NULL, *bound = behind ? j->narrowest : j->v->nic;
	unsigned most = behind ? j->pods : j->v->nic->mtu, n = 0, pods = 0;

	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = &links->v[i];

		if (strcmp(l->kind, "veth") != 0 || !l->lower_elsewhere || !(l->flags & IFF_UP) ||
		    l == j->v->nic || is_behind_tunnel(j, l) != behind)
			continue;
		pods++;
		n += l->mtu > most;
		if (l->mtu > most && (!worst || l->mtu > worst->mtu))
			worst = l;
	}
	if (pods)
		result_figure(j->r, behind ? "pods" : "containers", pods, "links");
	if (worst)
		advise_pods(j,
			    finding_add(j->findings, behind ? j->verdict : VERDICT_WARN,
					"PodsTooLarge",
					"%u of %u pods' links are larger than what %s carries "
					"(%u): %s has MTU %u",
					n, pods, bound->name, most, worst->name, worst->mtu),
			    behind, worst, most);
}

/* A route's own MTU is used instead of its link's. */
static void judge_routes(struct judging *j)
{
	const struct routes *routes = j->v->routes;

	for (size_t i = 0; i < routes->n; i++) {
		const struct route *route = &routes->v[i];
		const struct link *l = route->mtu ? links_at(j->v->links, route->link) : NULL;
		char to[INET6_ADDRSTRLEN];
		struct finding *f;
		unsigned most;

		if (!l || l->collects_meta)
			continue;
		most = l->mtu;
		if (strcmp(l->name, "cilium_host") == 0 && j->v->nic->mtu > j->external)
			most = j->v->nic->mtu - j->external;
		if (route->mtu <= most)
			continue;
		f = finding_add(j->findings, j->verdict, "RouteTooLarge",
				"the route to %s/%u by %s has MTU %u, but %s carries %u",
				ip_text(&route->to, to), route->prefix, l->name, route->mtu,
				most == l->mtu ? l->name : j->v->nic->name, most);
		if (cni_of(l->name))
			advise(j, f, cni_of(l->name), l->name, most);
		else
			finding_advise(f,
				       "give that route mtu %u, or none, where it comes from: `ip "
				       "route show %s/%u` has its protocol",
				       most, to, route->prefix);
		return; /* one is enough: the CNI gives all the same */
	}
}

void overlay_judge(const struct overlay_view *v, enum verdict verdict, struct findings *findings,
		   struct result *r)
{
	struct judging j = {.v = v, .verdict = verdict, .findings = findings, .r = r};

	for (size_t i = 0; i < v->links->n; i++)
		judge_tunnel(&j, &v->links->v[i]);
	look_for_cilium(&j);
	judge_gateways(&j);
	judge_pods(&j, true);
	judge_pods(&j, false);
	judge_routes(&j);
}
