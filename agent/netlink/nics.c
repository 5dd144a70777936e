/* SPDX-License-Identifier: Apache-2.0 */
#include "nics.h"

#include <string.h>

#include "route.h"
#include "text.h"

#define DEPTH_MOST 8 /* a VLAN on a bridge on a bond …; the kernel's own limit for nesting */

/* Links that lie on the one of IFLA_LINK. A veth names its peer there. */
static bool lies_on_lower(const struct link *l)
{
	return l->lower && !l->lower_elsewhere && word_in("vlan macvlan ipvlan", l->kind);
}

static bool carries(const struct link *upper, const struct link *l)
{
	return l->master == upper->index || (lies_on_lower(upper) && upper->lower == l->index);
}

static bool is_up_hardware(const struct link *l)
{
	return !l->is_virtual && l->flags & IFF_UP && !(l->flags & IFF_LOOPBACK);
}

static bool has(const struct nics *nics, unsigned index)
{
	for (size_t i = 0; i < nics->n; i++)
		if (nics->v[i].link.index == index)
			return true;
	return false;
}

static int add(struct nics *nics, const struct link *l, bool node, bool below)
{
	struct nic *slot;

	if (has(nics, l->index))
		return 0;
	slot = array_add(&nics->v, &nics->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct nic){.link = *l, .node = node, .below = below};
	return 0;
}

/* One storey further down: what carries a NIC from `first` on. */
static int add_below(struct nics *nics, const struct links *links, size_t first)
{
	size_t last = nics->n;
	int r = 0;

	for (size_t i = first; i < last; i++)
		for (size_t k = 0; k < links->n && r == 0; k++)
			if (carries(&nics->v[i].link, &links->v[k]))
				r = add(nics, &links->v[k], false, true);
	return r;
}

int nics_pick(const struct links *links, unsigned node, struct nics *out)
{
	_cleanup_nics struct nics nics = {0};
	const struct link *own = node ? links_at(links, node) : NULL;
	size_t first = 0;
	int r = own ? add(&nics, own, true, false) : 0;

	for (int i = 0; i < DEPTH_MOST && r == 0 && first < nics.n; i++) {
		size_t next = nics.n;

		r = add_below(&nics, links, first);
		first = next;
	}
	for (size_t i = 0; i < links->n && r == 0; i++)
		if (is_up_hardware(&links->v[i]))
			r = add(&nics, &links->v[i], false, false);
	if (r < 0)
		return r;
	*out = nics;
	nics = (struct nics){0};
	return 0;
}

int nics_read(const struct sys *sys, struct nics *out)
{
	_cleanup_links struct links links = {0};
	unsigned node = 0;
	int r = node_link(sys, &node);

	if (r < 0 && r != -ENOENT)
		return r;
	r = links_read(sys, &links);
	return r < 0 ? r : nics_pick(&links, node, out);
}

void nics_clear(struct nics *nics)
{
	free(nics->v);
	*nics = (struct nics){0};
}

const char *nic_called(const struct nic *nic)
{
	return nic->node ? NULL : nic->link.name;
}

bool nics_has_ports(const struct nics *nics, const struct nic *nic)
{
	for (size_t i = 0; i < nics->n; i++)
		if (carries(&nic->link, &nics->v[i].link))
			return true;
	return false;
}

int nic_number(const struct sys *sys, const char *link, const char *file, int64_t *out)
{
	_cleanup_free char *text = NULL;
	char path[128];
	wide value;
	int r;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", link, file);
	r = sys_read_line(sys, path, &text);
	if (r == 0)
		r = number_parse(text, &value);
	if (r == 0 && value > INT64_MAX)
		r = -ERANGE;
	if (r == 0)
		*out = (int64_t)value;
	return r;
}

bool nic_in_sysfs(const struct sys *sys, const struct link *link)
{
	int64_t index;

	return nic_number(sys, link->name, "ifindex", &index) == 0 && index == link->index;
}
