/* SPDX-License-Identifier: Apache-2.0 */
#include "ranges.h"

#include <errno.h>
#include <string.h>

static bool has(const struct ranges *set, unsigned n)
{
	return set->bits[n / 8] >> (n % 8) & 1;
}

static int scan(const char **text, unsigned *out)
{
	unsigned value = 0;
	const char *c = *text;

	if (*c < '0' || *c > '9')
		return -EINVAL;
	for (; *c >= '0' && *c <= '9'; c++) {
		value = value * 10 + (unsigned)(*c - '0');
		if (value >= RANGE_LIMIT)
			return -EINVAL;
	}
	*text = c;
	*out = value;
	return 0;
}

static const char *skip_blanks(const char *c)
{
	return c + strspn(c, " \t\n");
}

int ranges_add(struct ranges *set, const char *text)
{
	struct ranges sum = *set;

	text = skip_blanks(text);
	while (*text) {
		unsigned low, high;

		if (scan(&text, &low) < 0)
			return -EINVAL;
		high = low;
		if (*text == '-') {
			text++;
			if (scan(&text, &high) < 0 || high < low)
				return -EINVAL;
		}
		for (unsigned n = low; n <= high; n++)
			sum.bits[n / 8] |= (unsigned char)(1u << (n % 8));
		text = skip_blanks(text);
		if (*text == ',') {
			text = skip_blanks(text + 1);
			if (!*text)
				return -EINVAL;
		} else if (*text) {
			return -EINVAL;
		}
	}
	*set = sum;
	return 0;
}

bool ranges_cover(const struct ranges *whole, const struct ranges *part)
{
	for (size_t i = 0; i < sizeof(part->bits); i++)
		if (part->bits[i] & ~whole->bits[i])
			return false;
	return true;
}

bool ranges_hold(const struct ranges *set, unsigned low, unsigned high)
{
	for (unsigned n = low; n <= high; n++)
		if (n >= RANGE_LIMIT || !has(set, n))
			return false;
	return true;
}

int ranges_print(const struct ranges *set, char **out)
{
	_cleanup_free char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool failed;

	if (!f)
		return -ENOMEM;
	for (unsigned n = 0, first = 1; n < RANGE_LIMIT; n++) {
		unsigned low = n;

		if (!has(set, n))
			continue;
		while (n + 1 < RANGE_LIMIT && has(set, n + 1))
			n++;
		fprintf(f, low == n ? "%s%u" : "%s%u-%u", first ? "" : ",", low, n);
		first = 0;
	}
	failed = ferror(f);
	if (fclose(f) != 0 || failed)
		return -ENOMEM;
	*out = TAKE(text);
	return 0;
}
