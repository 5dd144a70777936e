/* SPDX-License-Identifier: Apache-2.0 */
/* Does the NIC lose packets, or its carrier? */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "linkstat.h"
#include "nics.h"
#include "softnet.h"

#define STEP_S 1.0 /* between two words of progress */

struct link_params {
	double interval, window, error_warn, error_fail, drop_warn, drop_fail, least;
	double backlog_warn, backlog_fail, squeeze_warn;
};

#define ROW(field, kind, low, high, value, text)                                                   \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct link_params, field),       \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

static const struct param params[] = {
	CHECK_INTERVAL("2m"),
	ROW(window, PARAM_DURATION, 1, 600, "5s", "how long to measure"),
	ROW(error_warn, PARAM_PERCENT, 0.001, 100, "0.1%",
	    "rx_errors or tx_errors, as a share of the packets, from which to warn"),
	ROW(error_fail, PARAM_PERCENT, 0.001, 100, "1%",
	    "the same from which to fail; node_exporter's NodeNetworkReceiveErrs alerts from here"),
	ROW(drop_warn, PARAM_PERCENT, 0.001, 100, "2%",
	    "the worst of rx_dropped, tx_dropped, rx_missed, rx_fifo, as a share of the packets, "
	    "from which to warn; Netdata's inbound_packets_dropped_ratio does"),
	ROW(drop_fail, PARAM_PERCENT, 0.001, 100, "10%", "the same from which to fail"),
	ROW(least, PARAM_COUNT, 1, 1e9, "10",
	    "errors or drops a second below which shares are not judged: a quiet link drops a "
	    "switch's own frames (spanning tree, LLDP)"),
	ROW(backlog_warn, PARAM_COUNT, 1, 1e9, "1",
	    "packets a second dropped at a CPU's full backlog from which to warn; Netdata's "
	    "1min_netdev_backlog_exceeded warns above 0"),
	ROW(backlog_fail, PARAM_COUNT, 1, 1e9, "100", "the same from which to fail"),
	ROW(squeeze_warn, PARAM_COUNT, 1, 1e9, "100",
	    "times a second that packets had to wait for a CPU's next turn from which to warn; a "
	    "few are a burst, and nothing is lost by them"),
	{0}};

/* One NIC before and after. */
struct watched {
	bool in_sysfs, read;
	struct link_reading before, after;
};

/* Of the node's NIC all rates; of the others what is not zero. */
static void tell_rates(struct result *r, const struct nic *nic,
		       const struct link_rate rates[LINK_COUNTS])
{
	for (size_t i = 0; i < LINK_COUNTS; i++) {
		bool share = link_counts[i].kind == COUNT_OF_ERRORS ||
			     link_counts[i].kind == COUNT_OF_DROPS;
		char name[24];

		if (!rates[i].known || (!nic->node && rates[i].n <= 0))
			continue;
		if (link_counts[i].kind == COUNT_OF_CHANGES)
			result_figure_of(r, nic_called(nic), link_counts[i].name, rates[i].n, "");
		else
			result_figure_of(r, nic_called(nic), link_counts[i].name, rates[i].per_s,
					 "/s");
		if (!share || rates[i].n <= 0)
			continue;
		snprintf(name, sizeof(name), "%s_share", link_counts[i].name);
		result_figure_of(r, nic_called(nic), name, rates[i].percent, "%");
	}
}

