/* SPDX-License-Identifier: Apache-2.0 */
/* Who else sets an MTU: the first byte says whose file it is. Each place is a line of that file.
 * (netplan's are read by another program: fuzz_yaml.c.) */
#include "tree.h"

#include "mtuwriters.h"

static const char *const files[] = {
	"/etc/systemd/network/x.network",
	"/etc/systemd/network/x.link",
	"/etc/NetworkManager/system-connections/x.nmconnection",
	"/etc/sysconfig/network-scripts/ifcfg-eth0",
	"/etc/network/interfaces",
	"/etc/dhcp/dhclient.conf",
	"/etc/dhcpcd.conf",
};

/* The folders, and what leads to the files that others name. */
static void make_tree(void)
{
	static const char udev[] = "E:ID_NET_LINK_FILE=/etc/systemd/network/x.link\n";

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char folder[128];

		snprintf(folder, sizeof(folder), "%s", files[i]);
		*strrchr(folder, '/') = '\0';
		tree_mkdir(folder);
	}
	tree_mkdir("/sys/class/net/eth0");
	tree_write("/sys/class/net/eth0/ifindex", "2\n", 2);
	tree_mkdir("/run/udev/data");
	tree_write("/run/udev/data/n2", udev, strlen(udev));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char dhcp[] = "iface eth0 inet dhcp\n";
	static bool made;
	struct strings places = {0}, words = {0};
	size_t which = size ? *data % ARRAY_LEN(files) : 0;
	unsigned lines = 1;

	if (!made)
		make_tree();
	made = true;
	data += size > 0;
	size -= size > 0;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		tree_write(files[i], dhcp, i == 4 ? strlen(dhcp) : 0);
	tree_write(files[which], data, size);
	assert(mtu_writers_find(tree(), "eth0", "52:54:00:12:34:56", 1450, &places, &words) == 0);
	assert(places.n == words.n);
	for (size_t i = 0; i < places.n; i++) {
		size_t name = strlen(files[which]), place = strlen(places.v[i]);
		unsigned long line = strtoul(places.v[i] + name + 1, NULL, 10);

		assert(strncmp(places.v[i], files[which], name) == 0);
		assert(line >= 1 && line <= lines);
		assert(strncmp(words.v[i], places.v[i], place) == 0 && words.v[i][place] == ':');
	}
	strings_clear(&places);
	strings_clear(&words);
	return 0;
}
