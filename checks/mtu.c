/* SPDX-License-Identifier: Apache-2.0 */
/* Do packets of the size that the node sends arrive? */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "overlay.h"
#include "pmtu.h"

#define DEADLINE_S 60.0
#define PATIENCE_S 40.0 /* after which no further peer is probed */

struct mtu_params {
	double interval;
	int deviates; /* 0: warn, 1: fail */
	struct peers peers;
	double wait;
};

static const struct param params[] = {
	CHECK_INTERVAL("5m"),
	{.name = "deviates",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct mtu_params, deviates),
	 .choices = "warn fail",
	 .fallback = "fail",
	 .help = "the verdict when a tunnel, pod behind it or route has a larger MTU than what "
		 "carries it"},
	{.name = "peers",
	 .type = PARAM_PEERS,
	 .offset = offsetof(struct mtu_params, peers),
	 .fallback = "",
	 .help = "addresses that answer pings, such as other nodes': the path to each must carry "
		 "the NIC's MTU; without any no path is probed"},
	{.name = "wait",
	 .type = PARAM_DURATION,
	 .offset = offsetof(struct mtu_params, wait),
	 .least = 0.01,
	 .most = 5,
	 .fallback = "1s",
	 .help = "how long to wait for an echo, three times, before it counts as lost"},
	{0}};

struct machine {
	struct links links;
	struct addresses addresses;
	struct routes routes;
	const struct link *nic;
	bool ipv6_only;
};

static void machine_clear(struct machine *m)
{
	links_clear(&m->links);
	addresses_clear(&m->addresses);
	routes_clear(&m->routes);
}
#define _cleanup_machine _cleanup_(machine_clear)

/* RFC 3927: no node is reached by it. */
static bool is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET && ip->bytes[0] == 169 && ip->bytes[1] == 254;
}

static int machine_read(const struct sys *sys, struct machine *m)
{
	struct routes v6 = {0};
	unsigned node = 0;
	int r = node_link(sys, &node);

	if (r == 0)
		r = links_read(sys, &m->links);
	if (r == 0)
		r = addresses_read(&m->addresses);
	if (r == 0)
		r = routes_read(AF_INET, true, &m->routes);
	if (r == 0)
		r = routes_read(AF_INET6, true, &v6);
	for (size_t i = 0; i < v6.n && r == 0; i++) {
		struct route *slot = array_add(&m->routes.v, &m->routes.n, sizeof(*slot));

		if (slot)
			*slot = v6.v[i];
		else
			r = -ENOMEM;
	}
	routes_clear(&v6);
	if (r < 0)
		return r;
	m->nic = links_at(&m->links, node);
	m->ipv6_only = true;
	for (size_t i = 0; i < m->addresses.n; i++)
		if (m->addresses.v[i].link == node && m->addresses.v[i].ip.family == AF_INET &&
		    !is_link_local(&m->addresses.v[i].ip))
			m->ipv6_only = false;
	return m->nic ? 0 : -ENODEV;
}

static void judge_smaller(const struct pmtu_result *p, const char *peer, const struct link *nic,
			  struct findings *findings)
{
	char text[INET6_ADDRSTRLEN];
	struct finding *f;

	if (p->black_hole && p->refuser.family != AF_UNSPEC)
		f = finding_add(
			findings, VERDICT_FAIL, "PmtuBlackHole",
			"the path to %s carries packets of %u bytes; %s refuses larger ones "
			"without saying what fits, while %s sends up to %u",
			peer, p->mtu, ip_text(&p->refuser, text), nic->name, nic->mtu);
	else if (p->black_hole)
		f = finding_add(
			findings, VERDICT_FAIL, "PmtuBlackHole",
			"the path to %s carries packets of %u bytes; larger ones vanish and "
			"nobody says so, while %s sends up to %u",
			peer, p->mtu, nic->name, nic->mtu);
	else if (p->reporter.family == AF_UNSPEC)
		f = finding_add(findings, VERDICT_WARN, "PathMtuSmaller",
				"this machine's own way to %s carries %u bytes, %s up to %u", peer,
				p->mtu, nic->name, nic->mtu);
	else
		f = finding_add(
			findings, VERDICT_WARN, "PathMtuSmaller",
			"the path to %s carries %u bytes, as %s reports, and %s sends up to "
			"%u",
			peer, p->mtu, ip_text(&p->reporter, text), nic->name, nic->mtu);
	if (p->reporter.family != AF_UNSPEC || p->black_hole)
		finding_advise(
			f,
			"set [net] mtu=%u here and take the CNI's headers off that, or raise "
			"the MTU on the way%s",
			p->mtu,
			p->black_hole ? "; let ICMP \"fragmentation needed\" and \"packet "
					"too big\" pass"
				      : "");
}

static void judge_path(const struct pmtu_result *p, const char *peer, const struct link *nic,
		       struct findings *findings, struct result *r)
{
	char text[INET6_ADDRSTRLEN];

