/* SPDX-License-Identifier: Apache-2.0 */
/* Runs nodefit-net for what the program with the privileges shall not parse itself. */
#pragma once

#include "sys.h"

/* Runs `nodefit-net VERB` with `input` as its standard input, its standard error on /dev/null, no
 * other descriptor, no signal blocked and an empty environment. *out is what it printed,
 * NUL-terminated, the caller's; at most `most` bytes. 0; -ENOENT where nodefit-net is not installed
 * beside this program; -ETIMEDOUT when it was killed after `deadline_s` seconds (one that can't be
 * killed is left to the system and to a limit on its CPU time); -EPROTO when it failed or printed
 * more; or -errno. */
int helper_run(const struct sys *sys, const char *verb, const char *input, size_t len,
	       double deadline_s, size_t most, char **out);
