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

static size_t count_checks(void)
{
	size_t n = 0;

	while (checks[n])
		n++;
	return n;
}

static int preflight(const struct command *c)
{
	return judge(c, checks, count_checks(), false);
}

static int check(const struct command *c)
{
	const struct check *wanted[CHECKS_MOST];

	if (c->n_words == 0)
		return judge(c, checks, count_checks(), true);
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
			log_error("  %-8s %s", checks[k]->name, checks[k]->summary);
		return EXIT_USAGE;
	}
	return judge(c, wanted, c->n_words, true);
}

const struct verb preflight_verb = {
	.name = "preflight",
	.summary = "judge this machine; changes nothing unless --apply",
	.about = "Compares the sysctls, measures CPU steal, the disk's fsync latency and the NIC's "
		 "losses side by side, looks whether MTUs fit, and gives one verdict. Exit code: 0 "
		 "fit or degraded, 1 unfit, 3 could not tell. It takes 10 s, up to 30 s near a "
		 "threshold; --quick takes 3 s.",
	.flags = FLAG_PROFILE | FLAG_JSON | FLAG_STRICT | FLAG_QUICK | FLAG_APPLY | FLAG_CONFIRM,
	.run = preflight,
};

const struct verb check_verb = {
	.name = "check",
	.words = "[NAME...]",
	.summary = "single checks, in detail",
	.about = "Checks: sysctl, net, steal, fsync, queues, link, mtu; all without a name. "
		 "`nodefit explain NAME` tells what one measures and its parameters.",
	.flags = FLAG_PROFILE | FLAG_JSON | FLAG_STRICT | FLAG_QUICK,
	.takes_words = true,
	.run = check,
};
