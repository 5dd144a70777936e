/* SPDX-License-Identifier: Apache-2.0 */
/* Which link carries the node's address. */
#include <string.h>

#include "link.h"
#include "route.h"

#define LARGEST 65536

/* Where kubelet's command line comes from: the deb's and rpm's files for the administrator, which
 * come last on it and so win, and kubeadm's own (kubernetes.io, "kubelet drop-in file for
 * systemd"). */
static const char *const files[] = {"/etc/default/kubelet", "/etc/sysconfig/kubelet",
				    "/var/lib/kubelet/kubeadm-flags.env"};

/* --node-ip=A or --node-ip=A,B: the first one. */
static bool find_flag(const char *text, struct ip *out)
{
	const char *flag = NULL, *line = text;
	char address[INET6_ADDRSTRLEN];
	size_t len;

	for (; line && !flag; line = strchr(line, '\n')) {
		line += strspn(line, "\n \t");
		flag = *line == '#' ? NULL : memmem(line, strcspn(line, "\n"), "--node-ip", 9);
	}
	if (!flag)
		return false;
	flag += strlen("--node-ip");
	flag += strspn(flag, "= ");
	len = strspn(flag, "0123456789abcdefABCDEF:.");
	if (len == 0 || len >= sizeof(address))
		return false;
	memcpy(address, flag, len);
	address[len] = '\0';
	return ip_parse(address, out);
}

static bool node_ip(const struct sys *sys, struct ip *out)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		_cleanup_free char *text = NULL;

		if (sys_read(sys, files[i], LARGEST, &text, NULL) == 0 && find_flag(text, out))
			return true;
	}
	return false;
}

int node_link(const struct sys *sys, unsigned *link)
{
	static const uint8_t any[16] = {0};
	struct route route;
	struct ip ip;
	int r;

	/* kubelet takes 0.0.0.0 and :: for "the default route's". */
	if (node_ip(sys, &ip) && memcmp(ip.bytes, any, sizeof(any)) != 0) {
		_cleanup_addresses struct addresses all = {0};

		r = addresses_read(&all);
		if (r < 0)
			return r;
		for (size_t i = 0; i < all.n; i++) {
			if (ip_equal(&all.v[i].ip, &ip)) {
				*link = all.v[i].link;
				return 0;
			}
		}
	}
	r = route_default(&route);
	if (r == 0)
		*link = route.link;
	return r;
}
