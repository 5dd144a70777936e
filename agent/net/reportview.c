/* SPDX-License-Identifier: Apache-2.0 */
#include "reportview.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "text.h"

#define CHECKS_READ  64
#define FIGURES_READ 256
#define BINS_READ    128

const char *view_outcome(size_t index)
{
	static const char *const names[VIEW_OUTCOMES] = {
		"unchanged", "changed", "would-change", "pending", "absent", "refused", "failed"};

	return index < VIEW_OUTCOMES ? names[index] : NULL;
}

static void take_text(const json_t *object, const char *key, char *to, size_t size)
{
	const char *from = json_string_value(json_object_get(object, key));

	text_cut(to, size, from ? from : "");
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

/* A label's value: what is cut to the same name, or is none, would be refused with all the rest. */
static bool is_new_figure(const struct view_check *c, const char *name)
{
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < ' ')
			return false;
	for (size_t i = 0; i < c->n_figures; i++)
		if (strcmp(c->figures[i].name, name) == 0)
			return false;
	return true;
}

static int take_figures(const json_t *figures, struct view_check *c)
{
	const char *name;
	json_t *figure;

	json_object_foreach((json_t *)figures, name, figure)
	{
		const json_t *value = json_object_get(figure, "value");
		struct view_figure *slot;
		char cut[sizeof(slot->name)];

		text_cut(cut, sizeof(cut), name);
		if (!json_is_number(value) || c->n_figures == FIGURES_READ ||
		    !is_new_figure(c, cut))
			continue;
		slot = array_add(&c->figures, &c->n_figures, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		memcpy(slot->name, cut, sizeof(cut));
		slot->value = json_number_value(value);
		take_text(figure, "unit", slot->unit, sizeof(slot->unit));
	}
	return 0;
}

/* Upper bounds grow, and counts can be added up. */
static bool is_histogram(const struct view_check *c)
{
	for (size_t i = 0; i < c->n_bins; i++)
		if (c->bins[i].count < 0 || (i && c->bins[i - 1].upper >= c->bins[i].upper))
			return false;
	return true;
}

static int take_bins(const json_t *bins, struct view_check *c)
{
	size_t index;
	json_t *bin;

	json_array_foreach(bins, index, bin)
	{
		const json_t *upper = json_object_get(bin, "le");
		struct view_bin *slot;

		if (index == BINS_READ)
			break;
		slot = array_add(&c->bins, &c->n_bins, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		slot->upper = json_is_number(upper) ? json_number_value(upper) : INFINITY;
		slot->count = json_number_value(json_object_get(bin, "count"));
	}
	if (!is_histogram(c))
		c->n_bins = 0;
	return 0;
}

/* It becomes part of a metric's name, which are letters, digits and "_". */
static bool is_check_name(const struct view *v, const char *name)
{
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return false;
	for (size_t i = 0; i + 1 < v->n_checks; i++)
		if (strcmp(v->checks[i].name, name) == 0)
			return false;
	return true;
}

static int take_check(const json_t *from, struct view *v, const char **why)
{
	static const char *const verdicts[] = {"pass", "warn", "fail", "unknown", "skipped"};
	struct view_check *c = array_add(&v->checks, &v->n_checks, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	take_text(from, "name", c->name, sizeof(c->name));
	take_text(from, "verdict", c->verdict, sizeof(c->verdict));
	take_text(from, "reason", c->reason, sizeof(c->reason));
	take_text(from, "message", c->message, sizeof(c->message));
	take_text(from, "histogram_unit", c->bins_unit, sizeof(c->bins_unit));
	if (!is_check_name(v, c->name) || !is_one_of(c->verdict, verdicts, ARRAY_LEN(verdicts))) {
		*why = "a check without a name of its own or with an unknown verdict";
		return -EBADMSG;
	}
	r = take_figures(json_object_get(from, "figures"), c);
	return r < 0 ? r : take_bins(json_object_get(from, "histogram"), c);
}

static void count_outcomes(const json_t *tuning, struct view *v)
{
	size_t index;
	json_t *row;

	json_array_foreach(tuning, index, row)
	{
		const char *outcome = json_string_value(json_object_get(row, "outcome"));

		for (size_t i = 0; i < VIEW_OUTCOMES && outcome; i++)
			v->outcomes[i] += strcmp(view_outcome(i), outcome) == 0;
	}
}

static int read_root(const json_t *root, struct view *v, const char **why)
{
	static const char *const verdicts[] = {"fit", "degraded", "unfit", "unknown"};
	const json_t *node = json_object_get(root, "node");
	const json_t *checks = json_object_get(root, "checks");
	char schema[16], started[32];
	struct tm tm = {0};
	size_t index;
	json_t *check;
	char *end;

	take_text(root, "schema", schema, sizeof(schema));
	take_text(root, "started", started, sizeof(started));
	take_text(root, "profile", v->profile, sizeof(v->profile));
	take_text(root, "verdict", v->verdict, sizeof(v->verdict));
	take_text(root, "reason", v->reason, sizeof(v->reason));
	take_text(root, "message", v->message, sizeof(v->message));
	take_text(node, "name", v->node, sizeof(v->node));
	take_text(node, "boot_id", v->boot_id, sizeof(v->boot_id));
	*why = "it is not of the schema nodefit/v1";
	if (strcmp(schema, "nodefit/v1") != 0)
		return -EBADMSG;
	*why = "it has no verdict, reason or time";
	end = strptime(started, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!is_one_of(v->verdict, verdicts, ARRAY_LEN(verdicts)) || !*v->reason || !end || *end)
		return -EBADMSG;
	v->written = timegm(&tm);
	count_outcomes(json_object_get(root, "tuning"), v);
	json_array_foreach(checks, index, check)
	{
		int r = index < CHECKS_READ ? take_check(check, v, why) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int view_parse(const char *text, size_t len, struct view *out, const char **why)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct view v = {0};
	int r = -EBADMSG;

	*why = "it is no JSON";
	if (root)
		r = read_root(root, &v, why);
	json_decref(root);
	if (r < 0) {
		view_clear(&v);
		return r;
	}
	*out = v;
	return 0;
}

void view_clear(struct view *v)
{
	for (size_t i = 0; i < v->n_checks; i++) {
		free(v->checks[i].figures);
		free(v->checks[i].bins);
	}
	free(v->checks);
	*v = (struct view){0};
}
