/* SPDX-License-Identifier: Apache-2.0 */
/* Which NICs matter, and what their counters say. */
#include "linkstat.h"
#include "nics.h"

#include "helpers.h"

/* --- which NICs --- */

static struct link some_links[] = {
	{.index = 1, .name = "lo", .flags = IFF_UP | IFF_LOOPBACK, .is_virtual = true},
	{.index = 2, .name = "eth0", .flags = IFF_UP},
	{.index = 3, .name = "eth1", .flags = IFF_UP, .master = 6},
	{.index = 4, .name = "eth2", .flags = 0},
	{.index = 5, .name = "eth3", .flags = 0, .master = 6},
	{.index = 6, .name = "bond0", .kind = "bond", .flags = IFF_UP, .is_virtual = true},
	{.index = 7,
	 .name = "bond0.5",
	 .kind = "vlan",
	 .flags = IFF_UP,
	 .lower = 6,
	 .is_virtual = true},
	{.index = 8, .name = "v0", .kind = "veth", .flags = IFF_UP, .lower = 9, .is_virtual = true},
	{.index = 9, .name = "v1", .kind = "veth", .flags = IFF_UP, .lower = 8, .is_virtual = true},
	{.index = 10,
	 .name = "mv",
	 .kind = "macvlan",
	 .flags = IFF_UP,
	 .lower = 2,
	 .lower_elsewhere = true,
	 .is_virtual = true},
};
static const struct links links = {some_links, ARRAY_LEN(some_links)};

/* The picked ones as a text: the node's in brackets, those below with a "-". */
static void assert_picked(unsigned node, const char *wanted)
{
	_cleanup_nics struct nics nics = {0};
	char text[256] = "";

	assert_int_equal(nics_pick(&links, node, &nics), 0);
	for (size_t i = 0; i < nics.n; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s%s%s%s", i ? " " : "",
			 nics.v[i].below ? "-" : "", nics.v[i].node ? "[" : "", nics.v[i].link.name,
			 nics.v[i].node ? "]" : "");
	}
	assert_string_equal(text, wanted);
}

static void the_nodes_link_and_all_hardware_that_is_up_count(void **state)
{
	(void)state;
	assert_picked(2, "[eth0] eth1");
	assert_picked(0, "eth0 eth1");
	assert_picked(77, "eth0 eth1");
	assert_picked(4, "[eth2] eth0 eth1");
}

static void a_bonds_ports_count_even_below_a_vlan(void **state)
{
	(void)state;
	assert_picked(6, "[bond0] -eth1 -eth3 eth0");
	assert_picked(7, "[bond0.5] -bond0 -eth1 -eth3 eth0");
}

static void peers_and_other_namespaces_are_not_below(void **state)
{
	(void)state;
	assert_picked(8, "[v0] eth0 eth1");
	assert_picked(10, "[mv] eth0 eth1");
}

static void links_that_carry_each_other_end(void **state)
{
	static struct link ring[] = {
		{.index = 1, .name = "a", .kind = "bridge", .master = 2, .is_virtual = true},
		{.index = 2, .name = "b", .kind = "bridge", .master = 1, .is_virtual = true}};
	const struct links two = {ring, ARRAY_LEN(ring)};
	_cleanup_nics struct nics nics = {0};

	(void)state;
	assert_int_equal(nics_pick(&two, 1, &nics), 0);
	assert_int_equal(nics.n, 2);
	assert_true(nics_has_ports(&nics, &nics.v[0]));
}

static void numbers_of_sysfs_are_read(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t value;
	} rows[] = {{"-1\n", 0, -1},    {"10000\n", 0, 10000},
		    {"", -EINVAL, 0},   {"1 2", -EINVAL, 0},
		    {"up", -EINVAL, 0}, {"9223372036854775808", -ERANGE, 0}};
	struct tree t;
	int64_t value;

	(void)state;
	tree_open(&t, NULL);
	assert_int_equal(nic_number(&t.sys, "eth0", "speed", &value), -ENOENT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		value = 77;
		tree_write(&t, "/sys/class/net/eth0/speed", rows[i].text);
		assert_int_equal(nic_number(&t.sys, "eth0", "speed", &value), rows[i].r);
		assert_int_equal(value, rows[i].r ? 77 : rows[i].value);
	}
	tree_write(&t, "/sys/class/net/eth0/ifindex", "2\n");
	assert_true(nic_in_sysfs(&t.sys, &some_links[1]));
	tree_write(&t, "/sys/class/net/eth0/ifindex", "3\n");
	assert_false(nic_in_sysfs(&t.sys, &some_links[1]));
	assert_false(nic_in_sysfs(&t.sys, &some_links[2]));
	tree_close(&t);
}

