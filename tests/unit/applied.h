/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of apply, rollback and the persisted file share: a writable copy of a machine's
 * files, and the answer of the last run. */
#pragma once

#include "apply.h"

#include "helpers.h"

#define SYS     "/proc/sys/"
#define JOURNAL "/var/lib/nodefit/journal"

static struct tree tree;
static struct profile profile;
static struct changes changes;
static char *why;

HELPER int setup(void **state)
{
	(void)state;
	tree_open(&tree, "node");
	return 0;
}

HELPER void forget(void)
{
	profile_clear(&profile);
	changes_clear(&changes);
	free(TAKE(why));
}

HELPER int teardown(void **state)
{
	(void)state;
	forget();
	tree_close(&tree);
	return 0;
}

/* Applies the profile with these settings. */
HELPER int apply_text(const char *text, bool persist)
{
	forget();
	profile_of(&profile, text);
	return apply_profile(&tree.sys, &profile,
			     &(struct apply_options){.persist = persist, .confirm_s = -1}, &changes,
			     &why);
}

HELPER int back(bool persist, bool force)
{
	forget();
	return rollback(&tree.sys, (struct rollback_options){.persist = persist, .force = force},
			&changes, &why);
}
