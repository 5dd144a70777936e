/* SPDX-License-Identifier: Apache-2.0 */
/* Network links as the kernel lists them (RTM_GETLINK), and what sysfs adds to it. */
#pragma once

#include <net/if.h>

#include "netlink.h"

#define LINK_ADDRESS_MAX 32
#define LINK_MTU_LEAST   68    /* linux/if_ether.h ETH_MIN_MTU */
#define LINK_MTU_IPV6    1280  /* RFC 8200: below it the kernel takes IPv6 off the link */
#define LINK_MTU_MOST    65535 /* linux/if_ether.h ETH_MAX_MTU: the driver names no limit */

struct link {
	unsigned index;
	char name[IF_NAMESIZE];
	char kind[IF_NAMESIZE]; /* IFLA_INFO_KIND: "veth", "vxlan" …; "" for hardware */
	char driver[32];        /* by sysfs: "virtio_net" …, or "" */
	uint32_t mtu;
	uint32_t min_mtu, max_mtu; /* bytes; 0: the kernel does not say */
	uint32_t flags;            /* IFF_UP … */
	bool carrier;              /* up, and something is at the other end */
	unsigned lower;            /* index of the link below (IFLA_LINK), or 0 */
	bool lower_elsewhere;      /* … which lives in another network namespace */
	unsigned master;           /* index of the bridge or bond, or 0 */
	uint32_t txqueuelen;
	uint32_t rx_queues, tx_queues; /* allocated, not the channels in use */
	bool xdp;                      /* an XDP program is attached */
	bool is_virtual;               /* below /sys/devices/virtual */
	uint8_t address[LINK_ADDRESS_MAX], permanent[LINK_ADDRESS_MAX];
	size_t address_len, permanent_len; /* 0: none */
	/* Of a tunnel: the overhead's side of it. */
	unsigned underlay;  /* vxlan, geneve, gre …: index of the link it was bound to, or 0 */
	int remote_family;  /* AF_INET, AF_INET6, or AF_UNSPEC when it says nothing */
	bool collects_meta; /* an external (flow-based) tunnel */
};

struct links {
	struct link *v; /* by index */
	size_t n;
};

/* All links of this network namespace. 0 or -errno. */
int links_read(const struct sys *sys, struct links *out);
void links_clear(struct links *links);
#define _cleanup_links _cleanup_(links_clear)

/* One link by name. 0, -ENODEV when there is none, or -errno. */
int link_read(const struct sys *sys, const char *name, struct link *out);

const struct link *links_find(const struct links *links, const char *name);
const struct link *links_at(const struct links *links, unsigned index);

#define LINK_MAC_LEN  6
#define LINK_MAC_TEXT 18
/* "52:54:00:12:34:56" in `out`, or NULL when it is no Ethernet address. */
const char *link_mac(const uint8_t *address, size_t len, char out[LINK_MAC_TEXT]);

/* One RTM_NEWLINK message. 0, -EBADMSG when it can't be one. */
int link_parse(struct nlmsghdr *message, struct link *out);

enum link_attribute { LINK_MTU, LINK_TXQUEUELEN };
/* Sets one of a link's numbers (RTM_SETLINK). 0 or -errno with the kernel's words. */
int link_set(unsigned index, enum link_attribute attribute, uint32_t value,
	     struct refusal *refusal);
