/* SPDX-License-Identifier: Apache-2.0 */
#include "linkstat.h"

#include "text.h"

#define STATISTICS "statistics/"

/* rx_dropped is the stack's: the driver has counted those packets as received. What the hardware
 * dropped or found broken is in no count of packets. */
const struct link_count link_counts[LINK_COUNTS] = {
	[COUNT_RX_PACKETS] = {"rx_packets", STATISTICS "rx_packets", COUNT_OF_TRAFFIC, 0, false},
	[COUNT_TX_PACKETS] = {"tx_packets", STATISTICS "tx_packets", COUNT_OF_TRAFFIC, 0, false},
	[COUNT_RX_ERRORS] = {"rx_errors", STATISTICS "rx_errors", COUNT_OF_ERRORS, COUNT_RX_PACKETS,
			     false},
	[COUNT_TX_ERRORS] = {"tx_errors", STATISTICS "tx_errors", COUNT_OF_ERRORS, COUNT_TX_PACKETS,
			     false},
	[COUNT_RX_DROPPED] = {"rx_dropped", STATISTICS "rx_dropped", COUNT_OF_DROPS,
			      COUNT_RX_PACKETS, true},
	[COUNT_TX_DROPPED] = {"tx_dropped", STATISTICS "tx_dropped", COUNT_OF_DROPS,
			      COUNT_TX_PACKETS, false},
	[COUNT_RX_MISSED] = {"rx_missed", STATISTICS "rx_missed_errors", COUNT_OF_DROPS,
			     COUNT_RX_PACKETS, false},
	[COUNT_RX_FIFO] = {"rx_fifo", STATISTICS "rx_fifo_errors", COUNT_OF_DROPS, COUNT_RX_PACKETS,
			   false},
	[COUNT_RX_NOHANDLER] = {"rx_nohandler", STATISTICS "rx_nohandler", COUNT_HARMLESS,
				COUNT_RX_PACKETS, false},
	[COUNT_CARRIER] = {"carrier_changes", "carrier_changes", COUNT_OF_CHANGES, 0, false},
};

bool linkstat_read(const struct sys *sys, const char *link, struct link_reading *out)
{
	struct link_reading reading = {0};
	bool any = false;

	for (size_t i = 0; i < LINK_COUNTS; i++) {
		_cleanup_free char *text = NULL;
		char path[128];
		wide value;

		snprintf(path, sizeof(path), "/sys/class/net/%s/%s", link, link_counts[i].file);
		if (sys_read_line(sys, path, &text) < 0 || number_parse(text, &value) < 0 ||
		    value < 0)
			continue;
		reading.v[i] = (uint64_t)value;
		reading.known[i] = any = true;
	}
	if (any)
		*out = reading;
	return any;
}

static double share(const struct link_count *c, double n, const struct link_rate *packets)
{
	double all = packets->n;

	if (!packets->known || n <= 0)
		return 0;
	if (!c->within)
		all += n;
	return all > n ? 100 * n / all : 100;
}

unsigned linkstat_rates(const struct link_reading *before, const struct link_reading *after,
			double seconds, struct link_rate out[LINK_COUNTS])
{
	unsigned backwards = 0;

	for (size_t i = 0; i < LINK_COUNTS; i++) {
		out[i] = (struct link_rate){0};
		if (!before->known[i] || !after->known[i] || seconds <= 0)
			continue;
		if (after->v[i] < before->v[i]) {
			backwards++;
			continue;
		}
		out[i].known = true;
		out[i].n = (double)(after->v[i] - before->v[i]);
		out[i].per_s = out[i].n / seconds;
	}
	for (size_t i = 0; i < LINK_COUNTS; i++)
		if (out[i].known && link_counts[i].kind != COUNT_OF_TRAFFIC &&
		    link_counts[i].kind != COUNT_OF_CHANGES)
			out[i].percent =
				share(&link_counts[i], out[i].n, &out[link_counts[i].packets]);
	return backwards;
}

static void judge_kind(const char *link, const struct link_rate rates[LINK_COUNTS],
		       enum count_kind kind, double least, double warn, double fail,
		       struct findings *findings)
{
	bool errors = kind == COUNT_OF_ERRORS;
	size_t worst = LINK_COUNTS;
	struct finding *f;

	for (size_t i = 0; i < LINK_COUNTS; i++)
		if (link_counts[i].kind == kind && rates[i].known && rates[i].per_s >= least &&
		    rates[i].percent >= warn &&
		    (worst == LINK_COUNTS || rates[i].percent > rates[worst].percent))
			worst = i;
	if (worst == LINK_COUNTS)
		return;
	f = finding_add(findings, rates[worst].percent >= fail ? VERDICT_FAIL : VERDICT_WARN,
			errors ? "LinkErrors" : "LinkDrops", "%s: %.4g %s/s, %.3g%% of its packets",
			link, rates[worst].per_s, link_counts[worst].name, rates[worst].percent);
	if (errors)
		finding_advise(f,
			       "a bad cable, transceiver, port or driver: `ethtool -S %s` "
			       "tells which kind of error",
			       link);
	else if (worst == COUNT_RX_MISSED || worst == COUNT_RX_FIFO)
		finding_advise(f, "the NIC's receive ring overflows: `[net] ring=rx max` in the "
				  "profile, and see `nodefit check queues`");
	else
		finding_advise(f,
			       "`ethtool -S %s` and `dropwatch` tell where; frames of unknown "
			       "protocols and foreign VLANs count as rx_dropped too",
			       link);
}

void linkstat_judge(const char *link, const struct link_rate rates[LINK_COUNTS],
		    const struct link_limits *limits, struct findings *findings)
{
	judge_kind(link, rates, COUNT_OF_ERRORS, limits->least, limits->error_warn,
		   limits->error_fail, findings);
	judge_kind(link, rates, COUNT_OF_DROPS, limits->least, limits->drop_warn, limits->drop_fail,
		   findings);
}
