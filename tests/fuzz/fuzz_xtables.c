/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table of iptables' legacy backend: nothing is read past their end, a table in
 * parts is the same as in one piece, and it has no more rules than entries. The input begins with
 * the family and the size of the parts, the hooks, and where their chains begin. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "xtables.h"

#define HEAD (2 + 2 * NF_INET_NUMHOOKS)

struct told {
	uint64_t chains, rules, digest;
};

static int note(const char *chain, uint32_t rules, void *context)
{
	struct told *told = context;

	assert(strlen(chain) < XTABLES_CHAIN);
	for (const char *c = chain; *c; c++) {
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
		told->digest = told->digest * 31 + (unsigned char)*c;
	}
	told->chains++;
	told->rules += rules;
	told->digest = told->digest * 31 + rules;
	return 0;
}

static void begin(struct xtables_walk *w, struct told *told, const uint8_t *data, uint32_t size)
{
	*told = (struct told){0};
	*w = (struct xtables_walk){
		.six = data[0] & 1, .size = size, .hooks = data[1], .take = note, .context = told};
	for (size_t i = 0; i < NF_INET_NUMHOOKS; i++) {
		uint16_t at;

		memcpy(&at, data + 2 + 2 * i, sizeof(at));
		w->begins[i] = at;
	}
}

/* Takes from..from+len of the table, in memory of exactly that size. */
static int part(struct xtables_walk *w, const uint8_t *table, uint32_t from, uint32_t len)
{
	unsigned char *copy = malloc(len ? len : 1);
	int r;

	assert(copy);
	memcpy(copy, table + from, len);
	r = xtables_walk(w, copy, from, len);
	free(copy);
	assert(w->at <= w->size);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xtables_walk whole, w;
	struct told all, parts;
	uint32_t table, step, before, from = 0;
	int r;

	if (size < HEAD)
		return 0;
	table = (uint32_t)(size - HEAD);
	step = 512 + data[0] * 4u;
	begin(&whole, &all, data, table);
	r = part(&whole, data + HEAD, 0, table);
	assert(r == 0 || r == -EBADMSG);
	assert(all.chains <= (uint64_t)whole.seen + 1 && all.rules <= whole.seen);
	if (r < 0)
		return 0;
	whole.entries = whole.seen;
	r = xtables_walk_end(&whole);

	begin(&w, &parts, data, table);
	do {
		uint32_t left = table - from;

		before = w.at;
		assert(part(&w, data + HEAD, from, left < step ? left : step) == 0);
		from = w.at;
	} while (w.at > before);
	/* An entry that is longer than a part is not got past. */
	if (w.at == table && whole.at == table) {
		w.entries = w.seen;
		assert(xtables_walk_end(&w) == r && parts.digest == all.digest);
	}
	return 0;
}
