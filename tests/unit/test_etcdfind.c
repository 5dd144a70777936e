/* SPDX-License-Identifier: Apache-2.0 */
/* Where this node's etcd is found. */
#include "etcdnode.h"

#include "helpers.h"

static struct etcd_place find(void)
{
	struct etcd_place place;

	etcd_find(&tree.sys, &place);
	return place;
}

static void without_one_nothing_is_found(void **state)
{
	(void)state;
	assert_int_equal(find().found, ETCD_NOWHERE);
	tree_write(&tree, "/proc/7/comm", "etcdctl\n");
	assert_int_equal(find().found, ETCD_NOWHERE);
}

static void a_process_tells_by_its_flags_where_to_ask(void **state)
{
	struct etcd_place place;

	(void)state;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/environ",
			 "ETCD_HEARTBEAT_INTERVAL=77 ETCD_ELECTION_TIMEOUT=5000 PATH=/bin ");
	tree_write_words(&tree, "/proc/7/cmdline",
			 "etcd --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.5:2379 "
			 "--listen-metrics-urls http://0.0.0.0:2381,http://[::1]:2382 "
			 "--heartbeat-interval=250 ");
	place = find();
	assert_int_equal(place.found, ETCD_PROCESS);
	assert_string_equal(place.who, "etcd, process 7");
	assert_int_equal(place.n, 2);
	assert_string_equal(place.addresses[0], "127.0.0.1:2381"); /* all addresses: also this */
	assert_string_equal(place.addresses[1], "[::1]:2382");
	assert_true(place.heartbeat_s == 0.25); /* a flag counts more than a variable */
	assert_true(place.election_s == 5);
}

static void one_without_flags_has_its_own_defaults(void **state)
{
	struct etcd_place place;

	(void)state;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/cmdline", "etcd ");
	place = find();
	assert_int_equal(place.n, 1);
	assert_string_equal(place.addresses[0], "127.0.0.1:2379");
	assert_true(place.heartbeat_s == 0.1 && place.election_s == 1 && !place.intervals_told);
}

static void one_that_speaks_tls_only_has_no_address(void **state)
{
	struct etcd_place place;

	(void)state;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/cmdline",
			 "etcd --listen-client-urls=https://10.0.0.5:2379 ");
	place = find();
	assert_int_equal(place.n, 0);
	assert_true(place.tls);
}

static void a_file_of_its_own_counts_alone(void **state)
{
	struct etcd_place place;

	(void)state;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/environ", "ETCD_LISTEN_METRICS_URLS=http://127.0.0.1:1 ");
	tree_write_words(&tree, "/proc/7/cmdline", "etcd --config-file /etc/etcd/etcd.yml ");
	place = find(); /* it can't be read: nothing is taken for its default */
	assert_true(place.n == 0 && place.tls);
	tree_write(&tree, "/etc/etcd/etcd.yml",
		   "# listen-metrics-urls: http://127.0.0.1:2\nheartbeat-interval: 200\n"
		   "listen-client-urls: https://127.0.0.1:2379\nclient-transport-security:\n"
		   "  listen-metrics-urls: http://127.0.0.1:3\n"
		   "listen-metrics-urls: \"http://127.0.0.1:2381\"\n");
	place = find();
	assert_int_equal(place.n, 1);
	assert_string_equal(place.addresses[0], "127.0.0.1:2381");
	assert_true(place.heartbeat_s == 0.2);
}

static void a_file_of_a_container_is_below_its_root(void **state)
{
	static const char file[] = "/proc/7/root/etc/etcd.yml";

	(void)state;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_write_words(&tree, "/proc/7/cmdline", "etcd --config-file=/etc/etcd.yml ");
	tree_write(&tree, "/elsewhere", "listen-metrics-urls: http://127.0.0.1:1\n");
	tree_write(&tree, file, "listen-metrics-urls: http://127.0.0.1:2\n");
	assert_string_equal(find().addresses[0], "127.0.0.1:2");
	/* No link leads out of it, and only what is a file is opened. */
	assert_int_equal(unlink(tree_path(&tree, file)), 0);
	assert_int_equal(symlink("../../../../elsewhere", tree_path(&tree, file)), 0);
	assert_int_equal(find().n, 0);
	assert_int_equal(unlink(tree_path(&tree, file)), 0);
	assert_int_equal(mkfifo(tree_path(&tree, file), 0600), 0);
	assert_int_equal(find().n, 0);
}

static void one_in_another_network_is_not_ours(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/7/comm", "etcd\n");
	tree_mkdir(&tree, "/proc/7/ns");
	tree_mkdir(&tree, "/proc/self/ns");
	assert_int_equal(symlink("net:[1]", tree_path(&tree, "/proc/self/ns/net")), 0);
	assert_int_equal(symlink("net:[2]", tree_path(&tree, "/proc/7/ns/net")), 0);
	assert_int_equal(find().found, ETCD_NOWHERE);
	assert_int_equal(unlink(tree_path(&tree, "/proc/7/ns/net")), 0);
	assert_int_equal(symlink("net:[1]", tree_path(&tree, "/proc/7/ns/net")), 0);
	assert_int_equal(find().found, ETCD_PROCESS);
}

static void k3s_counts_where_it_has_an_etcd_in_it(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/7/comm", "k3s-server\n");
	tree_mkdir(&tree, "/proc/7/fd");
	assert_int_equal(find().found, ETCD_NOWHERE);
	assert_int_equal(
		symlink("/var/lib/x/db/etcd/member/snap/db", tree_path(&tree, "/proc/7/fd/9")), 0);
	assert_int_equal(find().found, ETCD_PROCESS);
	assert_int_equal(find().n, 0); /* the usual addresses are asked */
}

static void a_static_pod_is_found_by_its_manifest(void **state)
{
	struct etcd_place place;

	(void)state;
	tree_write(&tree, "/etc/kubernetes/manifests/etcd.yaml",
		   "spec:\n  containers:\n  - command:\n    - etcd\n"
		   "    - --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.5:2379\n"
		   "    - \"--listen-metrics-urls=http://127.0.0.1:2381\"\n"
		   "    - --election-timeout=2500\n    image: etcd:3.5\n");
	place = find();
	assert_int_equal(place.found, ETCD_MANIFEST);
	assert_int_equal(place.n, 1);
	assert_string_equal(place.addresses[0], "127.0.0.1:2381");
	assert_true(place.election_s == 2.5);
}

static void odd_addresses_are_left_out(void **state)
{
	static const char *const odd[] = {"http://",
					  "http://x:1",
					  "http://127.0.0.1",
					  "http://127.0.0.1:0",
					  "http://127.0.0.1:99999",
					  "http://[::1:2381",
					  "unix://x:1",
					  ",,",
					  "http://a b:1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct etcd_place place = {.n = 0};
		char words[128];
		int n = snprintf(words, sizeof(words), "--listen-metrics-urls=%s", odd[i]);

		etcd_take_words(&place, words, (size_t)n);
		if (place.n)
			fail_msg("%s", odd[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)
		TEST(without_one_nothing_is_found),
		TEST(a_process_tells_by_its_flags_where_to_ask),
		TEST(one_without_flags_has_its_own_defaults),
		TEST(one_that_speaks_tls_only_has_no_address),
		TEST(a_file_of_its_own_counts_alone),
		TEST(a_file_of_a_container_is_below_its_root),
		TEST(one_in_another_network_is_not_ours),
		TEST(k3s_counts_where_it_has_an_etcd_in_it),
		TEST(a_static_pod_is_found_by_its_manifest),
		TEST(odd_addresses_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
