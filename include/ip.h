/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of both families, in network byte order. */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

#include "util.h"

struct ip {
	int family;        /* AF_INET or AF_INET6 */
	uint8_t bytes[16]; /* the first 4 of them for IPv4 */
};

/* "10.0.0.1" or "fe80::1". */
const char *ip_text(const struct ip *ip, char text[INET6_ADDRSTRLEN]);
/* A numeric address of either family. False when it is none. */
bool ip_parse(const char *text, struct ip *out);
bool ip_equal(const struct ip *a, const struct ip *b);
/* Bytes of an address: 4 or 16. */
size_t ip_len(int family);