/* --- counters --- */

static struct link_reading all_at(uint64_t value)
{
	struct link_reading r;

	for (size_t i = 0; i < LINK_COUNTS; i++) {
		r.v[i] = value;
		r.known[i] = true;
	}
	return r;
}

static void counters_are_read_as_far_as_there_are_any(void **state)
{
	struct link_reading r = {0};
	struct tree t;

	(void)state;
	tree_open(&t, NULL);
	assert_false(linkstat_read(&t.sys, "eth0", &r));
	tree_write(&t, "/sys/class/net/eth0/statistics/rx_packets", "18446744073709551615\n");
	tree_write(&t, "/sys/class/net/eth0/statistics/rx_dropped", "-5\n");
	tree_write(&t, "/sys/class/net/eth0/statistics/tx_packets", "many\n");
	tree_write(&t, "/sys/class/net/eth0/carrier_changes", "3\n");
	assert_true(linkstat_read(&t.sys, "eth0", &r));
	for (size_t i = 0; i < LINK_COUNTS; i++)
		assert_int_equal(r.known[i], i == COUNT_RX_PACKETS || i == COUNT_CARRIER);
	assert_true(r.v[COUNT_RX_PACKETS] == UINT64_MAX);
	assert_int_equal(r.v[COUNT_CARRIER], 3);
	tree_close(&t);
}

static void rates_and_shares(void **state)
{
	struct link_reading before = all_at(100), after = all_at(100);
	struct link_rate rates[LINK_COUNTS];

	(void)state;
	after.v[COUNT_RX_PACKETS] += 900;
	after.v[COUNT_TX_PACKETS] += 50;
	after.v[COUNT_RX_DROPPED] += 90; /* among those received */
	after.v[COUNT_RX_MISSED] += 100; /* not among them */
	after.v[COUNT_TX_ERRORS] += 50;
	after.v[COUNT_CARRIER] += 2;
	assert_int_equal(linkstat_rates(&before, &after, 5, rates), 0);
	assert_float_equal(rates[COUNT_RX_PACKETS].per_s, 180, 1e-9);
	assert_float_equal(rates[COUNT_RX_PACKETS].percent, 0, 1e-9);
	assert_float_equal(rates[COUNT_RX_DROPPED].per_s, 18, 1e-9);
	assert_float_equal(rates[COUNT_RX_DROPPED].percent, 10, 1e-9);
	assert_float_equal(rates[COUNT_RX_MISSED].percent, 10, 1e-9);
	assert_float_equal(rates[COUNT_TX_ERRORS].percent, 50, 1e-9);
	assert_float_equal(rates[COUNT_TX_DROPPED].percent, 0, 1e-9);
	assert_float_equal(rates[COUNT_CARRIER].n, 2, 1e-9);
}

static void drops_without_packets_are_all_of_them(void **state)
{
	struct link_reading before = all_at(0), after = all_at(0);
	struct link_rate rates[LINK_COUNTS];

	(void)state;
	after.v[COUNT_RX_DROPPED] = after.v[COUNT_RX_MISSED] = 10;
	linkstat_rates(&before, &after, 1, rates);
	assert_float_equal(rates[COUNT_RX_DROPPED].percent, 100, 1e-9);
	assert_float_equal(rates[COUNT_RX_MISSED].percent, 100, 1e-9);
}

static void what_runs_backwards_is_no_reading(void **state)
{
	struct link_reading before = all_at(100), after = all_at(200);
	struct link_rate rates[LINK_COUNTS];

	(void)state;
	after.v[COUNT_RX_PACKETS] = 99;
	before.known[COUNT_TX_ERRORS] = false;
	assert_int_equal(linkstat_rates(&before, &after, 1, rates), 1);
	assert_false(rates[COUNT_RX_PACKETS].known);
	assert_false(rates[COUNT_TX_ERRORS].known);
	assert_true(rates[COUNT_RX_DROPPED].known);
	/* A share of nobody knows what. */
	assert_float_equal(rates[COUNT_RX_DROPPED].percent, 0, 1e-9);
	assert_float_equal(rates[COUNT_TX_DROPPED].percent, 50, 1e-9);
	linkstat_rates(&before, &after, 0, rates);
	assert_false(rates[COUNT_RX_DROPPED].known);
}

