/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's .network and .link files (systemd.network(5), systemd.link(5)). */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "linkfile.h"
#include "mtuwriters.h"
#include "text.h"
#include "unitfile.h"

/* One line of [Match]: a list of globs, or with "!" before the list of what must not match. Negated
 * and plain lines of a key are merged, and one hit of a negated one is a no (systemd's
 * src/shared/net-condition.c). */
struct list {
	bool any, positive, hit, refused, unknown;
};

static void judge_words(const struct mtu_search *s, struct list *l, const char *value, bool by_mac)
{
	_cleanup_free char *copy = strdup(*value == '!' ? value + 1 : value);
	char *rest = NULL;

	l->any = true;
	l->positive = l->positive || *value != '!';
	for (char *w = copy ? strtok_r(copy, " \t\"'", &rest) : NULL; w;
	     w = strtok_r(NULL, " \t\"'", &rest)) {
		enum mtu_fit fit = MTU_YES;

		if (by_mac)
			fit = mtu_is_mac(s, w);
		else
			fit = fnmatch(w, s->ifname, 0) == 0 ? MTU_YES : MTU_NO;
		l->unknown = l->unknown || fit == MTU_MAYBE;
		if (fit == MTU_YES && *value == '!')
			l->refused = true;
		else if (fit == MTU_YES)
			l->hit = true;
	}
}

static enum mtu_fit list_fit(const struct list *l)
{
	if (!l->any)
		return MTU_YES;
	if (l->unknown)
		return MTU_MAYBE;
	return l->refused || (l->positive && !l->hit) ? MTU_NO : MTU_YES;
}

static enum mtu_fit unit_fit(const struct mtu_search *s, const struct unitfile *u)
{
	static const char *const keys[] = {"Name", "OriginalName", "MACAddress",
					   "PermanentMACAddress"};
	struct list lists[ARRAY_LEN(keys)] = {0};
	enum mtu_fit fit = MTU_YES;
	bool empty = true;

	for (size_t i = 0; i < u->n; i++) {
		const struct unit_line *l = &u->v[i];
		size_t k = 0;

		if (strcmp(l->section, "Match") != 0)
			continue;
		empty = false;
		while (k < ARRAY_LEN(keys) && strcmp(l->key, keys[k]) != 0)
			k++;
		if (k == ARRAY_LEN(keys))
			fit = MTU_MAYBE;
		else if (!*l->value)
			lists[k] = (struct list){0};
		else
			judge_words(s, &lists[k], l->value, k >= 2);
	}
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		if (list_fit(&lists[k]) < fit)
			fit = list_fit(&lists[k]);
	return empty ? MTU_MAYBE : fit; /* versions differ: it matches all, or none */
}

/* Suffixes K, M and G stand for powers of 1024. */
static bool bytes(const char *text, char out[WIDE_TEXT])
{
	static const char suffixes[] = "KMG";
	char number[WIDE_TEXT];
	size_t len = strlen(text);
	const char *suffix = len ? strchr(suffixes, text[len - 1]) : NULL;
	wide value;

	if (len == 0 || len >= sizeof(number))
		return false;
	memcpy(number, text, len + 1);
	if (suffix)
		number[len - 1] = '\0';
	if (number_parse(number, &value) < 0 || value <= 0 || value > UINT32_MAX)
		return false;
	number_print(suffix ? value << (10 * (suffix - suffixes + 1)) : value, out);
	return true;
}

static bool asks_dhcp4(const struct unitfile *u)
{
	const struct unit_line *l = unitfile_last(u, "Network", "DHCP");

	return l && (mtu_is_yes(l->value) || strcmp(l->value, "ipv4") == 0 ||
		     strcmp(l->value, "v4") == 0 || strcmp(l->value, "both") == 0);
}

static const struct unit_line *use_mtu(const struct unitfile *u, const char *section)
{
	const struct unit_line *l = unitfile_last(u, section, "UseMTU");

	return l && mtu_is_yes(l->value) ? l : NULL;
}

/* UseMTU= of [DHCPv4] (once [DHCP]) is off unless set, and MTUBytes= overrides it. That of
 * [IPv6AcceptRA] lowers IPv6's own MTU, not the link's. */
