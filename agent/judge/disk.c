/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "text.h"

#define DEEPEST 8

static bool read_dev(const struct sys *sys, const char *path, dev_t *dev)
{
	_cleanup_free char *text = NULL;
	unsigned major, minor;

	if (sys_read_line(sys, path, &text) < 0 || sscanf(text, "%u:%u", &major, &minor) != 2)
		return false;
	*dev = makedev(major, minor);
	return true;
}

static void add_base(struct disk *disk, dev_t dev)
{
	for (size_t i = 0; i < disk->n_base; i++)
		if (disk->base[i] == dev)
			return;
	if (disk->n_base < DISK_BASES)
		disk->base[disk->n_base++] = dev;
}

/* From a partition to its disk, from dm and md to what they are made of. */
static void descend(const struct sys *sys, dev_t dev, struct disk *disk, int depth)
{
	struct strings slaves = {0};
	struct stat st;
	char path[320];
	dev_t next;

	if (depth == DEEPEST)
		return;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(dev), minor(dev));
	if (sys_stat(sys, path, &st) == 0) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major(dev), minor(dev));
		if (read_dev(sys, path, &next))
			descend(sys, next, disk, depth + 1);
		return;
	}
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/slaves", major(dev), minor(dev));
	sys_list(sys, path, &slaves);
	for (size_t i = 0; i < slaves.n; i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/slaves/%.128s/dev", major(dev),
			 minor(dev), slaves.v[i]);
		if (read_dev(sys, path, &next))
			descend(sys, next, disk, depth + 1);
	}
	if (slaves.n == 0) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
		if (sys_stat(sys, path, &st) == 0)
			add_base(disk, dev);
	}
	strings_clear(&slaves);
}

void disk_bases(const struct sys *sys, dev_t dev, struct disk *disk)
{
	descend(sys, dev, disk, 0);
}

/* The mount that a descriptor is on, by the mount's number: its file system and source. */
static void find_mount(const struct sys *sys, int fd, char fstype[32], char source[256])
{
	_cleanup_free char *info = NULL, *mounts = NULL;
	char path[64], *line, *rest;
	int id;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (sys_read(sys, path, 65536, &info, NULL) < 0 || !(line = strstr(info, "mnt_id:")) ||
	    sscanf(line, "mnt_id: %d", &id) != 1 ||
	    sys_read(sys, "/proc/self/mountinfo", 16 << 20, &mounts, NULL) < 0)
		return;
	for (line = strtok_r(mounts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *dash = strstr(line, " - ");
		int this;

		if (dash && sscanf(line, "%d", &this) == 1 && this == id) {
			if (sscanf(dash, " - %31s %255s", fstype, source) < 1)
				*fstype = '\0';
			return;
		}
	}
}

static void read_attribute(const struct sys *sys, dev_t dev, const char *name, char *to,
			   size_t size)
{
	_cleanup_free char *text = NULL;
	char path[96];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(dev), minor(dev), name);
	if (sys_read_line(sys, path, &text) == 0)
		snprintf(to, size, "%s", text_squeeze(text));
}

void disk_describe(const struct sys *sys, int fd, struct disk *disk)
{
	char source[256] = "", link[512], path[64];
	struct stat st, node;
	dev_t dev;

	*disk = (struct disk){0};
	if (fstat(fd, &st) < 0)
		return;
	dev = st.st_dev;
	find_mount(sys, fd, disk->filesystem, source);
	/* btrfs and others give files a device number of their own: ask the mount's source. */
	if (major(dev) == 0 && *source == '/' && sys_stat(sys, source, &node) == 0 &&
	    S_ISBLK(node.st_mode))
		dev = node.st_rdev;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	if (sys_readlink(sys, path, link, sizeof(link)) < 0)
		return;
	snprintf(disk->device, sizeof(disk->device), "%.63s",
		 strrchr(link, '/') ? strrchr(link, '/') + 1 : link);
	disk_bases(sys, dev, disk);
	if (disk->n_base) {
		read_attribute(sys, disk->base[0], "queue/write_cache", disk->write_cache,
			       sizeof(disk->write_cache));
		read_attribute(sys, disk->base[0], "device/model", disk->model,
			       sizeof(disk->model));
	}
}

const char *disk_unsuitable(const struct statfs *fs)
{
	static const struct {
		long magic; /* linux/magic.h and the file systems' own headers */
		const char *why;
	} refused[] = {
		{0x01021994, "tmpfs is memory, not a disk"},
		{0x858458f6, "ramfs is memory, not a disk"},
		{0x794c7630, "overlay is a container's layer, not etcd's disk: mount the real data "
			     "directory"},
		{0x6969, "NFS is a network file system: etcd does not support it"},
		{0x00c36400, "CephFS is a network file system: etcd does not support it"},
		{0x517b, "SMB is a network file system: etcd does not support it"},
		{0xff534d42, "CIFS is a network file system: etcd does not support it"},
		{0xfe534d42, "SMB is a network file system: etcd does not support it"},
		{0x5346414f, "AFS is a network file system: etcd does not support it"},
		{0x01021997, "9p is a network file system: etcd does not support it"},
		{0x65735546, "FUSE hides the disk that is under it"},
	};

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if ((unsigned long)fs->f_type == (unsigned long)refused[i].magic)
			return refused[i].why;
	return NULL;
}
