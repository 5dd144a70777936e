/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "profile.h"

const struct setting *profile_find(const struct profile *p, const char *section, const char *key)
{
	const struct setting *found = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (!p->settings[i].overridden && strcmp(p->settings[i].section, section) == 0 &&
		    strcmp(p->settings[i].key, key) == 0)
			found = &p->settings[i];
	return found;
}

void profile_clear(struct profile *p)
{
	free(p->name);
	free(p->summary);
	settings_free(p->settings, p->n);
	strings_clear(&p->files);
	*p = (struct profile){0};
}
