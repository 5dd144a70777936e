/* SPDX-License-Identifier: Apache-2.0 */
/* What serves Services on this node? */
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"
#include "findings.h"
#include "link.h"
#include "route.h"
#include "scrape.h"

#define ASK_S     5.0
#define READ_S    20.0
#define IPVS_LINK "kube-ipvs0"

struct proxy_params {
	double interval;
	char address[TEXT_PARAM_MAX], cilium[PATH_PARAM_MAX];
};

static const struct param params[] = {CHECK_INTERVAL("10m"),
				      {.name = "address",
				       .type = PARAM_TEXT,
				       .offset = offsetof(struct proxy_params, address),
				       .least = 1,
				       .most = 120,
				       .fallback = "127.0.0.1:10249 [::1]:10249",
				       .help = "where kube-proxy serves its metrics "
					       "(metricsBindAddress), HOST:PORT with numbers, "
					       "with blanks between several"},
				      {.name = "cilium",
				       .type = PARAM_PATH,
				       .offset = offsetof(struct proxy_params, cilium),
				       .fallback = "/var/run/cilium/cilium.sock",
				       .help = "the socket of Cilium's agent"},
				      {0}};

/* Of a scraper's answer: a word that is to be compared or told. */
static void take_word(const struct scrape *s, const char *key, char out[PROXY_WORD])
{
	const char *value = scrape_value(s, key);

	if (value && strlen(value) < PROXY_WORD)
		snprintf(out, PROXY_WORD, "%s", value);
}

/* Why nothing was answered, in words. */
static void tell_failure(int error, const struct scrape *s, const char *name, struct result *r)
{
	const char *words = error == -ENOENT      ? "nodefit-net is not installed: not asked"
			    : error == -ETIMEDOUT ? "no answer in time"
			    : error == -EPROTO    ? "it can't be asked: is its address right?"
			    : error < 0           ? strerror(-error)
						  : scrape_value(s, "error");

	result_fact(r, name, words ? words : "it does not say");
}

static void ask_kube_proxy(const struct check_run *run, struct proxy_evidence *e, struct result *r)
{
	const struct proxy_params *p = run->params;
	char request[TEXT_PARAM_MAX * 6] = "", list[TEXT_PARAM_MAX], *rest, *word;
	_cleanup_(scrape_clear) struct scrape s = {0};
	size_t used = 0;
	int error;

	snprintf(list, sizeof(list), "%s", p->address);
	for (word = strtok_r(list, " ,", &rest); word; word = strtok_r(NULL, " ,", &rest))
		used += (size_t)snprintf(request + used, sizeof(request) - used, "address=%s\n",
					 word);
	error = scrape_run(run->sys, "kube-proxy", request, NULL, ASK_S, &s);
	if (error == 0)
		take_word(&s, "mode", e->mode);
	if (*e->mode)
		result_fact(r, "kube_proxy", e->mode);
	else
		tell_failure(error, &s, "kube_proxy", r);
}

/* A socket that is connected at once, or -errno: an agent that takes no connections is not waited
 * for. The path may be longer, and below a root: it is opened first. */
