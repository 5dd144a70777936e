/* SPDX-License-Identifier: Apache-2.0 */
#include "syncfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

int syncfile_folder(const struct sys *sys, char *path)
{
	for (;;) {
		int fd = sys_open(sys, path, O_RDONLY | O_DIRECTORY, 0);
		char *slash = strrchr(path, '/');

		if (fd != -ENOENT && fd != -ENOTDIR)
			return fd;
		if (slash == path && path[1] == '\0')
			return fd;
		*(slash == path ? slash + 1 : slash) = '\0';
	}
}

int syncfile_open(int folder)
{
	static const char name[] = ".nodefit-fsync";
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd < 0 ? negative_errno() : fd;
	/* No O_TMPFILE here: an empty file has this name for a moment. */
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return negative_errno();
	fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return negative_errno();
	return unlinkat(folder, name, 0) < 0 ? negative_errno() : fd;
}

/* etcd preallocates by fallocate, or by lengthening where that is not supported. */
int syncfile_preallocate(int fd, off_t bytes)
{
	if (fallocate(fd, 0, 0, bytes) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOTTY)
		return negative_errno();
	return ftruncate(fd, bytes) < 0 ? negative_errno() : 0;
}

int syncfile_sample(const struct sys *sys, int fd, const char *data, double *ms)
{
	ssize_t n = write(fd, data, SYNC_BYTES);
	uint64_t begin;

	if (n != SYNC_BYTES)
		return n < 0 ? negative_errno() : -ENOSPC;
	begin = sys->now(sys);
	if (fdatasync(fd) < 0)
		return negative_errno();
	*ms = (double)(sys->now(sys) - begin) / 1e6;
	return 0;
}

/* Not with zeros: a device that compresses would be flattered. */
void syncfile_fill(char data[SYNC_BYTES])
{
	if (getrandom(data, SYNC_BYTES, 0) < 0)
		memset(data, 0xa5, SYNC_BYTES);
}
