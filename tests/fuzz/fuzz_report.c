/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's report, from its bytes to what others are given of it: a condition that can be sent,
 * and metrics that Prometheus can read (prometheus.io, "Exposition formats"). */
#include "tree.h"

#include "metrics.h"
#include "nodeapi.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* Behind the name at `c`. */
static const char *name_end(const char *c)
{
	assert(strspn(c, LETTERS));
	return c + strspn(c, LETTERS "0123456789");
}

/* Behind the labels at `c`, which stands behind the "{". */
static const char *labels_end(const char *c)
{
	for (;; c++) {
		c = name_end(c);
		assert(c[0] == '=' && c[1] == '"');
		for (c += 2; *c != '"'; c++) {
			assert((unsigned char)*c >= ' ');
			if (*c == '\\')
				assert(*++c == '\\' || *c == '"');
		}
		if (*++c == '}')
			return c + 1;
		assert(*c == ',');
	}
}

/* Nothing of a line is left but a name, labels and a value; notes what is before the value. */
static void check_sample(const char *line, struct strings *series)
{
	const char *c = name_end(line);
	char *end;

	if (*c == '{')
		c = labels_end(c + 1);
	assert(*c == ' ');
	strtod(c + 1, &end);
	assert(end > c + 1 && !*end);
	assert(strings_addf(series, "%.*s", (int)(c - line), line) == 0);
}

static void check_metrics(char *text)
{
	struct strings series = {0};
	char *next;

	for (char *line = text; *line; line = next) {
		next = strchr(line, '\n');
		assert(next);
		*next++ = '\0';
		if (strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0)
			assert(*name_end(line + 7) == ' ');
		else
			check_sample(line, &series);
	}
	/* Prometheus refuses all of it when something is there twice. */
	strings_sort(&series);
	for (size_t i = 1; i < series.n; i++)
		assert(strcmp(series.v[i - 1], series.v[i]) != 0);
	strings_clear(&series);
}

/* As a histogram must be: upper bounds and, added up, counts that grow. */
static void check_bins(const struct view_check *c)
{
	for (size_t i = 0; i < c->n_bins; i++) {
		assert(c->bins[i].count >= 0);
		assert(i == 0 || c->bins[i - 1].upper < c->bins[i].upper);
	}
}

static void check(const struct view *v)
{
	struct metrics_own own = {.report_age = 1.5};
	struct condition c;
	char *text = NULL, *body = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert(*v->verdict && *v->reason);
	for (size_t i = 0; i < v->n_checks; i++)
		check_bins(&v->checks[i]);
	condition_of(v, &c);
	/* jansson takes nothing but UTF-8. */
	assert(nodeapi_patch(&c, v->written, v->written, &body) == 0);
	assert(f && metrics_print(v, &own, f) == 0 && fclose(f) == 0 && strlen(text) == len);
	check_metrics(text);
	free(body);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct view v = {0};
	int r = view_parse((const char *)data, size, &v, &why);

	assert(r == 0 || (r == -EBADMSG && why && *why));
	if (r == 0)
		check(&v);
	else
		assert(!v.checks);
	view_clear(&v);
	return 0;
}