static int tell_network(const struct mtu_search *s, const struct unitfile *u, enum mtu_fit fit)
{
	const struct unit_line *l = unitfile_last(u, "Link", "MTUBytes");
	const char *verb = fit == MTU_YES ? "takes" : "may take";
	const struct unit_line *unmanaged = unitfile_last(u, "Link", "Unmanaged");
	char value[WIDE_TEXT];
	int r = 0;

	if (unmanaged && mtu_is_yes(unmanaged->value))
		return 0;
	if (l && *l->value) {
		if (bytes(l->value, value))
			r = mtu_tell_value(s, l->file, l->line, "systemd-networkd", value, fit);
	} else if (asks_dhcp4(u)) {
		l = use_mtu(u, "DHCPv4");
		if (!l)
			l = use_mtu(u, "DHCP");
		if (l)
			r = mtu_tell(s, l->file, l->line, "systemd-networkd %s %s's MTU from DHCP",
				     verb, s->ifname);
	}
	l = use_mtu(u, "IPv6AcceptRA");
	if (r == 0 && l)
		r = mtu_tell(s, l->file, l->line,
			     "systemd-networkd may take %s's MTU for IPv6 from router "
			     "advertisements",
			     s->ifname);
	return r;
}

/* The first file that fits is the only one; behind one that may fit the next may do so too. */
int mtu_in_networkd(const struct mtu_search *s)
{
	struct strings files = {0};
	enum mtu_fit before = MTU_NO;
	int r = unitfile_list(s->sys, "", ".network", &files);

	for (size_t i = 0; i < files.n && r == 0 && before != MTU_YES; i++) {
		struct unitfile u = {0};
		enum mtu_fit fit;

		r = unitfile_read(s->sys, files.v[i], NULL, &u, NULL);
		if (r < 0) {
			r = r == -ENOMEM ? r : 0;
			continue;
		}
		fit = unit_fit(s, &u);
		if (fit != MTU_NO) {
			r = tell_network(s, &u, before == MTU_MAYBE ? MTU_MAYBE : fit);
			before = fit;
		}
		unitfile_clear(&u);
	}
	strings_clear(&files);
	return r;
}

/* Has nodefit written a file that comes before it at the next boot? 1, 0 or -ENOMEM. */
static int is_displaced(const struct mtu_search *s, const char *file)
{
	_cleanup_free char *pattern = NULL;
	struct strings ours = {0};
	int r = format(&pattern, "*-nodefit-%s.link", s->ifname), hit = 0;

	if (r == 0)
		r = linkfile_ours(s->sys, &ours);
	for (size_t i = 0; i < ours.n && r == 0; i++) {
		const char *base = unitfile_base(ours.v[i]);

		if (fnmatch(pattern, base, 0) == 0 && strcmp(base, unitfile_base(file)) < 0)
			hit = 1;
	}
	strings_clear(&ours);
	return r < 0 ? r : hit;
}

/* The .link file that governs the NIC, by udev's word; what nodefit wrote there is no contest. */
int mtu_in_link(const struct mtu_search *s)
{
	_cleanup_free char *path = NULL, *index = NULL, *file = NULL;
	const struct unit_line *l;
	struct unitfile u = {0};
	char value[WIDE_TEXT];
	int r = format(&path, "/sys/class/net/%s/ifindex", s->ifname);

	if (r < 0)
		return r;
	r = sys_read_line(s->sys, path, &index);
	if (r == 0)
		r = linkfile_property(s->sys, (unsigned)strtoul(index, NULL, 10),
				      "ID_NET_LINK_FILE", &file);
	if (r < 0 || !file)
		return r == -ENOMEM ? r : 0;
	r = is_displaced(s, file);
	if (r != 0)
		return r < 0 ? r : 0;
	r = unitfile_read(s->sys, file, NULL, &u, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	l = unitfile_last(&u, "Link", "MTUBytes");
	if (l && bytes(l->value, value) && linkfile_is_ours(s->sys, l->file) == 0)
		r = mtu_tell_value(s, l->file, l->line, "udev", value, MTU_YES);
	unitfile_clear(&u);
	return r;
}
