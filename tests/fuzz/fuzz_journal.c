/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: any bytes are either refused in words or give entries that can be put back, and what
 * is saved of them is read again as the same. */
#include "tree.h"

#include "journal.h"

#define BOOT_ID "c0ffee00-0000-4000-8000-000000000000"
#define FILE    JOURNAL_DIR "/" JOURNAL_FILE

static void check_entries(const struct journal *j)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_entry *e = &j->v[i];

		assert(tuner_find(e->tuner) && e->key && e->original && !e->fresh);
		assert(journal_find(j, e->tuner, e->key) == e);
		for (size_t k = 0; k < e->ours.n; k++)
			assert(e->ours.v[k]);
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_same(const struct journal *a, const struct journal *b)
{
	assert(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct journal_entry *x = &a->v[i], *y = &b->v[i];

		assert(same_text(x->tuner, y->tuner) && same_text(x->key, y->key));
		assert(same_text(x->original, y->original) && same_text(x->flip_of, y->flip_of));
		assert(x->persisted == y->persisted && x->ours.n == y->ours.n);
		for (size_t k = 0; k < x->ours.n; k++)
			assert(same_text(x->ours.v[k], y->ours.v[k]));
	}
}

static void check_saved(const struct journal *j)
{
	_cleanup_free char *why = NULL;
	struct journal again;

	assert(journal_save(tree(), j) == 0);
	assert(journal_open(tree(), false, &again, &why) == 0 && !why);
	check_same(j, &again);
	journal_close(&again);
}

static void set_up(void)
{
	tree_mkdir("/proc/sys/kernel/random");
	tree_write("/proc/sys/kernel/random/boot_id", BOOT_ID "\n", sizeof(BOOT_ID));
	tree_mkdir("/proc/self/ns");
	assert(symlinkat("net:[1]", tree()->root, "proc/self/ns/net") == 0);
	tree_mkdir(JOURNAL_DIR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	_cleanup_free char *why = NULL;
	struct journal j;
	int r;

	if (!ready)
		set_up();
	ready = true;
	tree_write(FILE, data, size);
	r = journal_open(tree(), false, &j, &why);
	assert((r == 0) == !why);
	if (r < 0) {
		assert(r == -EBADMSG || r == -EXDEV);
		return 0;
	}
	check_entries(&j);
	/* The other one must get the lock. */
	close(TAKE_FD(j.lock));
	check_saved(&j);
	journal_close(&j);
	return 0;
}
