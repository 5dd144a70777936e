/* SPDX-License-Identifier: Apache-2.0 */
/* Host names to addresses. DNS answers are bytes from the network: `nodefit-net resolve`, without
 * privileges, asks for them, and nodefit takes back addresses alone. */
#pragma once

#include "ip.h"
#include "sys.h"

#define RESOLVE_MOST       16  /* names of one call */
#define RESOLVE_NAME_MAX   254 /* with its NUL */
#define RESOLVE_DEADLINE_S 8.0 /* what has no answer by then is told so */

struct resolved {
	struct ip ip;   /* family 0: none */
	char error[64]; /* then: why, in words */
};

/* Asks nodefit-net for the first address of each of `n` names. 0 with each row of `out` filled in;
 * -EBADMSG when its answer is none; or what helper_run() returns. */
int names_resolve(const struct sys *sys, const char *const *names, size_t n, struct resolved *out);
/* Its answer: a line "NAME=ADDRESS" or "NAME=!WORDS" for each, in their order. 0 or -EBADMSG. */
int names_read(const char *text, const char *const *names, size_t n, struct resolved *out);

/* --- nodefit-net's side --- */

/* Asks for the names of standard input, a line each, side by side. An exit code. */
int resolve_run(void);
/* Cuts the request into names, in place. How many, or -EINVAL. */
int resolve_names(char *text, const char *names[RESOLVE_MOST]);
