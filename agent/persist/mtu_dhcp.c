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
	struct strings read; /* files; each counts once, also one that names itself */
};

static int read_interfaces(struct stanzas *st, const char *path);

/* "source PATTERN" and "source-directory DIR"; globs in the last part only. */
static int read_sourced(struct stanzas *st, const char *what, bool directory)
{
	_cleanup_free char *full = NULL, *folder = NULL;
	const char *pattern = "*";
	struct strings names = {0};
	int r = 0;

	if (!*what || st->depth >= SOURCE_DEPTH)
		return 0;
	if (format(&full, "%s%s", *what == '/' ? "" : "/etc/network/", what) < 0)
		return -ENOMEM;
	if (!directory)
		pattern = unitfile_base(full);
	folder = directory ? strdup(full) : strndup(full, (size_t)(pattern - full));
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

/* "up ip link set dev eth0 mtu 1400", in any stanza: the name and "mtu N" in one command; or "echo
 * 1400 >/sys/class/net/eth0/mtu". */
static int take_command(const struct stanzas *st, const char *file, unsigned line, char *rest)
{
	const char *value = NULL, *word;
	bool named = false;
	char *next = NULL, attribute[64];

	snprintf(attribute, sizeof(attribute), "/sys/class/net/%s/mtu", st->s->ifname);
	while ((word = strtok_r(rest, " \t;\"'>", &next))) {
		rest = NULL;
		if (strcmp(word, "mtu") == 0 || strcmp(word, "echo") == 0)
			value = strtok_r(NULL, " \t;\"'>", &next);
		else if (strcmp(word, attribute) == 0 || strcmp(word, st->s->ifname) == 0 ||
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
	static const char commands[] = "up pre-up post-up";
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
	if (strings_contains(&st->read, path))
		return 0;
	if (strings_addf(&st->read, "%s", path) < 0)
		return -ENOMEM;
	return mtu_each_line(st->s->sys, path, take_interfaces_line, st);
}

/* --- dhclient.conf --- */

struct dhclient {
	const struct mtu_search *s;
	bool requests;         /* within a request statement */
	const char *statement; /* supersede or default, once it was read; or NULL */
	bool interface;        /* the name of an interface block comes next */
	bool other;            /* within a block for another interface */
	unsigned asked_at;     /* the line that asks for the MTU; 0: none */
	char value[32];        /* by supersede, or by default */
	enum mtu_fit fit;      /* of the value */
	unsigned value_at;
};

static void take_dhclient_word(struct dhclient *d, unsigned line, const char *word)
{
	static const char *const setting[] = {"supersede", "default"};

	if (d->interface) {
		d->other = strcmp(word, d->s->ifname) != 0;
		d->interface = false;
	} else if (strcmp(word, "interface") == 0) {
		d->interface = true;
	} else if (strcmp(word, "request") == 0 || strcmp(word, "also") == 0) {
		d->requests = true;
	} else if (strcmp(word, setting[0]) == 0 || strcmp(word, setting[1]) == 0) {
		d->statement = strcmp(word, setting[0]) == 0 ? setting[0] : setting[1];
	} else if (strcmp(word, "interface-mtu") == 0) {
		if (d->requests && !d->other)
			d->asked_at = line;
		if (d->statement && !d->other)
			d->value_at = line;
	} else if (d->statement && d->value_at == line && !d->other) {
		/* A default counts where the server says nothing. */
		snprintf(d->value, sizeof(d->value), "%s", word);
		d->fit = d->statement == setting[0] ? MTU_YES : MTU_MAYBE;
		d->statement = NULL;
	}
}

/* Statements end with ";" or are blocks, and a request may go over several lines. */
static int take_dhclient_line(void *context, const char *file, unsigned line, char *text)
{
	struct dhclient *d = context;

	(void)file;
	text[strcspn(text, "#")] = '\0';
	while (*text) {
		size_t len = strcspn(text, ";{}");
		char end = text[len], *next = NULL;

		text[len] = '\0';
		for (const char *w = strtok_r(text, " \t\r,\"", &next); w;
		     w = strtok_r(NULL, " \t\r,\"", &next))
			take_dhclient_word(d, line, w);
		if (end) {
			d->requests = d->interface = false;
			d->statement = NULL;
		}
		if (end == '}')
			d->other = false;
		text += len + (end != '\0');
	}
	return 0;
}

static int tell_dhclient(const struct mtu_search *s, const struct stanzas *st)
{
	static const char *const files[] = {"/etc/dhcp/dhclient.conf", "/etc/dhclient.conf"};

	for (size_t i = 0; i < ARRAY_LEN(files) && st->dhcp_file; i++) {
		struct dhclient d = {.s = s};
		int r = mtu_each_line(s->sys, files[i], take_dhclient_line, &d);

		if (r == 0 && *d.value)
			r = mtu_tell_value(s, files[i], d.value_at, "dhclient", d.value, d.fit);
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
	strings_clear(&st.read);
	return r;
}

/* --- dhcpcd.conf --- */

struct dhcpcd {
	const struct mtu_search *s;
	bool other;   /* below "interface" with another name */
	bool refused; /* by denyinterfaces or allowinterfaces */
	unsigned asked_at, value_at;
	char value[32]; /* "static interface_mtu=" */
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
		d->other = !listed(d->s, rest);
	else if (strcmp(text, "denyinterfaces") == 0)
		d->refused = d->refused || listed(d->s, rest);
	else if (strcmp(text, "allowinterfaces") == 0)
		d->refused = d->refused || !listed(d->s, rest);
	else if (!d->other && strcmp(text, "option") == 0 && strstr(rest, "interface_mtu"))
		d->asked_at = line;
	else if (!d->other && strcmp(text, "nooption") == 0 && strstr(rest, "interface_mtu"))
		d->asked_at = 0;
	else if (!d->other && strcmp(text, "static") == 0 &&
		 (sscanf(rest, "interface_mtu=%31s", d->value) == 1 ||
		  sscanf(rest, "mtu=%31s", d->value) == 1))
		d->value_at = line;
	return 0;
}

int mtu_in_dhcpcd(const struct mtu_search *s)
{
	static const char file[] = "/etc/dhcpcd.conf";
	struct dhcpcd d = {.s = s};
	int r = mtu_each_line(s->sys, file, take_dhcpcd_line, &d);

	if (r == 0 && d.value_at && !d.refused)
		return mtu_tell_value(s, file, d.value_at, "dhcpcd, where it runs,", d.value,
				      MTU_YES);
	if (r < 0 || d.refused || !d.asked_at)
		return r;
	return mtu_tell(s, file, d.asked_at, "dhcpcd, where it runs, may take %s's MTU from DHCP",
			s->ifname);
}
