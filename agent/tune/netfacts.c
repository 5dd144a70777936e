/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "facts.h"

#define ETHTOOL "ethtool(8); kernel: Documentation/networking/ethtool-netlink.rst"

/* clang-format off */
static const struct link_fact rows[] = {
	{"mtu",
	 "The largest packet that the link sends, in bytes of IP. What lies on the link (tunnels, VLANs, pods) must fit into it.",
	 "Too large for the path, and full packets vanish while small ones pass: connections open and then hang. Below 1280 the kernel takes IPv6 off the link, and static addresses do not return. Some drivers reset the device. Running pods keep what they have, tunnels do not follow: `nodefit check mtu`.",
	 "RFC 791, RFC 8200 section 5; kernel: net/core/dev.c (dev_set_mtu_ext)"},
	{"channels",
	 "Queues with an interrupt each, so that several CPUs can handle packets. Some drivers count receiving and sending apart (rx, tx), most together (combined).",
	 "A change resets the device on many drivers and drops packets for a moment. Fewer channels than XDP or the RSS table need are refused. Only the hypervisor can raise a virtual device's maximum.",
	 ETHTOOL},
	{"ring",
	 "How many packets wait in the device for the CPU (rx) and for the wire (tx).",
	 "A change resets the device on many drivers. Larger rings cost memory and cache, and help only where packets are lost: rx_missed or rx_fifo of `nodefit check link`. virtio-net takes powers of two only.",
	 ETHTOOL},
	{"coalesce",
	 "How long (usecs) or for how many packets (frames) the device waits before it interrupts a CPU.",
	 "Larger values save CPU and add latency to every packet, smaller ones the other way round. A driver may change neighbouring values along.",
	 ETHTOOL},
	{"features",
	 "Work that the device or the stack takes over: checksums, segmentation (tx-tcp-segmentation), merging (rx-gro, rx-lro).",
	 "LRO breaks forwarding: the kernel turns it off on a router, and a node is one. Some features depend on others and change along with them.",
	 ETHTOOL "; kernel: Documentation/networking/segmentation-offloads.rst"},
	{"txqueuelen",
	 "How many packets a queueing discipline such as pfifo_fast holds back. fq and fq_codel, the usual ones, have limits of their own and hardly look at it.",
	 "A long queue adds latency where the link is full; 0 means none at all.",
	 "ip-link(8); kernel: net/sched/sch_generic.c"},
};
/* clang-format on */

const struct link_fact *link_fact_find(const char *key)
{
	const char *attribute = strchr(key, '/');
	size_t len;

	if (!attribute || attribute == key)
		return NULL;
	attribute++;
	len = strcspn(attribute, "/");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].attribute) == len &&
		    strncmp(rows[i].attribute, attribute, len) == 0)
			return &rows[i];
	return NULL;
}
