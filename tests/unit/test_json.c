/* SPDX-License-Identifier: Apache-2.0 */
/* The schema nodefit/v1: fields may be added, never renamed or taken away. */
#include "render.h"

#include "helpers.h"

#include <jansson.h>
#include <math.h>

static json_t *render(const struct report *report)
{
	_cleanup_free char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	json_error_t error;
	json_t *root;

	assert_non_null(f);
	assert_int_equal(render_json(report, f), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(text[size - 1], '\n');
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(root);
	return root;
}

static void assert_text(const json_t *object, const char *name, const char *value)
{
	const char *found = json_string_value(json_object_get(object, name));

	assert_non_null(found);
	assert_string_equal(found, value);
}

static void assert_keys(json_t *object, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!json_object_get(object, names[i]))
			fail_msg("no field \"%s\"", names[i]);
	assert_int_equal(json_object_size(object), n);
}

static double figure(const json_t *object, const char *name, const char *unit)
{
	const json_t *one = json_object_get(object, name);

	assert_non_null(one);
	assert_text(one, "unit", unit);
	return json_number_value(json_object_get(one, "value"));
}

static void the_whole_has_its_fields(void **state)
{
	static const char *const names[] = {"schema",  "node",   "profile", "started", "duration_s",
					    "verdict", "reason", "message", "tuning",  "checks"};
	static const char *const of_node[] = {"name", "kernel", "boot_id",
					      "cpus", "virt",   "machine"};
	struct report report = {
		.node = {.name = "node-1", .kernel = "6.1", .virt = "kvm", .cpus = 4},
		.profile = (char *)"kube-node",
		.started = 1700000000,
		.duration_s = 10.123456789,
		.fitness = FITNESS_DEGRADED,
		.reason = "StealHigh",
		.message = "steal"};
	json_t *root = render(&report), *node;

	(void)state;
	assert_keys(root, names, ARRAY_LEN(names));
	assert_text(root, "schema", "nodefit/v1");
	assert_text(root, "profile", "kube-node");
	assert_text(root, "started", "2023-11-14T22:13:20Z");
	assert_text(root, "verdict", "degraded");
	assert_text(root, "reason", "StealHigh");
	assert_float_equal(json_number_value(json_object_get(root, "duration_s")), 10.123457, 1e-9);
	assert_int_equal(json_array_size(json_object_get(root, "tuning")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "checks")), 0);
	node = json_object_get(root, "node");
	assert_keys(node, of_node, ARRAY_LEN(of_node));
	assert_text(node, "name", "node-1");
	assert_text(node, "boot_id", "");
	assert_int_equal(json_integer_value(json_object_get(node, "cpus")), 4);
	json_decref(root);
}

static void a_change_has_its_fields(void **state)
{
	static const char *const names[] = {
		"tuner",    "key",          "wish",   "wanted",       "before",   "after",
		"error",    "outcome",      "origin", "writers",      "lowers",   "per_netns",
		"contests", "contested_by", "notes",  "persisted_in", "contested"};
	struct change c = {.tuner = &sysctl_tuner,
			   .key = (char *)"fs.file-max",
			   .wish = (char *)"= 2097152",
			   .wanted = (char *)"2097152",
			   .before = (char *)"9223372036854775807",
			   .outcome = OUTCOME_WOULD_CHANGE,
			   .origin_file = "/etc/nodefit/profiles/site.ini",
			   .origin_line = 7,
			   .lowers = true};
	struct report report = {.changes = {.v = &c, .n = 1}};
	json_t *root, *change;

	(void)state;
	assert_int_equal(strings_addf(&c.contested_by, "/etc/sysctl.d/1.conf:3"), 0);
	assert_int_equal(strings_addf(&c.contests, "in words"), 0);
	assert_int_equal(strings_addf(&c.notes, "lowers"), 0);
	root = render(&report);
	change = json_array_get(json_object_get(root, "tuning"), 0);
	assert_keys(change, names, ARRAY_LEN(names));
	assert_text(change, "tuner", "sysctl");
	assert_text(change, "key", "fs.file-max");
	assert_text(change, "wish", "= 2097152");
	/* A 64-bit number stays text: readers' floating point would round it. */
	assert_text(change, "before", "9223372036854775807");
	assert_text(change, "outcome", "would-change");
	assert_text(change, "origin", "/etc/nodefit/profiles/site.ini:7");
	assert_true(json_is_null(json_object_get(change, "after")));
	assert_true(json_is_null(json_object_get(change, "error")));
	assert_true(json_is_null(json_object_get(change, "writers")));
	assert_true(json_is_true(json_object_get(change, "lowers")));
	assert_true(json_is_false(json_object_get(change, "per_netns")));
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(change, "contested_by"), 0)),
		"/etc/sysctl.d/1.conf:3");
	assert_int_equal(json_array_size(json_object_get(change, "notes")), 1);
	json_decref(root);
	strings_clear(&c.contested_by);
	strings_clear(&c.contests);
	strings_clear(&c.notes);
}

