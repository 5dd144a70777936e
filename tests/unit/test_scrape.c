/* SPDX-License-Identifier: Apache-2.0 */
/* What nodefit takes of the answers of `nodefit-net scrape`: whole "key=value" lines, or nothing.
 */
#include "scrape.h"

#include "helpers.h"

static char script[128];

static int set_up(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	snprintf(script, sizeof(script), "%s/script", tree.dir);
	tree.sys.helper = script;
	return 0;
}

static int scraped(const char *body, struct scrape *out)
{
	tree_write(&tree, "/script", body);
	assert_int_equal(chmod(script, 0755), 0);
	return scrape_run(&tree.sys, "thing", "a=b\n", NULL, 5, out);
}

static void the_pairs_of_its_answer_are_found_by_key(void **state)
{
	struct scrape s = {0};

	(void)state;
	assert_int_equal(
		scraped("#!/bin/sh\nPATH=/bin:/usr/bin\ncat; echo \"verb=$1\"; echo \"what=$2\"\n"
			"echo 'x=1=2'; echo 'x=3'; echo empty=\n",
			&s),
		0);
	assert_int_equal(s.n, 6);
	assert_string_equal(scrape_value(&s, "a"), "b");
	assert_string_equal(scrape_value(&s, "verb"), "scrape");
	assert_string_equal(scrape_value(&s, "what"), "thing");
	assert_string_equal(scrape_value(&s, "x"), "1=2");
	assert_string_equal(scrape_value(&s, "empty"), "");
	assert_null(scrape_value(&s, "none"));
	scrape_clear(&s);
}

static void an_answer_of_other_lines_is_refused_whole(void **state)
{
	static const char *const bodies[] = {
		"#!/bin/sh\necho a=b; echo nothing\n",
		"#!/bin/sh\necho a=b; echo =value\n",
		"#!/bin/sh\necho a=b; echo; echo c=d\n",
		"#!/bin/sh\nprintf 'a=b\\nc=cut'\n",
		"#!/bin/sh\nPATH=/bin:/usr/bin\nyes a=b | head -n 257\n",
	};
	struct scrape s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		assert_int_equal(scraped(bodies[i], &s), -EBADMSG);
	assert_null(s.text);
	assert_int_equal(scraped("#!/bin/sh\n", &s), 0);
	assert_int_equal(s.n, 0);
	scrape_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tree_tear_down)
		TEST(the_pairs_of_its_answer_are_found_by_key),
		TEST(an_answer_of_other_lines_is_refused_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
