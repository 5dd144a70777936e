/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens for TCP connections in this network namespace. */
#pragma once

#include "sys.h"

#define LISTENERS_MOST 65536 /* that are told; the rest is left out */

struct listener {
	uint16_t port;
	uint64_t inode; /* of the socket, as in /proc/PID/fd: "socket:[INODE]" */
};

/* Tells each listening socket, IPv4 first, until `each` returns false. The kernel is asked for
 * listeners only (kernel: net/ipv4/inet_diag.c): /proc/net/tcp walks the table of all connections
 * besides, which takes milliseconds even when that is empty. It is read where the kernel can't be
 * asked: below another root, or without the module tcp_diag. */
void listeners_each(const struct sys *sys, bool (*each)(const struct listener *l, void *context),
		    void *context);

/* One line of /proc/net/tcp or tcp6 (kernel: Documentation/networking/proc_net_tcp.rst). 1: it
 * listens, and *out is filled in; 0: it does not; -EBADMSG. The kernel tells those that listen
 * first. */
int listener_parse(const char *line, struct listener *out);
/* The same of a message of the kernel's (linux/inet_diag.h: struct inet_diag_msg). */
struct nlmsghdr;
int listener_read(struct nlmsghdr *message, struct listener *out);
