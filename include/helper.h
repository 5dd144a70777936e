/* SPDX-License-Identifier: Apache-2.0 */
/* Runs nodefit-net for what the program with the privileges shall not parse itself. */
#pragma once

#include "sys.h"

/* The number of the descriptor that is handed over. */
#define HELPER_FD 3

struct helper_call {
	const char *verb, *word; /* word: the verb's, or NULL */
	const char *input;       /* of len bytes */
	size_t len;
	int *fd; /* a descriptor to hand over as HELPER_FD, or NULL; it stays the caller's */
	double deadline_s;
	size_t most;
};

/* Runs `nodefit-net VERB [WORD]` with `input` as its standard input, its standard error on
 * /dev/null, no descriptor besides but *fd, no signal blocked and an empty environment. *out is
 * what it printed, NUL-terminated, the caller's; at most `most` bytes. 0; -ENOENT where nodefit-net
 * is not installed beside this program; -ETIMEDOUT when it was killed after `deadline_s` seconds
 * (one that can't be killed is left to the system and to a limit on its CPU time); -EPROTO when it
 * failed or printed more; or -errno. */
int helper_run(const struct sys *sys, const struct helper_call *call, char **out);
