/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters that are lists: targets of connections, and patterns. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "params.h"

#define BLANKS      " \t"
#define LETTERS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS      "0123456789"
#define LABEL_MOST  63 /* of a DNS name, RFC 1035 2.3.4 */
#define TARGET_MOST (TARGET_NAME_MAX + TARGET_HOST_MAX + 64)

static const struct param limit = {
	.type = PARAM_DURATION, .least = 0.00001, .most = TARGET_LIMIT_MAX};

bool host_name_ok(const char *text)
{
	size_t len = strlen(text), label;

	if (len == 0 || len >= TARGET_HOST_MAX)
		return false;
	for (; *text; text += label + (text[label] == '.')) {
		label = strspn(text, LETTERS DIGITS "-_");
		if (label == 0 || label > LABEL_MOST || *text == '-' || text[label - 1] == '-' ||
		    (text[label] && text[label] != '.'))
			return false;
	}
	return true;
}

/* "@WARN" or "@WARN/FAIL" at the end, which it cuts off. */
static int take_limits(char *word, struct target *t)
{
	char *at = strchr(word, '@'), *fail;

	if (!at)
		return 0;
	*at++ = '\0';
	fail = strchr(at, '/');
	if (fail)
		*fail++ = '\0';
	if (param_parse(&limit, at, &t->warn) < 0 ||
	    (fail && (param_parse(&limit, fail, &t->fail) < 0 || t->fail < t->warn)))
		return -EINVAL;
	return 0;
}

static int take_port(char *word, struct target *t)
{
	char *colon = strrchr(word, ':');
	size_t digits;
	long port;

	if (!colon)
		return -EINVAL;
	*colon++ = '\0';
	digits = strspn(colon, DIGITS);
	port = digits > 0 && digits <= 5 && !colon[digits] ? strtol(colon, NULL, 10) : 0;
	if (port < 1 || port > UINT16_MAX)
		return -EINVAL;
	t->port = (uint16_t)port;
	return 0;
}

/* fe80::/10 is nobody without the link that it is on. */
static bool is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

/* An address, an IPv6 one in brackets, or a name. */
static int take_host(char *word, struct target *t)
{
	size_t len = strlen(word);
	bool bracketed = *word == '[';

	if (bracketed) {
		if (word[len - 1] != ']')
			return -EINVAL;
		word[len - 1] = '\0';
		word++;
	}
	if (strlen(word) >= sizeof(t->host))
		return -EINVAL;
	memcpy(t->host, word, strlen(word) + 1);
	if (ip_parse(word, &t->ip))
		return bracketed == (t->ip.family == AF_INET6) && !is_link_local(&t->ip) ? 0
											 : -EINVAL;
	/* What ends in a number is no name but an address that is none (RFC 3696, 2). */
	if (bracketed || !host_name_ok(word) || !word[strcspn(word, LETTERS)])
		return -EINVAL;
	return 0;
}

static int take_name(char **word, struct target *t)
{
	char *equals = strchr(*word, '=');

	if (!equals)
		return 0;
	*equals = '\0';
	if (equals == *word || strlen(*word) >= sizeof(t->name) ||
	    (*word)[strspn(*word, LETTERS DIGITS "._-")])
		return -EINVAL;
	memcpy(t->name, *word, strlen(*word) + 1);
	*word = equals + 1;
	return 0;
}

static int parse_target(char *word, struct target *out)
{
	struct target t = {0};
	const char *open, *close;
	int n;

	if (take_name(&word, &t) < 0 || take_limits(word, &t) < 0 || take_port(word, &t) < 0 ||
	    take_host(word, &t) < 0)
		return -EINVAL;
	if (!*t.name) {
		open = t.ip.family == AF_INET6 ? "[" : "";
		close = t.ip.family == AF_INET6 ? "]" : "";
		n = snprintf(t.name, sizeof(t.name), "%s%.253s%s:%u", open, t.host, close, t.port);
		if (n < 0 || (size_t)n >= sizeof(t.name))
			return -EINVAL; /* it would be cut: it needs a name */
	}
	*out = t;
	return 0;
}

static bool named(const struct targets *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0)
			return true;
	return false;
}

int targets_parse(const char *text, struct targets *out)
{
	_cleanup_free struct targets *all = calloc(1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		size_t len = strcspn(text, BLANKS);
		char word[TARGET_MOST];
		struct target t;

		if (len >= sizeof(word) || all->n == TARGETS_MOST)
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (parse_target(word, &t) < 0 || named(all, t.name))
			return -EINVAL;
		all->v[all->n++] = t;
		text += len;
	}
	*out = *all;
	return 0;
}

/* The next pattern of a list, without its "!"; false at its end. */
static bool next_glob(const char **list, char glob[TEXT_PARAM_MAX], bool *excludes)
{
	size_t len;

	*list += strspn(*list, BLANKS);
	len = strcspn(*list, BLANKS);
	*excludes = **list == '!';
	if (len == 0 || len >= TEXT_PARAM_MAX)
		return false;
	memcpy(glob, *list + *excludes, len - *excludes);
	glob[len - *excludes] = '\0';
	*list += len;
	return true;
}

int globs_check(const char *text)
{
	char glob[TEXT_PARAM_MAX];
	bool excludes, chooses = false, any = false;

	if (strlen(text) >= TEXT_PARAM_MAX)
		return -EINVAL;
	while (next_glob(&text, glob, &excludes)) {
		if (!*glob || glob[strspn(glob, LETTERS DIGITS "._-*?[]")])
			return -EINVAL;
		any = true;
		chooses = chooses || !excludes;
	}
	/* A list of exclusions alone would match nothing. */
	return any && !chooses ? -EINVAL : 0;
}

bool globs_match(const char *globs, const char *text)
{
	char glob[TEXT_PARAM_MAX];
	bool excludes, found = false;

	while (next_glob(&globs, glob, &excludes)) {
		if (fnmatch(glob, text, 0) != 0)
			continue;
		if (excludes)
			return false;
		found = true;
	}
	return found;
}
