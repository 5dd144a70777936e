/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "log.h"
#include "verbs.h"

static int list(const struct command *c)
{
	struct profile_place *places = NULL;
	size_t n = 0;
	int r = profile_list(&c->sys, &places, &n);

	if (r < 0)
		return verb_failed("list the profiles", r);
	for (size_t i = 0; i < n; i++) {
		struct problems problems = {0};
		struct profile p = {0};

		r = profile_load(&c->sys, places[i].name, &p, &problems);
		printf("%-16s %s\n%-16s %s\n", places[i].name,
		       r < 0       ? "(has errors: see `nodefit profile validate`)"
		       : p.summary ? p.summary
				   : "",
		       "", places[i].file);
		profile_clear(&p);
		problems_clear(&problems);
	}
	profile_places_free(places, n);
	return verb_flush(0);
}

static int show(const struct command *c, const char *name)
{
	struct command with = *c;
	const char *section = "";
	struct profile p;
	int code;

	with.profile = name;
	code = verb_load_profile(&with, &p);
	if (code)
		return code;
	printf("# %s\n", p.name);
	for (size_t i = 0; i < p.n; i++) {
		const struct setting *s = &p.settings[i];
		char text[512];

		if (strcmp(s->section, section) != 0) {
			section = s->section;
			printf("\n[%s]\n", section);
		}
		snprintf(text, sizeof(text), "%s%s%s %s %s", s->overridden ? "# overridden: " : "",
			 s->optional ? "-" : "", s->key, op_text(s->op), s->value);
		printf("%-64s # %s:%u\n", text, s->file, s->line);
	}
	profile_clear(&p);
	return verb_flush(0);
}

static int validate(const struct command *c, const char *const *files, size_t n)
{
	int worst = 0;

	for (size_t i = 0; i < n; i++) {
		struct command with = *c;
		struct profile p;
		int code;

		with.profile = files[i];
		code = verb_load_profile(&with, &p);
		if (code == 0) {
			printf("%s: valid\n", files[i]);
			profile_clear(&p);
		}
		worst = code > worst ? code : worst;
	}
	return verb_flush(worst);
}

static int run(const struct command *c)
{
	const char *what = c->n_words ? c->words[0] : "";

	if (strcmp(what, "list") == 0 && c->n_words == 1)
		return list(c);
	if (strcmp(what, "show") == 0 && c->n_words <= 2)
		return show(c, c->n_words == 2 ? c->words[1] : NULL);
	if (strcmp(what, "validate") == 0 && c->n_words >= 2)
		return validate(c, c->words + 1, c->n_words - 1);
	log_error("usage: nodefit profile list | show [PROFILE] | validate FILE...");
	return EXIT_USAGE;
}

const struct verb profile_verb = {
	.name = "profile",
	.words = "list | show [PROFILE] | validate FILE...",
	.summary = "the profiles that there are, one resolved, files checked",
	.about = "A profile is looked for in /etc/nodefit/profiles, "
		 "/usr/local/lib/nodefit/profiles, "
		 "/usr/lib/nodefit/profiles and among the built-in ones; a name with a slash or "
		 "\".ini\" is a file. show gives each value's file and line. See "
		 "nodefit.profile(5).",
	.takes_words = true,
	.run = run,
};
