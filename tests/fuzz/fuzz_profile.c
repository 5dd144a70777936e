/* SPDX-License-Identifier: Apache-2.0 */
/* The profile reader: any bytes either give sound settings or at least one error. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "key.h"
#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sound(const struct setting *s)
{
	_cleanup_free char *path = NULL, *name = NULL;

	assert(s->section && s->key && s->value && *s->section && *s->value);
	assert(!strstr(s->value, "${"));
	if (strcmp(s->section, "sysctl") != 0)
		return;
	assert(key_path(s->key, &path) == 0 && !strstr(path, "//") && *path != '/');
	assert(key_name(path, &name) == 0 && strcmp(name, s->key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile p = {0};
	struct problems problems = {0};
	int r = ini_read("fuzz.ini", (const char *)data, size, &p.settings, &p.n, &problems);

	assert(r == 0 || r == -22);
	assert((r == 0) == (problems.errors == 0));
	for (size_t i = 0; i < p.n; i++) {
		assert(p.settings[i].line >= 1 && strcmp(p.settings[i].file, "fuzz.ini") == 0);
		if (r == 0 && strcmp(p.settings[i].section, "sysctl") == 0)
			check_sound(&p.settings[i]);
	}
	if (r == 0)
		checks_validate(&p, &problems);
	for (size_t i = 0; i < problems.n; i++)
		assert(problems.v[i].text);
	settings_free(p.settings, p.n);
	problems_clear(&problems);
	return 0;
}
