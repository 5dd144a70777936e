/* SPDX-License-Identifier: Apache-2.0 */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t real_now(const struct sys *sys)
{
	(void)sys;
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t real_raw(const struct sys *sys)
{
	(void)sys;
	return clock_ns(CLOCK_MONOTONIC_RAW);
}

static void real_sleep_until(const struct sys *sys, uint64_t when)
{
	struct timespec t = {.tv_sec = (time_t)(when / 1000000000),
			     .tv_nsec = (long)(when % 1000000000)};

	(void)sys;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int64_t real_wall(const struct sys *sys)
{
	(void)sys;
	return time(NULL);
}

static bool real_cpuid(const struct sys *sys, uint32_t leaf, uint32_t regs[4])
{
	(void)sys;
#if defined(__x86_64__)
	__cpuid(leaf, regs[0], regs[1], regs[2], regs[3]);
	return true;
#else
	(void)leaf;
	(void)regs;
	return false;
#endif
}

static bool no_cpuid(const struct sys *sys, uint32_t leaf, uint32_t regs[4])
{
	(void)sys;
	(void)leaf;
	(void)regs;
	return false;
}

int sys_init(struct sys *sys, const char *root)
{
	struct sys s = {.root = -1,
			.now = real_now,
			.raw = real_raw,
			.sleep_until = real_sleep_until,
			.wall = real_wall,
			.cpuid = real_cpuid};

	if (root && strcmp(root, "/") != 0) {
		s.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (s.root < 0)
			return negative_errno();
		s.cpuid = no_cpuid; /* the tree is another machine's */
	}
	*sys = s;
	return 0;
}

void sys_done(struct sys *sys)
{
	closep(&sys->root);
	sys->root = -1;
}

int sys_open(const struct sys *sys, const char *path, int flags, mode_t mode)
{
	long fd;

	if (sys->root < 0) {
		fd = open(path, flags | O_CLOEXEC, mode);
	} else {
		struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
				       .mode = mode,
				       .resolve = RESOLVE_IN_ROOT};

		fd = syscall(SYS_openat2, sys->root, path, &how, sizeof(how));
	}
	return fd < 0 ? negative_errno() : (int)fd;
}

int sys_read(const struct sys *sys, const char *path, size_t max, char **text, size_t *len)
{
	_cleanup_free char *buf = NULL;
	size_t size = 0, used = 0;
	_cleanup_fd int fd = sys_open(sys, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t n;

		if (size - used < 2) {
			char *bigger = realloc(buf, size ? size * 2 : 4096);

			if (!bigger)
				return -ENOMEM;
			buf = bigger;
			size = size ? size * 2 : 4096;
		}
		n = read(fd, buf + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return negative_errno();
		used += (size_t)n;
		if (used > max)
			return -EFBIG;
		if (n == 0)
			break;
	}
	buf[used] = '\0';
	*text = TAKE(buf);
	if (len)
		*len = used;
	return 0;
}

int sys_read_line(const struct sys *sys, const char *path, char **text)
{
	char *line = NULL;
	size_t len = 0;
	int r = sys_read(sys, path, 65536, &line, &len);

	if (r < 0)
		return r;
	while (len && strchr(" \t\n", line[len - 1]))
		line[--len] = '\0';
	*text = line;
	return 0;
}

int sys_write(const struct sys *sys, const char *path, const char *text, size_t len)
{
	_cleanup_fd int fd = sys_open(sys, path, O_WRONLY | O_NOFOLLOW | O_NOCTTY, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	if (n < 0)
		return negative_errno();
	return (size_t)n == len ? 0 : -EIO;
}

int sys_open_dir(const struct sys *sys, const char *dir, mode_t mode)
{
	_cleanup_free char *path = strdup(dir);
	int fd = sys_open(sys, dir, O_DIRECTORY | O_RDONLY, 0);

	if (fd != -ENOENT || !mode)
		return fd;
	if (!path)
		return -ENOMEM;
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		_cleanup_fd int parent = -1;
		char *name;

		if (slash)
			*slash = '\0';
		name = strrchr(path, '/');
		*name = '\0';
		parent = sys_open(sys, *path ? path : "/", O_DIRECTORY | O_PATH, 0);
		*name = '/';
		if (parent < 0)
			return parent;
		if (mkdirat(parent, name + 1, slash ? 0755 : mode) < 0 && errno != EEXIST)
			return negative_errno();
		if (!slash)
			break;
		*slash = '/';
	}
	return sys_open(sys, dir, O_DIRECTORY | O_RDONLY, 0);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return negative_errno();
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A fixed name: what a killed run left behind is taken away by the next one. */
static int remove_draft(int folder, const char *name, char draft[256])
{
	if (snprintf(draft, 256, ".%s.new", name) >= 256)
		return -ENAMETOOLONG;
	return unlinkat(folder, draft, 0) < 0 && errno != ENOENT ? negative_errno() : 0;
}

/* `durable`: it is on the disk when this returns. */
static int replace(int folder, const char *name, const char *text, size_t len, mode_t mode,
		   bool durable)
{
	_cleanup_fd int fd = -1;
	char draft[256];
	int r = remove_draft(folder, name, draft);

	if (r < 0)
		return r;
	fd = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return negative_errno();
	r = write_all(fd, text, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || (durable && fsync(fd) < 0) ||
		       renameat(folder, draft, folder, name) < 0))
		r = negative_errno();
	if (r < 0) {
		unlinkat(folder, draft, 0);
		return r;
	}
	return durable && fsync(folder) < 0 ? negative_errno() : 0;
}

int sys_replace(const struct sys *sys, const char *dir, const char *name, const char *text,
		size_t len, mode_t mode)
{
	_cleanup_fd int folder = sys_open_dir(sys, dir, 0755);

	return folder < 0 ? folder : replace(folder, name, text, len, mode, true);
}

int sys_replace_fleeting(const struct sys *sys, const char *dir, const char *name, const char *text,
			 size_t len, mode_t mode)
{
	_cleanup_fd int folder = sys_open_dir(sys, dir, 0);

	return folder < 0 ? folder : replace(folder, name, text, len, mode, false);
}

int sys_remove(const struct sys *sys, const char *dir, const char *name)
{
	_cleanup_fd int folder = sys_open(sys, dir, O_DIRECTORY | O_RDONLY, 0);
	char draft[256];
	int r;

	if (folder < 0)
		return folder;
	r = remove_draft(folder, name, draft);
	if (r < 0)
		return r;
	if (unlinkat(folder, name, 0) < 0 || fsync(folder) < 0)
		return negative_errno();
	return 0;
}

int sys_list(const struct sys *sys, const char *dir, struct strings *names)
{
	_cleanup_dir DIR *d = NULL;
	int fd = sys_open(sys, dir, O_DIRECTORY | O_RDONLY, 0);
	struct dirent *e;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return negative_errno();
	}
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (strings_addf(names, "%s", e->d_name) < 0) {
			strings_clear(names);
			return -ENOMEM;
		}
	}
	strings_sort(names);
	return 0;
}

int sys_stat(const struct sys *sys, const char *path, struct stat *st)
{
	_cleanup_fd int fd = -1;

	if (sys->root < 0)
		return stat(path, st) < 0 ? negative_errno() : 0;
	fd = sys_open(sys, path, O_PATH, 0);
	if (fd < 0)
		return fd;
	return fstat(fd, st) < 0 ? negative_errno() : 0;
}

int sys_readlink(const struct sys *sys, const char *path, char *text, size_t size)
{
	_cleanup_fd int fd = sys_open(sys, path, O_PATH | O_NOFOLLOW, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", text, size - 1);
	if (n < 0)
		return negative_errno();
	text[n] = '\0';
	return 0;
}

int sys_statfs(const struct sys *sys, const char *path, struct statfs *fs)
{
	_cleanup_fd int fd = sys_open(sys, path, O_PATH, 0);

	if (fd < 0)
		return fd;
	return fstatfs(fd, fs) < 0 ? negative_errno() : 0;
}
