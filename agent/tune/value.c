/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <errno.h>
#include <string.h>

#include "ranges.h"
#include "text.h"

/* Both as numbers: how many each has, or -EINVAL. */
static int both_numbers(const char *a, const char *b, wide na[NUMBERS_MAX], wide nb[NUMBERS_MAX])
{
	int n = numbers_parse(a, na);

	return n > 0 && numbers_parse(b, nb) == n ? n : -EINVAL;
}

/* Same words, whatever white space is between them. */
static bool same_words(const char *a, const char *b)
{
	static const char blanks[] = " \t\n\v\f\r";

	for (;;) {
		size_t na, nb;

		a += strspn(a, blanks);
		b += strspn(b, blanks);
		na = strcspn(a, blanks);
		nb = strcspn(b, blanks);
		if (na != nb || memcmp(a, b, na) != 0)
			return false;
		if (na == 0)
			return true;
		a += na;
		b += nb;
	}
}

/* Is one of them written like a set of ports, "6443,30000-32767", and the other one a set too?
 * Their order and form do not count. */
static bool both_sets(const char *a, const char *b, struct ranges *sa, struct ranges *sb)
{
	return (strpbrk(a, ",-") || strpbrk(b, ",-")) && ranges_add(sa, a) == 0 &&
	       ranges_add(sb, b) == 0;
}

bool value_equal(const char *a, const char *b)
{
	struct ranges sa = {{0}}, sb = {{0}};
	wide na[NUMBERS_MAX], nb[NUMBERS_MAX];
	int n = both_numbers(a, b, na, nb);

	if (n < 0 && both_sets(a, b, &sa, &sb))
		return memcmp(&sa, &sb, sizeof(sa)) == 0;
	if (n < 0)
		return same_words(a, b);
	for (int i = 0; i < n; i++)
		if (na[i] != nb[i])
			return false;
	return true;
}

bool value_lowers(const char *before, const char *after)
{
	wide was[NUMBERS_MAX], is[NUMBERS_MAX];
	int n = both_numbers(before, after, was, is);

	for (int i = 0; i < n; i++)
		if (is[i] < was[i])
			return true;
	return false;
}

/* Is one of the "a|b" alternatives the live value? */
static bool one_of(const char *wanted, const char *live)
{
	_cleanup_free char *list = strdup(wanted);
	char *rest, *word;

	if (!list)
		return false;
	for (word = strtok_r(list, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
		if (value_equal(word, live))
			return true;
	return false;
}

bool value_satisfies(enum op op, const char *wanted, const char *live)
{
	struct ranges whole = {{0}}, part = {{0}};
	wide w[NUMBERS_MAX], l[NUMBERS_MAX];
	int n;

	switch (op) {
	case OP_SET:
		return value_equal(wanted, live);
	case OP_ONE_OF:
		return one_of(wanted, live);
	case OP_MERGE:
		return ranges_add(&whole, live) == 0 && ranges_add(&part, wanted) == 0 &&
		       ranges_cover(&whole, &part);
	case OP_AT_LEAST:
	case OP_AT_MOST:
		break;
	}
	n = both_numbers(wanted, live, w, l);
	for (int i = 0; i < n; i++)
		if (op == OP_AT_LEAST ? l[i] < w[i] : l[i] > w[i])
			return false;
	return n > 0;
}

static int resolve_numbers(enum op op, const char *wanted, const char *live, char **out)
{
	wide w[NUMBERS_MAX], l[NUMBERS_MAX];
	char text[NUMBERS_MAX * WIDE_TEXT] = "";
	size_t used = 0;
	int n = both_numbers(wanted, live, w, l);

	if (n < 0)
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		if (i)
			text[used++] = ' ';
		number_print((op == OP_AT_LEAST) == (l[i] < w[i]) ? w[i] : l[i], text + used);
		used += strlen(text + used);
	}
	return format(out, "%s", text);
}

int value_resolve(enum op op, const char *wanted, const char *live, char **out)
{
	struct ranges set = {{0}};
	const char *trimmed;

	switch (op) {
	case OP_AT_LEAST:
	case OP_AT_MOST:
		return resolve_numbers(op, wanted, live, out);
	case OP_MERGE:
		if (ranges_add(&set, live) < 0 || ranges_add(&set, wanted) < 0)
			return -EINVAL;
		return ranges_print(&set, out);
	case OP_ONE_OF:
		if (format(out, "%.*s", (int)strcspn(wanted, "|"), wanted) < 0)
			return -ENOMEM;
		trimmed = text_strip(*out);
		memmove(*out, trimmed, strlen(trimmed) + 1);
		return 0;
	case OP_SET:
		break;
	}
	return format(out, "%s", wanted);
}