	switch (p->kind) {
	case PMTU_FOUND:
		result_figure_of(r, peer, "path", p->mtu, "bytes");
		result_figure_of(r, peer, "rtt", p->rtt_s * 1e3, "ms");
		if (p->mtu < nic->mtu)
			judge_smaller(p, peer, nic, findings);
		return;
	case PMTU_SILENT:
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "PeerSilent",
					   "%s does not answer pings, not even small ones: that "
					   "says nothing about the path",
					   peer),
			       "name peers= that answer, or let ICMP echoes pass");
		return;
	case PMTU_REFUSED:
		if (p->reporter.family == AF_UNSPEC)
			finding_add(findings, VERDICT_UNKNOWN, "PeerRefused",
				    "this machine has no way to %s: %s", peer, strerror(p->error));
		else
			finding_add(findings, VERDICT_UNKNOWN, "PeerRefused",
				    "%s refuses what goes to %s: %s", ip_text(&p->reporter, text),
				    peer, strerror(p->error));
		return;
	}
}

static void probe(const struct check_run *run, const struct link *nic, struct findings *findings,
		  struct result *r)
{
	const struct mtu_params *p = run->params;
	uint64_t end = run->sys->now(run->sys) + (uint64_t)(PATIENCE_S * 1e9);

	for (size_t i = 0; i < p->peers.n; i++) {
		char peer[INET6_ADDRSTRLEN];
		struct pmtu_result path;
		int error;

		ip_text(&p->peers.v[i], peer);
		if (run->sys->now(run->sys) > end) {
			finding_add(findings, VERDICT_UNKNOWN, "PeersNotProbed",
				    "%zu of %zu peers were not probed: the others took too long",
				    p->peers.n - i, p->peers.n);
			return;
		}
		run->progress(run, "%zu of %zu: %s", i + 1, p->peers.n, peer);
		error = pmtu_probe(run->sys, &p->peers.v[i], 0, nic->mtu, p->wait, end, &path);
		if (error < 0)
			finding_add(findings, VERDICT_UNKNOWN, "ProbeFailed",
				    "%s could not be probed: %s%s", peer, strerror(-error),
				    error == -EPERM ? " (it takes CAP_NET_RAW)" : "");
		else
			judge_path(&path, peer, nic, findings, r);
	}
}

static void run(const struct check_run *run, struct result *r)
{
	const struct mtu_params *p = run->params;
	_cleanup_machine struct machine m = {0};
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	int error = findings ? 0 : -ENOMEM;
	struct overlay_view view;

	if (!netlink_reaches(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "NicUnreachable",
			     "this root is not in our network namespace: its NICs can't be asked");
		return;
	}
	if (error == 0)
		error = machine_read(run->sys, &m);
	if (error == -ENOENT || error == -ENODEV) {
		result_judge(r, VERDICT_UNKNOWN, "NoNic",
			     "no NIC carries the node's address: there is no default route");
		result_advise(r, "in a container, use the host's network");
		return;
	}
	if (error < 0) {
		result_judge(r, VERDICT_UNKNOWN, "MtuUnreadable",
			     "the links and routes can't be read: %s", strerror(-error));
		return;
	}
	result_fact(r, "nic", m.nic->name);
	result_figure(r, "mtu", m.nic->mtu, "bytes");
	view = (struct overlay_view){.links = &m.links,
				     .addresses = &m.addresses,
				     .routes = &m.routes,
				     .nic = m.nic,
				     .ipv6_only = m.ipv6_only};
	overlay_judge(&view, p->deviates == 1 ? VERDICT_FAIL : VERDICT_WARN, findings, r);
	if (m.nic->mtu < LINK_MTU_IPV6)
		finding_add(findings, VERDICT_WARN, "MtuBelowIpv6", "%s has MTU %u: IPv6 needs %d",
			    m.nic->name, m.nic->mtu, LINK_MTU_IPV6);
	probe(run, m.nic, findings, r);
	if (findings->n == 0 && p->peers.n == 0)
		finding_add(findings, VERDICT_PASS, "MtuFits",
			    "%s: MTU %u; tunnels, pods and routes fit (no path probed: no peers=)",
			    m.nic->name, m.nic->mtu);
	else if (findings->n == 0)
		finding_add(findings, VERDICT_PASS, "MtuFits",
			    "%s: MTU %u; tunnels, pods and routes fit, and the paths to %zu peers",
			    m.nic->name, m.nic->mtu, p->peers.n);
	findings_tell(findings, r);
}

const struct check mtu_check = {
	.name = "mtu",
	.summary = "tunnels, pods and routes fit into the NIC's MTU, and the paths carry it",
	.about = "Takes the NIC that carries the node's address, and compares with its MTU every "
		 "tunnel that is up (VXLAN and Geneve take 50 bytes over IPv4 and 70 over IPv6, "
		 "IPIP 20, GRE 24, WireGuard 60 and 80), the pods' links and the MTUs of routes; a "
		 "tunnel's MTU does not follow when the NIC's drops. It knows the devices of "
		 "flannel, Calico, Cilium, Antrea and Weave, and says what to set. With peers= it "
		 "sends ICMP echoes with \"don't fragment\" and halves its way to the size that "
		 "the path carries: a path that loses larger packets without a word is a black "
		 "hole, and fails. Silence to small echoes as well proves nothing: unknown. "
		 "The danger: connections that open and then hang, since only full packets are "
		 "lost. "
		 "Sources: RFC 1191, RFC 8201, RFC 4821; ip(7) IP_MTU_DISCOVER; RFC 7348, RFC "
		 "8926.",
	.params = params,
	.params_size = sizeof(struct mtu_params),
	.deadline_s = DEADLINE_S,
	.run = run,
	.of_links = true,
};
