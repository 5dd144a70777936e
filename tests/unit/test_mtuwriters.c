/* SPDX-License-Identifier: Apache-2.0 */
/* Who else sets a NIC's MTU: eth0 (2, 52:54:00:12:34:56) shall have 1450. */
#include "mtuwriters.h"

#include "helpers.h"

#define MAC     "52:54:00:12:34:56"
#define NETPLAN "/etc/netplan/50-cloud-init.yaml"
#define NETWORK "/etc/systemd/network/10-eth0.network"
#define IFUP    "/etc/network/interfaces"

static struct strings places, words;

static int tear_down(void **state)
{
	strings_clear(&places);
	strings_clear(&words);
	return tree_tear_down(state);
}

static void find(const char *mac)
{
	strings_clear(&places);
	strings_clear(&words);
	assert_int_equal(mtu_writers_find(&tree.sys, "eth0", mac, 1450, &places, &words), 0);
	assert_int_equal(places.n, words.n);
}

/* Exactly one is found: at that place, with these words behind it. */
static void assert_one(const char *place, const char *said)
{
	char all[512];

	find(MAC);
	if (places.n != 1)
		fail_msg("%zu found, wanted one: %s", places.n, said);
	snprintf(all, sizeof(all), "%s: %s", place, said);
	assert_string_equal(places.v[0], place);
	assert_string_equal(words.v[0], all);
}

static void assert_none(void)
{
	find(MAC);
	if (places.n)
		fail_msg("found %s", words.v[0]);
}

/* --- netplan --- */

#define HEAD "network:\n  version: 2\n  ethernets:\n"

static void netplan_says_it_in_block_and_flow(void **state)
{
	(void)state;
	tree_write(&tree, NETPLAN,
		   "# cloud-init\n" HEAD "    eth0:\n      mtu: 1400 # a comment\n");
	assert_one(NETPLAN ":6", "netplan sets MTU 1400 on eth0");
	tree_write(&tree, NETPLAN,
		   HEAD "    eth0: {addresses: [192.0.2.1/24],\n  \"mtu\" : '1400'}");
	assert_one(NETPLAN ":5", "netplan sets MTU 1400 on eth0");
	tree_write(&tree, NETPLAN, "{network: {bonds: {eth0: {mtu: 1400}}}}");
	assert_one(NETPLAN ":1", "netplan sets MTU 1400 on eth0");
	tree_write(&tree, NETPLAN, HEAD "    eth1:\n      mtu: 1400\n    eth0:\n      mtu: 1450\n");
	assert_none();
	/* The key of something else. */
	tree_write(&tree, NETPLAN,
		   HEAD "    eth0:\n      routes:\n      - to: default\n        mtu: 1400\n"
			"      x:\n        mtu: 1400\n");
	assert_none();
}

static void netplans_match_and_set_name(void **state)
{
	(void)state;
	tree_write(&tree, NETPLAN,
		   HEAD "    nic:\n      match:\n        macaddress: " MAC "\n      mtu: 1400\n");
	assert_one(NETPLAN ":7", "netplan sets MTU 1400 on eth0");
	find(NULL);
	assert_int_equal(words.n, 1);
	assert_contains(words.v[0], "netplan may set MTU 1400 on eth0");
	tree_write(&tree, NETPLAN,
		   HEAD "    eth0:\n      match: {macaddress: '52:54:00:00:00:01'}\n"
			"      mtu: 1400\n");
	assert_none();
	tree_write(&tree, NETPLAN,
		   HEAD "    nic:\n      match: {name: 'en*'}\n      set-name: eth0\n"
			"      mtu: 1400\n");
	assert_one(NETPLAN ":7", "netplan sets MTU 1400 on eth0");
	tree_write(&tree, NETPLAN,
		   HEAD "    nic:\n      match: {name: 'eth*', driver: virtio}\n      mtu: 1400\n");
	assert_one(NETPLAN ":6", "netplan may set MTU 1400 on eth0");
}

