/* SPDX-License-Identifier: Apache-2.0 */
/* The one rule that spans two keys: a port range for outgoing connections must not hand out the
 * ports that a node's own parts listen on. */
#include <errno.h>
#include <string.h>

#include "ranges.h"
#include "sysctl.h"
#include "text.h"

/* kubernetes.io "Ports and Protocols"; docs.cilium.io "Firewall Rules". */
static const struct {
	unsigned low, high;
	const char *owner;
} services[] = {
	{30000, 32767, "NodePorts"},
	{2379, 2381, "etcd"},
	{4240, 4240, "Cilium's health check"},
	{4244, 4244, "Hubble"},
	{6081, 6081, "Geneve"},
	{6443, 6443, "the API server"},
	{8472, 8472, "VXLAN"},
	{10248, 10260, "kubelet and the control plane"},
	{51871, 51871, "Cilium's WireGuard"},
};

static struct change *find(struct changes *changes, const char *key)
{
	for (size_t i = 0; i < changes->n; i++)
		if (strcmp(changes->v[i].key, key) == 0)
			return &changes->v[i];
	return NULL;
}

/* The reserved list as it will be once the plan is carried out. */
static int reserved(const struct sys *sys, struct changes *changes, struct ranges *set)
{
	const struct change *c = find(changes, "net.ipv4.ip_local_reserved_ports");
	_cleanup_free char *live = NULL;
	int r;

	if (c && c->wanted)
		return ranges_add(set, c->wanted);
	r = sysctl_read(sys, "net/ipv4/ip_local_reserved_ports", &live);
	return r < 0 ? r : ranges_add(set, live);
}

int ports_judge(const struct sys *sys, struct changes *changes)
{
	struct change *c = find(changes, "net.ipv4.ip_local_port_range");
	struct ranges set = {{0}};
	_cleanup_free char *list = NULL;
	wide range[NUMBERS_MAX];
	size_t size, found = 0;
	FILE *f;

	if (!c || !c->wanted || numbers_parse(c->wanted, range) != 2 ||
	    reserved(sys, changes, &set) == -ENOMEM)
		return 0;
	f = open_memstream(&list, &size);
	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (range[0] > services[i].high || range[1] < services[i].low ||
		    ranges_hold(&set, services[i].low, services[i].high))
			continue;
		fprintf(f, "%s%s ", found++ ? ", " : "", services[i].owner);
		if (services[i].low != services[i].high)
			fprintf(f, "%u-", services[i].low);
		fprintf(f, "%u", services[i].high);
	}
	if (ferror(f) | fclose(f))
		return -ENOMEM;
	return found ? strings_addf(&c->notes,
				    "collides with %s: add them to "
				    "net.ipv4.ip_local_reserved_ports with \"=+\", each as one "
				    "range",
				    list)
		     : 0;
}