static const struct link_limits limits = {
	.error_warn = 0.1, .error_fail = 1, .drop_warn = 2, .drop_fail = 10, .least = 10};

/* Among 100,000 packets a second in each direction, `n` of that counter. */
static struct findings judge(unsigned counter, uint64_t n)
{
	struct link_reading before = all_at(0), after = all_at(0);
	struct link_rate rates[LINK_COUNTS];
	struct findings findings = {0};

	after.v[COUNT_RX_PACKETS] = after.v[COUNT_TX_PACKETS] = 100000;
	after.v[counter] = n;
	linkstat_rates(&before, &after, 1, rates);
	linkstat_judge("eth0", rates, &limits, &findings);
	return findings;
}

static void shares_are_judged_by_their_bands(void **state)
{
	static const struct {
		unsigned counter;
		uint64_t n;
		enum verdict verdict; /* PASS: nothing is said */
		const char *reason, *text, *advice;
	} rows[] = {
		{COUNT_RX_ERRORS, 99, VERDICT_PASS, "", "", ""},
		{COUNT_RX_ERRORS, 200, VERDICT_WARN, "LinkErrors", "200 rx_errors/s", "cable"},
		{COUNT_TX_ERRORS, 2000, VERDICT_FAIL, "LinkErrors", "2000 tx_errors/s, 1.96%",
		 "ethtool -S eth0"},
		{COUNT_RX_DROPPED, 1999, VERDICT_PASS, "", "", ""},
		{COUNT_RX_DROPPED, 2000, VERDICT_WARN, "LinkDrops", "2000 rx_dropped/s, 2%",
		 "unknown protocols"},
		{COUNT_RX_DROPPED, 10000, VERDICT_FAIL, "LinkDrops", "10% of its packets", ""},
		{COUNT_TX_DROPPED, 5000, VERDICT_WARN, "LinkDrops", "tx_dropped", ""},
		{COUNT_RX_MISSED, 5000, VERDICT_WARN, "LinkDrops", "rx_missed", "ring=rx max"},
		{COUNT_RX_FIFO, 50000, VERDICT_FAIL, "LinkDrops", "rx_fifo", "ring=rx max"},
		{COUNT_RX_NOHANDLER, 90000, VERDICT_PASS, "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct findings f = judge(rows[i].counter, rows[i].n);

		assert_int_equal(f.n, rows[i].verdict != VERDICT_PASS);
		if (f.n == 0)
			continue;
		assert_int_equal(f.v[0].verdict, rows[i].verdict);
		assert_string_equal(f.v[0].reason, rows[i].reason);
		assert_contains(f.v[0].text, rows[i].text);
		assert_contains(f.v[0].advice, rows[i].advice);
	}
}

static void a_few_drops_on_a_quiet_link_are_not_judged(void **state)
{
	struct link_reading before = all_at(0), after = all_at(0);
	struct link_rate rates[LINK_COUNTS];
	struct findings findings = {0};

	(void)state;
	after.v[COUNT_RX_PACKETS] = 50;
	after.v[COUNT_RX_DROPPED] = 49;
	linkstat_rates(&before, &after, 5, rates);
	linkstat_judge("eth0", rates, &limits, &findings);
	assert_int_equal(findings.n, 0);
	linkstat_rates(&before, &after, 4.9, rates);
	linkstat_judge("eth0", rates, &limits, &findings);
	assert_int_equal(findings.n, 1);
}

static void every_counter_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINK_COUNTS; i++) {
		assert_non_null(link_counts[i].name);
		assert_true(strlen(link_counts[i].name) <= 16);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(link_counts[i].name, link_counts[k].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nodes_link_and_all_hardware_that_is_up_count),
		cmocka_unit_test(a_bonds_ports_count_even_below_a_vlan),
		cmocka_unit_test(peers_and_other_namespaces_are_not_below),
		cmocka_unit_test(links_that_carry_each_other_end),
		cmocka_unit_test(numbers_of_sysfs_are_read),
		cmocka_unit_test(counters_are_read_as_far_as_there_are_any),
		cmocka_unit_test(rates_and_shares),
		cmocka_unit_test(drops_without_packets_are_all_of_them),
		cmocka_unit_test(what_runs_backwards_is_no_reading),
		cmocka_unit_test(shares_are_judged_by_their_bands),
		cmocka_unit_test(a_few_drops_on_a_quiet_link_are_not_judged),
		cmocka_unit_test(every_counter_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
