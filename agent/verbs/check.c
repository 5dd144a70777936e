/* SPDX-License-Identifier: Apache-2.0 */
/* preflight and check. */
#include "check.h"

#include <string.h>

#include "apply.h"
#include "log.h"
#include "render.h"
#include "verbs.h"

/* Plans, or applies with --apply: what the sysctl check judges. */
static int tune(const struct command *c, const struct profile *p, struct report *report)
{
	struct apply_options options = {.confirm_s = c->confirm_s};
	_cleanup_free char *why = NULL;
	int r;

	if (c->flags & FLAG_APPLY)
		r = apply_profile(&c->sys, p, &options, &report->changes, &why);
	else
		r = changes_plan(&c->sys, p, &report->changes);
	if (r < 0 && why) {
		log_error("%s", why);
		return 1;
	}
	return r < 0 ? verb_failed("compare", r) : 0;
}

static int judge(const struct command *c, const struct check *const *wanted, size_t n, bool detail)
{
	struct report report;
	struct profile p;
	struct terminal t;
	uint64_t start;
	int r, code = verb_load_profile(c, &p);

	if (code)
		return code;
	code = verb_begin(c, &p, &report, &start);
	if (code == 0)
		code = tune(c, &p, &report);
	if (code == 0) {
		r = checks_run(&c->sys, &p, wanted, n, c->flags & FLAG_QUICK, terminal_progress,
			       &report);
		code = r < 0 ? verb_failed("run the checks", r) : 0;
	}
	if (code == 0) {
		verb_end(c, &p, &report, start);
		if (c->flags & FLAG_JSON) {
			r = render_json(&report, stdout);
		} else {
			terminal_init(&t, stdout);
			t.detail = detail;
			terminal_report(&t, &report);
			r = 0;
		}
		code = r < 0 ? EXIT_UNSURE : report_exit_code(&report, c->flags & FLAG_STRICT);
	}
	report_clear(&report);
	profile_clear(&p);
	return verb_flush(code);
}

static int preflight(const struct command *c)
{
	const struct check *usual[CHECKS_MOST];

	return judge(c, usual, checks_usual(usual), false);
}

static int check(const struct command *c)
{
	const struct check *wanted[CHECKS_MOST];

	if (c->n_words == 0)
		return judge(c, wanted, checks_usual(wanted), true);
	if (c->n_words > CHECKS_MOST) {
		log_error("more than %d checks", CHECKS_MOST);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < c->n_words; i++) {
		wanted[i] = check_find(c->words[i]);
		if (wanted[i])
			continue;
		log_error("no check \"%s\"; there are:", c->words[i]);
		for (size_t k = 0; checks[k]; k++)
			log_error("  %-10s %s", checks[k]->name, checks[k]->summary);
		return EXIT_USAGE;
	}
	return judge(c, wanted, c->n_words, true);
}

static void list_checks(void)
{
	puts("\nChecks:");
	for (size_t i = 0; checks[i]; i++)
		printf("  %-10s %s%s\n", checks[i]->name, checks[i]->summary,
		       checks[i]->on_request ? " (on request only)" : "");
}

const struct verb preflight_verb = {
	.name = "preflight",
	.summary = "judge this machine; changes nothing unless --apply",
	.about = "Compares the sysctls, measures CPU steal, the disk's fsync latency and the NIC's "
		 "losses side by side, looks whether MTUs fit, and gives one verdict. Exit code: 0 "
		 "fit or degraded, 1 unfit, 3 could not tell. It takes 13 s, up to 35 s near a "
		 "threshold; --quick takes 5 s.",
	.flags = FLAG_PROFILE | FLAG_CONFIG | FLAG_JSON | FLAG_STRICT | FLAG_QUICK | FLAG_APPLY |
		 FLAG_CONFIRM | FLAG_CILIUM,
	.run = preflight,
};

const struct verb check_verb = {
	.name = "check",
	.words = "[NAME...]",
	.summary = "single checks, in detail",
	.about = "Without a name: all but those on request. `nodefit explain NAME` tells what one "
		 "measures and its parameters.",
	.more_help = list_checks,
	.flags = FLAG_PROFILE | FLAG_CONFIG | FLAG_JSON | FLAG_STRICT | FLAG_QUICK | FLAG_CILIUM,
	.takes_words = true,
	.run = check,
};