static void netplans_dhcp_brings_an_mtu_unless_told_not_to(void **state)
{
	(void)state;
	tree_write(&tree, NETPLAN, HEAD "    eth0:\n      dhcp4: true\n");
	assert_one(NETPLAN ":5", "netplan lets eth0 take an MTU that DHCP offers");
	tree_write(&tree, NETPLAN,
		   HEAD "    eth0:\n      dhcp4: yes\n      dhcp4-overrides: {use-mtu: false}\n");
	assert_none();
	tree_write(&tree, NETPLAN, HEAD "    eth0:\n      dhcp4: false\n");
	assert_none();
	/* mtu: overrides it. */
	tree_write(&tree, NETPLAN, HEAD "    eth0:\n      dhcp4: true\n      mtu: 1450\n");
	assert_none();
}

static void netplans_files_are_merged_in_order(void **state)
{
	(void)state;
	tree_write(&tree, NETPLAN, HEAD "    eth0:\n      mtu: 1400\n");
	tree_write(&tree, "/lib/netplan/60-vendor.yaml", HEAD "    eth0:\n      mtu: 1300\n");
	assert_one("/lib/netplan/60-vendor.yaml:5", "netplan sets MTU 1300 on eth0");
	/* A name in /run hides the one in /etc, and that the one in /lib. */
	tree_write(&tree, "/etc/netplan/60-vendor.yaml", "");
	assert_one(NETPLAN ":5", "netplan sets MTU 1400 on eth0");
	tree_write(&tree, "/run/netplan/50-cloud-init.yaml", HEAD "    eth0:\n      mtu: 1450\n");
	assert_none();
	tree_write(&tree, "/run/netplan/99.yaml.bak", HEAD "    eth0:\n      mtu: 1400\n");
	tree_write(&tree, "/run/netplan/.99.yaml", HEAD "    eth0:\n      mtu: 1400\n");
	assert_none();
}

static void hostile_yaml_does_no_harm(void **state)
{
	static const char *const texts[] = {
		"network: [",
		"network: *none\n",
		"&a [*a, *a]\n",
		"\x01\xff\xfe",
		"- - - - - -\n",
		"? {a: b}\n: {c: d}\n",
		"network: {ethernets: {eth0: {mtu: {mtu: 1400}}}}\n",
		"network: {ethernets: {eth0: {mtu: [1400]}}}\n",
		"network: {ethernets: {eth0: {mtu: }}}\n",
		"network: {ethernets: {eth0: mtu}}\n",
		"network: {ethernets: [eth0: {mtu: 1400}]}\n",
		"a: &a {mtu: 1400}\nnetwork: {ethernets: {eth0: *a}}\n",
		"network: {ethernets: {eth0: {mtu: 99999999999999999999999999999999}}}\n",
		"network: {ethernets: {eth0: {mtu: -1}}}\n",
		"network:\n\tethernets: {eth0: {mtu: 1400}}\n"};
	enum { DEEP = 200 * 1024, LARGE = 300 * 1024 };
	_cleanup_free char *large = malloc(LARGE + 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		tree_write(&tree, NETPLAN, texts[i]);
		assert_none();
	}
	/* What stands before an error counts. */
	tree_write(&tree, NETPLAN, HEAD "    eth0:\n      mtu: 1400\n]\n");
	assert_one(NETPLAN ":5", "netplan sets MTU 1400 on eth0");
	/* Deeper than anything of interest, and back. */
	tree_write(&tree, NETPLAN,
		   "{network: {ethernets: {eth1: {a: {b: {c: {d: [[{e: {f: [[g]]}}]]}}}},"
		   " eth0: {mtu: 1400}}}}");
	assert_one(NETPLAN ":1", "netplan sets MTU 1400 on eth0");
	assert_non_null(large);
	memset(large, '[', LARGE);
	large[DEEP] = '\0';
	tree_write(&tree, NETPLAN, large);
	assert_none();
	memset(large, '#', LARGE);
	large[LARGE] = '\0';
	memcpy(large, "{network: {ethernets: {eth0: {mtu: 1400}}}}\n", 44);
	tree_write(&tree, NETPLAN, large);
	assert_none();
	assert_int_equal(remove(tree_path(&tree, NETPLAN)), 0);
	tree_mkdir(&tree, NETPLAN);
	assert_none();
}

