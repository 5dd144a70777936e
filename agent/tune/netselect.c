/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <sched.h>
#include <string.h>

#include "nettune.h"
#include "ranges.h"

static unsigned online_cpus(const struct sys *sys)
{
	_cleanup_free struct ranges *set = calloc(1, sizeof(*set));
	_cleanup_free char *text = NULL;
	unsigned n = 0;

	if (set && sys_read_line(sys, "/sys/devices/system/cpu/online", &text) == 0 &&
	    ranges_add(set, text) == 0)
		for (size_t i = 0; i < sizeof(set->bits); i++)
			n += (unsigned)__builtin_popcount(set->bits[i]);
	return n ? n : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
}

int net_view_open(const struct sys *sys, struct net_view *out)
{
	struct net_view v = {.sys = sys, .cpus = online_cpus(sys)};
	int r = links_read(sys, &v.links);

	if (r == 0)
		r = ethtool_open(&v.ethtool);
	if (r < 0) {
		net_view_close(&v);
		return r;
	}
	*out = v;
	return 0;
}

void net_view_close(struct net_view *v)
{
	links_clear(&v->links);
	ethtool_close(&v->ethtool);
}

static bool matches(const struct net_view *v, const struct net_pattern *p, const struct link *l)
{
	if (strcmp(p->text, "@node-ip") == 0)
		return v->node_link && l->index == v->node_link;
	if (strcmp(p->text, "@virtio") == 0)
		return strcmp(l->driver, "virtio_net") == 0;
	/* Patterns never reach links that other programs make: pods' veths, bridges, tunnels. */
	if (l->is_virtual && !p->outright)
		return false;
	return fnmatch(p->text, l->name, 0) == 0;
}

static bool excluded(const struct net_view *v, const struct net_pattern *patterns, size_t n,
		     const struct link *l)
{
	for (size_t i = 0; i < n; i++)
		if (patterns[i].exclude &&
		    (matches(v, &patterns[i], l) || strcmp(patterns[i].text, l->name) == 0))
			return true;
	return false;
}

int net_select(const struct net_view *v, const char *devices, const struct link ***out, size_t *n,
	       struct strings *missing)
{
	struct net_pattern patterns[NET_DEVICES_MOST];
	_cleanup_free const struct link **chosen = calloc(v->links.n + 1, sizeof(void *));
	bool hit[NET_DEVICES_MOST] = {false}, only_excludes = true;
	const char *why;
	size_t count, k = 0;

	if (!chosen)
		return -ENOMEM;
	if (net_devices_parse(devices, patterns, &count, &why) < 0)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		only_excludes = only_excludes && patterns[i].exclude;
	for (size_t i = 0; i < v->links.n; i++) {
		const struct link *l = &v->links.v[i];
		bool wanted = only_excludes && !l->is_virtual;

		for (size_t p = 0; p < count; p++) {
			if (patterns[p].exclude || !matches(v, &patterns[p], l))
				continue;
			hit[p] = wanted = true;
		}
		if (wanted && !excluded(v, patterns, count, l))
			chosen[k++] = l;
	}
	for (size_t p = 0; p < count; p++)
		if (!patterns[p].exclude && !hit[p] &&
		    strings_addf(missing, "%s", patterns[p].text) < 0)
			return -ENOMEM;
	*out = TAKE(chosen);
	*n = k;
	return 0;
}
