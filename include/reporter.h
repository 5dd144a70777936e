/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes the agent's report. */
#pragma once

#include "util.h"

/* Exit codes. */
enum { REPORTER_STOPPED = 0, REPORTER_MISCONFIGURED = 2, REPORTER_FAILED = 3 };

/* Runs until SIGTERM, without privileges. `config_path` may be NULL. An exit code. */
int reporter_run(const char *config_path);

/* --- between the files of agent/net/ --- */

/* Root becomes the user nobody; then no capability is left, and none can be had again
 * (no_new_privs). 0 or -errno. */
int privileges_drop(void);
