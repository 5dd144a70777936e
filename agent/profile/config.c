/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#define FILE_LARGEST ((size_t)256 * 1024)

#define ROW(key, field, kind, low, high, value, text)                                              \
	{                                                                                          \
		.name = key, .type = kind, .offset = offsetof(struct agent_config, field),         \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

const struct param agent_params[] = {
	ROW("profile", profile, PARAM_TEXT, 1, TEXT_PARAM_MAX - 1, "kube-node",
	    "the profile that the node shall have: a name, or a file"),
	{.name = "drift",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct agent_config, drift),
	 .choices = "enforce report",
	 .fallback = "enforce",
	 .help = "what happens to a setting that deviates: it is set, or only reported; with "
		 "report the agent changes nothing"},
	ROW("drift_interval", drift_interval, PARAM_DURATION, 1, 3600, "30s",
	    "how often sysctls and links are compared with the profile; links also as soon as the "
	    "kernel tells of a change"),
	ROW("for", worse_for, PARAM_DURATION, 0, 3600, "30s",
	    "how long a check must give a worse answer before it is told"),
	ROW("recover_for", better_for, PARAM_DURATION, 0, 86400, "2m",
	    "how long it must give a better one; not below for="),
	ROW("report_interval", report_interval, PARAM_DURATION, 1, 600, "30s",
	    "how often the report is written while only numbers change"),
	{0}};

static enum section_kind section_kind(const char *name)
{
	return strcmp(name, "agent") == 0 ? SECTION_SETTINGS : SECTION_UNKNOWN;
}

static const struct ini_form form = {.sections = "agent", .kind = section_kind};

static int read_settings(const struct sys *sys, const char *path, struct profile *settings,
			 struct problems *problems)
{
	_cleanup_free char *text = NULL;
	const char *file = path ? path : CONFIG_FILE;
	size_t len;
	int r = sys_read(sys, file, FILE_LARGEST, &text, &len);

	if (r == -ENOENT && !path)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		problem_error(problems, file, 0, "cannot be read: %s",
			      r == -EFBIG ? "more than 256 KiB" : strerror(-r));
		return r == -ENOENT ? r : -EINVAL;
	}
	r = strings_addf(&settings->files, "%s", file);
	return r < 0 ? r
		     : ini_read(&form, settings->files.v[0], text, len, &settings->settings,
				&settings->n, problems);
}

int config_load(const struct sys *sys, const char *path, struct agent_config *out,
		struct problems *problems)
{
	struct agent_config config = {0};
	struct profile settings = {0};
	int r = read_settings(sys, path, &settings, problems);

	if (r == 0 || r == -EINVAL) {
		/* With errors too: what else is wrong shall be told in the same run. */
		int read = params_read(agent_params, &settings, "agent", &config, problems);

		r = r == 0 ? read : r;
	}
	if (r == 0 && config.better_for < config.worse_for) {
		const struct setting *s = profile_find(&settings, "agent", "recover_for");

		if (!s)
			s = profile_find(&settings, "agent", "for");
		problem_error(
			problems, s ? s->file : NULL, s ? s->line : 0,
			"[agent] recover_for= is below for=: a node would recover faster than "
			"it fails, and flap");
		r = -EINVAL;
	}
	profile_clear(&settings);
	if (r == 0)
		*out = config;
	return r;
}
