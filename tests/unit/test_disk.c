/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include "helpers.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

static struct tree tree;

static int setup(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}

/* --- what can't stand for etcd's disk --- */

static void memory_network_and_layers_are_refused(void **state)
{
	static const struct {
		long magic;
		const char *part;
	} rows[] = {{0x01021994, "tmpfs is memory"},   {0x858458f6, "ramfs is memory"},
		    {0x794c7630, "overlay is"},        {0x6969, "NFS is a network"},
		    {0x00c36400, "CephFS is a"},       {0x517b, "SMB is a network"},
		    {0xff534d42, "CIFS is a network"}, {0xfe534d42, "SMB is a network"},
		    {0x5346414f, "AFS is a network"},  {0x01021997, "9p is a network"},
		    {0x65735546, "FUSE hides"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct statfs fs = {.f_type = rows[i].magic};

		assert_contains(disk_unsuitable(&fs), rows[i].part);
	}
}

static void disks_file_systems_are_suitable(void **state)
{
	/* ext4, xfs, btrfs, zfs, f2fs */
	static const long magics[] = {0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
		struct statfs fs = {.f_type = magics[i]};

		assert_null(disk_unsuitable(&fs));
	}
}

/* --- the disks at the bottom --- */

static void link_at(const char *path, const char *target)
{
	char folder[256];

	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	tree_mkdir(&tree, folder);
	assert_int_equal(symlink(target, tree_path(&tree, path)), 0);
}

/* sda with its partition sda1, and nvme0n1; dm-0 lies on both, md0 on dm-0. */
static void make_devices(void)
{
	tree_write(&tree, "/sys/devices/sda/dev", "8:0\n");
	tree_write(&tree, "/sys/devices/sda/queue/write_cache", "write back\n");
	tree_write(&tree, "/sys/devices/sda/device/model", "ACME   Disk 3000   \n");
	tree_write(&tree, "/sys/devices/sda/sda1/partition", "1\n");
	tree_write(&tree, "/sys/devices/sda/sda1/dev", "8:1\n");
	tree_write(&tree, "/sys/devices/nvme0n1/dev", "259:0\n");
	tree_write(&tree, "/sys/devices/dm-0/dev", "253:0\n");
	tree_write(&tree, "/sys/devices/md0/dev", "9:0\n");
	link_at("/sys/dev/block/8:0", "../../devices/sda");
	link_at("/sys/dev/block/8:1", "../../devices/sda/sda1");
	link_at("/sys/dev/block/259:0", "../../devices/nvme0n1");
	link_at("/sys/dev/block/253:0", "../../devices/dm-0");
	link_at("/sys/dev/block/9:0", "../../devices/md0");
	link_at("/sys/devices/dm-0/slaves/sda1", "../../sda/sda1");
	link_at("/sys/devices/dm-0/slaves/nvme0n1", "../../nvme0n1");
	link_at("/sys/devices/md0/slaves/dm-0", "../../dm-0");
	link_at("/sys/devices/md0/slaves/sda", "../../sda");
}

static bool lies_on(const struct disk *disk, dev_t dev)
{
	for (size_t i = 0; i < disk->n_base; i++)
		if (disk->base[i] == dev)
			return true;
	return false;
}

static void assert_bases(dev_t dev, size_t n, dev_t first, dev_t second)
{
	struct disk disk = {0};

	disk_bases(&tree.sys, dev, &disk);
	assert_int_equal(disk.n_base, n);
	assert_true(n < 1 || lies_on(&disk, first));
	assert_true(n < 2 || lies_on(&disk, second));
}

static void a_partition_lies_on_its_disk(void **state)
{
	(void)state;
	make_devices();
	assert_bases(makedev(8, 0), 1, makedev(8, 0), 0);
	assert_bases(makedev(8, 1), 1, makedev(8, 0), 0);
}

static void stacked_devices_lie_on_each_disk_once(void **state)
{
	(void)state;
	make_devices();
	assert_bases(makedev(253, 0), 2, makedev(259, 0), makedev(8, 0));
	assert_bases(makedev(9, 0), 2, makedev(259, 0), makedev(8, 0));
}

static void an_unknown_device_lies_on_nothing_known(void **state)
{
	(void)state;
	make_devices();
	assert_bases(makedev(8, 99), 0, 0, 0);
}

static void devices_that_lie_on_each_other_end_somewhere(void **state)
{
	(void)state;
	make_devices();
	link_at("/sys/devices/dm-0/slaves/md0", "../../md0");
	assert_bases(makedev(9, 0), 2, makedev(259, 0), makedev(8, 0));
}

/* --- an open folder --- */

static void a_folder_is_described_by_mount_device_and_disk(void **state)
{
	char link[64], path[64], text[512];
	struct disk disk;
	struct stat st;
	int fd;

	(void)state;
	make_devices();
	fd = open(tree.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	/* The folder's real device shall be sda1. */
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	if (!tree_has(&tree, link))
		link_at(link, "../../devices/sda/sda1");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	tree_write(&tree, path, "pos:\t0\nflags:\t02\nmnt_id:\t36\n");
	snprintf(text, sizeof(text),
		 "3 1 8:1 / /other rw - xfs /dev/sdb rw\n"
		 "36 1 %u:%u / /mnt\\040x rw,relatime shared:1 - ext4 /dev/sda1 rw\n",
		 major(st.st_dev), minor(st.st_dev));
	tree_write(&tree, "/proc/self/mountinfo", text);
	disk_describe(&tree.sys, fd, &disk);
	close(fd);
	assert_string_equal(disk.device, "sda1");
	assert_string_equal(disk.filesystem, "ext4");
	assert_string_equal(disk.write_cache, "write back");
	assert_string_equal(disk.model, "ACME Disk 3000");
	assert_int_equal(disk.n_base, 1);
	assert_int_equal(disk.base[0], makedev(8, 0));
}

static void what_can_not_be_found_out_stays_empty(void **state)
{
	struct disk disk;
	int fd = open(tree.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	disk_describe(&tree.sys, fd, &disk);
	close(fd);
	assert_string_equal(disk.device, "");
	assert_string_equal(disk.filesystem, "");
	assert_string_equal(disk.write_cache, "");
	assert_int_equal(disk.n_base, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(memory_network_and_layers_are_refused),
		TEST(disks_file_systems_are_suitable),
		TEST(a_partition_lies_on_its_disk),
		TEST(stacked_devices_lie_on_each_disk_once),
		TEST(an_unknown_device_lies_on_nothing_known),
		TEST(devices_that_lie_on_each_other_end_somewhere),
		TEST(a_folder_is_described_by_mount_device_and_disk),
		TEST(what_can_not_be_found_out_stays_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
