/* SPDX-License-Identifier: Apache-2.0 */
/* NetworkManager's keyfiles (nm-settings-keyfile(5)) and the network scripts' ifcfg files, which
 * NetworkManager reads too (nm-settings-ifcfg-rh(5)), and wicked. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "mtuwriters.h"
#include "unitfile.h"

/* The first folder with a file of a name hides it in the others. */
static const char *const keyfile_folders[] = {"/etc/NetworkManager/system-connections",
					      "/run/NetworkManager/system-connections",
					      "/usr/lib/NetworkManager/system-connections"};
static const char *const ifcfg_folders[] = {"/etc/sysconfig/network-scripts",
					    "/etc/sysconfig/network"};

/* What package managers and editors leave behind, which nobody reads. */
static bool is_left_over(const char *name)
{
	static const char *const patterns[] = {"*~",       "*.bak",     "*.orig",    "*.rej",
					       "*.rpmnew", "*.rpmsave", "*.rpmorig", "*.dpkg-*"};

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

typedef int (*file_fn)(const struct mtu_search *s, const char *path);

/* `first` is the pattern for the first folder, `pattern` that for the others. */
static int each_file(const struct mtu_search *s, const char *const *folders, size_t n,
		     const char *first, const char *pattern, file_fn look)
{
	struct strings seen = {0};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct strings names = {0};

		if (sys_list(s->sys, folders[i], &names) < 0)
			continue;
		for (size_t k = 0; k < names.n && r == 0; k++) {
			_cleanup_free char *path = NULL;

			if (fnmatch(i ? pattern : first, names.v[k], FNM_PERIOD) != 0 ||
			    is_left_over(names.v[k]) || strings_contains(&seen, names.v[k]))
				continue;
			r = format(&path, "%s/%s", folders[i], names.v[k]);
			if (r == 0)
				r = strings_addf(&seen, "%s", names.v[k]);
			if (r == 0)
				r = look(s, path);
		}
		strings_clear(&names);
	}
	strings_clear(&seen);
	return r;
}

/* --- keyfiles --- */

/* A section has an old name as well. */
static const struct unit_line *find(const struct unitfile *u, const char *key)
{
	const struct unit_line *l = unitfile_last(u, "ethernet", key);

	return l ? l : unitfile_last(u, "802-3-ethernet", key);
}

/* A profile without a name and address is for any Ethernet device; which one it gets is decided
 * when it comes up. Several profiles may fit: each is only what may be used. */
static enum mtu_fit keyfile_fit(const struct mtu_search *s, const struct unitfile *u)
{
	const struct unit_line *type = unitfile_last(u, "connection", "type");
	const struct unit_line *name = unitfile_last(u, "connection", "interface-name");
	const struct unit_line *mac = find(u, "mac-address");
	const struct unit_line *by_itself = unitfile_last(u, "connection", "autoconnect");
	bool may = by_itself && !mtu_is_yes(by_itself->value);
	enum mtu_fit fit = name && !may ? MTU_YES : MTU_MAYBE;

	if (type && strcmp(type->value, "ethernet") != 0 &&
	    strcmp(type->value, "802-3-ethernet") != 0 && !name)
		return MTU_NO;
	if (name && strcmp(name->value, s->ifname) != 0)
		return MTU_NO;
	if (mac) {
		fit = mtu_is_mac(s, mac->value);
		return may && fit == MTU_YES ? MTU_MAYBE : fit;
	}
	return unitfile_last(u, "match", "interface-name") ? MTU_MAYBE : fit;
}

static int look_at_keyfile(const struct mtu_search *s, const char *path)
{
	_cleanup_free char *text = NULL;
	struct unitfile u = {0};
	const struct unit_line *l;
	enum mtu_fit fit;
	size_t len;
	int r = sys_read(s->sys, path, UNIT_FILE_MAX, &text, &len);

	if (r == 0)
		r = unitfile_parse(&u, path, text, len, NULL);
	if (r < 0) {
		unitfile_clear(&u);
		return r == -ENOMEM ? r : 0;
	}
	fit = keyfile_fit(s, &u);
	l = find(&u, "mtu");
	if (l && strcmp(l->value, "0") != 0) {
		r = mtu_tell_value(s, l->file, l->line, "NetworkManager", l->value, fit);
	} else {
		/* 0, the default, is "automatic": what DHCP says, if it says anything. */
		l = unitfile_last(&u, "ipv4", "method");
		if (l && strcmp(l->value, "auto") == 0 && fit != MTU_NO)
			r = mtu_tell(s, l->file, l->line,
				     "NetworkManager may take %s's MTU from DHCP", s->ifname);
	}
	unitfile_clear(&u);
	return r;
}

int mtu_in_keyfiles(const struct mtu_search *s)
{
	/* In /etc the names of old need no suffix; elsewhere they do. */
	return each_file(s, keyfile_folders, ARRAY_LEN(keyfile_folders), "*", "*.nmconnection",
			 look_at_keyfile);
}

/* --- ifcfg --- */

struct ifcfg {
	char device[64], mac[64], mtu[64], proto[64];
	unsigned mtu_line, proto_line;
};

/* NAME=value, NAME="value" or NAME='value', as a shell reads it. */
static int take_assignment(void *context, const char *file, unsigned line, char *text)
{
	struct ifcfg *c = context;
	const struct {
		const char *name;
		char *value;
		unsigned *line;
	} names[] = {{"DEVICE", c->device, NULL},
		     {"HWADDR", c->mac, NULL},
		     {"MTU", c->mtu, &c->mtu_line},
		     {"BOOTPROTO", c->proto, &c->proto_line}};

	(void)file;
	text += strspn(text, " \t");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i].name);
		const char *value = text + len + 1;
		const char *end = " \t\r#;";

		if (strncmp(text, names[i].name, len) != 0 || text[len] != '=')
			continue;
		if (*value == '"' || *value == '\'')
			end = *value++ == '"' ? "\"" : "'";
		snprintf(names[i].value, sizeof(c->mtu), "%.*s", (int)strcspn(value, end), value);
		if (names[i].line)
			*names[i].line = line;
	}
	return 0;
}

static int look_at_ifcfg(const struct mtu_search *s, const char *path)
{
	struct ifcfg c = {0};
	enum mtu_fit fit;
	int r = mtu_each_line(s->sys, path, take_assignment, &c);

	if (r < 0)
		return r;
	if (*c.device)
		fit = strcmp(c.device, s->ifname) == 0 ? MTU_YES : MTU_NO;
	else if (*c.mac)
		fit = mtu_is_mac(s, c.mac);
	else
		fit = strcmp(strchr(path, '-') ? unitfile_base(path) + strlen("ifcfg-") : "",
			     s->ifname) == 0
			      ? MTU_YES
			      : MTU_NO;
	if (*c.mtu)
		return mtu_tell_value(s, path, c.mtu_line, "the network script", c.mtu, fit);
	if (fit == MTU_NO || strncasecmp(c.proto, "dhcp", 4) != 0)
		return 0;
	return mtu_tell(s, path, c.proto_line, "the network script may take %s's MTU from DHCP",
			s->ifname);
}

int mtu_in_ifcfg(const struct mtu_search *s)
{
	/* Each folder has a system of its own: nothing hides anything. */
	int r = each_file(s, &ifcfg_folders[0], 1, "ifcfg-*", "", look_at_ifcfg);

	return r < 0 ? r : each_file(s, &ifcfg_folders[1], 1, "ifcfg-*", "", look_at_ifcfg);
}
