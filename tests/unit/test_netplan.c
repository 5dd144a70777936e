/* SPDX-License-Identifier: Apache-2.0 */
/* What the net tuner would do to links of every kind: hardware of which this machine has none. */
#include "helpers.h"
#include "nettune.h"

static struct link links[] = {
	{.index = 2,
	 .name = "eth0",
	 .driver = "virtio_net",
	 .mtu = 1450,
	 .min_mtu = 68,
	 .max_mtu = 1450},
	{.index = 3,
	 .name = "eth1",
	 .driver = "mlx5_core",
	 .mtu = 1500,
	 .min_mtu = 68,
	 .max_mtu = 9978},
	{.index = 4,
	 .name = "eth1.7",
	 .kind = "vlan",
	 .mtu = 1500,
	 .max_mtu = 65535,
	 .lower = 3,
	 .is_virtual = true},
	{.index = 5,
	 .name = "cali1",
	 .kind = "veth",
	 .mtu = 1500,
	 .max_mtu = 65535,
	 .lower = 2,
	 .lower_elsewhere = true,
	 .is_virtual = true},
};
static const struct net_view view = {.links = {.v = links, .n = ARRAY_LEN(links)}, .cpus = 4};
static uint32_t mtus[] = {1450, 1500, 1500, 1500};

static struct change plan_mtu(size_t link, const char *text)
{
	struct change c = {.tuner = &net_tuner};

	assert_int_equal(net_plan_mtu(&view, &links[link], text, mtus, &c), 0);
	return c;
}

static void drop(struct change *c)
{
	free(c->before);
	free(c->wanted);
	free(c->error);
	strings_clear(&c->notes);
}

static void expect_mtu(size_t link, const char *text, enum outcome outcome, const char *words)
{
	struct change c = plan_mtu(link, text);

	assert_int_equal(c.outcome, outcome);
	if (words)
		assert_contains(c.error, words);
	drop(&c);
}

static void an_mtu_stays_within_the_device(void **state)
{
	(void)state;
	expect_mtu(0, "1450", OUTCOME_UNCHANGED, NULL);
	expect_mtu(0, "1400", OUTCOME_WOULD_CHANGE, NULL);
	expect_mtu(0, "9000", OUTCOME_REFUSED, "maximum of 1450 bytes: only the hypervisor");
	expect_mtu(1, "9000", OUTCOME_WOULD_CHANGE, NULL);
	expect_mtu(0, "max", OUTCOME_UNCHANGED, NULL);
	expect_mtu(3, "max", OUTCOME_REFUSED, "veth names no maximum");
}

static void the_greatest_mtu_is_the_devices(void **state)
{
	struct change c = plan_mtu(1, "max");

	(void)state;
	assert_int_equal(c.outcome, OUTCOME_WOULD_CHANGE);
	assert_string_equal(c.wanted, "9978");
	drop(&c);
}

static void a_stacked_link_is_bound_by_the_one_below(void **state)
{
	struct change c = plan_mtu(2, "9000");

	(void)state;
	assert_int_equal(c.outcome, OUTCOME_REFUSED);
	assert_true(c.forcible);
	assert_contains(c.error, "above the 1500 bytes that the link below, eth1 carries");
	drop(&c);
	/* ... as that will be, when the same run raises it. */
	mtus[1] = net_wished_mtu(&links[1], "9000");
	c = plan_mtu(2, "9000");
	assert_int_equal(c.outcome, OUTCOME_WOULD_CHANGE);
	drop(&c);
	mtus[1] = net_wished_mtu(&links[1], "10000"); /* it can't */
	c = plan_mtu(2, "9000");
	assert_int_equal(c.outcome, OUTCOME_REFUSED);
	drop(&c);
	/* A veth whose other end is elsewhere is not bound by the link of that number here. */
	expect_mtu(3, "9000", OUTCOME_WOULD_CHANGE, NULL);
}