static int connect_to(const struct sys *sys, const char *path)
{
	_cleanup_fd int at = sys_open(sys, path, O_PATH, 0);
	_cleanup_fd int fd = -1;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct stat st;

	if (at < 0)
		return at;
	if (fstat(at, &st) < 0 || !S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return negative_errno();
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", at);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return negative_errno();
	return TAKE_FD(fd);
}

static void ask_cilium(const struct check_run *run, struct proxy_evidence *e, struct result *r)
{
	const struct proxy_params *p = run->params;
	_cleanup_(scrape_clear) struct scrape s = {0};
	_cleanup_fd int fd = connect_to(run->sys, p->cilium);
	char text[104], version[PROXY_WORD] = "";
	int error;

	if (fd == -ENOENT)
		return;
	e->cilium = CILIUM_SILENT;
	error = fd < 0 ? fd : scrape_run(run->sys, "cilium", "", &fd, ASK_S, &s);
	if (error == 0) {
		take_word(&s, "kube_proxy_replacement", e->replacement);
		take_word(&s, "version", version);
	}
	if (!*e->replacement) {
		tell_failure(error, &s, "cilium", r);
		return;
	}
	e->cilium = CILIUM_TOLD;
	snprintf(text, sizeof(text), "%s%skubeProxyReplacement %s", version, *version ? ", " : "",
		 e->replacement);
	result_fact(r, "cilium", text);
}

static void look_at_ipvs(const struct sys *sys, struct proxy_evidence *e, struct result *r)
{
	_cleanup_addresses struct addresses addresses = {0};
	_cleanup_fd int fd = sys_open(sys, "/proc/net/ip_vs", O_RDONLY, 0);
	char begin[4096], text[64];
	ssize_t n = fd < 0 ? -1 : read(fd, begin, sizeof(begin) - 1);
	struct link l;

	e->ip_vs = fd != -ENOENT; /* what can't be opened is there all the same */
	if (n > 0) {
		begin[n] = '\0';
		e->ip_vs_servers = proxy_ip_vs_serves(begin);
	}
	if (link_read(sys, IPVS_LINK, &l) < 0)
		return;
	e->ipvs_link = true;
	if (addresses_read(&addresses) == 0)
		for (size_t i = 0; i < addresses.n; i++)
			e->ipvs_addresses += addresses.v[i].link == l.index &&
					     addresses.v[i].scope != RT_SCOPE_LINK;
	snprintf(text, sizeof(text), "%s, %zu addresses", *l.kind ? l.kind : "of no kind",
		 e->ipvs_addresses);
	result_fact(r, IPVS_LINK, text);
	result_figure(r, "ipvs_addresses", (double)e->ipvs_addresses, "");
}

static void run(const struct check_run *run, struct result *r)
{
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	_cleanup_free struct rules *rules = calloc(1, sizeof(*rules));
	struct proxy_evidence e = {.rules = rules};
	_cleanup_free char *release = NULL;
	const char *by;

	if (!netlink_reaches(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "ProxyUnreachable",
			     "this root is not in our network namespace: its data plane can't be "
			     "asked");
		return;
	}
	if (!findings || !rules) {
		result_judge(r, VERDICT_UNKNOWN, "ProxyUnreadable", "%s", strerror(ENOMEM));
		return;
	}
	rules_read(run->sys, false, READ_S, rules);
	if (sys_read_line(run->sys, "/proc/sys/kernel/osrelease", &release) == 0)
		(void)proxy_kernel_parse(release, e.kernel);
	look_at_ipvs(run->sys, &e, r);
	ask_kube_proxy(run, &e, r);
	ask_cilium(run, &e, r);
	result_fact(r, "data_plane", proxy_plane_text(proxy_plane(&e, &by)));
	result_figure(r, "service_chains", (double)rules_service_chains(rules), "");
	result_figure(r, "service_elements", (double)rules_service_elements(rules), "");
	proxy_judge(&e, findings);
	findings_tell(findings, r);
}

const struct check proxy_check = {
	.name = "proxy",
	.summary = "one data plane serves Services, and the kernel has what it needs",
	.about = "Finds out what serves Services here. First who answers: kube-proxy by /proxyMode "
		 "of its metrics address, Cilium by kube-proxy-replacement of its agent's socket; "
		 "nodefit-net asks, without privileges. Then what kube-proxy has put into the "
		 "kernel: the nft table kube-proxy, the device kube-ipvs0 with Services' "
		 "addresses, chains KUBE-SVC-* or rules in KUBE-SERVICES in either iptables "
		 "backend. Chains KUBE-* alone prove nothing: KUBE-IPTABLES-HINT and "
		 "KUBE-KUBELET-CANARY are kubelet's. None is a pass: the node has not joined yet. "
		 "Cilium and kube-proxy at the same time warn, as do leftovers of a mode that is "
		 "not in use any more: they send packets to pods that are gone, and survive until "
		 "a restart of the node, or kube-proxy --cleanup, which takes the rules of all "
		 "modes away. Mode ipvs without IPVS in the "
		 "kernel fails; mode nftables warns below kernel 5.13. "
		 "Sources: kubernetes: cmd/kube-proxy/app/server.go, pkg/proxy/{iptables,ipvs,"
		 "nftables}/proxier.go, pkg/proxy/nftables/supported.go; cilium: "
		 "api/v1/openapi.yaml; kernel: net/netfilter/ipvs/ip_vs_ctl.c.",
	.params = params,
	.params_size = sizeof(struct proxy_params),
	.deadline_s = READ_S + 40,
	.run = run,
};
