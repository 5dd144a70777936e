/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "ebpf.h"
#include "log.h"
#include "verbs.h"

int verb_failed(const char *doing, int error)
{
	log_error("cannot %s: %s", doing, strerror(-error));
	return EXIT_UNSURE;
}

int verb_flush(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write the answer: %s", strerror(errno));
		return EXIT_UNSURE;
	}
	return code;
}

/* Sets a parameter as the last word, above the profile's own. 0 or -ENOMEM. */
static int override(struct profile *p, const char *section, const char *key, const char *value)
{
	struct setting *s;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->settings[i].section, section) == 0 &&
		    strcmp(p->settings[i].key, key) == 0)
			p->settings[i].overridden = true;
	s = array_add(&p->settings, &p->n, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->section = strdup(section);
	s->key = strdup(key);
	s->value = strdup(value);
	s->file = "the command line";
	return s->section && s->key && s->value ? 0 : -ENOMEM;
}

static int take_options(const struct command *c, struct profile *p)
{
	struct cilium_version version;
	int r;

	if (!c->cilium)
		return 0;
	if (!cilium_version_parse(c->cilium, &version)) {
		log_error("--cilium takes a version such as 1.18, not \"%s\"", c->cilium);
		return EXIT_USAGE;
	}
	r = override(p, "check.ebpf", "cilium", c->cilium);
	if (r == 0)
		r = override(p, "check.ebpf", "wanted", "yes");
	return r < 0 ? verb_failed("take the options", r) : 0;
}

/* Tells what is wrong with a file, and returns the exit code for it. */
static int loaded(const char *doing, int r, struct problems *problems)
{
	problems_log(problems);
	problems_clear(problems);
	if (r == -EINVAL || r == -ENOENT)
		return EXIT_USAGE;
	return r < 0 ? verb_failed(doing, r) : 0;
}

int verb_load_config(const struct command *c, struct config *config)
{
	struct problems problems = {0};
	int r = config_load(&c->sys, c->config, config, &problems);

	return loaded("read the configuration", r, &problems);
}

int verb_load_profile(const struct command *c, struct profile *p)
{
	const char *name = c->profile ? c->profile : "kube-node";
	struct problems problems = {0};
	struct config config;
	int r;

	if (!c->profile && c->config) {
		r = verb_load_config(c, &config);
		if (r)
			return r;
		name = config.agent.profile;
	}
	r = checks_load_profile(&c->sys, name, p, &problems);
	r = loaded("load the profile", r, &problems);
	if (r)
		return r;
	r = take_options(c, p);
	if (r)
		profile_clear(p);
	return r;
}

int verb_begin(const struct command *c, const struct profile *p, struct report *report,
	       uint64_t *start)
{
	*report = (struct report){.started = c->sys.wall(&c->sys), .profile = strdup(p->name)};
	if (!report->profile)
		return verb_failed("begin", -ENOMEM);
	node_describe(&c->sys, &report->node);
	*start = c->sys.now(&c->sys);
	return 0;
}

void verb_end(const struct command *c, const struct profile *p, struct report *report,
	      uint64_t start)
{
	const struct setting *tolerate = profile_find(p, "verdict", "tolerate_unknown");

	report->duration_s = (double)(c->sys.now(&c->sys) - start) / 1e9;
	report_judge(report, tolerate ? tolerate->value : "");
}