static void netplans_files_are_told_when_nobody_can_read_them(void **state)
{
	(void)state;
	tree_write(&tree, NETPLAN, HEAD "    eth0:\n      mtu: 1450\n");
	tree.sys.helper = "/nonexistent/nodefit-net";
	assert_one(
		NETPLAN ":1",
		"netplan may set an MTU: its file can't be read without the program nodefit-net");
	tree.sys.helper = "/bin/false";
	assert_one(NETPLAN ":1", "netplan may set an MTU: its file can't be read");
}

/* It reads what is hostile, and may have been taken over. */
static void what_nodefit_net_prints_is_not_trusted(void **state)
{
	static const char *const prints[] = {
		"",
		"\\n\\n\\t\\n\\t\\t\\t\\t\\t\\n",
		"network ethernets eth0 mtu 1400\\n",
		"5\\tnetwork\\tethernets\\teth0\\tmtu\\n",
		"5\\tnetwork\\tethernets\\teth0\\tmtu\\t1400\\tx\\n",
		"5\\tnetwork\\tethernets\\teth0\\ta\\tb\\tc\\td\\te\\tmtu\\t1400\\n",
		"5\\tnetwork\\tethernets\\t%0300d\\tmtu\\t1400\\n",
		"5\\tnetwork\\tethernets\\teth0\\tmtu\\t1400%0300d\\n",
		"\\0005\\tnetwork\\tethernets\\teth0\\tmtu\\t1400\\n",
	};
	char script[128], text[512];

	(void)state;
	tree_write(&tree, NETPLAN, HEAD);
	snprintf(script, sizeof(script), "%s/script", tree.dir);
	tree.sys.helper = script;
	for (size_t i = 0; i < ARRAY_LEN(prints); i++) {
		snprintf(text, sizeof(text), "#!/bin/sh\nprintf '%s' 1\n", prints[i]);
		tree_write(&tree, "/script", text);
		assert_int_equal(chmod(script, 0755), 0);
		assert_none();
	}
	/* A line that is as it should be counts, whatever stands around it. */
	tree_write(&tree, "/script",
		   "#!/bin/sh\nprintf 'x\\n-7\\ta\\n"
		   "5\\tnetwork\\tethernets\\teth0\\tmatch\\tname\\tlo\\tx\\n"
		   "6\\tnetwork\\tethernets\\teth0\\tmtu\\t1400'\n");
	assert_one(NETPLAN ":6", "netplan sets MTU 1400 on eth0");
}

/* --- systemd --- */

static void networkds_file_that_fits_first(void **state)
{
	(void)state;
	tree_write(&tree, NETWORK, "[Match]\nName=eth*\n\n[Link]\nMTUBytes=1400\n");
	assert_one(NETWORK ":5", "systemd-networkd sets MTU 1400 on eth0");
	tree_write(&tree, "/run/systemd/network/05-x.network",
		   "[Match]\nMACAddress=52-54-00-12-34-56\n[Network]\nDHCP=yes\n");
	assert_none(); /* it hides the other, and asks for no MTU */
	tree_write(&tree, "/etc/systemd/network/05-x.network.d/1.conf", "[DHCPv4]\nUseMTU=true\n");
	assert_one("/etc/systemd/network/05-x.network.d/1.conf:2",
		   "systemd-networkd takes eth0's MTU from DHCP");
	tree_write(&tree, "/run/systemd/network/05-x.network",
		   "[Match]\nName=!eth0\n[Link]\nMTUBytes=1300\n");
	assert_one(NETWORK ":5", "systemd-networkd sets MTU 1400 on eth0");
	tree_write(&tree, "/run/systemd/network/05-x.network",
		   "[Match]\nName=eth0\nDriver=x\n[Link]\nMTUBytes=2K\n");
	find(MAC);
	assert_int_equal(words.n, 2);
	assert_contains(words.v[0], "05-x.network:5: systemd-networkd may set MTU 2048 on eth0");
	assert_contains(words.v[1], "10-eth0.network:5: systemd-networkd may set MTU 1400");
}

