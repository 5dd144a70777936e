/* SPDX-License-Identifier: Apache-2.0 */
/* The seam between nodefit and the machine: every touch of /proc, /sys, /etc, /var, the clock and
 * the CPUID instruction goes through it. Tests give another root directory or a false clock;
 * --root DIR does the same on the command line. All paths are absolute ("/proc/stat") and are
 * resolved below the root; with a root other than "/", symbolic links can't lead out of it. */
#pragma once

#include "util.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>

struct sys {
	int root; /* descriptor of the root directory, or -1 for the real one */
	/* Monotonic nanoseconds (CLOCK_MONOTONIC). */
	uint64_t (*now)(const struct sys *sys);
	/* The same by the bare counter, which no time service bends (CLOCK_MONOTONIC_RAW). */
	uint64_t (*raw)(const struct sys *sys);
	/* Sleeps until now() reaches `when`. */
	void (*sleep_until)(const struct sys *sys, uint64_t when);
	/* Seconds since 1970, UTC. */
	int64_t (*wall)(const struct sys *sys);
	/* CPUID leaf (subleaf 0) into EAX, EBX, ECX, EDX; false where there is no such
	 * instruction. */
	bool (*cpuid)(const struct sys *sys, uint32_t leaf, uint32_t regs[4]);
	void *context;      /* for a test's own clock */
	const char *helper; /* a test's own nodefit-net; NULL: the one beside this program */
};

/* The real machine, or, with `root`, the tree below that directory. 0 or -errno. */
int sys_init(struct sys *sys, const char *root);
void sys_done(struct sys *sys);

/* open(2) below the root, with O_CLOEXEC. A descriptor or -errno. */
int sys_open(const struct sys *sys, const char *path, int flags, mode_t mode);

/* Opens a directory to read it, lock it or work below it. With a mode other than 0 it is made with
 * that mode when it is absent, its parents with 0755. A descriptor or -errno. */
int sys_open_dir(const struct sys *sys, const char *dir, mode_t mode);

/* Reads a whole file of at most `max` bytes into *text (owned by the caller, NUL-terminated; *len
 * without the NUL, may be NULL). 0 or -errno; -EFBIG when there is more. */
int sys_read(const struct sys *sys, const char *path, size_t max, char **text, size_t *len);

/* sys_read of one line: trailing white space is cut off. */
int sys_read_line(const struct sys *sys, const char *path, char **text);

/* Writes all of `text` in one write(2) to an existing file, not through a link. 0 or -errno. */
int sys_write(const struct sys *sys, const char *path, const char *text, size_t len);

/* Replaces a file's content so that after a crash the old or the new one is there, whole: a
 * temporary neighbour, fsync, rename, fsync of the folder. The folder is made (0755) if absent.
 * 0 or -errno. */
int sys_replace(const struct sys *sys, const char *dir, const char *name, const char *text,
		size_t len, mode_t mode);

/* The same for what is written again soon: readers see the old or the new content, whole, but
 * nothing waits for the disk, and the folder must be there. 0 or -errno. */
int sys_replace_fleeting(const struct sys *sys, const char *dir, const char *name, const char *text,
			 size_t len, mode_t mode);

/* Removes a file, and what a killed sys_replace() left of it, and makes that durable. 0 or -errno
 * (-ENOENT when the file was not there). */
int sys_remove(const struct sys *sys, const char *dir, const char *name);

/* The names in a directory without "." and "..", sorted. 0 or -errno. */
int sys_list(const struct sys *sys, const char *dir, struct strings *names);

/* stat(2), lstat(2)'s link text and statfs(2) below the root. 0 or -errno. */
int sys_stat(const struct sys *sys, const char *path, struct stat *st);
int sys_readlink(const struct sys *sys, const char *path, char *text, size_t size);
int sys_statfs(const struct sys *sys, const char *path, struct statfs *fs);
