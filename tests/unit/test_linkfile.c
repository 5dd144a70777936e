/* SPDX-License-Identifier: Apache-2.0 */
/* .link files. With arguments (write IFNAME IFINDEX MAC|- NAME=VALUE...) it writes for real
 * instead: tests/kernel/test_linkfile.sh does that in namespaces of its own. */
#include "linkfile.h"

#include "helpers.h"

#define NET     "/etc/systemd/network/"
#define LIB     "/usr/lib/systemd/network/"
#define OWN     NET "98-nodefit-eth0.link"
#define DEFAULT LIB "99-default.link"
#define MAC     "52:54:00:12:34:56"
#define HEAD                                                                                       \
	"# Written by nodefit from the profile test: edits are lost at the next\n"                 \
	"# `nodefit apply --persist`; `nodefit rollback --persist` removes it.\n"
#define COPY(base)                                                                                 \
	"# In place of: " base "\n"                                                                \
	"# The same [Match], narrowed to this device; the rest is a copy with what nodefit\n"      \
	"# sets at the end.\n"

static struct tree tree;
static char *path, *why;
static const struct link_setting mtu = {"MTUBytes", "1450"};

/* eth0 (2) and a veth (3) are governed by 99-default.link. */
static int set_up(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	tree_write(&tree, DEFAULT,
		   "# the distribution's\n[Match]\nOriginalName=*\n\n[Link]\n"
		   "NamePolicy=keep kernel \\\n# within\n  path\nMACAddressPolicy=persistent\n");
	tree_write(&tree, "/run/udev/data/n2",
		   "I:1\nE:ID_NET_DRIVER=virtio_net\nE:ID_PATH=pci-0000:00:03.0\n"
		   "E:ID_NET_LINK_FILE=" DEFAULT "\nE:ID_NET_NAME=eth0\nG:systemd\n");
	tree_write(&tree, "/run/udev/data/n3",
		   "E:ID_NET_DRIVER=veth\nE:ID_NET_LINK_FILE=" DEFAULT "\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_close(&tree);
	free(TAKE(path));
	free(TAKE(why));
	return 0;
}

static void database(const char *file, const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), "E:ID_NET_LINK_FILE=%s\n%s", file, more);
	tree_write(&tree, "/run/udev/data/n2", text);
}

static bool present(void)
{
	struct strings paths = {0};
	bool any;

	assert_int_equal(linkfile_ours(&tree.sys, &paths), 0);
	any = paths.n;
	strings_clear(&paths);
	return any;
}

static int write_mtu(const char *mac)
{
	int r;

	free(TAKE(path));
	free(TAKE(why));
	r = linkfile_write(&tree.sys, "eth0", 2, mac, &mtu, 1, "test", &path, &why);
	if (r < 0) {
		_cleanup_free char *other = NULL, *nowhere = NULL;

		/* The check says the same, with the same words. */
		assert_int_equal(
			linkfile_check(&tree.sys, "eth0", 2, mac, &mtu, 1, &nowhere, &other), r);
		assert_string_equal(why, other);
		assert_null(path);
	}
	return r;
}

static void assert_refused(const char *mac, int code, const char *words)
{
	assert_int_equal(write_mtu(mac), code);
	assert_contains(why, words);
	assert_false(present());
}

