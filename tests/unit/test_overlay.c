/* SPDX-License-Identifier: Apache-2.0 */
/* What fits into what: tunnels that this kernel may not have, and rows that are easy to get wrong.
 * The kernel test has the rest on real links. */
#include "overlay.h"

#include "helpers.h"

#define NIC 1

struct world {
	struct link links[8];
	struct address addresses[2];
	struct route routes[2];
	struct overlay_view view;
	struct links all;
	struct addresses all_addresses;
	struct routes all_routes;
	struct findings findings;
	struct result result;
};

static struct link *add(struct world *w, const char *name, const char *kind, unsigned mtu)
{
	struct link *l = &w->links[w->all.n++];

	*l = (struct link){.index = (unsigned)w->all.n, .mtu = mtu, .flags = IFF_UP};
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->kind, sizeof(l->kind), "%s", kind);
	return l;
}

static void begin(struct world *w, unsigned mtu)
{
	*w = (struct world){0};
	add(w, "eth0", "", mtu);
}

static void judge(struct world *w)
{
	w->all.v = w->links;
	w->all_addresses.v = w->addresses;
	w->all_routes.v = w->routes;
	w->view.links = &w->all;
	w->view.addresses = &w->all_addresses;
	w->view.routes = &w->all_routes;
	w->view.nic = &w->links[0];
	w->findings = (struct findings){0};
	overlay_judge(&w->view, VERDICT_WARN, &w->findings, &w->result);
}

static void headers_are_counted_by_kind_and_family(void **state)
{
	static const struct {
		const char *kind;
		int family;
		unsigned bytes;
	} rows[] = {
		{"vxlan", AF_INET, 50},       {"vxlan", AF_INET6, 70},
		{"vxlan", AF_UNSPEC, 50},     {"geneve", AF_INET, 50},
		{"geneve", AF_INET6, 70},     {"ipip", AF_INET, 20},
		{"sit", AF_INET, 20},         {"gre", AF_INET, 24},
		{"gretap", AF_INET, 38},      {"ip6tnl", AF_INET6, 40},
		{"ip6gre", AF_INET6, 44},     {"ip6gretap", AF_INET6, 58},
		{"wireguard", AF_INET, 60},   {"wireguard", AF_INET6, 80},
		{"veth", AF_INET, 0},         {"", AF_INET, 0},
		{"openvswitch", AF_INET6, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(tunnel_overhead(rows[i].kind, rows[i].family), rows[i].bytes);
}

/* Each kind at the largest MTU that fits, and at one byte more. */
static void one_byte_too_many_is_found(void **state)
{
	static const struct {
		const char *name, *kind, *setting;
		unsigned most;
	} rows[] = {
		{"vxlan.calico", "vxlan", "vxlanMTU", 1450},
		{"vxlan-v6.calico", "vxlan", "vxlanMTU", 1450},
		{"wireguard.cali", "wireguard", "wireguardMTU", 1440},
		{"wg-v6.cali", "wireguard", "wireguardMTU", 1440},
		{"flannel.1", "vxlan", "flannel", 1450},
		{"flannel-wg", "wireguard", "flannel", 1440},
		{"gre1", "gre", "ip link set gre1 mtu 1476", 1476},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		begin(&w, 1500);
		add(&w, rows[i].name, rows[i].kind, rows[i].most);
		judge(&w);
		assert_int_equal(w.findings.n, 0);
		w.links[NIC].mtu++;
		judge(&w);
		assert_int_equal(w.findings.n, 1);
		assert_string_equal(w.findings.v[0].reason, "OverlayTooLarge");
		assert_contains(w.findings.v[0].text, rows[i].name);
		assert_contains(w.findings.v[0].text, "eth0");
		assert_contains(w.findings.v[0].advice, rows[i].setting);
	}
}

static void on_an_ipv6_node_the_outer_headers_are_ipv6s(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1500);
	add(&w, "wireguard.cali", "wireguard", 1440);
	w.view.ipv6_only = true;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
	assert_contains(w.findings.v[0].text, "1420 fits");
}

/* The module makes tunl0; it counts when somebody uses it. */
static void a_modules_own_device_counts_only_with_an_address(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1500);
	add(&w, "tunl0", "ipip", 1500)->remote_family = AF_INET;
	judge(&w);
	assert_int_equal(w.findings.n, 0);
	w.addresses[0].link = 2;
	w.all_addresses.n = 1;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
	assert_contains(w.findings.v[0].advice, "ipipMTU");
	assert_contains(w.findings.v[0].advice, "1480");
	w.links[1].flags = 0;
	judge(&w);
	assert_int_equal(w.findings.n, 0);
}