static void both_ends_of_a_pair_rise_together(void **state)
{
	static struct link v[] = {
		{.index = 2, .name = "x0", .kind = "veth", .mtu = 1500, .lower = 3},
		{.index = 3, .name = "x1", .kind = "veth", .mtu = 1500, .lower = 2}};
	static const struct net_view pair = {.links = {.v = v, .n = 2}};
	static const struct {
		const char *text;
		uint32_t mtus[2];
		enum outcome outcome;
	} cases[] = {{"9000", {9000, 9000}, OUTCOME_WOULD_CHANGE},
		     {"9000", {9000, 1500}, OUTCOME_REFUSED},
		     {"1400", {1400, 1500}, OUTCOME_WOULD_CHANGE},
		     /* The other end will not get past this one. */
		     {"9000", {9000, 9500}, OUTCOME_REFUSED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct change c = {0};

		assert_int_equal(net_plan_mtu(&pair, &v[0], cases[i].text, cases[i].mtus, &c), 0);
		assert_int_equal(c.outcome, cases[i].outcome);
		drop(&c);
	}
	assert_int_equal(net_depth(&pair.links, &v[0]), 0);
	assert_int_equal(net_depth(&view.links, &links[2]), 1);
}

static void what_stands_on_a_link_follows_it(void **state)
{
	static struct link v[] = {
		{.index = 1, .name = "eth0", .master = 2},
		{.index = 2, .name = "bond0", .kind = "bond", .master = 5},
		{.index = 3, .name = "eth1", .master = 2},
		{.index = 4, .name = "bond0.7", .kind = "vlan", .lower = 2},
		{.index = 5, .name = "br0", .kind = "bridge"},
		{.index = 6, .name = "top", .kind = "macvlan", .lower = 5},
		{.index = 7, .name = "pod", .kind = "veth", .lower = 2, .lower_elsewhere = true},
		{.index = 8, .name = "vrf0", .kind = "vrf"},
		{.index = 9,
		 .name = "other",
		 .kind = "macvlan",
		 .lower = 2,
		 .lower_elsewhere = true},
	};
	static const unsigned of_port[ARRAY_LEN(v)], of_bond[] = {1, 0, 1, 1, 1, 2, 0, 0, 0};
	struct links all = {.v = v, .n = ARRAY_LEN(v)};
	unsigned *steps;

	(void)state;
	assert_int_equal(net_followers(&all, &v[0], &steps), 0);
	assert_memory_equal(steps, of_port, sizeof(of_port)); /* a bond does not follow its port */
	free(steps);
	assert_int_equal(net_followers(&all, &v[1], &steps), 0);
	assert_memory_equal(steps, of_bond, sizeof(of_bond));
	free(steps);
}

static void expect_group(const struct ethtool_group *g, struct ethtool_values now, const char *wish,
			 enum outcome outcome, const char *wanted, size_t notes)
{
	struct change c = {0};
	struct net_pairs pairs;
	const char *why;

	assert_int_equal(net_pairs_parse(g->name, wish, &pairs, &why), 0);
	assert_int_equal(net_plan_group(&view, &links[1], g, &now, &pairs, &c), 0);
	assert_int_equal(c.outcome, outcome);
	assert_string_equal(outcome == OUTCOME_REFUSED ? c.error : c.wanted, wanted);
	assert_int_equal(c.notes.n, notes);
	drop(&c);
}

static void expect_ring(uint32_t now, uint32_t max, const char *wish, const char *wanted,
			size_t notes)
{
	struct ethtool_values v = {.v = {{.present = true, .value = now, .max = max}}};
	char text[16];

	snprintf(text, sizeof(text), "rx %u", now);
	expect_group(&ethtool_rings, v, wish,
		     strcmp(text, wanted) == 0 ? OUTCOME_UNCHANGED : OUTCOME_WOULD_CHANGE, wanted,
		     notes);
}

static void rings_are_rounded_where_the_device_has_powers_of_two(void **state)
{
	(void)state;
	expect_ring(256, 4096, "rx 1000", "rx 1024", 1);
	expect_ring(256, 4096, "rx 512", "rx 512", 0);
	expect_ring(256, 4096, "rx 5000", "rx 4096", 1);
	/* bnxt has 511 of 2047, and hns3 any multiple of eight. */
	expect_ring(511, 2047, "rx 511", "rx 511", 0);
	expect_ring(511, 2047, "rx 1500", "rx 1500", 0);
	expect_ring(256, 2047, "rx 1500", "rx 1500", 0);
	expect_ring(1000, 4096, "rx 1000", "rx 1000", 0);
	expect_ring(9362, 18811, "rx 9362", "rx 9362", 0);
}

static void channels_may_be_combined_or_separate(void **state)
{
	struct ethtool_values now = {.v = {{.present = true, .max = 8},
					   {.present = true, .max = 8},
					   {.present = true, .value = 4, .max = 8}}};

	(void)state;
	expect_group(&ethtool_channels, now, "combined 0 rx 2 tx 2", OUTCOME_WOULD_CHANGE,
		     "rx 2 tx 2 combined 0", 0);
	expect_group(&ethtool_channels, now, "rx 0 tx 0", OUTCOME_UNCHANGED, "rx 0 tx 0 combined 4",
		     0);
	expect_group(&ethtool_channels, now, "combined 0", OUTCOME_REFUSED,
		     "combined 0 would leave eth1 without one", 0);
	expect_group(&ethtool_channels, now, "combined 0 rx 2", OUTCOME_REFUSED,
		     "combined 0 would leave eth1 without one", 0);
}

static void a_queue_length_is_a_number(void **state)
{
	struct link l = {.name = "eth0", .txqueuelen = 2000};
	struct change c = {0};

	(void)state;
	assert_int_equal(net_plan_txqueuelen(&l, "02000", &c), 0);
	assert_int_equal(c.outcome, OUTCOME_UNCHANGED);
	assert_string_equal(c.wanted, "2000");
	drop(&c);
}

static size_t chosen(const char *devices, const struct link **first, struct strings *missing)
{
	_cleanup_free const struct link **found = NULL;
	struct net_view v = view;
	size_t n;

	v.node_link = 3;
	assert_int_equal(net_select(&v, devices, &found, &n, missing), 0);
	*first = n ? found[0] : NULL;
	return n;
}

static void devices_are_chosen_by_name_driver_and_address(void **state)
{
	struct strings missing = {0};
	const struct link *l;

	(void)state;
	assert_int_equal(chosen("*", &l, &missing), 2); /* hardware only */
	assert_int_equal(chosen("cali*", &l, &missing), 0);
	assert_int_equal(chosen("cali1", &l, &missing), 1);
	assert_int_equal(chosen("@virtio", &l, &missing), 1);
	assert_string_equal(l->name, "eth0");
	assert_int_equal(chosen("@node-ip", &l, &missing), 1);
	assert_string_equal(l->name, "eth1");
	assert_int_equal(chosen("!eth0", &l, &missing), 1);
	assert_string_equal(l->name, "eth1");
	assert_int_equal(chosen("@virtio,!eth0", &l, &missing), 0);
	strings_clear(&missing);
	assert_int_equal(chosen("eth0 eth9", &l, &missing), 1);
	assert_int_equal(missing.n, 1);
	assert_string_equal(missing.v[0], "eth9");
	strings_clear(&missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_mtu_stays_within_the_device),
		cmocka_unit_test(the_greatest_mtu_is_the_devices),
		cmocka_unit_test(a_stacked_link_is_bound_by_the_one_below),
		cmocka_unit_test(both_ends_of_a_pair_rise_together),
		cmocka_unit_test(what_stands_on_a_link_follows_it),
		cmocka_unit_test(rings_are_rounded_where_the_device_has_powers_of_two),
		cmocka_unit_test(channels_may_be_combined_or_separate),
		cmocka_unit_test(a_queue_length_is_a_number),
		cmocka_unit_test(devices_are_chosen_by_name_driver_and_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
