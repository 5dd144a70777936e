/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Reads digits from *text and moves it behind them. */
static int number_scan(const char **text, wide *out)
{
	const char *c = *text;
	bool negative = *c == '-';
	wide value = 0;

	if (*c == '-' || *c == '+')
		c++;
	if (*c < '0' || *c > '9')
		return -EINVAL;
	for (; *c >= '0' && *c <= '9'; c++) {
		value = value * 10 + (*c - '0');
		if (value > (wide)UINT64_MAX)
			return -ERANGE;
	}
	if (negative)
		value = -value;
	if (value < (wide)INT64_MIN)
		return -ERANGE;
	*text = c;
	*out = value;
	return 0;
}

int number_parse(const char *text, wide *out)
{
	wide value;
	int r = number_scan(&text, &value);

	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;
	*out = value;
	return 0;
}

int real_parse(const char *text, double *out)
{
	double value;
	char *end;

	/* strtod() takes more: blanks, "0x1p3", "infinity". */
	if (!*text || text[strspn(text, "0123456789.eE+-")])
		return -EINVAL;
	value = strtod(text, &end);
	if (*end || end == text || !isfinite(value))
		return -EINVAL;
	*out = value;
	return 0;
}

int numbers_parse(const char *text, wide out[NUMBERS_MAX])
{
	wide found[NUMBERS_MAX];
	int n = 0;

	for (;;) {
		while (blank(*text))
			text++;
		if (!*text)
			break;
		if (n == NUMBERS_MAX || number_scan(&text, &found[n]) < 0)
			return -EINVAL;
		if (*text && !blank(*text))
			return -EINVAL;
		n++;
	}
	if (n == 0)
		return -EINVAL;
	memcpy(out, found, (size_t)n * sizeof(*out));
	return n;
}

void number_print(wide value, char out[WIDE_TEXT])
{
	if (value < 0)
		snprintf(out, WIDE_TEXT, "%lld", (long long)value);
	else
		snprintf(out, WIDE_TEXT, "%llu", (unsigned long long)value);
}

char *text_strip(char *text)
{
	size_t len;

	while (blank(*text))
		text++;
	len = strlen(text);
	while (len && blank(text[len - 1]))
		text[--len] = '\0';
	return text;
}

char *text_squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!blank(*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	return text;
}

void text_cut(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		for (len = size - 1; len && ((unsigned char)from[len] & 0xc0) == 0x80;)
			len--;
	memcpy(to, from, len);
	to[len] = '\0';
}

bool word_in(const char *list, const char *text)
{
	size_t len = strlen(text);

	while (len && list && *list) {
		size_t word = strcspn(list, " ");

		if (word == len && memcmp(list, text, len) == 0)
			return true;
		list += word + (list[word] == ' ');
	}
	return false;
}
