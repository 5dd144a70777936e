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
	NET_ROW(node, PARAM_TEXT, 0, 253, "", "the node's name in the cluster; as the report says"),
	NET_ROW(kubeconfig, PARAM_TEXT, 0, TEXT_PARAM_MAX - 1, "",
		"a kubeconfig; without it what a pod is given"),
	NET_ROW(server, PARAM_TEXT, 0, TEXT_PARAM_MAX - 1, "",
		"https://HOST:PORT of the API server, for the time before service routing works"),
	NET_ROW(listen, PARAM_TEXT, 0, 64, "127.0.0.1:9753",
		"ADDRESS:PORT for /metrics, /healthz, /readyz and /report; empty: none"),
	NET_CHOICE(heartbeat, "condition lease", "condition",
		   "what is sent while nothing changes: the condition, or a Lease, which costs the "
		   "cluster a tenth of that"),
	NET_ROW(lease_namespace, PARAM_TEXT, 1, 63, "nodefit", "the namespace of that Lease"),
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

/* A node must not recover faster than it fails, and a report must not age between two writings. */
static int compare(const struct config *c, const struct profile *settings,
		   struct problems *problems)
{
	const struct setting *s = profile_find(settings, "agent", "recover_for");

	if (c->agent.better_for < c->agent.worse_for) {
		s = s ? s : profile_find(settings, "agent", "for");
		problem_error(
			problems, s ? s->file : NULL, s ? s->line : 0,
			"[agent] recover_for= is below for=: a node would recover faster than "
			"it fails, and flap");
		return -EINVAL;
	}
	if (c->reporter.stale_after >= 2 * c->agent.report_interval)
		return 0;
	s = profile_find(settings, "reporter", "stale_after");
	s = s ? s : profile_find(settings, "agent", "report_interval");
	problem_error(problems, s ? s->file : NULL, s ? s->line : 0,
		      "[reporter] stale_after= is below twice the [agent]'s report_interval=: a "
		      "living agent would be taken for silent");
	return -EINVAL;
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
