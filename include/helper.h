/* SPDX-License-Identifier: Apache-2.0 */
/* Runs nodefit-net for what the program with the privileges shall not parse itself. */
#pragma once

#include "sys.h"

/* Runs `nodefit-net VERB` with `input` as its standard input, an empty environment and no other
 * descriptor than the three of old. *out is what it printed, NUL-terminated, the caller's; at most
 * `most` bytes. 0; -ENOENT where nodefit-net is not installed beside this program; -ETIMEDOUT after
 * `deadline_s` seconds; -EPROTO when it failed or printed more; or -errno. */
int helper_run(const struct sys *sys, const char *verb, const char *input, size_t len,
	       double deadline_s, size_t most, char **out);
