/* SPDX-License-Identifier: Apache-2.0 */
/* ifupdown's interfaces(5) with the DHCP clients that it starts, dhclient.conf(5) and
 * dhcpcd.conf(5). */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "mtuwriters.h"
#include "text.h"
#include "unitfile.h"

#define SOURCE_DEPTH 4

/* --- interfaces --- */

struct stanzas {
	const struct mtu_search *s;
	bool ours, dhcp; /* the iface stanza that is being read */
	char *dhcp_file; /* the last one of ours that asks DHCP */
	unsigned dhcp_line, depth;
};

static int read_interfaces(struct stanzas *st, const char *path);

/* "source PATTERN" and "source-directory DIR"; globs in the last part only. */
static int read_sourced(struct stanzas *st, const char *what, bool directory)
{
	_cleanup_free char *folder = NULL;
	const char *pattern = "*";
	struct strings names = {0};
	int r = 0;

	if (*what != '/' || st->depth >= SOURCE_DEPTH)
		return 0;
	if (!directory)
		pattern = unitfile_base(what);
	folder = directory ? strdup(what) : strndup(what, (size_t)(pattern - what));
	if (!folder)
		return -ENOMEM;
	if (sys_list(st->s->sys, folder, &names) < 0)
		return 0;
	st->depth++;
	for (size_t i = 0; i < names.n && r == 0; i++) {
		_cleanup_free char *path = NULL;
		/* The only names that a whole directory is searched for. */
		bool fits = directory ? strspn(names.v[i], "abcdefghijklmnopqrstuvwxyz"
							   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							   "0123456789_-") == strlen(names.v[i])
				      : fnmatch(pattern, names.v[i], FNM_PERIOD) == 0;

		if (!fits)
			continue;
		r = format(&path, "%s%s%s", folder, directory ? "/" : "", names.v[i]);
		if (r == 0)
			r = read_interfaces(st, path);
	}
	st->depth--;
	strings_clear(&names);
	return r;
}

static int take_iface(struct stanzas *st, const char *file, unsigned line, char *rest)
{
	char *next = NULL;
	const char *name = strtok_r(rest, " \t", &next);
	const char *family = name ? strtok_r(NULL, " \t", &next) : NULL;
	const char *method = family ? strtok_r(NULL, " \t", &next) : NULL;

	/* The family may be left out together with the method. */
	st->ours = name && strcmp(name, st->s->ifname) == 0;
	st->dhcp = method && strcmp(family, "inet") == 0 && strcmp(method, "dhcp") == 0;
	if (!st->ours || !st->dhcp)
		return 0;
	free(st->dhcp_file);
	st->dhcp_file = strdup(file);
	st->dhcp_line = line;
	return st->dhcp_file ? 0 : -ENOMEM;
}

/* "up ip link set dev eth0 mtu 1400", in any stanza: the name and "mtu N" in one command. */
static int take_command(const struct stanzas *st, const char *file, unsigned line, char *rest)
{
	const char *value = NULL, *word;
	bool named = false;
	char *next = NULL;

	while ((word = strtok_r(rest, " \t;\"'", &next))) {
		rest = NULL;
		if (strcmp(word, "mtu") == 0)
			value = strtok_r(NULL, " \t;\"'", &next);
		else if (strcmp(word, st->s->ifname) == 0 ||
			 (st->ours &&
			  (strcmp(word, "$IFACE") == 0 || strcmp(word, "${IFACE}") == 0)))
			named = true;
	}
	if (!named || !value)
		return 0;
	return mtu_tell_value(st->s, file, line, "an ifupdown command", value, MTU_YES);
}

static int take_interfaces_line(void *context, const char *file, unsigned line, char *text)
{
	static const char commands[] = "up pre-up post-up down pre-down post-down";
	struct stanzas *st = context;
	char *rest;

	text = text_strip(text);
	if (!*text || *text == '#')
		return 0;
	rest = text + strcspn(text, " \t");
	if (*rest)
		*rest++ = '\0';
	rest = text_strip(rest);
	if (strcmp(text, "iface") == 0)
		return take_iface(st, file, line, rest);
	if (strcmp(text, "source") == 0 || strcmp(text, "source-directory") == 0) {
		st->ours = false;
		return read_sourced(st, rest, text[6] == '-');
	}
	if (word_in("auto mapping rename", text) || strncmp(text, "allow-", 6) == 0)
		st->ours = false;
	if (word_in(commands, text))
		return take_command(st, file, line, rest);
	if (st->ours && strcmp(text, "mtu") == 0)
		return mtu_tell_value(st->s, file, line, "ifupdown", rest, MTU_YES);
	return 0;
}

static int read_interfaces(struct stanzas *st, const char *path)
{
	st->ours = false;
	return mtu_each_line(st->s->sys, path, take_interfaces_line, st);
}

