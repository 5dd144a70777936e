/* SPDX-License-Identifier: Apache-2.0 */
/* What is under a file: file system, block devices, their cache; and whether an etcd lives there.
 */
#pragma once

#include "sys.h"

#define DISK_BASES 16

struct disk {
	char device[64];        /* the block device that the file system is on: "vda1", "dm-0" */
	char filesystem[32];    /* as /proc/self/mountinfo names it */
	char write_cache[16];   /* "write back" (flushes reach the device) or "write through" */
	char model[64];         /* or empty */
	dev_t base[DISK_BASES]; /* the whole disks at the bottom, below dm and md */
	size_t n_base;          /* 0: not known */
};

/* Describes what an open file or folder lies on; what can't be found out stays empty. */
void disk_describe(const struct sys *sys, int fd, struct disk *disk);

/* Adds the whole disks at the bottom of a block device to disk->base. */
void disk_bases(const struct sys *sys, dev_t dev, struct disk *disk);

/* Why a file system can't stand for etcd's disk, in words, or NULL when it can. */
const char *disk_unsuitable(const struct statfs *fs);

enum etcd_presence {
	ETCD_NONE,
	ETCD_HERE,  /* its write-ahead log is open on one of these disks */
	ETCD_MAYBE, /* there is one, and where it writes can't be seen */
};

/* Looks for a live etcd, embedded ones too: a process with .../member/wal/ or .../member/snap/db
 * open (by /proc/PID/fd), else a process named etcd, else a listener on its ports 2379 and 2380.
 * Not `whole`: only the files of processes are looked at whose name is known of an etcd. `who` says
 * what was seen. */
enum etcd_presence etcd_look(const struct sys *sys, const struct disk *disk, bool whole, char *who,
			     size_t size);