static void a_file_for_all_devices_gets_a_neighbour_for_one(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(linkfile_check(&tree.sys, "eth0", 2, MAC, &mtu, 1, &path, &why), 0);
	assert_string_equal(path, OWN);
	assert_false(tree_has(&tree, OWN));
	assert_int_equal(write_mtu(MAC), 0);
	assert_string_equal(path, OWN);
	assert_tree_holds(&tree, OWN,
			  HEAD COPY("99-default.link") "[Match]\nOriginalName=*\n"
						       "PermanentMACAddress=" MAC "\n"
						       "Path=pci-0000:00:03.0\n\n"
						       "[Link]\nNamePolicy=keep kernel    path\n"
						       "MACAddressPolicy=persistent\n\n"
						       "[Link]\nMTUBytes=1450\n");
	assert_int_equal(sys_stat(&tree.sys, OWN, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_true(present());
}

static void what_it_says_already_is_not_written_again(void **state)
{
	struct stat first, second;

	(void)state;
	assert_int_equal(write_mtu(MAC), 0);
	assert_int_equal(sys_stat(&tree.sys, OWN, &first), 0);
	assert_int_equal(write_mtu(MAC), 0);
	assert_int_equal(sys_stat(&tree.sys, OWN, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
}

static void a_file_for_one_device_gets_a_drop_in(void **state)
{
	static const char *const specific[] = {
		"PermanentMACAddress=" MAC "\n",
		"MACAddress=" MAC "\nDriver=virtio_net\n",
		"Path=pci-0000:00:03.0\n",
		"OriginalName=x y\nOriginalName=\nOriginalName=eth0\n",
	};

	(void)state;
	database("/run/systemd/network/10-netplan-eth0.link", "");
	for (size_t i = 0; i < ARRAY_LEN(specific); i++) {
		char text[256];

		snprintf(text, sizeof(text), "[Match]\n%s[Link]\nWakeOnLan=off\n", specific[i]);
		tree_write(&tree, "/run/systemd/network/10-netplan-eth0.link", text);
		assert_int_equal(write_mtu(NULL), 0);
		assert_string_equal(path, NET "10-netplan-eth0.link.d/95-nodefit.conf");
		assert_tree_holds(&tree, path, HEAD "[Link]\nMTUBytes=1450\n");
		assert_true(present());
	}
}

static void what_is_not_surely_one_device_gets_no_drop_in(void **state)
{
	static const char *const loose[] = {
		"MACAddress=" MAC "\n", /* its VLANs have it too */
		"MACAddress=" MAC " 52:54:00:12:34:57\nDriver=virtio_net\n",
		"Path=pci-*\n",
		"Path=pci-0000:00:03.0\nPath=pci-0000:00:04.0\n",
		"OriginalName=!eth1\n",
		"Driver=virtio_net\n",
	};

	(void)state;
	database(NET "50-nic.link", "E:ID_PATH=pci-0000:00:03.0\n");
	for (size_t i = 0; i < ARRAY_LEN(loose); i++) {
		char text[256];

		snprintf(text, sizeof(text), "[Match]\n%s[Link]\nName=eth0\n", loose[i]);
		tree_write(&tree, NET "50-nic.link", text);
		assert_int_equal(write_mtu(MAC), 0);
		assert_string_equal(path, NET "49-nodefit-eth0.link");
	}
}

static void a_file_that_governs_another_device_too_gets_no_drop_in(void **state)
{
	(void)state;
	tree_write(&tree, NET "50-nic.link", "[Match]\nPermanentMACAddress=" MAC "\n[Link]\n");
	database(NET "50-nic.link", "E:ID_PATH=pci-0000:00:03.0\n");
	tree_write(&tree, "/run/udev/data/n3", "E:ID_NET_LINK_FILE=" NET "50-nic.link\n");
	assert_int_equal(write_mtu(MAC), 0);
	assert_string_equal(path, NET "49-nodefit-eth0.link");
}

static void drop_ins_are_copied_in_systemds_order(void **state)
{
	(void)state;
	tree_write(&tree, "/run/systemd/network/99-default.link.d/20-b.conf",
		   "[Link]\nAlternativeName=b\n");
	tree_write(&tree, LIB "99-default.link.d/10-a.conf",
		   "[Match]\nDriver=virtio_net\nPath=pci-*\n[Link]\nAlternativeName=a\n");
	tree_write(&tree, LIB "99-default.link.d/20-b.conf", "[Link]\nAlternativeName=hidden\n");
	tree_write(&tree, LIB "99-default.link.d/30-c.conf", "[Link]\nAlternativeName=masked\n");
	tree_write(&tree, NET "99-default.link.d/30-c.conf", "");
	tree_write(&tree, NET "99-default.link.d/40-d.conf",
		   "[SR-IOV]\nVirtualFunction=0\n[SR-IOV]\nVirtualFunction=1\n[Link]\nAlias=x\n");
	assert_int_equal(write_mtu(MAC), 0);
	assert_tree_holds(&tree, OWN,
			  HEAD COPY("99-default.link") "[Match]\nOriginalName=*\n"
						       "Driver=virtio_net\n"
						       "PermanentMACAddress=" MAC "\n"
						       "Path=pci-0000:00:03.0\n\n"
						       "[Link]\nNamePolicy=keep kernel    path\n"
						       "MACAddressPolicy=persistent\n\n"
						       "[Link]\nAlternativeName=a\n\n"
						       "[Link]\nAlternativeName=b\n\n"
						       "[SR-IOV]\nVirtualFunction=0\n\n"
						       "[SR-IOV]\nVirtualFunction=1\n\n"
						       "[Link]\nAlias=x\n\n"
						       "[Link]\nMTUBytes=1450\n");
}

static void our_own_file_is_made_anew_from_what_it_stands_for(void **state)
{
	(void)state;
	assert_int_equal(write_mtu(MAC), 0);
	database(OWN, "E:ID_PATH=pci-0000:00:03.0\n");
	tree_write(&tree, DEFAULT, "[Match]\nOriginalName=*\n[Link]\nNamePolicy=slot\n");
	assert_int_equal(write_mtu(MAC), 0);
	assert_string_equal(path, OWN);
	assert_tree_holds(&tree, OWN,
			  HEAD COPY("99-default.link") "[Match]\nOriginalName=*\n"
						       "PermanentMACAddress=" MAC "\n"
						       "Path=pci-0000:00:03.0\n\n"
						       "[Link]\nNamePolicy=slot\n\n"
						       "[Link]\nMTUBytes=1450\n");
	/* Taken away, and wanted again before a reboot. */
	assert_int_equal(sys_remove(&tree.sys, NET, "98-nodefit-eth0.link"), 0);
	assert_int_equal(write_mtu(MAC), 0);
	assert_string_equal(path, OWN);
}

static void what_governs_after_our_file_is_gone_must_be_plain(void **state)
{
	(void)state;
	database(OWN, "E:ID_PATH=pci-0000:00:03.0\n");
	tree_write(&tree, LIB "98-other.link", "[Match]\nDriver=virtio_net\n[Link]\n");
	assert_refused(MAC, -ESTALE, OWN " governed eth0 and is gone: reboot first");
}

static void a_device_that_was_renamed_loses_its_old_file(void **state)
{
	struct link_setting rx = {"RxBufferSize", "max"};

	(void)state;
	assert_int_equal(write_mtu(MAC), 0);
	database(OWN, "E:ID_PATH=pci-0000:00:03.0\n");
	free(TAKE(path));
	assert_int_equal(linkfile_write(&tree.sys, "ens3", 2, MAC, &rx, 1, "test", &path, &why), 0);
	assert_string_equal(path, NET "98-nodefit-ens3.link");
	assert_false(tree_has(&tree, OWN));
}

static void our_name_sorts_before_the_governing_one(void **state)
{
	static const struct {
		const char *governing, *own;
	} names[] = {
		{"73-usb-net-by-mac.link", "72-nodefit-eth0.link"},
		{"10-all.link", "09-nodefit-eth0.link"},
		{"100-all.link", "099-nodefit-eth0.link"},
		{"all.link", "99-nodefit-eth0.link"},
		{"00-z.link", "00-nodefit-eth0.link"},
		{"00-a.link", "0-nodefit-eth0.link"},
		{"0-a.link", NULL},
		{"+.link", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char file[128];

		snprintf(file, sizeof(file), LIB "%s", names[i].governing);
		tree_write(&tree, file, "[Match]\nOriginalName=*\n[Link]\n");
		database(file, "E:ID_PATH=pci-0000:00:03.0\n");
		if (names[i].own) {
			assert_int_equal(write_mtu(MAC), 0);
			assert_string_equal(path + strlen(NET), names[i].own);
			assert_true(strcmp(names[i].own, names[i].governing) < 0);
			assert_int_equal(linkfile_remove(&tree.sys, path), 0);
		} else {
			assert_refused(MAC, -ENOTSUP, "sorts before");
		}
	}
}

static void a_device_that_nothing_names_alone_is_refused(void **state)
{
	(void)state;
	database(DEFAULT, "");
	assert_refused(NULL, -ENOTUNIQ, "no permanent address and no ID_PATH");
	assert_refused(MAC, -ENOTUNIQ, "no ID_NET_DRIVER");
	database(DEFAULT, "E:ID_PATH=pci-0000:00:03.0\n");
	assert_int_equal(write_mtu(NULL), 0);
	assert_int_equal(sys_remove(&tree.sys, NET, "98-nodefit-eth0.link"), 0);
	tree_write(&tree, "/run/udev/data/n3", "E:ID_PATH=pci-0000:00:03.0\n");
	assert_refused(NULL, -ENOTUNIQ, "(/run/udev/data/n3) has the same ID_PATH");
	assert_int_equal(write_mtu(MAC), 0);
}

static void without_a_path_the_driver_keeps_stacked_devices_out(void **state)
{
	_cleanup_free char *text = NULL;

	(void)state;
	database(DEFAULT, "E:ID_NET_DRIVER=netvsc\nE:ID_PATH=odd*path\n");
	assert_int_equal(write_mtu(MAC), 0);
	text = read_at(tree_path(&tree, OWN));
	assert_contains(text, "PermanentMACAddress=" MAC "\nDriver=netvsc\n");
}

static void without_udevs_word_nothing_is_written(void **state)
{
	(void)state;
	tree_write(&tree, "/run/udev/data/n2", "E:ID_PATH=pci-0000:00:03.0\nE:ID_NET_LINK_FILE\n");
	assert_refused(MAC, -ENOENT, "does not say which .link file governs eth0");
	assert_int_equal(sys_remove(&tree.sys, "/run/udev/data", "n2"), 0);
	assert_refused(MAC, -ENOENT, "/run/udev/data/n2");
}

static void files_that_have_changed_since_boot_are_refused(void **state)
{
	(void)state;
	tree_write(&tree, NET "99-default.link", "[Match]\nOriginalName=*\n[Link]\n");
	assert_refused(MAC, -ESTALE, "replaced by " NET "99-default.link: reboot first");
	tree_write(&tree, NET "99-default.link", "");
	assert_refused(MAC, -ESTALE, "taken away");
}

static void the_two_names_of_usr_are_one(void **state)
{
	(void)state;
	database("/lib/systemd/network/99-default.link", "E:ID_PATH=pci-0000:00:03.0\n");
	assert_int_equal(write_mtu(MAC), 0);
}

static void a_foreign_file_of_our_name_is_left_alone(void **state)
{
	struct strings removed = {0};

	(void)state;
	tree_write(&tree, OWN, "[Match]\nOriginalName=*\n");
	assert_refused(MAC, -EEXIST, OWN " was not written by nodefit");
	free(TAKE(why));
	tree_write(&tree, NET "98-nodefit-a.link", HEAD);
	assert_int_equal(linkfile_remove_all(&tree.sys, false, &removed, &why), -EEXIST);
	assert_contains(why, OWN " was not written by nodefit");
	assert_true(tree_has(&tree, NET "98-nodefit-a.link"));
	assert_int_equal(linkfile_remove_all(&tree.sys, true, &removed, &why), 0);
	assert_int_equal(removed.n, 2);
	assert_false(tree_has(&tree, OWN));
	strings_clear(&removed);
}

static void all_of_ours_is_removed_and_nothing_else(void **state)
{
	struct strings removed = {0};

	(void)state;
	assert_int_equal(linkfile_remove_all(&tree.sys, false, &removed, &why), 0);
	assert_int_equal(removed.n, 0);
	tree_write(&tree, NET "98-nodefit-eth0.link", HEAD);
	tree_write(&tree, NET "10-a.link.d/95-nodefit.conf", HEAD);
	tree_write(&tree, NET "11-b.link.d/95-nodefit.conf", HEAD);
	tree_write(&tree, NET "11-b.link.d/96-admin.conf", "[Link]\n");
	tree_write(&tree, NET "20-admin.link", "[Match]\n");
	assert_int_equal(linkfile_remove_all(&tree.sys, false, &removed, &why), 0);
	assert_int_equal(removed.n, 3);
	assert_string_equal(removed.v[0], NET "10-a.link.d/95-nodefit.conf");
	assert_false(tree_has(&tree, NET "10-a.link.d"));
	assert_true(tree_has(&tree, NET "11-b.link.d/96-admin.conf"));
	assert_true(tree_has(&tree, NET "20-admin.link"));
	assert_false(present());
	strings_clear(&removed);
}

static void a_later_drop_in_that_disagrees_is_named(void **state)
{
	(void)state;
	tree_write(&tree, NET "10-a.link", "[Match]\nOriginalName=eth0\n[Link]\nMTUBytes=1500\n");
	tree_write(&tree, NET "10-a.link.d/96-z.conf", "[Link]\nMTUBytes=1450\n");
	tree_write(&tree, NET "10-a.link.d/97-z.conf", "[Link]\nMTUBytes=9000\n");
	database(NET "10-a.link", "");
	assert_refused(NULL, -EBUSY, "10-a.link.d/97-z.conf:2 sets MTUBytes=9000 after our");
	tree_write(&tree, NET "10-a.link.d/97-z.conf", "[Link]\nMTUBytes=1450\n");
	assert_int_equal(write_mtu(NULL), 0);
}

static void odd_bytes_are_refused_with_their_line(void **state)
{
	static char text[UINT16_MAX];

	(void)state;
	tree_write(&tree, DEFAULT, "[Match]\nOriginalName=*\n[Link]\nAlias=a\001b\n");
	assert_refused(MAC, -EBADMSG, DEFAULT ":4: a control character");
	tree_write(&tree, DEFAULT, "[Match]\nOriginalName=*\n[Link\n");
	assert_refused(MAC, -EBADMSG, DEFAULT ":3: not a section header");
	snprintf(text, sizeof(text), "[Match]\nOriginalName=*\n[Link]\nAlias=%*d\n", 5000, 1);
	tree_write(&tree, DEFAULT, text);
	assert_refused(MAC, -EBADMSG, DEFAULT ":4: the line is too long");
	snprintf(text, sizeof(text), "[Match]\nOriginalName=*\n[Link]\nAlias=%*d\\\n%*d\n", 4000, 1,
		 4000, 1);
	tree_write(&tree, DEFAULT, text);
	assert_refused(MAC, -EBADMSG, DEFAULT ":5: the line is too long");
	/* It joins no lines there; behind a copied "Alias=a\" the next line would be its end. */
	tree_write(&tree, DEFAULT, "[Match]\nOriginalName=*\n[Link]\nAlias=a\\ \n");
	assert_refused(MAC, -EBADMSG, DEFAULT ":4: a backslash at the end");
	/* Bytes above ASCII are copied; lines that systemd passes over are not. */
	tree_write(&tree, DEFAULT,
		   "\xef\xbb\xbf[Match]\r\nOriginalName=*\r\n[Link]\r\nAlias=\xc3\xa4\xff\r\n"
		   "junk\n=junk\nName=x\\");
	assert_int_equal(write_mtu(MAC), 0);
	free(TAKE(path));
	path = read_at(tree_path(&tree, OWN));
	assert_contains(path, "[Link]\nAlias=\xc3\xa4\xff\nName=x\n\n[Link]\n");
}

static void nothing_that_could_break_the_file_is_taken(void **state)
{
	static const struct {
		const char *ifname, *mac, *name, *value, *profile, *words;
	} bad[] = {
		{"../x", MAC, "MTUBytes", "1", "test", "can't stand in a file's name"},
		{".x", MAC, "MTUBytes", "1", "test", "can't stand in a file's name"},
		{"", MAC, "MTUBytes", "1", "test", "can't stand in a file's name"},
		{"eth0", "52:54:00:12:34", "MTUBytes", "1", "test", "is no Ethernet address"},
		{"eth0", "", "MTUBytes", "1", "test", "names nothing"},
		{"eth0", "00:00:00:00:00:00", "MTUBytes", "1", "test", "names nothing"},
		{"eth0", MAC, "Name", "x", "test", "has no setting \"Name\""},
		{"eth0", MAC, "MTUBytes", "1\n[Link]", "test", "is no value for MTUBytes="},
		{"eth0", MAC, "MTUBytes", "", "test", "is no value for MTUBytes="},
		{"eth0", MAC, "MTUBytes", "1", "a\nb", "can't stand in a comment"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct link_setting s = {bad[i].name, bad[i].value};

		assert_int_equal(linkfile_write(&tree.sys, bad[i].ifname, 2, bad[i].mac, &s, 1,
						bad[i].profile, &path, &why),
				 -EINVAL);
		assert_contains(why, bad[i].words);
		free(TAKE(why));
	}
	assert_int_equal(linkfile_write(&tree.sys, "eth0", 2, MAC, NULL, 0, "test", &path, &why),
			 -EINVAL);
	assert_false(present());
}

static int write_for_real(int argc, char **argv)
{
	struct link_setting settings[16];
	struct sys sys;
	size_t n = 0;
	int r = argc < 6 ? -EINVAL : sys_init(&sys, NULL);

	for (int i = 5; i < argc && r == 0 && n < ARRAY_LEN(settings); i++) {
		char *equals = strchr(argv[i], '=');

		*equals = '\0';
		settings[n++] = (struct link_setting){argv[i], equals + 1};
	}
	if (r == 0)
		r = linkfile_write(&sys, argv[2], (unsigned)strtoul(argv[3], NULL, 10),
				   strcmp(argv[4], "-") == 0 ? NULL : argv[4], settings, n, "test",
				   &path, &why);
	puts(r == 0 ? path : why ? why : strerror(-r));
	free(path);
	free(why);
	return r == 0 ? 0 : 1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_for_all_devices_gets_a_neighbour_for_one),
		TEST(what_it_says_already_is_not_written_again),
		TEST(a_file_for_one_device_gets_a_drop_in),
		TEST(what_is_not_surely_one_device_gets_no_drop_in),
		TEST(a_file_that_governs_another_device_too_gets_no_drop_in),
		TEST(drop_ins_are_copied_in_systemds_order),
		TEST(our_own_file_is_made_anew_from_what_it_stands_for),
		TEST(what_governs_after_our_file_is_gone_must_be_plain),
		TEST(a_device_that_was_renamed_loses_its_old_file),
		TEST(our_name_sorts_before_the_governing_one),
		TEST(a_device_that_nothing_names_alone_is_refused),
		TEST(without_a_path_the_driver_keeps_stacked_devices_out),
		TEST(without_udevs_word_nothing_is_written),
		TEST(files_that_have_changed_since_boot_are_refused),
		TEST(the_two_names_of_usr_are_one),
		TEST(a_foreign_file_of_our_name_is_left_alone),
		TEST(all_of_ours_is_removed_and_nothing_else),
		TEST(a_later_drop_in_that_disagrees_is_named),
		TEST(odd_bytes_are_refused_with_their_line),
		TEST(nothing_that_could_break_the_file_is_taken),
	};

	if (argc > 1 && strcmp(argv[1], "write") == 0)
		return write_for_real(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
