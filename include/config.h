/* SPDX-License-Identifier: Apache-2.0 */
/* agent.conf: how the agent works. One file for both programs, described in agent.conf(5). */
#pragma once

#include "params.h"

#define CONFIG_FILE "/etc/nodefit/agent.conf"

enum { DRIFT_ENFORCE, DRIFT_REPORT };

/* Times are in seconds. */
struct agent_config {
	char profile[TEXT_PARAM_MAX];
	int drift; /* DRIFT_… */
	double drift_interval;
	double worse_for, better_for; /* see steady.h */
	double report_interval;
};

/* The rows of [agent], for agent.conf(5)'s test and `nodefit explain`. */
extern const struct param agent_params[];

/* Reads the file, or /etc/nodefit/agent.conf when `path` is NULL; that one may be absent, then all
 * is as by default. 0, -ENOENT or -EINVAL (each noted), or -errno. */
int config_load(const struct sys *sys, const char *path, struct agent_config *out,
		struct problems *problems);