static void a_link_that_networkd_leaves_alone(void **state)
{
	(void)state;
	tree_write(&tree, NETWORK, "[Match]\nName=eth0\n[Link]\nUnmanaged=yes\nMTUBytes=1400\n");
	assert_none();
	tree_write(&tree, NETWORK, "[Match]\nMACAddress=525400123456\n[Link]\nMTUBytes=1400\n");
	assert_one(NETWORK ":4", "systemd-networkd sets MTU 1400 on eth0");
}

static void odd_network_files_do_no_harm(void **state)
{
	static const char *const texts[] = {
		"MTUBytes=1400\n",
		"[Match]\nName=eth0\n[Link\nMTUBytes=1400\n",
		"[Match]\nName=eth0\n[Link]\nMTUBytes=\n",
		"[Match]\nName=eth0\n[Link]\nMTUBytes=K\n",
		"[Match]\nName=eth0\n[Link]\nMTUBytes=-5\n",
		"[Match]\nName=eth0\n[Link]\nMTUBytes=99999999999999999999G\n",
		"[Match]\nName=\n[Match]\nName=lo\n[Link]\nMTUBytes=1400\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		tree_write(&tree, NETWORK, texts[i]);
		assert_none();
	}
}

static void udevs_governing_file(void **state)
{
	static const char file[] = "/etc/systemd/network/10-x.link";

	(void)state;
	tree_write(&tree, "/sys/class/net/eth0/ifindex", "2\n");
	tree_write(&tree, "/run/udev/data/n2",
		   "E:ID_NET_LINK_FILE=/etc/systemd/network/10-x.link\n");
	tree_write(&tree, file, "[Match]\nOriginalName=eth0\n[Link]\nMTUBytes=1400\n");
	assert_one("/etc/systemd/network/10-x.link:4", "udev sets MTU 1400 on eth0");
	/* What comes before it at the next boot is nodefit's. */
	tree_write(&tree, "/etc/systemd/network/09-nodefit-eth0.link", "# Written by nodefit\n");
	assert_none();
	assert_int_equal(sys_remove(&tree.sys, "/etc/systemd/network", "09-nodefit-eth0.link"), 0);
	/* nodefit's own drop-in has the last word, whatever it says. */
	tree_write(&tree, "/etc/systemd/network/10-x.link.d/95-nodefit.conf",
		   "# Written by nodefit\n[Link]\nMTUBytes=1300\n");
	assert_none();
	tree_write(&tree, "/etc/systemd/network/10-x.link.d/99-site.conf",
		   "[Link]\nMTUBytes=1350\n");
	assert_one("/etc/systemd/network/10-x.link.d/99-site.conf:2", "udev sets MTU 1350 on eth0");
}

/* --- NetworkManager and the network scripts --- */

