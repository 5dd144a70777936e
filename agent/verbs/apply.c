/* SPDX-License-Identifier: Apache-2.0 */
/* diff and apply. */
#include "apply.h"

#include <string.h>

#include "log.h"
#include "persist.h"
#include "render.h"
#include "verbs.h"

/* Shows the changes by the face asked for, and judges them. */
static int answer(const struct command *c, const struct profile *p, struct report *report,
		  uint64_t start)
{
	struct terminal t;

	verb_end(c, p, report, start);
	if (c->flags & FLAG_JSON) {
		if (render_json(report, stdout) < 0)
			return EXIT_UNSURE;
	} else {
		terminal_init(&t, stdout);
		terminal_changes(&t, report, c->flags & FLAG_ALL);
	}
	return verb_flush(report_exit_code(report, c->flags & FLAG_STRICT));
}

/* diff, and apply --dry-run. */
static int plan_only(const struct command *c)
{
	_cleanup_free char *why = NULL;
	struct report report;
	struct profile p;
	uint64_t start;
	int code = verb_load_profile(c, &p);

	if (code)
		return code;
	code = verb_begin(c, &p, &report, &start);
	if (code == 0) {
		int r = changes_plan(&c->sys, &p, &report.changes);

		if (r == 0 && c->flags & FLAG_PERSIST)
			r = persist_plan(&c->sys, NULL, &report.changes, &why);
		if (r < 0 && why) {
			log_error("%s", why);
			code = 1;
		} else {
			code = r < 0 ? verb_failed("compare", r) : answer(c, &p, &report, start);
		}
	}
	report_clear(&report);
	profile_clear(&p);
	return code;
}

static int apply(const struct command *c)
{
	_cleanup_free char *why = NULL;
	struct report report;
	struct config config;
	struct profile p;
	uint64_t start;
	int code;

	code = c->config ? verb_load_config(c, &config) : 0;
	if (code)
		return code;
	if (c->flags & FLAG_DRY_RUN || (c->config && config.agent.drift == DRIFT_REPORT))
		return plan_only(c);
	code = verb_load_profile(c, &p);
	if (code)
		return code;
	code = verb_begin(c, &p, &report, &start);
	if (code == 0) {
		struct apply_options options = {.persist = c->flags & FLAG_PERSIST,
						.force = c->flags & FLAG_FORCE,
						.confirm_s = c->confirm_s};
		int r = apply_profile(&c->sys, &p, &options, &report.changes, &why);

		if (r < 0 && why) {
			log_error("%s", why);
			code = 1;
		} else {
			code = r < 0 ? verb_failed("apply", r) : answer(c, &p, &report, start);
		}
	}
	report_clear(&report);
	profile_clear(&p);
	return code;
}

const struct verb diff_verb = {
	.name = "diff",
	.summary = "what apply would change, and who else claims each key",
	.about =
		"Compares the profile with the running kernel and with every sysctl.d file. Reads "
		"only. The exit code is 0 also when something would change; --strict makes that 1.",
	.flags = FLAG_PROFILE | FLAG_CONFIG | FLAG_JSON | FLAG_STRICT | FLAG_ALL,
	.run = plan_only,
};

const struct verb apply_verb = {
	.name = "apply",
	.summary = "make this machine what the profile says",
	.about = "Writes the keys that deviate, each once, and reads them back. What they held is "
		 "in /var/lib/nodefit/journal before the first write; `nodefit rollback` puts it "
		 "back. The exit code is 1 when a key is refused or fails. Changed links must "
		 "answer as before (carrier, the gateway, the servers of confirm=) within "
		 "--confirm seconds, or they are put back, also when nodefit is killed meanwhile. "
		 "With --config nothing is written where that file says drift=report.",
	.flags = FLAG_PROFILE | FLAG_CONFIG | FLAG_JSON | FLAG_STRICT | FLAG_ALL | FLAG_PERSIST |
		 FLAG_DRY_RUN | FLAG_FORCE | FLAG_CONFIRM,
	.run = apply,
};
