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

enum { HEARTBEAT_CONDITION, HEARTBEAT_LEASE };
enum { ON_STOP_KEEP, ON_STOP_UNKNOWN, ON_STOP_DELETE };

struct reporter_config {
	char node[TEXT_PARAM_MAX];       /* "": as NODE_NAME says, or the host */
	char kubeconfig[TEXT_PARAM_MAX]; /* "": what a pod is given */
	char server[TEXT_PARAM_MAX];     /* "": as these say */
	char listen[TEXT_PARAM_MAX];     /* "": nobody can ask */
	char textfile[TEXT_PARAM_MAX];   /* "": none; else absolute, and ends in ".prom" */
	int heartbeat;                   /* HEARTBEAT_… */
	char lease_namespace[TEXT_PARAM_MAX];
	double start_within, heartbeat_interval, stale_after;
	char startup_taint[TEXT_PARAM_MAX]; /* "": none is taken away */
	int on_stop;                        /* ON_STOP_… */
	int bootstrap;                      /* 1: nothing is published before there is a verdict */
};

struct config {
	struct agent_config agent;
	struct reporter_config reporter;
};

/* The rows of [agent] and of [reporter]. */
extern const struct param agent_params[], reporter_params[];

/* Reads the file, or /etc/nodefit/agent.conf when `path` is NULL; that one may be absent, by
 * whichever way it is named: then all is as by default. 0, -ENOENT or -EINVAL (each noted), or
 * -errno. */
int config_load(const struct sys *sys, const char *path, struct config *out,
		struct problems *problems);
