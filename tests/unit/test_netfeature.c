/* SPDX-License-Identifier: Apache-2.0 */
/* What features hang on, how they are told, and what becomes of a wish for them. */
#include "helpers.h"
#include "nettune.h"

static const struct link nic = {.name = "eth0", .driver = "virtio_net"};

static void drop(struct change *c)
{
	free(c->before);
	free(c->wanted);
	free(c->error);
}

static void features_have_an_older_name_and_a_newer_one(void **state)
{
	size_t n = 0;

	(void)state;
	assert_string_equal(net_feature_alias("gro", 0), "rx-gro");
	assert_null(net_feature_alias("gro", 1));
	while (net_feature_alias("tso", n))
		n++;
	assert_int_equal(n, 4);
	assert_string_equal(net_feature_alias("rx-gro-hw", 0), "rx-gro-hw");
	assert_null(net_feature_alias("rx-gro-hw", 1));
}

static void a_feature_is_fixed_or_there_or_wished(void **state)
{
	static const struct {
		const char *name;
		bool on;
		enum outcome outcome;
	} cases[] = {{"rx-gro", true, OUTCOME_UNCHANGED},
		     {"rx-gro", false, OUTCOME_WOULD_CHANGE},
		     {"rx-hashing", false, OUTCOME_UNCHANGED},
		     {"rx-hashing", true, OUTCOME_REFUSED},
		     {"none", true, OUTCOME_REFUSED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ethtool_feature v[] = {
			{.name = "rx-gro", .changeable = true, .wanted = true, .active = true},
			{.name = "rx-hashing"}};
		struct ethtool_features f = {.v = v, .n = ARRAY_LEN(v)};
		struct net_feature_wish wish = {.name = cases[i].name, .on = cases[i].on};
		struct change c = {0};

		assert_int_equal(net_plan_feature(&nic, &f, &wish, &c), 0);
		assert_int_equal(c.outcome, cases[i].outcome);
		drop(&c);
	}
}

static void a_feature_is_what_is_asked_for_too(void **state)
{
	static const struct {
		struct ethtool_feature f;
		const char *text;
		bool asks;
	} cases[] = {{{.changeable = true, .wanted = true, .active = true}, "on", true},
		     {{.changeable = true, .wanted = true}, "off [requested on]", true},
		     {{.changeable = true, .active = true}, "on [requested off]", false},
		     {{.changeable = true}, "off", false},
		     /* The kernel asks nothing of what is fixed. */
		     {{.active = true}, "on", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free char *text = NULL;

		assert_int_equal(net_feature_print(&cases[i].f, &text), 0);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(net_feature_asks(text), cases[i].asks);
	}
}

static size_t wishes(const char *text, struct net_feature_wish out[NET_FEATURES_MOST])
{
	struct net_pairs pairs;
	const char *why;

	assert_int_equal(net_pairs_parse("features", text, &pairs, &why), 0);
	return net_feature_wishes(&pairs, out);
}

static void features_are_written_in_the_order_of_their_needs(void **state)
{
	struct net_feature_wish w[NET_FEATURES_MOST];
	size_t n = wishes("tso on gro off sg on", w);

	(void)state;
	assert_int_equal(n, 7);
	assert_string_equal(w[0].name, "rx-gro");
	assert_string_equal(w[1].name, "tx-scatter-gather");
	assert_int_equal(w[1].pair, 2);
	assert_string_equal(w[3].name, "tx-tcp-segmentation");
	assert_string_equal(w[n - 1].name, "tx-tcp-mangleid-segmentation");
	n = wishes("sg off tso off", w);
	assert_string_equal(w[0].name, "tx-tcp-mangleid-segmentation");
	assert_string_equal(w[n - 2].name, "tx-scatter-gather");
}

static void a_feature_without_what_it_needs_is_refused(void **state)
{
	struct ethtool_feature v[] = {
		{.name = "tx-scatter-gather", .changeable = true, .wanted = true, .active = true},
		{.name = "tx-checksum-ipv4"},
		{.name = "tx-checksum-ip-generic",
		 .changeable = true,
		 .wanted = true,
		 .active = true},
		{.name = "tx-tcp-segmentation",
		 .changeable = true,
		 .wanted = true,
		 .active = true}};
	struct ethtool_features f = {.v = v, .n = ARRAY_LEN(v)};
	struct net_feature_wish tso = {.name = "tx-tcp-segmentation", .on = true};
	struct net_feature_wish sg = {.name = "tx-scatter-gather"};
	struct change c = {0};

	(void)state;
	assert_int_equal(net_plan_feature(&nic, &f, &sg, &c), 0);
	assert_int_equal(c.outcome, OUTCOME_WOULD_CHANGE);
	drop(&c);
	/* On though it is: the same plan takes it off. */
	c = (struct change){0};
	assert_int_equal(net_plan_feature(&nic, &f, &tso, &c), 0);
	assert_int_equal(c.outcome, OUTCOME_REFUSED);
	assert_contains(c.error, "needs tx-scatter-gather, which is off");
	drop(&c);
	v[0].active = true;
	v[2].active = false;
	c = (struct change){0};
	assert_int_equal(net_plan_feature(&nic, &f, &tso, &c), 0);
	assert_contains(c.error, "needs tx-checksum-ip-generic");
	drop(&c);
	v[2].active = v[3].active = true;
	c = (struct change){0};
	assert_int_equal(net_plan_feature(&nic, &f, &tso, &c), 0);
	assert_int_equal(c.outcome, OUTCOME_UNCHANGED);
	drop(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_have_an_older_name_and_a_newer_one),
		cmocka_unit_test(a_feature_is_fixed_or_there_or_wished),
		cmocka_unit_test(a_feature_is_what_is_asked_for_too),
		cmocka_unit_test(features_are_written_in_the_order_of_their_needs),
		cmocka_unit_test(a_feature_without_what_it_needs_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
