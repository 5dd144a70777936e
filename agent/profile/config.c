/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <string.h>

#define FILE_LARGEST    ((size_t)256 * 1024)
#define TEXTFILE_ENDING ".prom"

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
	    "how long a check must give worse answers before that is told"),
	ROW("recover_for", better_for, PARAM_DURATION, 0, 86400, "2m",
	    "how long it must give better ones; not below for="),
	ROW("report_interval", report_interval, PARAM_DURATION, 1, 600, "30s",
	    "how often the report is written while only numbers change"),
	{0}};

#define NET_ROW(key, kind, low, high, value, text)                                                 \
	{                                                                                          \
		.name = #key, .type = kind, .offset = offsetof(struct reporter_config, key),       \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}
#define NET_CHOICE(key, list, value, text)                                                         \
	{                                                                                          \
		.name = #key, .type = PARAM_CHOICE,                                                \
		.offset = offsetof(struct reporter_config, key), .choices = list,                  \
		.fallback = value, .help = text                                                    \
	}

const struct param reporter_params[] = {
	NET_ROW(node, PARAM_TEXT, 0, 253, "",
		"the node's name in the cluster; else $NODE_NAME, else the host's in lower case"),
	NET_ROW(kubeconfig, PARAM_TEXT, 0, TEXT_PARAM_MAX - 1, "",
		"a kubeconfig; without it what a pod is given"),
	NET_ROW(server, PARAM_TEXT, 0, TEXT_PARAM_MAX - 1, "",
		"https://HOST:PORT of the API server, for the time before service routing works"),
	NET_ROW(listen, PARAM_TEXT, 0, 64, "127.0.0.1:9753",
		"ADDRESS:PORT for /metrics, /healthz, /readyz and /report; empty: none"),
	NET_ROW(textfile, PARAM_TEXT, 0, TEXT_PARAM_MAX - 1, "",
		"the file that node_exporter's textfile collector reads, *.prom; empty: none"),
	NET_CHOICE(heartbeat, "condition lease", "condition",
		   "what is sent while nothing changes: the condition, or a Lease, which costs the "
		   "cluster a tenth of that"),
	NET_ROW(lease_namespace, PARAM_TEXT, 1, 63, "nodefit", "the namespace of that Lease"),
	NET_ROW(start_within, PARAM_DURATION, 0, 600, "10s",
		"the API server is asked for the first time somewhere within it, at once with bad "
		"news: a fleet that starts together does not ask together"),
	NET_ROW(heartbeat_interval, PARAM_DURATION, 10, 3600, "5m",
		"how often a condition that does not change is sent, a tenth earlier or later"),
	NET_ROW(stale_after, PARAM_DURATION, 5, 3600, "90s",
		"the age from which a report counts no more: the agent is silent"),
	NET_ROW(startup_taint, PARAM_TEXT, 0, TEXT_PARAM_MAX - 1, "",
		"a taint's key: it is taken away once the node is fit, once a start; empty: none"),
	NET_CHOICE(on_stop, "keep unknown delete", "keep",
		   "what becomes of the condition when nodefit-net is stopped"),
	NET_CHOICE(bootstrap, "no yes", "no",
		   "yes: no condition before there is a verdict, so that a gate stays closed"),
	{0}};

static enum section_kind section_kind(const char *name)
{
	return strcmp(name, "agent") == 0 || strcmp(name, "reporter") == 0 ? SECTION_SETTINGS
									   : SECTION_UNKNOWN;
}

static const struct ini_form form = {.sections = "agent, reporter", .kind = section_kind};

static int read_settings(const struct sys *sys, const char *path, struct profile *settings,
			 struct problems *problems)
{
	_cleanup_free char *text = NULL;
	const char *file = path ? path : CONFIG_FILE;
	size_t len;
	int r = sys_read(sys, file, FILE_LARGEST, &text, &len);

	if (r == -ENOENT && strcmp(file, CONFIG_FILE) == 0)
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

/* Stands where the first of the two keys does, or the second. */
static void refuse(struct problems *problems, const struct profile *settings, const char *section,
		   const char *key, const char *other_section, const char *other, const char *text)
{
	const struct setting *s = profile_find(settings, section, key);

	s = s ? s : profile_find(settings, other_section, other);
	problem_error(problems, s ? s->file : NULL, s ? s->line : 0, "[%s] %s= %s", section, key,
		      text);
}

/* node_exporter reads no other name, and the folder of a relative path would be anywhere. */
static bool is_textfile(const char *path)
{
	size_t len = strlen(path), ending = strlen(TEXTFILE_ENDING);
	const char *slash = strrchr(path, '/');

	return *path == '/' && strlen(slash + 1) > ending && slash[1] != '.' &&
	       strcmp(path + len - ending, TEXTFILE_ENDING) == 0;
}

/* What one value can't show. All of it is told in the same run. */
static int compare(const struct config *c, const struct profile *settings,
		   struct problems *problems)
{
	size_t errors = problems->errors;

	if (c->agent.better_for < c->agent.worse_for)
		refuse(problems, settings, "agent", "recover_for", "agent", "for",
		       "is below for=: a node would recover faster than it fails, and flap");
	if (c->reporter.stale_after < 2 * c->agent.report_interval)
		refuse(problems, settings, "reporter", "stale_after", "agent", "report_interval",
		       "is below twice the [agent]'s report_interval=: a living agent would be "
		       "taken for silent");
	if (*c->reporter.textfile && !is_textfile(c->reporter.textfile))
		refuse(problems, settings, "reporter", "textfile", "reporter", "textfile",
		       "is not an absolute path whose name ends in " TEXTFILE_ENDING
		       ", the only one that node_exporter reads, and begins with no dot");
	return problems->errors == errors ? 0 : -EINVAL;
}

int config_load(const struct sys *sys, const char *path, struct config *out,
		struct problems *problems)
{
	struct config config = {0};
	struct profile settings = {0};
	int r = read_settings(sys, path, &settings, problems);

	if (r == 0 || r == -EINVAL) {
		/* With errors too: what else is wrong shall be told in the same run. */
		int agent = params_read(agent_params, &settings, "agent", &config.agent, problems);
		int net = params_read(reporter_params, &settings, "reporter", &config.reporter,
				      problems);

		r = r < 0 ? r : agent < 0 ? agent : net;
	}
	if (r == 0)
		r = compare(&config, &settings, problems);
	profile_clear(&settings);
	if (r == 0)
		*out = config;
	return r;
}