static void a_tunnel_is_measured_by_the_link_it_is_bound_to(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1450);
	add(&w, "eth1", "", 9000);
	add(&w, "flannel.1", "vxlan", 8950)->underlay = 2;
	judge(&w);
	assert_int_equal(w.findings.n, 0);
	w.links[2].underlay = 0;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
}

static void weaves_bridge_and_the_pods_behind_it_are_judged(void **state)
{
	struct world w;
	struct link *pod;

	(void)state;
	begin(&w, 1500);
	add(&w, "vxlan-6784", "vxlan", 65535)->collects_meta = true;
	add(&w, "weave", "bridge", 1450);
	pod = add(&w, "vethwepl1", "veth", 1450);
	pod->lower_elsewhere = true;
	pod->master = 3;
	judge(&w);
	assert_int_equal(w.findings.n, 0);
	w.links[2].mtu = pod->mtu = 8916;
	judge(&w);
	assert_int_equal(w.findings.n, 2);
	assert_contains(w.findings.v[0].advice, "WEAVE_MTU");
	assert_string_equal(w.findings.v[1].reason, "PodsTooLarge");
	assert_contains(w.findings.v[1].advice, "WEAVE_MTU");
}

static void pods_of_an_external_tunnel_without_a_known_port_are_judged(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1500);
	add(&w, "genev_sys_6081", "geneve", 65000)->collects_meta = true;
	add(&w, "pod1", "veth", 1500)->lower_elsewhere = true;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
	assert_string_equal(w.findings.v[0].reason, "PodsTooLarge");
	assert_contains(w.findings.v[0].text, "genev_sys_6081 carries (1450)");
}

static void a_veth_of_this_namespace_is_no_pod(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1500);
	add(&w, "veth0", "veth", 9000);
	judge(&w);
	assert_int_equal(w.findings.n, 0);
	w.links[1].lower_elsewhere = true;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
}

static void a_routes_mtu_above_its_links_is_found(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1500);
	w.routes[0] = (struct route){.to.family = AF_INET, .link = 1, .mtu = 1500};
	w.all_routes.n = 1;
	judge(&w);
	assert_int_equal(w.findings.n, 0);
	w.routes[0].mtu = 1501;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
	assert_string_equal(w.findings.v[0].reason, "RouteTooLarge");
}

/* 68 bytes can't hold the headers of anything. */
static void a_nic_smaller_than_the_headers_leaves_nothing(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 68);
	add(&w, "wg0", "wireguard", 1420)->remote_family = AF_INET6;
	judge(&w);
	assert_int_equal(w.findings.n, 1);
	assert_contains(w.findings.v[0].text, "0 fits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_counted_by_kind_and_family),
		cmocka_unit_test(one_byte_too_many_is_found),
		cmocka_unit_test(on_an_ipv6_node_the_outer_headers_are_ipv6s),
		cmocka_unit_test(a_modules_own_device_counts_only_with_an_address),
		cmocka_unit_test(a_tunnel_is_measured_by_the_link_it_is_bound_to),
		cmocka_unit_test(weaves_bridge_and_the_pods_behind_it_are_judged),
		cmocka_unit_test(pods_of_an_external_tunnel_without_a_known_port_are_judged),
		cmocka_unit_test(a_veth_of_this_namespace_is_no_pod),
		cmocka_unit_test(a_routes_mtu_above_its_links_is_found),
		cmocka_unit_test(a_nic_smaller_than_the_headers_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
