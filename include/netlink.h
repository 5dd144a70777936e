/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the kernel over netlink: one request, its whole answer, and the kernel's own words when it
 * refuses (extended acknowledgement, linux/netlink.h NLMSGERR_ATTR_MSG). */
#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "sys.h"

#define NETLINK_TEXT 160

/* Why the kernel refused. */
struct refusal {
	char text[NETLINK_TEXT]; /* its extended acknowledgement, or "" */
};

/* Is told each message of an answer. 0, or -errno to give up. */
typedef int (*netlink_handler)(struct nlmsghdr *message, void *context);

/* Can links be seen and changed from here? Only where the process is in the network namespace of
 * the machine below sys's root: a fixture tree or a foreign root has none. */
bool netlink_reaches(const struct sys *sys);

/* A socket of that protocol (NETLINK_ROUTE, NETLINK_GENERIC) with extended acknowledgements and
 * strict dump filters where the kernel has them. Released with netlink_close(). 0 or -errno. */
int netlink_open(int protocol, struct nl_sock **out);
void netlink_close(struct nl_sock **sock);
#define _cleanup_netlink _cleanup_(netlink_close)

/* Sends `msg` (freed in any case) and hands every message of the answer to `handler` (NULL: none
 * is expected). Waits 30 s at the most. 0 or -errno as the kernel says it, with its words in
 * *refusal (may be NULL); -EINTR when a dump was disturbed by a change and must be asked again. */
int netlink_ask(struct nl_sock *sock, struct nl_msg *msg, netlink_handler handler, void *context,
		struct refusal *refusal);

/* One buffer of an answer: what netlink_ask does with what it receives. Reads nothing beyond `len`
 * bytes, whatever they say. 1 when the answer is complete, 0 when more must come, or -errno.
 * *interrupted is set when the kernel says that a dump is not consistent. */
int netlink_walk(void *buffer, size_t len, uint32_t seq, netlink_handler handler, void *context,
		 struct refusal *refusal, bool *interrupted);

/* Attributes with their bounds checked. False (and *out untouched) when it is absent or of the
 * wrong size. */
bool netlink_u8(const struct nlattr *a, uint8_t *out);
bool netlink_u32(const struct nlattr *a, uint32_t *out);
/* A printable name of at most size-1 bytes: no byte below blank, no 0x7f. */
bool netlink_name(const struct nlattr *a, char *out, size_t size);
