/* SPDX-License-Identifier: Apache-2.0 */
/* netplan's YAML: network, a type ("ethernets", "bonds", ...), a device's id, and its settings. */
#include <fnmatch.h>
#include <string.h>
#include <yaml.h>

#include "mtuwriters.h"
#include "unitfile.h"

#define DEPTH_MAX   8
#define TEXT_MAX    64
#define DEVICES_MAX 1024

/* What all files together say of one device id; later files override earlier ones (netplan(5)). */
struct device {
	char id[TEXT_MAX];
	char mac[TEXT_MAX], name[TEXT_MAX], set_name[TEXT_MAX], driver[TEXT_MAX];
	char mtu[TEXT_MAX], dhcp4[TEXT_MAX], use_mtu[TEXT_MAX];
	const char *mtu_file, *dhcp4_file; /* of the list of files */
	unsigned mtu_line, dhcp4_line;
};

/* Where the reader stands in the document: the open maps and lists, outermost first. */
struct reader {
	struct {
		bool map;
		bool has_key; /* of a map: the next node is its value */
		char key[TEXT_MAX];
	} levels[DEPTH_MAX];
	size_t depth;
	size_t deeper; /* open ones beyond DEPTH_MAX: nothing of interest */
	const char *file;
	struct device *devices;
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
static struct device *device_of(struct reader *rd, const char *id, int *r)
{
	struct device *d;

	for (size_t i = 0; i < rd->n; i++)
		if (strcmp(rd->devices[i].id, id) == 0)
			return &rd->devices[i];
	if (rd->n == DEVICES_MAX)
		return NULL;
	d = array_add(&rd->devices, &rd->n, sizeof(*d));
	if (d)
		snprintf(d->id, sizeof(d->id), "%s", id);
	else
		*r = -ENOMEM;
	return d;
}

/* A value that ends a path of keys. 0 or -ENOMEM. */
static int take_value(struct reader *rd, const char *value, unsigned line)
{
	struct device *d;
	size_t i = 0;
	int r = 0;

	for (size_t k = 0; k < rd->depth; k++)
		if (!rd->levels[k].map)
			return 0;
	if (rd->depth < 4 || strcmp(rd->levels[0].key, "network") != 0)
		return 0;
	while (i < ARRAY_LEN(fields) &&
	       (rd->depth != (fields[i].sub ? 5 : 4) ||
		strcmp(rd->levels[3].key, fields[i].key) != 0 ||
		(fields[i].sub && strcmp(rd->levels[4].key, fields[i].sub) != 0)))
		i++;
	d = i < ARRAY_LEN(fields) ? device_of(rd, rd->levels[2].key, &r) : NULL;
	if (!d)
		return r;
	snprintf((char *)d + fields[i].offset, TEXT_MAX, "%s", value);
	if (fields[i].offset == offsetof(struct device, mtu)) {
		d->mtu_file = rd->file;
		d->mtu_line = line;
	} else if (fields[i].offset == offsetof(struct device, dhcp4)) {
		d->dhcp4_file = rd->file;
		d->dhcp4_line = line;
	}
	return 0;
}

/* One node is complete: a key, or a value; maps, lists and aliases have the text "". */
static int take_node(struct reader *rd, const char *text, unsigned line)
{
	size_t top = rd->depth - 1;
	int r = 0;

	if (rd->depth == 0 || rd->deeper)
		return 0;
	if (rd->levels[top].map && !rd->levels[top].has_key)
		/* A longer one is none that is looked for, nor is it a part of one. */
		snprintf(rd->levels[top].key, TEXT_MAX, "%s", strlen(text) < TEXT_MAX ? text : "");
	else
		r = take_value(rd, text, line);
	rd->levels[top].has_key = !rd->levels[top].has_key;
	return r;
}

static int take_event(struct reader *rd, const yaml_event_t *e)
{
	bool end = e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		rd->depth = rd->deeper = 0;
		return 0;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		if (rd->depth == DEPTH_MAX) {
			rd->deeper++;
			return 0;
		}
		rd->levels[rd->depth].map = e->type == YAML_MAPPING_START_EVENT;
		rd->levels[rd->depth++].has_key = false;
		return 0;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_ALIAS_EVENT:
		if (end && rd->deeper)
			rd->deeper--;
		else if (end && rd->depth)
			rd->depth--;
		return take_node(rd, "", 0);
	case YAML_SCALAR_EVENT:
		return take_node(rd, (const char *)e->data.scalar.value,
				 (unsigned)e->start_mark.line + 1);
	default:
		return 0;
	}
}

/* What stands behind an error is passed over. 0 or -ENOMEM. */
static int read_file(struct reader *rd, const struct sys *sys, const char *path)
{
	_cleanup_free char *text = NULL;
	yaml_parser_t parser;
	size_t len;
	bool more = true;
	int r = sys_read(sys, path, UNIT_FILE_MAX, &text, &len);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rd->file = path;
	while (r == 0 && more) {
		yaml_event_t e;

		if (!yaml_parser_parse(&parser, &e)) {
			r = parser.error == YAML_MEMORY_ERROR ? -ENOMEM : 0;
			break;
		}
		r = take_event(rd, &e);
		more = e.type != YAML_STREAM_END_EVENT && e.type != YAML_NO_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return r;
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
	struct reader rd = {0};
	int r = unitfile_list_in(s->sys, folders, ".yaml", &files);

	for (size_t i = 0; i < files.n && r == 0; i++)
		r = read_file(&rd, s->sys, files.v[i]);
	for (size_t i = 0; i < rd.n && r == 0; i++)
		r = tell_device(s, &rd.devices[i]);
	free(rd.devices);
	strings_clear(&files);
	return r;
}
