/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "render.h"
#include "verbs.h"

static int tune(const struct sys *sys, const struct agent_config *config, const struct profile *p,
		struct report *report)
{
	struct apply_options options = {.confirm_s = -1};
	_cleanup_free char *why = NULL;
	int r;

	if (config->drift == DRIFT_REPORT)
		r = changes_plan(sys, p, &report->changes);
	else
		r = apply_profile(sys, p, &options, &report->changes, &why);
	if (r < 0 && why) {
		log_error("%s", why);
		return EXIT_UNSURE;
	}
	return r < 0 ? verb_failed("compare", r) : 0;
}

static int judge(const struct command *c, const struct profile *p, struct report *report)
{
	const struct check *usual[CHECKS_MOST];
	size_t all = checks_usual(usual), n = 0;
	int r;

	for (size_t i = 0; i < all; i++)
		if (check_is_on(p, usual[i]))
			usual[n++] = usual[i];
	r = checks_run(&c->sys, p, usual, n, false, terminal_progress, report);
	return r < 0 ? verb_failed("run the checks", r) : 0;
}

static int once(const struct command *c)
{
	struct agent_config config;
	struct report report;
	struct terminal t;
	struct profile p;
	uint64_t start;
	int r = agent_load(&c->sys, c->config, &config, &p), code;
	_cleanup_fd int locked = -1;

	if (r < 0)
		return r == -EINVAL || r == -ENOENT ? EXIT_USAGE : EXIT_UNSURE;
	locked = agent_lock(&c->sys);
	if (locked < 0) {
		agent_tell_locked(locked);
		profile_clear(&p);
		return EXIT_UNSURE;
	}
	code = verb_begin(c, &p, &report, &start);
	if (code == 0)
		code = tune(&c->sys, &config, &p, &report);
	if (code == 0)
		code = judge(c, &p, &report);
	if (code == 0) {
		verb_end(c, &p, &report, start);
		terminal_init(&t, stdout);
		terminal_report(&t, &report);
		code = report_exit_code(&report, c->flags & FLAG_STRICT);
		r = report_save(&c->sys, &report);
		if (r < 0)
			code = verb_failed("write " RUN_DIR "/" REPORT_FILE, r);
	}
	report_clear(&report);
	profile_clear(&p);
	return verb_flush(code);
}

static int run(const struct command *c)
{
	if (c->flags & FLAG_ONCE)
		return once(c);
	switch (agent_run(&c->sys, c->config)) {
	case AGENT_STOPPED:
		return 0;
	case AGENT_MISCONFIGURED:
		return EXIT_USAGE;
	}
	return EXIT_UNSURE;
}

const struct verb agent_verb = {
	.name = "agent",
	.summary = "keep the node tuned and judged",
	.about = "Runs until it is told to stop: keeps the profile's settings, measures each check "
		 "in its rhythm and writes " RUN_DIR "/" REPORT_FILE
		 ", which nodefit-net publishes. "
		 "SIGHUP reads the configuration again; SIGTERM leaves the settings in place. "
		 "agent.conf(5) describes its options.",
	.flags = FLAG_CONFIG | FLAG_ONCE | FLAG_STRICT,
	.run = run,
};
