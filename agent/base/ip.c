/* SPDX-License-Identifier: Apache-2.0 */
#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

const char *ip_text(const struct ip *ip, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(ip->family, ip->bytes, text, INET6_ADDRSTRLEN) ? text : "?";
}

bool ip_parse(const char *text, struct ip *out)
{
	struct ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(ip.family, text, ip.bytes) != 1)
		return false;
	*out = ip;
	return true;
}

size_t ip_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, ip_len(a->family)) == 0;
}
