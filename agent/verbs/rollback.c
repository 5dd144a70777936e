/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"
#include "log.h"
#include "persist.h"
#include "render.h"
#include "verbs.h"

/* What will undo the rollback at the next boot. */
static void tell_files(const struct sys *sys)
{
	struct strings files = {0};

	(void)persist_list(sys, &files);
	for (size_t i = 0; i < files.n; i++)
		printf("%s stays and sets its values at the next boot: `nodefit rollback "
		       "--persist` removes it\n",
		       files.v[i]);
	strings_clear(&files);
}

static int run(const struct command *c)
{
	struct rollback_options options = {.persist = c->flags & FLAG_PERSIST,
					   .force = c->flags & FLAG_FORCE};
	struct profile none = {.name = (char *)"rollback"};
	_cleanup_free char *why = NULL;
	struct report report;
	struct terminal t;
	uint64_t start;
	int r, code = verb_begin(c, &none, &report, &start);

	if (code)
		return code;
	r = rollback(&c->sys, options, &report.changes, &why);
	verb_end(c, &none, &report, start);
	if (r < 0 && why) {
		log_error("%s", why);
		code = 1;
	} else if (r < 0) {
		code = verb_failed("roll back", r);
	} else if (c->flags & FLAG_JSON) {
		code = render_json(&report, stdout) < 0 ? EXIT_UNSURE : 0;
	} else {
		terminal_init(&t, stdout);
		terminal_changes(&t, &report, true);
		if (!options.persist)
			tell_files(&c->sys);
	}
	if (code == 0)
		code = report_exit_code(&report, false);
	report_clear(&report);
	return verb_flush(code);
}

const struct verb rollback_verb = {
	.name = "rollback",
	.summary = "put back what apply found",
	.about =
		"Writes the journalled values back, byte for byte. A key that somebody else has "
		"changed since is left alone and told (exit code 1) unless --force is given. After "
		"a reboot only what --persist set at boot is left to put back.",
	.flags = FLAG_JSON | FLAG_PERSIST | FLAG_FORCE,
	.run = run,
};
