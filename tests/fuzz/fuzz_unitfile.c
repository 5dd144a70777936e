/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's files: what is read says the same when it is written down again, as nodefit copies a
 * governing .link file. */
#include "tree.h"

#include "unitfile.h"

static void check_line(const struct unit_line *l, unsigned lines)
{
	size_t size = strlen(l->key) + strlen(l->value) + 1;

	assert(*l->section && *l->key && size <= UNIT_LINE_MAX);
	assert(l->line >= 1 && l->line <= lines && strcmp(l->file, "x.link") == 0);
	for (const char *c = l->value; *c; c++)
		assert((unsigned char)*c >= ' ' || *c == '\t');
}

static void check_copy(const struct unitfile *u)
{
	_cleanup_free char *text = NULL, *why = NULL;
	struct unitfile copy = {0};
	unsigned block = 0;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert(f);
	for (size_t i = 0; i < u->n; i++) {
		const struct unit_line *l = &u->v[i];

		if (l->block != block)
			fprintf(f, "\n[%s]\n", l->section);
		block = l->block;
		fprintf(f, "%s=%s\n", l->key, l->value);
	}
	assert(fclose(f) == 0);
	assert(unitfile_parse(&copy, "x.link", text, size, &why) == 0 && copy.n == u->n);
	for (size_t i = 0; i < u->n; i++)
		assert(strcmp(u->v[i].section, copy.v[i].section) == 0 &&
		       strcmp(u->v[i].key, copy.v[i].key) == 0 &&
		       strcmp(u->v[i].value, copy.v[i].value) == 0);
	unitfile_clear(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *why = NULL;
	const char *text = (const char *)data;
	struct unitfile strict = {0}, lax = {0};
	unsigned lines = 1;
	int r = unitfile_parse(&strict, "x.link", text, size, &why);

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	assert(r == 0 || (r == -EBADMSG && strncmp(why, "x.link:", 7) == 0));
	assert(unitfile_parse(&lax, "x.link", text, size, NULL) == 0);
	assert(lax.n >= strict.n && (r < 0 || lax.n == strict.n));
	for (size_t i = 0; i < lax.n; i++)
		check_line(&lax.v[i], lines);
	check_copy(&lax);
	unitfile_clear(&strict);
	unitfile_clear(&lax);
	return 0;
}
