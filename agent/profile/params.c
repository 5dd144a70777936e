/* SPDX-License-Identifier: Apache-2.0 */
#include "params.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "text.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit durations[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
					{"m", 60},    {"h", 3600},  {NULL, 0}};
static const struct unit percents[] = {{"%", 1}, {"", 1}, {NULL, 0}};
static const struct unit counts[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {
	{"", 1}, {"K", 1024}, {"M", 1024.0 * 1024}, {"G", 1024.0 * 1024 * 1024}, {NULL, 0}};

static int parse_number(const struct param *param, const struct unit *units, const char *text,
			double *out)
{
	size_t digits = strspn(text, "0123456789.");
	double value;
	char *end;

	/* strtod() alone would take "inf", hexadecimals and signs. */
	if (digits == 0 || digits > 18)
		return -EINVAL;
	value = strtod(text, &end);
	if (end != text + digits)
		return -EINVAL;
	end += strspn(end, " ");
	for (; units->name; units++) {
		if (strcmp(end, units->name) != 0)
			continue;
		value *= units->factor;
		if (!isfinite(value) || value < param->least || value > param->most)
			return -ERANGE;
		*out = value;
		return 0;
	}
	return -EINVAL;
}

static int parse_choice(const struct param *param, const char *text, int *out)
{
	const char *list = param->choices;

	for (int i = 0; *list; i++) {
		size_t len = strcspn(list, " ");

		if (strlen(text) == len && memcmp(list, text, len) == 0) {
			*out = i;
			return 0;
		}
		list += len + strspn(list + len, " ");
	}
	return -EINVAL;
}

static int parse_peers(const char *text, struct peers *out)
{
	struct peers peers = {0};

	for (;;) {
		char word[INET6_ADDRSTRLEN];
		size_t len;

		text += strspn(text, " \t,");
		if (!*text)
			break;
		len = strcspn(text, " \t,");
		if (len >= sizeof(word) || peers.n == PEERS_MOST)
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (!ip_parse(word, &peers.v[peers.n++]))
			return -EINVAL;
		text += len;
	}
	*out = peers;
	return 0;
}

int param_parse(const struct param *param, const char *text, void *values)
{
	void *slot = (char *)values + param->offset;

	switch (param->type) {
	case PARAM_DURATION:
		if (param->may_be_off && strcmp(text, "off") == 0) {
			*(double *)slot = 0;
			return 0;
		}
		return parse_number(param, durations, text, slot);
	case PARAM_PERCENT:
		return parse_number(param, percents, text, slot);
	case PARAM_BYTES:
		return parse_number(param, sizes, text, slot);
	case PARAM_COUNT:
		return strchr(text, '.') ? -EINVAL : parse_number(param, counts, text, slot);
	case PARAM_CHOICE:
		return parse_choice(param, text, slot);
	case PARAM_PEERS:
		return parse_peers(text, slot);
	case PARAM_TARGETS:
		return targets_parse(text, slot);
	case PARAM_GLOBS:
		if (globs_check(text) < 0)
			return -EINVAL;
		memcpy(slot, text, strlen(text) + 1);
		return 0;
	case PARAM_TEXT:
		if (strlen(text) < (size_t)param->least || strlen(text) > (size_t)param->most)
			return -EINVAL;
		memcpy(slot, text, strlen(text) + 1);
		return 0;
	case PARAM_PATH:
		if (*text != '/' || strlen(text) >= PATH_PARAM_MAX)
			return -EINVAL;
		memcpy(slot, text, strlen(text) + 1);
		return 0;
	}
	return -EINVAL;
}

static void say_expected(const struct param *param, const struct setting *s,
			 struct problems *problems)
{
	switch (param->type) {
	case PARAM_DURATION:
		problem_error(
			problems, s->file, s->line,
			"%s: a duration from %gs to %gs such as 10ms, 500us, 30s%s, not \"%s\"",
			s->key, param->least, param->most, param->may_be_off ? ", or off" : "",
			s->value);
		break;
	case PARAM_PERCENT:
		problem_error(problems, s->file, s->line, "%s: %g%% to %g%%, not \"%s\"", s->key,
			      param->least, param->most, s->value);
		break;
	case PARAM_BYTES:
		problem_error(problems, s->file, s->line,
			      "%s: a size from %.0f to %.0f bytes such as 128M, not \"%s\"", s->key,
			      param->least, param->most, s->value);
		break;
	case PARAM_COUNT:
		problem_error(problems, s->file, s->line,
			      "%s: a whole number from %.0f to %.0f, not \"%s\"", s->key,
			      param->least, param->most, s->value);
		break;
	case PARAM_PEERS:
		problem_error(problems, s->file, s->line,
			      "%s: at most %d IPv4 or IPv6 addresses with blanks between, not "
			      "\"%s\"",
			      s->key, PEERS_MOST, s->value);
		break;
	case PARAM_TARGETS:
		problem_error(problems, s->file, s->line,
			      "%s: at most %d of [NAME=]HOST:PORT[@WARN[/FAIL]] with blanks "
			      "between, such as api=10.0.0.1:6443 etcd=[fd00::1]:2379@10ms/50ms, "
			      "each of its own name; not \"%s\"",
			      s->key, TARGETS_MOST, s->value);
		break;
	case PARAM_GLOBS:
		problem_error(
			problems, s->file, s->line,
			"%s: patterns of letters, digits and ._-*?[] with blanks between, \"!\" "
			"before one excludes, %d bytes at the most; not \"%s\"",
			s->key, TEXT_PARAM_MAX - 1, s->value);
		break;
	case PARAM_CHOICE:
		problem_error(problems, s->file, s->line, "%s: one of: %s; not \"%s\"", s->key,
			      param->choices, s->value);
		break;
	case PARAM_TEXT:
		problem_error(problems, s->file, s->line, "%s: %.0f to %.0f bytes of text", s->key,
			      param->least, param->most);
		break;
	case PARAM_PATH:
		problem_error(problems, s->file, s->line,
			      "%s: an absolute path of at most %d bytes, not \"%s\"", s->key,
			      PATH_PARAM_MAX - 1, s->value);
		break;
	}
}

/* A "warn" above its "fail" would never be reached. */
static void compare_bands(const struct param *params, const char *section, const void *values,
			  const struct profile *p, struct problems *problems)
{
	for (const struct param *warn = params; warn->name; warn++) {
		const char *at = strstr(warn->name, "warn");

		if (!at || warn->type >= PARAM_CHOICE)
			continue;
		for (const struct param *fail = params; fail->name; fail++) {
			const struct setting *s;
			double low, high;

			if (strncmp(fail->name, warn->name, (size_t)(at - warn->name)) != 0 ||
			    strcmp(fail->name + (at - warn->name), "fail") != 0)
				continue;
			memcpy(&low, (const char *)values + warn->offset, sizeof(low));
			memcpy(&high, (const char *)values + fail->offset, sizeof(high));
			if (low <= high)
				continue;
			s = profile_find(p, section, warn->name);
			if (!s)
				s = profile_find(p, section, fail->name);
			problem_error(problems, s ? s->file : NULL, s ? s->line : 0,
				      "[%s] %s= is above %s=: it would never be reached", section,
				      warn->name, fail->name);
		}
	}
}

int params_read(const struct param *params, const struct profile *p, const char *section,
		void *values, struct problems *problems)
{
	size_t errors = problems->errors;

	for (const struct param *row = params; row->name; row++)
		if (param_parse(row, row->fallback, values) < 0)
			return -EINVAL; /* a defect in the table; a unit test reads every row */
	for (size_t i = 0; i < p->n; i++) {
		const struct setting *s = &p->settings[i];
		const struct param *row = params;

		if (s->overridden || strcmp(s->section, section) != 0)
			continue;
		while (row->name && strcmp(row->name, s->key) != 0)
			row++;
		if (!row->name)
			problem_error(problems, s->file, s->line,
				      "[%s] has no parameter %s=", section, s->key);
		else if (param_parse(row, s->value, values) < 0)
			say_expected(row, s, problems);
	}
	if (problems->errors == errors)
		compare_bands(params, section, values, p, problems);
	return problems->errors == errors ? 0 : -EINVAL;
}
