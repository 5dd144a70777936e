/* SPDX-License-Identifier: Apache-2.0 */
/* Do the MTUs of tunnels, pods and routes fit into the NIC's? */
#pragma once

#include "findings.h"
#include "link.h"
#include "route.h"

/* Bytes that a tunnel adds to each packet inside the packet of the link below it, the least that
 * it can be: options, keys and encryption come on top. `family` is that of the outer packets,
 * AF_UNSPEC for not known. 0: the kind is no tunnel. The headers' sizes: IPv4 20, IPv6 40, UDP 8,
 * VXLAN (RFC 7348) and Geneve (RFC 8926) 8, inner Ethernet 14, GRE (RFC 2784) 4, WireGuard's data
 * message 32 (kernel: drivers/net/wireguard/messages.h). */
unsigned tunnel_overhead(const char *kind, int family);

/* What a namespace's links and routes say. */
struct overlay_view {
	const struct links *links;
	const struct addresses *addresses;
	const struct routes *routes;
	const struct link *nic; /* that carries the node's address */
	bool ipv6_only;         /* that address is IPv6: so are the outer packets */
};

/* Judges every tunnel that is up against the link below it, the devices and pods' veths behind it,
 * and the routes' own MTUs; each that is too large becomes a finding of `verdict`, or
 * a warning where this machine itself tells the sender. The figures go
 * to *r: "DEVICE.mtu", and "DEVICE.most" for what would fit. */
void overlay_judge(const struct overlay_view *v, enum verdict verdict, struct findings *findings,
		   struct result *r);
