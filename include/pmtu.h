/* SPDX-License-Identifier: Apache-2.0 */
/* How large a packet a path carries: ICMP echoes with "don't fragment" (RFC 1191, RFC 8201), whose
 * answers come back at the same size, so that both ways count. */
#pragma once

#include "route.h"

#define PMTU_LEAST 68u /* RFC 791: what every IPv4 path carries */
#define PMTU_MOST  65535u

enum pmtu_kind {
	PMTU_FOUND,   /* `mtu` is the greatest size that came back */
	PMTU_SILENT,  /* not even a small packet came back: proves nothing */
	PMTU_REFUSED, /* somebody said no; `error` and `reporter` */
};

struct pmtu_result {
	enum pmtu_kind kind;
	unsigned mtu;       /* bytes of the whole IP packet */
	unsigned reported;  /* the least "fragmentation needed" or "packet too big" said, or 0 */
	struct ip reporter; /* who said that, or refused; family 0: our own machine */
	struct ip refuser;  /* who said no to larger packets, for another reason than their size */
	int error;          /* of a refusal: EHOSTUNREACH … */
	bool black_hole;    /* larger packets vanished, and nobody said so */
	double rtt_s;       /* of a small echo */
};

/* One echo of `size` bytes (IP header included, 68 to 65535), sent three times at the most within
 * `wait_s`. `link` (an index) binds it to a link, 0 does not. 1 it came back, 0 it did not, or
 * -errno: -EMSGSIZE our own link does not take it, -EHOSTUNREACH and the like somebody refused. */
int pmtu_echo(const struct sys *sys, const struct ip *peer, unsigned link, unsigned size,
	      double wait_s);

/* The greatest packet of at most `largest` bytes that comes back, by halving. A size counts as lost
 * after three silences of `wait_s` each, or of four times the first echo's time (0.1 s at the
 * least), unless a report settles it. At most about 50 packets. At the time `end` (of sys->now())
 * no further size is begun: `mtu` is then what was found so far. 0 or -errno when it could not be
 * tried. */
int pmtu_probe(const struct sys *sys, const struct ip *peer, unsigned link, unsigned largest,
	       double wait_s, uint64_t end, struct pmtu_result *out);

/* --- for tests: what came from outside --- */

#define PMTU_TAG 16

struct pmtu_ask {
	int family;
	uint16_t id;           /* all numbers in host byte order */
	uint16_t first, last;  /* sequence numbers of this size's packets */
	uint8_t tag[PMTU_TAG]; /* the payload's first bytes, drawn at random */
	size_t payload;        /* bytes behind the ICMP header */
};

/* Is this, as a raw socket gives it, the answer to `ask`? Reads `len` bytes at the most. */
bool pmtu_is_answer(const struct pmtu_ask *ask, const void *packet, size_t len);
