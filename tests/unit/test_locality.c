/* SPDX-License-Identifier: Apache-2.0 */
/* Where the node is: by cloud-init's word and by kubelet's labels. */
#include "locality.h"

#include "check.h"
#include "helpers.h"

/* --- what nodefit-net reads --- */

static void assert_lines(const char *json, int r, const char *lines)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(instance_lines(json, strlen(json), out), r);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, lines);
	free(text);
}

static void the_standardized_keys_are_told(void **state)
{
	(void)state;
	assert_lines("{\"v1\":{\"cloud_name\":\"aws\",\"region\":\"eu-west-1\","
		     "\"availability_zone\":\"eu-west-1a\",\"x\":1},\"ds\":{\"region\":\"no\"}}",
		     0, "cloud=aws\nregion=eu-west-1\nzone=eu-west-1a\n");
	assert_lines("{\"v1\":{\"region\":null,\"availability_zone\":\"nova\"}}", 0, "zone=nova\n");
	assert_lines("{}", 0, "");
	assert_lines("{\"v1\":[\"region\"]}", 0, "");
	assert_lines("[]", 0, "");
}

static void what_is_no_plain_word_is_left_out(void **state)
{
	(void)state;
	assert_lines("{\"v1\":{\"region\":\"\",\"availability_zone\":\"a b\",\"cloud_name\":7}}", 0,
		     "");
	assert_lines("{\"v1\":{\"region\":\"a\\nzone=b\"}}", 0, "");
	assert_lines("{\"v1\":{\"region\":\"a\\u001b[31m\"}}", 0, "");
	assert_lines("{\"v1\":{\"region\":"
		     "\"0123456789012345678901234567890123456789012345678901234567890123\"}}",
		     0, "");
	assert_lines("{\"v1\":", -EBADMSG, "");
	assert_lines("", -EBADMSG, "");
}

static void its_answer_is_read_whole_or_not_at_all(void **state)
{
	static const char *const bad[] = {"region",       "region\n",      "region=a",
					  "region=\n",    "=a\n",          "region=a b\n",
					  "region=a\n\n", "region=a\nx\n", "region=\x1b\n"};
	struct instance i = {.region = "untouched"};

	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(bad); n++) {
		if (instance_parse(bad[n], &i) != -EBADMSG)
			fail_msg("\"%s\"", bad[n]);
		assert_string_equal(i.region, "untouched");
	}
	assert_int_equal(instance_parse("cloud=gce\nzone=b\nnew=thing\n", &i), 0);
	assert_string_equal(i.cloud, "gce");
	assert_string_equal(i.region, "");
	assert_string_equal(i.zone, "b");
}

/* --- labels --- */

static void assert_labels(const char *text, const char *region, const char *zone)
{
	struct instance i = {0};

	labels_parse(text, &i);
	assert_string_equal(i.region, region);
	assert_string_equal(i.zone, zone);
}

static void labels_are_found_on_a_command_line(void **state)
{
	(void)state;
	assert_labels("kubelet --node-labels=a=b,topology.kubernetes.io/region=eu,"
		      "topology.kubernetes.io/zone=eu-1 --x",
		      "eu", "eu-1");
	assert_labels("kubelet --node-labels topology.kubernetes.io/zone=z", "", "z");
	assert_labels("KUBELET_EXTRA_ARGS=\"--node-labels=topology.kubernetes.io/region=eu\"\n",
		      "eu", "");
	assert_labels("X='--node-labels=\"topology.kubernetes.io/region=eu\"'", "eu", "");
	assert_labels("k3s agent --node-label topology.kubernetes.io/region=eu --node-label "
		      "topology.kubernetes.io/zone=z",
		      "eu", "z");
	assert_labels("--node-labels=failure-domain.beta.kubernetes.io/region=eu", "eu", "");
	/* The last one holds. */
	assert_labels("--node-labels=topology.kubernetes.io/region=a "
		      "--node-labels=topology.kubernetes.io/region=b",
		      "b", "");
}

static void what_is_no_label_is_none(void **state)
{
	(void)state;
	assert_labels("", "", "");
	assert_labels("# --node-labels=topology.kubernetes.io/region=eu\n", "", "");
	assert_labels("--node-labels=", "", "");
	assert_labels("--node-labels", "", "");
	assert_labels("--node-labelsx=topology.kubernetes.io/region=eu", "", "");
	assert_labels("--node-labels=topology.kubernetes.io/region", "", "");
	assert_labels("--node-labels=topology.kubernetes.io/region=", "", "");
	assert_labels("--node-labels=xtopology.kubernetes.io/region=eu", "", "");
	assert_labels("topology.kubernetes.io/region=eu", "", "");
	assert_labels("--node-labels=topology.kubernetes.io/region=e\x1bu", "", "");
}