static void a_check_has_its_fields(void **state)
{
	static const char *const names[] = {"name",      "verdict",        "reason",     "message",
					    "advice",    "figures",        "thresholds", "facts",
					    "histogram", "histogram_unit", "duration_s"};
	struct result r = {.name = "fsync", .duration_s = 2, .n_bins = 2, .bins_unit = "ms"};
	struct result *results[] = {&r};
	struct report report = {.results = results, .n_results = 1};
	json_t *root, *check, *bins;

	(void)state;
	result_judge(&r, VERDICT_WARN, "FsyncSlow", "p99 %.1f ms", 12.5);
	result_advise(&r, "give it a disk");
	result_figure(&r, "p99", 0.1 + 0.2, "ms");
	result_figure(&r, "samples", 1234, "");
	result_threshold(&r, "warn", 10, "ms");
	result_fact(&r, "device", "vda");
	r.bins[0] = (struct bin){.upper = 0.5, .count = 3};
	r.bins[1] = (struct bin){.upper = INFINITY, .count = 1};
	root = render(&report);
	check = json_array_get(json_object_get(root, "checks"), 0);
	assert_keys(check, names, ARRAY_LEN(names));
	assert_text(check, "name", "fsync");
	assert_text(check, "verdict", "warn");
	assert_text(check, "reason", "FsyncSlow");
	assert_text(check, "message", "p99 12.5 ms");
	assert_text(check, "advice", "give it a disk");
	assert_float_equal(figure(json_object_get(check, "figures"), "p99", "ms"), 0.3, 0);
	assert_float_equal(figure(json_object_get(check, "figures"), "samples", ""), 1234, 0);
	assert_true(json_is_integer(json_object_get(
		json_object_get(json_object_get(check, "figures"), "samples"), "value")));
	assert_float_equal(figure(json_object_get(check, "thresholds"), "warn", "ms"), 10, 0);
	assert_text(json_object_get(check, "facts"), "device", "vda");
	bins = json_object_get(check, "histogram");
	assert_int_equal(json_array_size(bins), 2);
	assert_float_equal(json_number_value(json_object_get(json_array_get(bins, 0), "le")), 0.5,
			   0);
	assert_true(json_is_null(json_object_get(json_array_get(bins, 1), "le")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(bins, 1), "count")), 1);
	json_decref(root);
}

static void text_that_is_no_utf8_does_not_break_the_answer(void **state)
{
	struct report report = {.node = {.name = "n\xf6"
						 "de \"1\"\n"},
				.profile = (char *)"größe"};
	json_t *root = render(&report);

	(void)state;
	assert_text(json_object_get(root, "node"), "name", "n?de \"1\"\n");
	assert_text(root, "profile", "größe");
	json_decref(root);
}

static void an_unwritable_answer_is_an_error(void **state)
{
	struct report report = {0};
	FILE *f = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(f);
	assert_int_equal(render_json(&report, f), -EIO);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_has_its_fields),
		cmocka_unit_test(a_change_has_its_fields),
		cmocka_unit_test(a_check_has_its_fields),
		cmocka_unit_test(text_that_is_no_utf8_does_not_break_the_answer),
		cmocka_unit_test(an_unwritable_answer_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
