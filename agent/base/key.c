/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <errno.h>
#include <string.h>

#define KEY_MAX 255

static void swap_separators(char *text)
{
	for (; *text; text++) {
		if (*text == '.')
			*text = '/';
		else if (*text == '/')
			*text = '.';
	}
}

static bool part_is_bad(const char *part, size_t len)
{
	return (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.');
}

int key_path(const char *name, char **path)
{
	_cleanup_free char *text = NULL;
	const char *first = strpbrk(name, "./");
	char *to;

	if (!first || strlen(name) > KEY_MAX)
		return -EINVAL;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return -EINVAL;
	text = strdup(name);
	if (!text)
		return -ENOMEM;
	if (*first == '.')
		swap_separators(text);
	to = text;
	for (const char *part = text; *part;) {
		size_t len = strcspn(part, "/");

		if (part_is_bad(part, len))
			return -EINVAL;
		if (len) {
			if (to > text)
				*to++ = '/';
			memmove(to, part, len);
			to += len;
		}
		part += len;
		while (*part == '/')
			part++;
	}
	*to = '\0';
	if (!strchr(text, '/'))
		return -EINVAL;
	*path = TAKE(text);
	return 0;
}

int key_name(const char *path, char **name)
{
	const char *first = strpbrk(path, "./");
	char *text;

	/* A first part with a dot in it has no dotted form: a leading slash keeps it a path. */
	if (first && *first == '.')
		return format(name, "/%s", path);
	text = strdup(path);
	if (!text)
		return -ENOMEM;
	swap_separators(text);
	*name = text;
	return 0;
}

bool key_is_glob(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}
