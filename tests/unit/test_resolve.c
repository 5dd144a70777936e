/* SPDX-License-Identifier: Apache-2.0 */
/* Names to addresses: what nodefit-net answers is taken whole or not at all. */
#include "resolve.h"

#include "helper.h"
#include "helpers.h"

static const char *const two[] = {"a.x", "b.x"};

static void addresses_and_words_are_read(void **state)
{
	struct resolved out[2];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(names_read("a.x=10.0.0.1\nb.x=!Name or service not known\n", two, 2, out),
			 0);
	assert_string_equal(ip_text(&out[0].ip, text), "10.0.0.1");
	assert_int_equal(out[1].ip.family, 0);
	assert_string_equal(out[1].error, "Name or service not known");
	assert_int_equal(names_read("a.x=fd00::1\nb.x=!?\n", two, 2, out), 0);
	assert_string_equal(ip_text(&out[0].ip, text), "fd00::1");
	assert_int_equal(names_read("", two, 0, out), 0);
}

static void another_answer_is_refused_whole(void **state)
{
	static const char *const texts[] = {
		"",
		"a.x=10.0.0.1\n",
		"a.x=10.0.0.1\nb.x=10.0.0.2",
		"a.x=10.0.0.1\nb.x=10.0.0.2\nc.x=10.0.0.3\n",
		"b.x=10.0.0.2\na.x=10.0.0.1\n",
		"a.x=10.0.0.1\nb.y=10.0.0.2\n",
		"a.x=10.0.0.1\nb.x=\n",
		"a.x=10.0.0.1\nb.x=!\n",
		"a.x=10.0.0.1\nb.x=10.0.0.2 \n",
		"a.x=10.0.0.1\nb.x=!\x1b[31m\n",
		"a.x=10.0.0.1\nb.x=!\xc3\xa9\n",
		"a.x=10.0.0.1\n\nb.x=10.0.0.2\n",
		"a.x:10.0.0.1\nb.x=10.0.0.2\n",
		"a.x=1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111\nb.x=10.0.0.2\n",
	};
	/* 64 bytes of words. */
	static const char longest[] =
		"a.x=10.0.0.1\nb.x=!"
		"0123456789012345678901234567890123456789012345678901234567890123\n";
	struct resolved out[2] = {{.error = "untouched"}};

	(void)state;
	assert_int_equal(names_read(longest, two, 2, out), -EBADMSG);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (names_read(texts[i], two, 2, out) != -EBADMSG)
			fail_msg("\"%s\"", texts[i]);
		assert_string_equal(out[0].error, "untouched");
	}
}

static void a_request_is_a_few_host_names(void **state)
{
	static const char *const bad[] = {"", "\n", "a.x", "a.x\n\n", "a x\n", "-a\n", "a.x\n-b\n"};
	char text[512] = "a.x\nb.x\n";
	const char *names[RESOLVE_MOST];

	(void)state;
	assert_int_equal(resolve_names(text, names), 2);
	assert_string_equal(names[0], "a.x");
	assert_string_equal(names[1], "b.x");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), "%s", bad[i]);
		if (resolve_names(text, names) >= 0)
			fail_msg("\"%s\"", bad[i]);
	}
	*text = '\0';
	for (int i = 0; i <= RESOLVE_MOST; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "a.x\n");
	assert_int_equal(resolve_names(text, names), -EINVAL);
}

/* --- the program --- */

static void the_program_asks_the_systems_resolver(void **state)
{
	static const char *const names[] = {"localhost", "nothing.invalid"};
	struct resolved out[2];
	struct sys sys;
	int r;

	(void)state;
	assert_int_equal(sys_init(&sys, NULL), 0);
	sys.helper = built_program("nodefit-net");
	/* What has no answer in time is told so, and is no failure. */
	r = names_resolve(&sys, names, 2, out);
	assert_int_equal(r, 0);
	assert_true(out[0].ip.family == AF_INET || out[0].ip.family == AF_INET6);
	assert_int_equal(out[1].ip.family, 0);
	assert_true(strlen(out[1].error) > 0);
	sys_done(&sys);
}

static void the_program_refuses_what_is_no_name(void **state)
{
	struct helper_call call = {.verb = "resolve", .deadline_s = 10, .most = 1000};
	static const char nul[] = "a.x\0b\n";
	char *out = NULL;
	struct sys sys;

	(void)state;
	assert_int_equal(sys_init(&sys, NULL), 0);
	sys.helper = built_program("nodefit-net");
	call.input = "a/b\n";
	call.len = 4;
	assert_int_equal(helper_run(&sys, &call, &out), -EPROTO);
	call.input = nul;
	call.len = sizeof(nul) - 1;
	assert_int_equal(helper_run(&sys, &call, &out), -EPROTO);
	assert_null(out);
	sys_done(&sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_words_are_read),
		cmocka_unit_test(another_answer_is_refused_whole),
		cmocka_unit_test(a_request_is_a_few_host_names),
		cmocka_unit_test(the_program_asks_the_systems_resolver),
		cmocka_unit_test(the_program_refuses_what_is_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