static void a_keyfile_of_networkmanager(void **state)
{
	static const char file[] = "/etc/NetworkManager/system-connections/a.nmconnection";
	static const char low[] = "/usr/lib/NetworkManager/system-connections/a.nmconnection";

	(void)state;
	tree_write(
		&tree, file,
		"[connection]\nid=a\ntype=ethernet\ninterface-name=eth0\n[ethernet]\nmtu=1400\n");
	tree_write(&tree, low, "[connection]\ninterface-name=eth0\n[ethernet]\nmtu=1300\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_string_equal(
		words.v[0],
		"/etc/NetworkManager/system-connections/a.nmconnection:6: NetworkManager sets MTU "
		"1400 on eth0");
	tree_write(&tree, file, "[connection]\ntype=ethernet\n[802-3-ethernet]\nmtu=1400\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_contains(words.v[0], ":4: NetworkManager may set MTU 1400 on eth0");
	tree_write(&tree, file, "[ethernet]\nmac-address=" MAC "\nmtu=0\n[ipv4]\nmethod=auto\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_contains(words.v[0], ":5: NetworkManager may take eth0's MTU from DHCP");
	tree_write(&tree, file, "[connection]\ntype=wifi\n[ethernet]\nmtu=1400\n");
	assert_none();
	tree_write(&tree, file, "[connection]\ninterface-name=eth1\n[ethernet]\nmtu=1400\n");
	assert_none();
}

static void an_ifcfg_file(void **state)
{
	static const char file[] = "/etc/sysconfig/network-scripts/ifcfg-eth0";

	(void)state;
	tree_write(&tree, file, "DEVICE=\"eth0\"\n# MTU=1300\nMTU='1400' # low\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_string_equal(words.v[0], "/etc/sysconfig/network-scripts/ifcfg-eth0:3: the network "
					"script sets MTU 1400 on eth0");
	tree_write(&tree, file, "BOOTPROTO=dhcp\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_contains(words.v[0], ":1: the network script may take eth0's MTU from DHCP");
	tree_write(&tree, file, "DEVICE=eth1\nMTU=1400\n");
	assert_none();
	tree_write(&tree, file, "HWADDR=52:54:00:00:00:01\nMTU=1400\n");
	assert_none();
	tree_write(&tree, file, "MTU=\"\nMTU='\nMTU=x\nMTU=1400000000000000000000000000000000\n");
	assert_none();
}

static void what_nobody_reads_or_uses_by_itself(void **state)
{
	static const char old[] = "/etc/NetworkManager/system-connections/Wired connection 1";
	static const char left[] = "/etc/sysconfig/network-scripts/ifcfg-eth0.rpmsave";

	(void)state;
	tree_write(&tree, left, "DEVICE=eth0\nMTU=1400\n");
	assert_none();
	tree_write(&tree, "/etc/NetworkManager/system-connections/a.nmconnection~",
		   "[connection]\ninterface-name=eth0\n[ethernet]\nmtu=1400\n");
	assert_none();
	/* In /etc no suffix is needed. */
	tree_write(&tree, old, "[connection]\ninterface-name=eth0\n[ethernet]\nmtu=1400\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_contains(words.v[0], "Wired connection 1:4: NetworkManager sets MTU 1400 on eth0");
	tree_write(&tree, old,
		   "[connection]\ninterface-name=eth0\nautoconnect=false\n[ethernet]\nmtu=1400\n");
	find(MAC);
	assert_int_equal(words.n, 1);
	assert_contains(words.v[0], "NetworkManager may set MTU 1400 on eth0");
}

/* --- ifupdown and the DHCP clients --- */

static void ifupdowns_stanzas_and_commands(void **state)
{
	(void)state;
	tree_write(&tree, IFUP,
		   "auto eth0\niface eth0 inet static\n\taddress 192.0.2.1/24\n\tmtu 1400\n"
		   "iface eth1 inet static\n  mtu 1300\n");
	assert_one(IFUP ":4", "ifupdown sets MTU 1400 on eth0");
	tree_write(&tree, IFUP,
		   "iface eth0 inet manual\n  up ip link set dev $IFACE mtu 1400\n"
		   "iface eth1 inet manual\n  up ip link set $IFACE mtu 1300\n");
	assert_one(IFUP ":2", "an ifupdown command sets MTU 1400 on eth0");
	tree_write(&tree, IFUP, "source /etc/network/interfaces.d/*\n");
	tree_write(&tree, "/etc/network/interfaces.d/50-cloud-init",
		   "iface eth0 inet static\n mtu 1400\n");
	assert_one("/etc/network/interfaces.d/50-cloud-init:2", "ifupdown sets MTU 1400 on eth0");
	tree_write(&tree, IFUP, "source interfaces.d/*\nsource-directory interfaces.d\n");
	assert_one("/etc/network/interfaces.d/50-cloud-init:2", "ifupdown sets MTU 1400 on eth0");
	tree_write(&tree, IFUP,
		   "iface eth0 inet manual\n up echo 1400 > /sys/class/net/eth0/mtu\n"
		   " down ip link set eth0 mtu 1500\n");
	assert_one(IFUP ":2", "an ifupdown command sets MTU 1400 on eth0");
}

static void files_that_source_themselves_end(void **state)
{
	(void)state;
	tree_write(&tree, IFUP, "source /etc/network/interfaces\nsource-directory /etc/network\n");
	assert_none();
	/* Each file is read once, however often it is named. */
	tree_write(&tree, IFUP,
		   "iface eth0 inet static\n mtu 1400\nsource /etc/network/interfaces\n"
		   "source /etc/network/interfaces\n");
	assert_one(IFUP ":2", "ifupdown sets MTU 1400 on eth0");
	tree_write(&tree, IFUP, "iface\niface eth0\nmtu\nmtu x\nup\nup mtu\nup eth0 mtu\nsource\n");
	assert_none();
}

static void dhclient_is_told_where_ifupdown_starts_it(void **state)
{
	static const char conf[] = "/etc/dhcp/dhclient.conf";

	(void)state;
	tree_write(&tree, conf, "request subnet-mask,\n\trouters, interface-mtu;\n");
	assert_none(); /* nobody starts it */
	tree_write(&tree, IFUP, "iface eth0 inet dhcp\n");
	assert_one("/etc/dhcp/dhclient.conf:2", "dhclient, which ifupdown starts for eth0 (" IFUP
						":1), takes the MTU from DHCP");
	tree_write(&tree, conf, "request routers;\nsupersede interface-mtu 1400;\n");
	assert_one("/etc/dhcp/dhclient.conf:2", "dhclient sets MTU 1400 on eth0");
	tree_write(&tree, conf, "supersede interface-mtu\n;;;request\n");
	assert_none();
	tree_write(&tree, conf, "default interface-mtu 1400;\n");
	assert_one("/etc/dhcp/dhclient.conf:1", "dhclient may set MTU 1400 on eth0");
	tree_write(&tree, conf, "interface \"eth1\" {\n  supersede interface-mtu 1400;\n}\n");
	assert_none();
	tree_write(&tree, conf,
		   "interface \"eth1\" { request routers; }\n"
		   "interface \"eth0\" {\n  supersede interface-mtu 1400;\n}\n");
	assert_one("/etc/dhcp/dhclient.conf:3", "dhclient sets MTU 1400 on eth0");
}

static void dhcpcd_by_its_interfaces(void **state)
{
	static const char conf[] = "/etc/dhcpcd.conf";

	(void)state;
	tree_write(&tree, conf, "hostname\noption interface_mtu\n");
	assert_one("/etc/dhcpcd.conf:2", "dhcpcd, where it runs, may take eth0's MTU from DHCP");
	tree_write(&tree, conf, "option interface_mtu\ninterface eth0\nnooption interface_mtu\n");
	assert_none();
	tree_write(&tree, conf, "option interface_mtu\ninterface eth*\nnooption interface_mtu\n");
	assert_none();
	tree_write(&tree, conf, "interface eth0\nstatic interface_mtu=1400\n");
	assert_one("/etc/dhcpcd.conf:2", "dhcpcd, where it runs, sets MTU 1400 on eth0");
	tree_write(&tree, conf, "denyinterfaces veth* eth0\noption interface_mtu\n");
	assert_none();
	tree_write(&tree, conf, "allowinterfaces eth1\noption interface_mtu\n");
	assert_none();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_set_up_helped, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(netplan_says_it_in_block_and_flow),
		TEST(netplans_match_and_set_name),
		TEST(netplans_dhcp_brings_an_mtu_unless_told_not_to),
		TEST(netplans_files_are_merged_in_order),
		TEST(netplans_files_are_told_when_nobody_can_read_them),
		TEST(what_nodefit_net_prints_is_not_trusted),
		TEST(hostile_yaml_does_no_harm),
		TEST(networkds_file_that_fits_first),
		TEST(a_link_that_networkd_leaves_alone),
		TEST(odd_network_files_do_no_harm),
		TEST(udevs_governing_file),
		TEST(a_keyfile_of_networkmanager),
		TEST(an_ifcfg_file),
		TEST(what_nobody_reads_or_uses_by_itself),
		TEST(ifupdowns_stanzas_and_commands),
		TEST(files_that_source_themselves_end),
		TEST(dhclient_is_told_where_ifupdown_starts_it),
		TEST(dhcpcd_by_its_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
