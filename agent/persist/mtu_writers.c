/* SPDX-License-Identifier: Apache-2.0 */
#include "mtuwriters.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define FILE_LARGEST ((size_t)256 * 1024)
#define LINE_LONGEST ((size_t)4096)

static int (*const writers[])(const struct mtu_search *s) = {
	mtu_in_link,  mtu_in_networkd, mtu_in_netplan, mtu_in_keyfiles,
	mtu_in_ifcfg, mtu_in_ifupdown, mtu_in_dhcpcd,
};

int mtu_tell(const struct mtu_search *s, const char *file, unsigned line, const char *fmt, ...)
{
	_cleanup_free char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0) {
		text = NULL;
		return -ENOMEM;
	}
	r = strings_addf(s->places, "%s:%u", file, line);
	return r < 0 ? r : strings_addf(s->words, "%s:%u: %s", file, line, text);
}

int mtu_tell_value(const struct mtu_search *s, const char *file, unsigned line, const char *who,
		   const char *value, enum mtu_fit fit)
{
	wide number;

	if (fit == MTU_NO || number_parse(value, &number) < 0 || number <= 0 ||
	    number == (wide)s->mtu)
		return 0;
	return mtu_tell(s, file, line, "%s %s MTU %s on %s", who,
			fit == MTU_YES ? "sets" : "may set", value, s->ifname);
}

enum mtu_fit mtu_is_mac(const struct mtu_search *s, const char *text)
{
	const char *mac = s->mac;

	if (!mac)
		return MTU_MAYBE;
	/* "52:54:00:12:34:56", "52-54-00-12-34-56", and networkd's "5254.0012.3456" and none at all
	 */
	for (; *mac; mac++) {
		if (*mac == ':')
			continue;
		text += strspn(text, ":-.");
		if (strncasecmp(mac, text, 1) != 0)
			return MTU_NO;
		text++;
	}
	return *text == '\0' ? MTU_YES : MTU_NO;
}

bool mtu_is_yes(const char *text)
{
	static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (strcasecmp(text, yes[i]) == 0)
			return true;
	return false;
}

static bool is_text(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && !strchr("\t\r", line[i]))
			return false;
	return len <= LINE_LONGEST;
}

int mtu_each_line(const struct sys *sys, const char *file, mtu_line_fn take, void *context)
{
	_cleanup_free char *text = NULL;
	size_t len;
	unsigned line = 0;
	int r = sys_read(sys, file, FILE_LARGEST, &text, &len);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *from = text, *end = text + len; from < end;) {
		char *stop = memchr(from, '\n', (size_t)(end - from));

		if (!stop)
			stop = end; /* sys_read() has put a NUL there */
		line++;
		*stop = '\0';
		r = is_text(from, (size_t)(stop - from)) ? take(context, file, line, from) : 0;
		if (r < 0)
			return r;
		from = stop + 1;
	}
	return 0;
}

/* Moves the strings over; room for all is made first, so that the lists stay in step. */
static int append(struct strings *to, struct strings *from)
{
	size_t before = to->n;

	for (size_t i = 0; i < from->n; i++) {
		char **slot = array_add(&to->v, &to->n, sizeof(*slot));

		if (!slot) {
			to->n = before;
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < from->n; i++)
		to->v[before + i] = TAKE(from->v[i]);
	return 0;
}

int mtu_writers_find(const struct sys *sys, const char *ifname, const char *mac, unsigned mtu,
		     struct strings *places, struct strings *words)
{
	struct strings found = {0}, said = {0};
	const struct mtu_search s = {sys, ifname, mac, mtu, &found, &said};
	size_t before = places->n;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(writers) && r == 0; i++)
		r = writers[i](&s);
	if (r == 0)
		r = append(places, &found);
	if (r == 0) {
		r = append(words, &said);
		while (r < 0 && places->n > before)
			free(places->v[--places->n]);
	}
	strings_clear(&found);
	strings_clear(&said);
	return r;
}
