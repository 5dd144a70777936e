/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include "helpers.h"

static void assert_path(const char *name, const char *expected)
{
	_cleanup_free char *path = NULL;

	assert_int_equal(key_path(name, &path), 0);
	assert_string_equal(path, expected);
}

static void dotted_names_become_paths(void **state)
{
	(void)state;
	assert_path("net.core.somaxconn", "net/core/somaxconn");
	assert_path("fs.file-max", "fs/file-max");
	assert_path("net.ipv4.conf.all.rp_filter", "net/ipv4/conf/all/rp_filter");
}

static void a_slash_in_a_dotted_name_is_a_vlans_dot(void **state)
{
	(void)state;
	assert_path("net.ipv4.conf.eth0/200.forwarding", "net/ipv4/conf/eth0.200/forwarding");
}

static void a_name_with_a_slash_first_is_a_path_already(void **state)
{
	(void)state;
	assert_path("net/ipv4/conf/eth0.200/forwarding", "net/ipv4/conf/eth0.200/forwarding");
	assert_path("/net/core/somaxconn", "net/core/somaxconn");
	assert_path("net//core///somaxconn/", "net/core/somaxconn");
	assert_path("net..core.somaxconn", "net/core/somaxconn");
}

static void names_that_leave_proc_sys_are_refused(void **state)
{
	static const char *const names[] = {"../etc/passwd", "net/../../etc/passwd", "net/..",
					    "net/./core",    "kernel.//.x",          "/..",
					    "./net/core",    "net/core/.",           "a.//.b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = NULL;

		assert_int_equal(key_path(names[i], &path), -EINVAL);
		assert_null(path);
	}
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const names[] = {
		"",     "somaxconn",   ".",      "/",        "...",      "net.",     ".net",
		"net/", "net.core x.", "net .a", "net.a\tb", "net.a\nb", "net.\177", "net.\001"};
	char longest[258];
	char *path = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(key_path(names[i], &path), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[1] = '.';
	longest[256] = '\0';
	assert_int_equal(key_path(longest, &path), -EINVAL);
	assert_null(path);
	longest[255] = '\0';
	assert_int_equal(key_path(longest, &path), 0);
	assert_int_equal(strlen(path), 255);
	free(path);
}

static void every_name_printed_means_the_same_path(void **state)
{
	static const char *const names[] = {"net.core.somaxconn",
					    "net/ipv4/conf/eth0.200/forwarding",
					    "net.ipv4.conf.eth0/200.forwarding",
					    "net/.hidden",
					    "net/trailing.",
					    "net.ipv4.conf.*.forwarding",
					    "/a.b/c",
					    "/.a/b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free char *path = NULL, *name = NULL, *again = NULL;

		assert_int_equal(key_path(names[i], &path), 0);
		assert_int_equal(key_name(path, &name), 0);
		assert_int_equal(key_path(name, &again), 0);
		assert_string_equal(again, path);
	}
}

static void a_vlans_name_is_printed_with_its_slash(void **state)
{
	_cleanup_free char *name = NULL;

	(void)state;
	assert_int_equal(key_name("net/ipv4/conf/eth0.200/forwarding", &name), 0);
	assert_string_equal(name, "net.ipv4.conf.eth0/200.forwarding");
}

static void glob_characters_are_seen(void **state)
{
	(void)state;
	assert_true(key_is_glob("net/ipv4/conf/*/forwarding"));
	assert_true(key_is_glob("net/ipv4/conf/eth?/forwarding"));
	assert_true(key_is_glob("net/ipv[46]/ip_forward"));
	assert_false(key_is_glob("net/ipv4/conf/eth0.200/forwarding"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dotted_names_become_paths),
		cmocka_unit_test(a_slash_in_a_dotted_name_is_a_vlans_dot),
		cmocka_unit_test(a_name_with_a_slash_first_is_a_path_already),
		cmocka_unit_test(names_that_leave_proc_sys_are_refused),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(every_name_printed_means_the_same_path),
		cmocka_unit_test(a_vlans_name_is_printed_with_its_slash),
		cmocka_unit_test(glob_characters_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
