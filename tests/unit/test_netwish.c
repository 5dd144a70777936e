/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of [net]: what is right is read exactly, what is wrong is told by file and line. */
#include "ethtool.h"
#include "helpers.h"
#include "nettune.h"
#include "netwish.h"

static void pairs_are_names_with_numbers_max_or_switches(void **state)
{
	struct net_pairs p;
	const char *why;

	(void)state;
	assert_int_equal(net_pairs_parse("channels", "rx 2, tx max", &p, &why), 0);
	assert_int_equal(p.n, 2);
	assert_string_equal(p.v[0].name, "rx");
	assert_int_equal(p.v[0].value, 2);
	assert_true(p.v[1].max);
	assert_int_equal(net_pairs_parse("ring", "max", &p, &why), 0);
	assert_true(p.all_max);
	assert_int_equal(net_pairs_parse("features", "tso off gro on", &p, &why), 0);
	assert_true(p.v[0].is_switch && p.v[0].value == 0);
	assert_true(p.v[1].is_switch && p.v[1].value == 1);
	assert_int_equal(net_pairs_parse("coalesce", "adaptive-rx off rx-usecs 8", &p, &why), 0);
	assert_int_equal(p.v[1].value, 8);
}

static void unsound_pairs_are_refused(void **state)
{
	static const struct {
		const char *key, *text;
	} wrong[] = {
		{"channels", ""},
		{"channels", "combined"},
		{"channels", "combined -1"},
		{"channels", "combined 2 combined 4"},
		{"channels", "combined two"},
		{"channels", "combined on"},
		{"channels", "max 4"},
		{"channels", "rx-usecs 4"},
		{"ring", "rx 99999999"},
		{"ring", "combined 2"},
		{"coalesce", "max"},
		{"coalesce", "rx-usecs max"},
		{"coalesce", "adaptive-rx 1"},
		{"coalesce", "rx-usecs on"},
		{"features", "tso 1"},
		{"features", "tso max"},
		{"features", "a-name-of-more-than-thirty-one-letters on"},
	};
	struct net_pairs p;
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		why = NULL;
		if (net_pairs_parse(wrong[i].key, wrong[i].text, &p, &why) != -EINVAL)
			fail_msg("%s=%s was taken", wrong[i].key, wrong[i].text);
		assert_non_null(why);
	}
}

static void devices_are_names_patterns_and_words(void **state)
{
	struct net_pattern p[NET_DEVICES_MOST];
	const char *why;
	size_t n;

	(void)state;
	assert_int_equal(net_devices_parse("eth0,ens* !eth1 @node-ip", p, &n, &why), 0);
	assert_int_equal(n, 4);
	assert_true(p[0].outright && !p[0].exclude);
	assert_false(p[1].outright);
	assert_true(p[2].exclude);
	assert_string_equal(p[2].text, "eth1");
	assert_false(p[3].outright);
	assert_int_equal(net_devices_parse("@default", p, &n, &why), -EINVAL);
	assert_int_equal(net_devices_parse("", p, &n, &why), -EINVAL);
	assert_int_equal(net_devices_parse("!", p, &n, &why), -EINVAL);
	assert_int_equal(net_devices_parse("a/b", p, &n, &why), -EINVAL);
	assert_int_equal(net_devices_parse("sixteen-letters-", p, &n, &why), -EINVAL);
}

static void endpoints_are_numeric(void **state)
{
	struct net_endpoint e[NET_CONFIRM_MOST];
	size_t n;

	(void)state;
	assert_int_equal(net_endpoints_parse("10.0.0.1:6443 [fd00::1]:443", e, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(e[0].port, 6443);
	assert_int_equal(e[1].family, AF_INET6);
	assert_int_equal(net_endpoints_parse("api.example:6443", e, &n), -EINVAL);
	assert_int_equal(net_endpoints_parse("10.0.0.1", e, &n), -EINVAL);
	assert_int_equal(net_endpoints_parse("10.0.0.1:0", e, &n), -EINVAL);
	assert_int_equal(net_endpoints_parse("10.0.0.1:65536", e, &n), -EINVAL);
	assert_int_equal(
		net_endpoints_parse("1.1.1.1:1 1.1.1.1:2 1.1.1.1:3 1.1.1.1:4 1.1.1.1:5", e, &n),
		-EINVAL);
}

static void a_profiles_mistakes_are_told_by_line(void **state)
{
	static const char text[] = "[net.x]\n"
				   "mtu=67\n"
				   "channels=combined\n"
				   "txqueuelen=0\n"
				   "wake_on_lan=d\n"
				   "devices=@nowhere\n"
				   "confirm=example.org:80\n";
	static const char *const words[] = {
		"68 to 65535",      "\"combined 4\"", "1 to 1000000",
		"not wake_on_lan=", "@node-ip",       "numeric addresses"};
	struct problems problems = {0};
	struct setting *settings = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(
		ini_read(&profile_form, "net.ini", text, strlen(text), &settings, &n, &problems),
		-EINVAL);
	assert_int_equal(problems.n, ARRAY_LEN(words));
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		assert_problem(&problems, i, "net.ini", i + 2, words[i]);
	settings_free(settings, n);
	problems_clear(&problems);
}

/* The reader's names and the netlink layer's are written down twice, layers apart. */
static void every_name_of_the_grammar_is_a_field(void **state)
{
	static const struct {
		const struct ethtool_group *group;
		const char *names;
	} lists[] = {{&ethtool_channels, NET_CHANNELS},
		     {&ethtool_rings, NET_RINGS},
		     {&ethtool_coalesce, NET_COALESCE}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		size_t words = 1, fields = 0;

		for (const char *c = lists[i].names; *c; c++)
			words += *c == ' ';
		for (; lists[i].group->fields[fields].name; fields++)
			if (!strstr(lists[i].names, lists[i].group->fields[fields].name))
				fail_msg("%s is missing", lists[i].group->fields[fields].name);
		assert_int_equal(words, fields);
	}
}

static void values_are_read_as_they_are_printed(void **state)
{
	struct ethtool_values v = {0}, again;
	_cleanup_free char *text = NULL;

	(void)state;
	v.v[0].present = v.v[2].present = true;
	v.v[0].value = 1;
	v.v[2].value = 64;
	assert_int_equal(net_value_print(&ethtool_coalesce, &v, &text), 0);
	assert_string_equal(text, "adaptive-rx on rx-usecs 64");
	assert_int_equal(net_value_parse(&ethtool_coalesce, text, &again), 0);
	assert_true(again.v[0].present && again.v[0].value == 1);
	assert_true(again.v[2].present && again.v[2].value == 64);
	assert_false(again.v[1].present);
	assert_int_equal(net_value_parse(&ethtool_coalesce, "rx-usecs", &again), -EINVAL);
	assert_int_equal(net_value_parse(&ethtool_coalesce, "rx 1", &again), -EINVAL);
	assert_int_equal(net_value_parse(&ethtool_channels, "rx 1 rx 2", &again), -EINVAL);
	assert_int_equal(net_value_parse(&ethtool_channels, "rx 4294967296", &again), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_names_with_numbers_max_or_switches),
		cmocka_unit_test(unsound_pairs_are_refused),
		cmocka_unit_test(devices_are_names_patterns_and_words),
		cmocka_unit_test(endpoints_are_numeric),
		cmocka_unit_test(a_profiles_mistakes_are_told_by_line),
		cmocka_unit_test(every_name_of_the_grammar_is_a_field),
		cmocka_unit_test(values_are_read_as_they_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
