/* SPDX-License-Identifier: Apache-2.0 */
/* A check's parameters are table rows; the reader, `profile validate` and `explain` share them. */
#pragma once

#include "ip.h"
#include "profile.h"

enum param_type {
	PARAM_DURATION, /* double, seconds: "10ms", "500us", "10s", "1m" */
	PARAM_PERCENT,  /* double: "5%" or "5" */
	PARAM_BYTES,    /* double: "128M", "1G", "4096" */
	PARAM_COUNT,    /* double: a whole number */
	/* Those above have bands, "warn" and "fail". */
	PARAM_CHOICE,  /* int, the index in `choices` */
	PARAM_PATH,    /* char[PATH_PARAM_MAX], absolute */
	PARAM_TEXT,    /* char[TEXT_PARAM_MAX], of least to most bytes */
	PARAM_PEERS,   /* struct peers: addresses with blanks or commas between; "" is none */
	PARAM_TARGETS, /* struct targets, see below; "" is none */
	PARAM_GLOBS,   /* char[TEXT_PARAM_MAX]: patterns with blanks between; "" is none */
};

#define PATH_PARAM_MAX 256
#define TEXT_PARAM_MAX 256
#define PEERS_MOST     8

struct peers {
	struct ip v[PEERS_MOST];
	size_t n;
};

#define TARGETS_MOST     16
#define TARGET_NAME_MAX  40
#define TARGET_HOST_MAX  254 /* a DNS name's 253 and a NUL */
#define TARGET_LIMIT_MAX 60  /* seconds */

/* One word "[NAME=]HOST:PORT[@WARN[/FAIL]]": HOST is an IPv4 address, an IPv6 address in brackets
 * or a DNS name; without NAME it is called "HOST:PORT". */
struct target {
	char name[TARGET_NAME_MAX];
	char host[TARGET_HOST_MAX];
	struct ip ip; /* of an address; family 0: `host` is a name */
	uint16_t port;
	double warn, fail; /* its own limits, in seconds; 0: none of its own */
};

struct targets {
	struct target v[TARGETS_MOST];
	size_t n;
};

struct param {
	const char *name;
	enum param_type type;
	size_t offset;       /* into the check's own struct */
	double least, most;  /* in seconds, percent, bytes or as it is */
	const char *choices; /* blank-separated */
	const char *fallback;
	const char *help;
	bool may_be_off; /* of a duration: "off" is taken too, as 0 */
};

/* Fills a check's struct: every fallback, then what the profile's section says. Notes unknown
 * names, values out of range and a "warn" above its "fail" as errors. `params` ends with a NULL
 * name. 0 or -EINVAL (noted). */
int params_read(const struct param *params, const struct profile *p, const char *section,
		void *values, struct problems *problems);

/* One value by its row, as if a profile had it. 0, or -EINVAL or -ERANGE with the struct untouched.
 */
int param_parse(const struct param *param, const char *text, void *values);

/* Targets with blanks between, no two of one name. 0, or -EINVAL with *out untouched. */
int targets_parse(const char *text, struct targets *out);
/* Is it a DNS name by its characters and lengths (RFC 1123)? */
bool host_name_ok(const char *text);
/* Patterns ("*", "?", "[a-z]"; "!" before one excludes) with blanks between: 0 or -EINVAL. */
int globs_check(const char *text);
/* Does one of the patterns match, and none that excludes? */
bool globs_match(const char *globs, const char *text);
