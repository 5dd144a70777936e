/* SPDX-License-Identifier: Apache-2.0 */
/* netplan's YAML: network, a type ("ethernets", "bonds", ...), a device's id, and its settings. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"
#include "mtuwriters.h"
#include "unitfile.h"
#include "yamllines.h"

#define TEXT_MAX    YAML_LINES_TEXT
#define DEVICES_MAX 1024
#define KEYS_MOST   5
#define DEADLINE_S  2.0

/* What all files together say of one device id; later files override earlier ones (netplan(5)). */
struct device {
	char id[TEXT_MAX];
	char mac[TEXT_MAX], name[TEXT_MAX], set_name[TEXT_MAX], driver[TEXT_MAX];
	char mtu[TEXT_MAX], dhcp4[TEXT_MAX], use_mtu[TEXT_MAX];
	const char *mtu_file, *dhcp4_file; /* of the list of files */
	unsigned mtu_line, dhcp4_line;
};

struct devices {
	struct device *v;
	size_t n;
};

static const struct {
	const char *key, *sub; /* below the id; sub may be NULL */
	size_t offset;
} fields[] = {
	{"match", "macaddress", offsetof(struct device, mac)},
	{"match", "name", offsetof(struct device, name)},
	{"match", "driver", offsetof(struct device, driver)},
	{"set-name", NULL, offsetof(struct device, set_name)},
	{"mtu", NULL, offsetof(struct device, mtu)},
	{"dhcp4", NULL, offsetof(struct device, dhcp4)},
	{"dhcp4-overrides", "use-mtu", offsetof(struct device, use_mtu)},
};

/* NULL also beyond DEVICES_MAX; *r tells. */
static struct device *device_of(struct devices *all, const char *id, int *r)
{
	struct device *d;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].id, id) == 0)
			return &all->v[i];
	if (all->n == DEVICES_MAX)
		return NULL;
	d = array_add(&all->v, &all->n, sizeof(*d));
	if (d)
		snprintf(d->id, sizeof(d->id), "%s", id);
	else
		*r = -ENOMEM;
	return d;
}

/* "network", a type, an id, and what is said of it. 0 or -ENOMEM. */
static int take_value(struct devices *all, char *const keys[], size_t n, const char *value,
		      const char *file, unsigned line)
{
	struct device *d;
	size_t i = 0;
	int r = 0;

	if (n < 4 || strcmp(keys[0], "network") != 0)
		return 0;
	while (i < ARRAY_LEN(fields) &&
	       (n != (fields[i].sub ? 5 : 4) || strcmp(keys[3], fields[i].key) != 0 ||
		(fields[i].sub && strcmp(keys[4], fields[i].sub) != 0)))
		i++;
	d = i < ARRAY_LEN(fields) ? device_of(all, keys[2], &r) : NULL;
	if (!d)
		return r;
	snprintf((char *)d + fields[i].offset, TEXT_MAX, "%s", value);
	if (fields[i].offset == offsetof(struct device, mtu)) {
		d->mtu_file = file;
		d->mtu_line = line;
	} else if (fields[i].offset == offsetof(struct device, dhcp4)) {
		d->dhcp4_file = file;
		d->dhcp4_line = line;
	}
	return 0;
}

/* As yaml_lines() prints them. A line that is none of interest is passed over. */
static int take_lines(struct devices *all, char *text, const char *file)
{
	char *rest = text, *line;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		char *number = strsep(&line, "\t"), *parts[KEYS_MOST + 1];
		size_t n = 0;

		while (line && n < ARRAY_LEN(parts))
			parts[n++] = strsep(&line, "\t");
		if (n > 1 && !line)
			r = take_value(all, parts, n - 1, parts[n - 1], file,
				       (unsigned)strtoul(number, NULL, 10));
	}
	return r;
}

static int read_file(const struct mtu_search *s, struct devices *all, const char *path)
{
	_cleanup_free char *text = NULL, *lines = NULL;
	size_t len;
	int r = sys_read(s->sys, path, UNIT_FILE_MAX, &text, &len);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = helper_run(s->sys,
		       &(struct helper_call){.verb = "yaml",
					     .input = text,
					     .len = len,
					     .deadline_s = DEADLINE_S,
					     .most = 8 * UNIT_FILE_MAX},
		       &lines);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return mtu_tell(s, path, 1, "netplan may set an MTU: its file can't be read%s",
				r == -ENOENT ? " without the program nodefit-net" : "");
	return take_lines(all, lines, path);
}

/* Without match: the id is the name. With it all that it says must fit; set-name: is what the NIC
 * is called once it has matched. */
static enum mtu_fit device_fit(const struct mtu_search *s, const struct device *d)
{
	enum mtu_fit fit = MTU_YES;

	if (!*d->mac && !*d->name && !*d->driver)
		return strcmp(d->id, s->ifname) == 0 ? MTU_YES : MTU_NO;
	if (*d->set_name)
		return strcmp(d->set_name, s->ifname) == 0 ? MTU_YES : MTU_NO;
	if (*d->name && fnmatch(d->name, s->ifname, 0) != 0)
		return MTU_NO;
	if (*d->driver)
		fit = MTU_MAYBE;
	if (*d->mac && mtu_is_mac(s, d->mac) < fit)
		fit = mtu_is_mac(s, d->mac);
	return fit;
}

static int tell_device(const struct mtu_search *s, const struct device *d)
{
	enum mtu_fit fit = device_fit(s, d);

	if (*d->mtu)
		return mtu_tell_value(s, d->mtu_file, d->mtu_line, "netplan", d->mtu, fit);
	/* use-mtu is on unless it is said to be off (netplan(5)). */
	if (fit == MTU_NO || !mtu_is_yes(d->dhcp4) || (*d->use_mtu && !mtu_is_yes(d->use_mtu)))
		return 0;
	return mtu_tell(s, d->dhcp4_file, d->dhcp4_line,
			"netplan lets %s %stake an MTU that DHCP offers", s->ifname,
			fit == MTU_YES ? "" : "perhaps ");
}

int mtu_in_netplan(const struct mtu_search *s)
{
	static const char *const folders[] = {"/run/netplan", "/etc/netplan", "/lib/netplan", NULL};
	struct strings files = {0};
	struct devices all = {0};
	int r = unitfile_list_in(s->sys, folders, ".yaml", &files);

	for (size_t i = 0; i < files.n && r == 0; i++)
		r = read_file(s, &all, files.v[i]);
	for (size_t i = 0; i < all.n && r == 0; i++)
		r = tell_device(s, &all.v[i]);
	free(all.v);
	strings_clear(&files);
	return r;
}
