/* SPDX-License-Identifier: Apache-2.0 */
#include "netspaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "processes.h"

static bool known(const struct netspaces *s, const struct stat *st)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].inode == st->st_ino)
			return true;
	return false;
}

/* The namespace of a process, when it is a new one. */
static int add(const struct sys *sys, struct netspaces *s, unsigned pid)
{
	_cleanup_fd int fd = -1;
	char path[64], name[PROCESS_NAME];
	struct netspace *to;
	struct stat st;
	int r;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/ns/net");
	r = sys_stat(sys, path, &st);
	s->hidden += r == -EACCES || r == -EPERM;
	if (r < 0 || known(s, &st))
		return r;
	if (s->n == NETSPACES_MOST) {
		s->more++;
		return 0;
	}
	fd = sys_open(sys, path, O_RDONLY, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return negative_errno();
	if (known(s, &st))
		return 0;
	to = &s->v[s->n++];
	*to = (struct netspace){.fd = TAKE_FD(fd), .inode = st.st_ino};
	if (pid && process_name(sys, pid, name) == 0)
		snprintf(to->who, sizeof(to->who), "%s (%u)", name, pid);
	return 0;
}

static int add_process(const struct sys *sys, unsigned pid, void *context)
{
	(void)add(sys, context, pid); /* it may have ended */
	return 0;
}

int netspaces_open(const struct sys *sys, struct netspaces *out)
{
	struct netspaces s = {0};
	int r = add(sys, &s, 0);

	if (r < 0)
		return r;
	(void)processes_each(sys, NETSPACE_PROCESSES, add_process, &s);
	*out = s;
	return 0;
}

void netspaces_close(struct netspaces *s)
{
	for (size_t i = 0; i < s->n; i++)
		close(s->v[i].fd);
	s->n = 0;
}

int netspace_enter(const struct netspace *s)
{
	return setns(s->fd, CLONE_NEWNET) < 0 ? negative_errno() : 0;
}