/* --- the check --- */

static void cloud_says(const char *v1)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"v1\":{%s}}", v1);
	tree_write(&tree, INSTANCE_FILE, text);
}

static void labels_say(const char *labels)
{
	char text[256];

	snprintf(text, sizeof(text), "KUBELET_EXTRA_ARGS=--node-labels=%s\n", labels);
	tree_write(&tree, "/etc/default/kubelet", text);
}

static struct result checked(const char *params_text)
{
	const struct check *check = check_find("locality");
	_cleanup_free void *params = NULL;
	struct result r = {0};
	struct profile p;
	char text[256];

	snprintf(text, sizeof(text), "[check.locality]\n%s", params_text);
	profile_of(&p, text);
	assert_int_equal(check_params(&p, check, &params), 0);
	check->run(&(struct check_run){.sys = &tree.sys, .params = params}, &r);
	profile_clear(&p);
	return r;
}

static void assert_checked(const char *params, const char *verdict, const char *reason,
			   const char *message)
{
	struct result r = checked(params);

	assert_string_equal(verdict_text(r.verdict), verdict);
	assert_string_equal(r.reason, reason);
	assert_contains(r.message, message);
}

static void without_patterns_it_is_skipped(void **state)
{
	(void)state;
	assert_checked("", "skipped", "AnyPlace", "");
}

static void clouds_word_is_held_against_the_patterns(void **state)
{
	(void)state;
	cloud_says("\"region\":\"eu-west-1\",\"availability_zone\":\"eu-west-1a\"");
	assert_checked("regions=eu-* !eu-west-2\n", "pass", "PlaceAllowed", "eu-west-1 eu-west-1a");
	assert_checked("regions=de-*\n", "fail", "WrongRegion",
		       "cloud-init says that the node is in region eu-west-1");
	assert_checked("zones=*b\n", "fail", "WrongZone", "in zone eu-west-1a");
}

static void labels_alone_are_enough(void **state)
{
	(void)state;
	labels_say("topology.kubernetes.io/region=us-east-1");
	assert_checked("regions=us-*\n", "pass", "PlaceAllowed", "us-east-1");
	assert_checked("regions=eu-*\n", "fail", "WrongRegion", "kubelet's label says");
	assert_checked("zones=us-*\n", "unknown", "PlaceUnknown", "nothing tells the node's zone");
}

static void two_that_differ_are_told(void **state)
{
	(void)state;
	cloud_says("\"region\":\"eu-west-1\"");
	labels_say("topology.kubernetes.io/region=eu-north-1");
	assert_checked("regions=eu-*\n", "warn", "PlacesDiffer",
		       "cloud-init says region eu-west-1, kubelet's labels say eu-north-1");
	assert_checked("regions=eu-north-1\n", "fail", "WrongRegion", "in region eu-west-1");
}

static void nobody_s_word_is_unknown(void **state)
{
	struct result r;

	(void)state;
	assert_checked("regions=eu-*\n", "unknown", "PlaceUnknown", "region");
	cloud_says("\"region\":null");
	assert_checked("regions=eu-*\n", "unknown", "PlaceUnknown", "region");
	tree_write(&tree, INSTANCE_FILE, "{");
	assert_checked("regions=eu-*\n", "unknown", "PlaceUnknown", "region");
	tree.sys.helper = "/nonexistent/nodefit-net";
	r = checked("regions=eu-*\n");
	assert_string_equal(verdict_text(r.verdict), "unknown");
	assert_contains(r.advice, "install nodefit-net");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up_helped, tree_tear_down)
		cmocka_unit_test(the_standardized_keys_are_told),
		cmocka_unit_test(what_is_no_plain_word_is_left_out),
		cmocka_unit_test(its_answer_is_read_whole_or_not_at_all),
		cmocka_unit_test(labels_are_found_on_a_command_line),
		cmocka_unit_test(what_is_no_label_is_none),
		TEST(without_patterns_it_is_skipped),
		TEST(clouds_word_is_held_against_the_patterns),
		TEST(labels_alone_are_enough),
		TEST(two_that_differ_are_told),
		TEST(nobody_s_word_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