/* --- dhclient.conf --- */

struct dhclient {
	const struct mtu_search *s;
	const struct stanzas *st;
	const char *file;
	bool requests;     /* within a request statement */
	unsigned asked_at; /* the line that asks for the MTU; 0: none */
	char forced[32];   /* by supersede */
	unsigned forced_at;
};

/* Statements end with ";", and a request may go over several lines. */
static int take_dhclient_line(void *context, const char *file, unsigned line, char *text)
{
	struct dhclient *d = context;
	char *next = NULL;
	bool superseded = false;

	(void)file;
	text[strcspn(text, "#")] = '\0';
	while (*text) {
		size_t len = strcspn(text, ";");
		char end = text[len];

		text[len] = '\0';
		for (const char *w = strtok_r(text, " \t\r,", &next); w;
		     w = strtok_r(NULL, " \t\r,", &next)) {
			if (strcmp(w, "request") == 0 || strcmp(w, "also") == 0)
				d->requests = true;
			else if (strcmp(w, "supersede") == 0)
				superseded = true;
			else if (strcmp(w, "interface-mtu") == 0 && d->requests)
				d->asked_at = line;
			else if (superseded && strcmp(w, "interface-mtu") == 0 &&
				 (w = strtok_r(NULL, " \t\r,", &next))) {
				snprintf(d->forced, sizeof(d->forced), "%s", w);
				d->forced_at = line;
			}
			if (!w)
				break;
		}
		if (end == ';')
			d->requests = superseded = false;
		text += len + (end != '\0');
	}
	return 0;
}

static int tell_dhclient(const struct mtu_search *s, const struct stanzas *st)
{
	static const char *const files[] = {"/etc/dhcp/dhclient.conf", "/etc/dhclient.conf"};

	for (size_t i = 0; i < ARRAY_LEN(files) && st->dhcp_file; i++) {
		struct dhclient d = {.s = s, .st = st, .file = files[i]};
		int r = mtu_each_line(s->sys, files[i], take_dhclient_line, &d);

		if (r == 0 && d.forced_at)
			r = mtu_tell_value(s, files[i], d.forced_at, "dhclient", d.forced, MTU_YES);
		else if (r == 0 && d.asked_at)
			r = mtu_tell(s, files[i], d.asked_at,
				     "dhclient, which ifupdown starts for %s (%s:%u), takes the "
				     "MTU from DHCP",
				     s->ifname, st->dhcp_file, st->dhcp_line);
		if (r < 0)
			return r;
	}
	return 0;
}

int mtu_in_ifupdown(const struct mtu_search *s)
{
	struct stanzas st = {.s = s};
	int r = read_interfaces(&st, "/etc/network/interfaces");

	if (r == 0)
		r = tell_dhclient(s, &st);
	free(st.dhcp_file);
	return r;
}

/* --- dhcpcd.conf --- */

struct dhcpcd {
	const struct mtu_search *s;
	bool other;   /* below "interface" with another name */
	bool refused; /* by denyinterfaces or allowinterfaces */
	unsigned asked_at;
};

static bool listed(const struct mtu_search *s, char *list)
{
	char *next = NULL;
	bool hit = false;

	for (const char *w = strtok_r(list, " \t,", &next); w; w = strtok_r(NULL, " \t,", &next))
		hit = hit || fnmatch(w, s->ifname, 0) == 0;
	return hit;
}

static int take_dhcpcd_line(void *context, const char *file, unsigned line, char *text)
{
	struct dhcpcd *d = context;
	char *rest;

	(void)file;
	text = text_strip(text);
	rest = text + strcspn(text, " \t");
	if (*rest)
		*rest++ = '\0';
	rest = text_strip(rest);
	if (strcmp(text, "interface") == 0)
		d->other = strcmp(rest, d->s->ifname) != 0;
	else if (strcmp(text, "denyinterfaces") == 0)
		d->refused = d->refused || listed(d->s, rest);
	else if (strcmp(text, "allowinterfaces") == 0)
		d->refused = d->refused || !listed(d->s, rest);
	else if (!d->other && strcmp(text, "option") == 0 && strstr(rest, "interface_mtu"))
		d->asked_at = line;
	else if (!d->other && strcmp(text, "nooption") == 0 && strstr(rest, "interface_mtu"))
		d->asked_at = 0;
	return 0;
}

int mtu_in_dhcpcd(const struct mtu_search *s)
{
	static const char file[] = "/etc/dhcpcd.conf";
	struct dhcpcd d = {.s = s};
	int r = mtu_each_line(s->sys, file, take_dhcpcd_line, &d);

	if (r < 0 || d.refused || !d.asked_at)
		return r;
	return mtu_tell(s, file, d.asked_at, "dhcpcd, where it runs, may take %s's MTU from DHCP",
			s->ifname);
}
