/* SPDX-License-Identifier: Apache-2.0 */
/* Each change is its struct as it is, then its own strings: a length that counts the NUL (0: NULL)
 * and the bytes. */
#include <errno.h>
#include <string.h>

#include "tuner.h"

#define STRING_LONGEST ((uint32_t)1 << 20)
#define LIST_LONGEST   4096

static bool put_string(FILE *f, const char *s)
{
	uint32_t len = s ? (uint32_t)strlen(s) + 1 : 0;

	return fwrite(&len, sizeof(len), 1, f) == 1 && (!s || fwrite(s, len, 1, f) == 1);
}

static bool put_list(FILE *f, const struct strings *list)
{
	uint32_t n = (uint32_t)list->n;
	bool done = fwrite(&n, sizeof(n), 1, f) == 1;

	for (size_t i = 0; i < list->n && done; i++)
		done = put_string(f, list->v[i]);
	return done;
}

static int get_string(FILE *f, char **out)
{
	_cleanup_free char *s = NULL;
	uint32_t len;

	*out = NULL;
	if (fread(&len, sizeof(len), 1, f) != 1 || len > STRING_LONGEST)
		return -EBADMSG;
	if (len == 0)
		return 0;
	s = malloc(len);
	if (!s)
		return -ENOMEM;
	if (fread(s, len, 1, f) != 1 || s[len - 1] != '\0')
		return -EBADMSG;
	*out = TAKE(s);
	return 0;
}

static int get_list(FILE *f, struct strings *out)
{
	uint32_t n;

	*out = (struct strings){0};
	if (fread(&n, sizeof(n), 1, f) != 1 || n > LIST_LONGEST)
		return -EBADMSG;
	for (uint32_t i = 0; i < n; i++) {
		_cleanup_free char *s = NULL;
		int r = get_string(f, &s);

		if (r == 0)
			r = s ? strings_addf(out, "%s", s) : -EBADMSG;
		if (r < 0)
			return r;
	}
	return 0;
}

int changes_pack(const struct changes *c, FILE *f)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->v[i];

		if (fwrite(one, sizeof(*one), 1, f) != 1 || !put_string(f, one->key) ||
		    !put_string(f, one->wish) || !put_string(f, one->wanted) ||
		    !put_string(f, one->before) || !put_string(f, one->after) ||
		    !put_string(f, one->persisted_in) || !put_string(f, one->error) ||
		    !put_list(f, &one->contested_by) || !put_list(f, &one->contests) ||
		    !put_list(f, &one->notes))
			return -EIO;
	}
	return fflush(f) == 0 ? 0 : -EIO;
}

static int get_change(FILE *f, struct change *c)
{
	char **strings[] = {&c->key,   &c->wish,         &c->wanted, &c->before,
			    &c->after, &c->persisted_in, &c->error};
	struct strings *lists[] = {&c->contested_by, &c->contests, &c->notes};
	int r = 0;

	/* Whatever is not read stays empty: the fork's pointers mean nothing here. */
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		*strings[i] = NULL;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		*lists[i] = (struct strings){0};
	for (size_t i = 0; i < ARRAY_LEN(strings) && r == 0; i++)
		r = get_string(f, strings[i]);
	for (size_t i = 0; i < ARRAY_LEN(lists) && r == 0; i++)
		r = get_list(f, lists[i]);
	return r == 0 && (!c->key || !c->wish) ? -EBADMSG : r;
}

int changes_unpack(FILE *f, struct changes *out)
{
	struct changes all = {0};
	int r = 0;

	while (r == 0) {
		struct change read, *slot;
		size_t got = fread(&read, 1, sizeof(read), f);

		if (got == 0)
			break;
		if (got != sizeof(read)) {
			r = -EBADMSG;
			break;
		}
		slot = array_add(&all.v, &all.n, sizeof(*slot));
		if (!slot) {
			r = -ENOMEM;
			break;
		}
		*slot = read;
		r = get_change(f, slot);
	}
	if (r < 0) {
		changes_clear(&all);
		return r;
	}
	*out = all;
	return 0;
}
