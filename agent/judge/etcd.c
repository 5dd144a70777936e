/* SPDX-License-Identifier: Apache-2.0 */
/* Is an etcd alive on this disk? A flush is device-wide: to measure beside it would slow it. */
#include <errno.h>
#include <string.h>

#include "disk.h"
#include "etcdnode.h"
#include "listeners.h"

/* What was seen, from the least to the most certain. */
struct sighting {
	enum etcd_presence presence;
	bool elsewhere; /* one was seen whose log is on other disks */
	char *who;
	size_t size;
};

static void see(struct sighting *s, enum etcd_presence presence, const char *comm, const char *pid)
{
	if (presence == ETCD_NONE || s->presence == ETCD_HERE)
		return;
	s->presence = presence;
	snprintf(s->who, s->size, "%.32s, process %.16s", comm, pid);
}

static bool shares_disk(const struct sys *sys, dev_t dev, const struct disk *disk)
{
	struct disk its = {0};

	disk_bases(sys, dev, &its);
	if (its.n_base == 0 || disk->n_base == 0)
		return true; /* not known: take no risk */
	for (size_t i = 0; i < its.n_base; i++)
		for (size_t k = 0; k < disk->n_base; k++)
			if (its.base[i] == disk->base[k])
				return true;
	return false;
}

static bool may_be_etcd(const char *comm)
{
	return strcmp(comm, "etcd") == 0 || strcmp(comm, "k3s-server") == 0 ||
	       strcmp(comm, "k3s") == 0;
}

/* Looks through one process's open files. */
static void look_at(const struct sys *sys, const char *pid, const struct disk *disk, bool whole,
		    struct sighting *s)
{
	_cleanup_free char *comm = NULL;
	struct strings fds = {0};
	char path[96];
	bool named, log = false;
	int r;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	if (sys_read_line(sys, path, &comm) < 0 || !(whole || may_be_etcd(comm)))
		return;
	named = strcmp(comm, "etcd") == 0;
	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	r = sys_list(sys, path, &fds);
	for (size_t i = 0; i < fds.n; i++) {
		char link[4096];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, fds.v[i]);
		if (sys_readlink(sys, path, link, sizeof(link)) < 0 ||
		    (!strstr(link, "/member/wal/") && !strstr(link, "/member/snap/db")))
			continue;
		log = true;
		/* Below another root the kernel follows no descriptor's link (openat2(2)). */
		if (sys_stat(sys, path, &st) < 0)
			see(s, ETCD_MAYBE, comm, pid);
		else if (shares_disk(sys, st.st_dev, disk))
			see(s, ETCD_HERE, comm, pid);
		else
			s->elsewhere = true;
	}
	strings_clear(&fds);
	if (named && (r < 0 || !log)) /* not ours to look into, or only starting */
		see(s, ETCD_MAYBE, comm, pid);
}

/* etcd's client and peer ports. */
static bool is_not_etcds(const struct listener *l, void *context)
{
	bool *open = context;

	*open = l->port == 2379 || l->port == 2380;
	return !*open;
}

bool etcd_port_is_open(const struct sys *sys)
{
	bool open = false;

	listeners_each(sys, is_not_etcds, &open);
	return open;
}

enum etcd_presence etcd_look(const struct sys *sys, const struct disk *disk, bool whole, char *who,
			     size_t size)
{
	struct sighting s = {.who = who, .size = size};
	struct strings pids = {0};

	sys_list(sys, "/proc", &pids);
	for (size_t i = 0; i < pids.n && s.presence != ETCD_HERE; i++)
		if (pids.v[i][0] >= '0' && pids.v[i][0] <= '9')
			look_at(sys, pids.v[i], disk, whole, &s);
	strings_clear(&pids);
	if (s.presence == ETCD_NONE && !s.elsewhere && etcd_port_is_open(sys)) {
		s.presence = ETCD_MAYBE;
		snprintf(who, size, "a listener on port 2379 or 2380");
	}
	return s.presence;
}
