/* SPDX-License-Identifier: Apache-2.0 */
/* Who else claims a key in sysctl.d, and with what effect at boot. */
#include <string.h>

#include "key.h"
#include "sysctl.h"
#include "value.h"

static const char *effect(const struct sysctld *files, const char *path,
			  const struct sysctld_entry *e)
{
	if (!e->boot)
		return "whenever `sysctl -p` or `sysctl --system` is run";
	if (e != sysctld_winner(files, path, PERSIST_FILE))
		return "but a later or more exact line overrides it";
	if (!key_is_glob(e->path) && strcmp(sysctld_base(e), PERSIST_FILE) > 0)
		return "and wins at boot, also over " PERSIST_FILE;
	return "and wins at boot unless `nodefit apply --persist` has written " PERSIST_FILE;
}

/* "-key" in a later file takes an earlier file's assignment away, not only a glob's. */
static bool excludes_ours(const struct sysctld_entry *e)
{
	return !key_is_glob(e->path) && strcmp(sysctld_base(e), PERSIST_FILE) > 0;
}

int contests_find(const struct sysctld *files, const char *path, enum op op, const char *wanted,
		  struct change *c)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct sysctld_entry *e = &files->v[i];
		int r;

		if (!sysctld_matches(e, path) || strcmp(sysctld_base(e), PERSIST_FILE) == 0)
			continue;
		if (e->value ? value_satisfies(op, wanted, e->value) : !excludes_ours(e))
			continue;
		r = strings_addf(&c->contested_by, "%s:%u", e->file, e->line);
		if (r == 0 && !e->value)
			r = strings_addf(&c->contests,
					 "%s:%u excludes it: at boot " PERSIST_FILE " can't set it",
					 e->file, e->line);
		else if (r == 0)
			r = strings_addf(&c->contests, "%s:%u sets \"%s\" %s", e->file, e->line,
					 e->value, effect(files, path, e));
		if (r < 0)
			return r;
	}
	return 0;
}
