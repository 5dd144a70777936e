/* SPDX-License-Identifier: Apache-2.0 */
/* The sysctl.d reader: no path leads out of /proc/sys, and a winner speaks of its key. */
#include "tree.h"

#include "key.h"
#include "sysctld.h"

/* Each winner costs a look at all entries. */
#define LOOKED_UP 32

/* Is every part between slashes a name? Then none is missing, "." or "..". */
static bool is_sound(const char *path)
{
	while (true) {
		size_t len = strcspn(path, "/");

		if (len == 0 || strncmp(path, ".", len) == 0 || strncmp(path, "..", len) == 0)
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

/* The last line that names the key decides, whatever patterns say. */
static const struct sysctld_entry *last_by_name(const struct sysctld *d, const char *path)
{
	const struct sysctld_entry *last = NULL;

	for (size_t i = 0; i < d->n; i++)
		if (!key_is_glob(d->v[i].path) && strcmp(d->v[i].path, path) == 0)
			last = &d->v[i];
	return last;
}

static void check_winner(const struct sysctld *d, const char *path)
{
	const struct sysctld_entry *won = sysctld_winner(d, path, NULL);
	const struct sysctld_entry *last = last_by_name(d, path);

	assert(!won || (won->value && sysctld_matches(won, path)));
	if (last)
		assert(won == (last->value ? last : NULL));
	assert(!sysctld_winner(d, path, "fuzz.conf"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);
	struct sysctld d = {0};

	assert(text && sysctld_parse(&d, "/etc/sysctl.d/fuzz.conf", text, true) == 0);
	for (size_t i = 0; i < d.n; i++) {
		const struct sysctld_entry *e = &d.v[i];

		assert(is_sound(e->path) && e->line >= 1 && (i == 0 || e[-1].line < e->line));
		assert(!e->value || !strchr(e->value, '\n'));
		assert(strcmp(sysctld_base(e), "fuzz.conf") == 0);
		if (i < LOOKED_UP)
			check_winner(&d, e->path);
	}
	check_winner(&d, "net/core/somaxconn");
	check_winner(&d, "net/ipv4/conf/eth0.200/rp_filter");
	sysctld_clear(&d);
	return 0;
}
