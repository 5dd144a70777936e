/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of [net] and [net.NAME]. */
#pragma once

#include "profile.h"

#define NET_PAIRS_MOST   32
#define NET_DEVICES_MOST 32
#define NET_CONFIRM_MOST 4
#define NET_MTU_LEAST    68
#define NET_MTU_MOST     65535

/* The names that channels=, ring= and coalesce= take, blank-separated, as ethtool(8) has them. */
#define NET_CHANNELS "combined rx tx"
#define NET_RINGS    "rx tx rx-mini rx-jumbo"
#define NET_COALESCE                                                                               \
	"adaptive-rx adaptive-tx rx-usecs rx-frames rx-usecs-irq rx-frames-irq tx-usecs "          \
	"tx-frames tx-usecs-irq tx-frames-irq"

/* "combined max", "rx 512", "tso off". */
struct net_pair {
	char name[32];
	bool max;
	bool is_switch; /* on or off */
	uint32_t value; /* of a switch: 1 or 0 */
};

struct net_pairs {
	struct net_pair v[NET_PAIRS_MOST];
	size_t n;
	bool all_max; /* the bare word "max" */
};

/* Reads the value of channels=, ring=, coalesce= or features=. 0, or -EINVAL with *why, a static
 * text that says what was expected. */
int net_pairs_parse(const char *key, const char *text, struct net_pairs *out, const char **why);

/* Is it a section of link settings: "net" or "net.NAME"? */
bool net_is_section(const char *section);

/* A pattern of devices=. */
struct net_pattern {
	char text[32];
	bool exclude;  /* "!…" */
	bool outright; /* a plain name: may be a virtual link's */
};

/* Reads devices=. 0 or -EINVAL with *why as above. */
int net_devices_parse(const char *text, struct net_pattern out[NET_DEVICES_MOST], size_t *n,
		      const char **why);

/* An address of confirm=: a TCP server that must be within reach before and after a change. */
struct net_endpoint {
	int family;          /* AF_INET or AF_INET6 */
	uint8_t address[16]; /* network byte order */
	uint16_t port;       /* host byte order */
};

/* Reads confirm=. 0 or -EINVAL. */
int net_endpoints_parse(const char *text, struct net_endpoint out[NET_CONFIRM_MOST], size_t *n);

/* Checks a setting of such a section and notes what is wrong. */
void setting_read_net(struct setting *s, struct problems *problems);
