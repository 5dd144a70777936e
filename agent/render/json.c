/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "render.h"

/* Text from the machine need not be UTF-8, and jansson refuses what is not: what it refuses is
 * shown with "?" for each byte beyond ASCII. */
static json_t *text(const char *s)
{
	_cleanup_free char *plain = NULL;
	json_t *value;

	if (!s)
		return json_null();
	value = json_string(s);
	if (value || !(plain = strdup(s)))
		return value;
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(plain);
}

/* Six places behind the point are enough, and without 0.30000000000000004. */
static json_t *number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == floor(value) && fabs(value) < 1e15)
		return json_integer((json_int_t)value);
	return json_real(floor(value * 1e6 + 0.5) / 1e6);
}

static json_t *figures(const struct figure *list, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(object, list[i].name,
				    json_pack("{s:o,s:o}", "value", number(list[i].value), "unit",
					      text(list[i].unit)));
	return object;
}

static json_t *list(const struct strings *strings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < strings->n; i++)
		json_array_append_new(array, text(strings->v[i]));
	return array;
}

static json_t *change(const struct change *c)
{
	_cleanup_free char *origin = NULL;
	json_t *o = json_object();

	if (c->origin_file && format(&origin, "%s:%u", c->origin_file, c->origin_line) < 0)
		origin = NULL;
	json_object_set_new(o, "tuner", text(c->tuner->name));
	json_object_set_new(o, "key", text(c->key));
	json_object_set_new(o, "wish", text(c->wish));
	json_object_set_new(o, "wanted", text(c->wanted));
	json_object_set_new(o, "before", text(c->before));
	json_object_set_new(o, "after", text(c->after));
	json_object_set_new(o, "outcome", text(outcome_text(c->outcome)));
	json_object_set_new(o, "error", text(c->error));
	json_object_set_new(o, "origin", text(origin));
	json_object_set_new(o, "contested", json_boolean(c->contested));
	json_object_set_new(o, "contested_by", list(&c->contested_by));
	json_object_set_new(o, "contests", list(&c->contests));
	json_object_set_new(o, "writers", text(c->writers));
	json_object_set_new(o, "lowers", json_boolean(c->lowers));
	json_object_set_new(o, "per_netns", json_boolean(c->per_netns));
	json_object_set_new(o, "notes", list(&c->notes));
	json_object_set_new(o, "persisted_in", text(c->persisted_in));
	return o;
}

static json_t *check(const struct result *r)
{
	json_t *o = json_object(), *facts = json_object(), *bins = json_array();

	for (size_t i = 0; i < r->n_facts; i++)
		json_object_set_new(facts, r->facts[i].name, text(r->facts[i].value));
	for (size_t i = 0; i < r->n_bins; i++)
		json_array_append_new(bins, json_pack("{s:o,s:o}", "le", number(r->bins[i].upper),
						      "count", number(r->bins[i].count)));
	json_object_set_new(o, "name", text(r->name));
	json_object_set_new(o, "verdict", text(verdict_text(r->verdict)));
	json_object_set_new(o, "reason", text(r->reason));
	json_object_set_new(o, "message", text(r->message));
	json_object_set_new(o, "advice", text(r->advice));
	json_object_set_new(o, "figures", figures(r->figures, r->n_figures));
	json_object_set_new(o, "thresholds", figures(r->thresholds, r->n_thresholds));
	json_object_set_new(o, "facts", facts);
	json_object_set_new(o, "histogram", bins);
	if (r->n_bins)
		json_object_set_new(o, "histogram_unit", text(r->bins_unit));
	json_object_set_new(o, "duration_s", number(r->duration_s));
	return o;
}

static json_t *node(const struct node *n)
{
	return json_pack("{s:o,s:o,s:o,s:i,s:o,s:o}", "name", text(n->name), "kernel",
			 text(n->kernel), "boot_id", text(n->boot_id), "cpus", (int)n->cpus, "virt",
			 text(n->virt), "machine", text(n->machine));
}

int render_json(const struct report *report, FILE *f)
{
	json_t *root = json_object(), *tuning = json_array(), *checks = json_array();
	time_t started = (time_t)report->started;
	char stamp[32] = "";
	struct tm tm;
	int r;

	if (gmtime_r(&started, &tm))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (size_t i = 0; i < report->changes.n; i++)
		json_array_append_new(tuning, change(&report->changes.v[i]));
	for (size_t i = 0; i < report->n_results; i++)
		json_array_append_new(checks, check(report->results[i]));
	json_object_set_new(root, "schema", text("nodefit/v1"));
	json_object_set_new(root, "node", node(&report->node));
	json_object_set_new(root, "profile", text(report->profile));
	json_object_set_new(root, "started", text(stamp));
	json_object_set_new(root, "duration_s", number(report->duration_s));
	json_object_set_new(root, "verdict", text(fitness_text(report->fitness)));
	json_object_set_new(root, "reason", text(report->reason));
	json_object_set_new(root, "message", text(report->message));
	json_object_set_new(root, "tuning", tuning);
	json_object_set_new(root, "checks", checks);
	r = root && json_dumpf(root, f, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) == 0 ? 0 : -EIO;
	json_decref(root);
	if (r == 0 && (fputc('\n', f) == EOF || fflush(f) != 0))
		r = -EIO;
	return r;
}