/* Carrier and duplex. False when without carrier. */
static bool judge_state(const struct sys *sys, const struct nic *nic, struct findings *findings)
{
	_cleanup_free char *duplex = NULL;
	char path[64];

	if (!(nic->link.flags & IFF_UP)) {
		finding_advise(finding_add(findings, nic->node ? VERDICT_FAIL : VERDICT_WARN,
					   "LinkDown", "%s is set down", nic->link.name),
			       "ip link set %s up", nic->link.name);
		return false;
	}
	if (!nic->link.carrier) {
		finding_advise(finding_add(findings, nic->node ? VERDICT_FAIL : VERDICT_WARN,
					   "NoCarrier", "%s has no carrier", nic->link.name),
			       nic->node ? "nothing is at the other end: look at the cable, the "
					   "switch's port or the hypervisor's"
					 : "connect it, or take it down: ip link set %s down",
			       nic->link.name);
		return false;
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s/duplex", nic->link.name);
	if (sys_read_line(sys, path, &duplex) == 0 && strcmp(duplex, "half") == 0)
		finding_advise(finding_add(findings, VERDICT_WARN, "HalfDuplex",
					   "%s runs at half duplex", nic->link.name),
			       "autonegotiation failed: set both ends the same way, or mend the "
			       "cable");
	return true;
}

static void judge_nic(const struct check_run *run, const struct nic *nic, const struct watched *w,
		      double seconds, struct result *r, struct findings *findings)
{
	const struct link_params *p = run->params;
	struct link_limits limits = {p->error_warn, p->error_fail, p->drop_warn, p->drop_fail,
				     p->least};
	struct link_rate rates[LINK_COUNTS];
	size_t before = findings->n;
	bool carrier = judge_state(run->sys, nic, findings);
	char state[64] = "carrier";
	int64_t speed;

	if (!w->in_sysfs || !w->read) {
		finding_advise(finding_add(findings, VERDICT_UNKNOWN, "LinkUnreadable",
					   "%s: /sys/class/net does not show its counters",
					   nic->link.name),
			       "/sys is another network namespace's, or not mounted: run on the "
			       "host");
		return;
	}
	if (carrier && nic_number(run->sys, nic->link.name, "speed", &speed) == 0 && speed > 0) {
		result_figure_of(r, nic_called(nic), "speed", (double)speed, "Mbit/s");
		snprintf(state, sizeof(state), "%lld Mbit/s", (long long)speed);
	}
	if (linkstat_rates(&w->before, &w->after, seconds, rates))
		result_fact(r, nic->link.name, "some of its counters ran backwards: no reading");
	tell_rates(r, nic, rates);
	if (rates[COUNT_CARRIER].n >= 1)
		finding_advise(finding_add(findings, VERDICT_WARN, "LinkFlaps",
					   "%s changed its carrier %.0f time%s in %.0f s",
					   nic->link.name, rates[COUNT_CARRIER].n,
					   rates[COUNT_CARRIER].n > 1 ? "s" : "", seconds),
			       "look at the cable and the switch's port; a change of channels or "
			       "features at this moment does it too");
	linkstat_judge(nic->link.name, rates, &limits, findings);
	if (!rates[COUNT_RX_PACKETS].known && !rates[COUNT_TX_PACKETS].known)
		finding_add(findings, VERDICT_UNKNOWN, "LinkUnreadable",
			    "%s: its counters ran backwards", nic->link.name);
	else if (findings->n == before)
		finding_add(findings, VERDICT_PASS, "LinkClean",
			    "%s: %s, %.4g drops/s of %.4g packets/s over %.0f s", nic->link.name,
			    state, rates[COUNT_RX_DROPPED].per_s + rates[COUNT_TX_DROPPED].per_s,
			    rates[COUNT_RX_PACKETS].per_s + rates[COUNT_TX_PACKETS].per_s, seconds);
}

static void judge_softnet(const struct link_params *p, const struct softnet *before,
			  const struct softnet *after, double seconds, struct result *r,
			  struct findings *findings)
{
	struct softnet_delta d;
	double dropped, squeezed;

	if (!before->n || !after->n || !softnet_compare(before, after, &d)) {
		finding_add(findings, VERDICT_UNKNOWN, "SoftnetUnreadable",
			    "/proc/net/softnet_stat can't be read, or is not in the kernel's form");
		return;
	}
	dropped = (double)d.dropped / seconds;
	squeezed = (double)d.squeezed / seconds;
	result_figure(r, "softnet_processed", (double)d.processed / seconds, "/s");
	result_figure(r, "softnet_dropped", dropped, "/s");
	result_figure(r, "softnet_squeezed", squeezed, "/s");
	result_figure(r, "softnet_cpus", (double)d.cpus, "CPUs");
	result_figure(r, "softnet_worst_cpu", d.worst_cpu, "");
	if (dropped >= p->backlog_warn)
		finding_advise(
			finding_add(findings,
				    dropped >= p->backlog_fail ? VERDICT_FAIL : VERDICT_WARN,
				    "BacklogDrops",
				    "%.4g packets/s are dropped at a full backlog, most on CPU %u",
				    dropped, d.worst_cpu),
			"raise net.core.netdev_max_backlog (`nodefit explain` it), or spread the "
			"packets over more CPUs: `nodefit check queues`");
	if (squeezed >= p->squeeze_warn)
		finding_advise(
			finding_add(findings, VERDICT_WARN, "BudgetSqueezed",
				    "%.4g times/s packets waited for a CPU's next turn, most on "
				    "CPU %u",
				    squeezed, d.worst_cpu),
			"raise net.core.netdev_budget and netdev_budget_usecs (`nodefit explain` "
			"them), or spread the packets: `nodefit check queues`");
}

/* Sleeps through the window. Returns how long it was, in seconds. */
static double wait_for(const struct check_run *run, double window)
{
	const struct sys *sys = run->sys;
	uint64_t start = sys->now(sys);

	for (double done = 0; done < window - 0.01;) {
		double next = double_min(window, done + STEP_S);

		sys->sleep_until(sys, start + (uint64_t)(next * 1e9));
		done = (double)(sys->now(sys) - start) / 1e9;
		run->progress(run, "%.0f of %.0f s", done, window);
	}
	return (double)(sys->now(sys) - start) / 1e9;
}

/* The links' state at the end is what counts. */
static void read_again(const struct sys *sys, struct nics *nics)
{
	_cleanup_links struct links links = {0};

	if (links_read(sys, &links) < 0)
		return;
	for (size_t i = 0; i < nics->n; i++) {
		const struct link *l = links_at(&links, nics->v[i].link.index);

		if (l)
			nics->v[i].link = *l;
	}
}

static void watch(const struct check_run *run, struct nics *nics, struct watched *w,
		  struct findings *findings, struct result *r)
{
	const struct link_params *p = run->params;
	_cleanup_softnet struct softnet before = {0}, after = {0};
	double seconds;

	for (size_t i = 0; i < nics->n; i++) {
		w[i].in_sysfs = nic_in_sysfs(run->sys, &nics->v[i].link);
		w[i].read = linkstat_read(run->sys, nics->v[i].link.name, &w[i].before);
	}
	(void)softnet_read(run->sys, &before);
	seconds = wait_for(run, run->quick ? double_min(3, p->window) : p->window);
	(void)softnet_read(run->sys, &after);
	for (size_t i = 0; i < nics->n; i++)
		w[i].read = w[i].read && linkstat_read(run->sys, nics->v[i].link.name, &w[i].after);
	read_again(run->sys, nics);
	result_fact(r, "nic", nics->v[0].link.name);
	result_figure(r, "window", seconds, "s");
	/* First, so that a hundred NICs don't push them out of the figures. */
	judge_softnet(p, &before, &after, seconds, r, findings);
	for (size_t i = 0; i < nics->n; i++)
		judge_nic(run, &nics->v[i], &w[i], seconds, r, findings);
	findings_tell(findings, r);
}

static void run(const struct check_run *run, struct result *r)
{
	_cleanup_nics struct nics nics = {0};
	_cleanup_free struct watched *watched = NULL;
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	int error;

	for (const struct param *row = params + 2; row->name; row++) {
		double limit;

		memcpy(&limit, (const char *)run->params + row->offset, sizeof(limit));
		result_threshold(r, row->name, limit, row->type == PARAM_PERCENT ? "%" : "/s");
	}
	if (!netlink_reaches(run->sys)) {
		result_judge(r, VERDICT_UNKNOWN, "NicUnreachable",
			     "this root is not in our network namespace: its NICs can't be asked");
		return;
	}
	error = nics_read(run->sys, &nics);
	if (error == 0 && nics.n == 0) {
		result_judge(r, VERDICT_UNKNOWN, "NoNic",
			     "no NIC: no default route, and no hardware that is up");
		result_advise(r, "in a container, use the host's network");
		return;
	}
	watched = error < 0 ? NULL : calloc(nics.n, sizeof(*watched));
	if (!watched || !findings) {
		result_judge(r, VERDICT_UNKNOWN, "LinkUnreadable", "the links can't be read: %s",
			     strerror(error < 0 ? -error : ENOMEM));
		return;
	}
	watch(run, &nics, watched, findings, r);
}

const struct check link_check = {
	.name = "link",
	.summary = "the NIC has carrier and loses no packets",
	.about = "Reads, for the NIC that carries the node's address, the ports below it and every "
		 "other hardware that is up, its state and its counters before and after a "
		 "window of 5 s (3 s with --quick). Without carrier the node's NIC fails; half "
		 "duplex and a carrier that comes and goes warn. Errors and drops are judged as "
		 "a share of the packets, once there are least= of them a second. Counters that "
		 "run backwards are no reading; rx_nohandler is harmless. "
		 "From /proc/net/softnet_stat, which counts for the whole machine: packets "
		 "dropped because a CPU's backlog was full (net.core.netdev_max_backlog), and how "
		 "often a CPU's turn ended with packets left (net.core.netdev_budget, "
		 "netdev_budget_usecs). The danger: larger budgets and backlogs hide a CPU that "
		 "is too slow behind latency; spread the packets first. Five quiet seconds prove "
		 "little: measure under load. "
		 "Sources: kernel: Documentation/networking/statistics.rst, "
		 "Documentation/ABI/testing/sysfs-class-net-statistics, "
		 "net/core/net-procfs.c (softnet_seq_show).",
	.params = params,
	.params_size = sizeof(struct link_params),
	.deadline_s = 600 + 15,
	.run = run,
	.of_links = true,
};
