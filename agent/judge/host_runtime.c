/* SPDX-License-Identifier: Apache-2.0 */
/* The container runtime's limit of open files, and who has kubelet's ports. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "host.h"
#include "hoststat.h"
#include "listeners.h"
#include "processes.h"
#include "text.h"

#define TEXT_MOST  65536
#define LINKS_MOST 262144 /* open files that are looked at */

/* --- open files --- */

void host_runtime(struct host *h)
{
	static const char *const names[] = {"containerd", "crio", "dockerd"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free char *text = NULL;
		uint64_t soft, hard;
		const struct process *p = processes_find(&h->processes, names[i]);
		char path[64], told[64];

		if (!p)
			continue;
		snprintf(path, sizeof(path), "/proc/%u/limits", p->pid);
		if (sys_read(h->sys, path, TEXT_MOST, &text, NULL) < 0 ||
		    open_files_parse(text, &soft, &hard) < 0)
			continue;
		snprintf(told, sizeof(told), "%s (%u)", names[i], p->pid);
		result_fact(h->result, "runtime", told);
		/* What a program of Go may open is the hard limit: it raises the soft one. */
		if (hard != LIMIT_NONE)
			result_figure_of(h->result, names[i], "open_files", (double)hard, "");
		if (hard == LIMIT_NONE || (double)hard >= h->params->files)
			continue;
		finding_advise(
			finding_add(h->findings, VERDICT_WARN, "FewOpenFiles",
				    "%s may have %llu files open, and so may its containers",
				    names[i], (unsigned long long)hard),
			"LimitNOFILE=%.0f or more in a drop-in of %s.service, and restart it",
			h->params->files, strcmp(names[i], "dockerd") ? names[i] : "docker");
	}
}

/* --- ports --- */

/* Kubernetes: "Ports and Protocols"; kubeadm's preflight looks for them, too. */
static const struct port {
	uint16_t port;
	bool control_plane;   /* needed there only */
	enum verdict verdict; /* when another has it */
	const char *owners;   /* as the kernel cuts names: 15 bytes */
	const char *what;
} ports[] = {
	{10250, false, VERDICT_FAIL, "kubelet", "kubelet"},
	{10248, false, VERDICT_WARN, "kubelet", "kubelet's health"},
	{10249, false, VERDICT_WARN, "kube-proxy", "kube-proxy's metrics"},
	{10256, false, VERDICT_WARN,
	 /* and those that serve Services in its place, with its health check */
	 "kube-proxy cilium-agent kube-router calico-node ovnkube antrea-agent",
	 "kube-proxy's health"},
	{6443, true, VERDICT_FAIL, "kube-apiserver haproxy", "the API server"},
	{10257, true, VERDICT_FAIL, "kube-controller", "the controller manager"},
	{10259, true, VERDICT_FAIL, "kube-scheduler", "the scheduler"},
	{2379, true, VERDICT_FAIL, "etcd", "etcd's clients"},
	{2380, true, VERDICT_FAIL, "etcd", "etcd's peers"},
};

struct taken {
	uint64_t inodes[ARRAY_LEN(ports)]; /* of a socket that listens; 0: none */
	struct {
		unsigned pid;
		char name[PROCESS_NAME];
	} by[ARRAY_LEN(ports)];
	size_t links;      /* looked at */
	size_t found, sum; /* sockets with an owner, and all */
	enum host_role role;
};

static bool take_listener(const struct listener *l, void *context)
{
	struct taken *t = context;

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		if (ports[i].port != l->port || t->inodes[i] || !l->inode ||
		    (ports[i].control_plane && t->role != HOST_CONTROL_PLANE))
			continue;
		t->inodes[i] = l->inode;
		t->sum++;
	}
	return true;
}

static void take_socket(struct taken *t, uint64_t inode, unsigned pid, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		if (t->inodes[i] != inode || t->by[i].pid)
			continue;
		t->by[i].pid = pid;
		text_cut(t->by[i].name, sizeof(t->by[i].name), name);
		t->found++;
	}
}

static void read_links(int fd, struct taken *t, unsigned pid, const char *name)
{
	static const char mark[] = "socket:[";
	_cleanup_dir DIR *d = fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		close(fd);
		return;
	}
	while (t->links < LINKS_MOST && (e = readdir(d))) {
		char link[64];
		ssize_t n = readlinkat(fd, e->d_name, link, sizeof(link) - 1);

		t->links++;
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (strncmp(link, mark, strlen(mark)) == 0)
			take_socket(t, strtoull(link + strlen(mark), NULL, 10), pid, name);
	}
}

/* Looks through the open files of the processes with one of these names (NULL: any). */
static void find_owners(const struct host *h, const char *names, struct taken *t)
{
	for (size_t i = 0; i < h->processes.n; i++) {
		const struct process *p = &h->processes.v[i];
		char path[64];
		int fd;

		if (t->found == t->sum || t->links >= LINKS_MOST)
			return;
		if (names && !word_in(names, p->name))
			continue;
		snprintf(path, sizeof(path), "/proc/%u/fd", p->pid);
		fd = sys_open_dir(h->sys, path, 0);
		if (fd >= 0)
			read_links(fd, t, p->pid, p->name);
	}
}

void host_ports(struct host *h)
{
	char owners[512] = "";
	struct taken t = {.role = (enum host_role)h->params->role};

	listeners_each(h->sys, take_listener, &t);
	if (t.sum == 0)
		return;
	/* First where they should be: on a node that works nothing else is looked at. */
	for (size_t i = 0; i < ARRAY_LEN(ports); i++)
		snprintf(owners + strlen(owners), sizeof(owners) - strlen(owners), "%s ",
			 ports[i].owners);
	snprintf(owners + strlen(owners), sizeof(owners) - strlen(owners), "%s", HOST_ALL_IN_ONE);
	find_owners(h, owners, &t);
	find_owners(h, NULL, &t);
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		/* Without a name it can't be told: a container sees no other's processes. */
		if (!t.by[i].pid || word_in(ports[i].owners, t.by[i].name) ||
		    word_in(HOST_ALL_IN_ONE, t.by[i].name))
			continue;
		finding_advise(finding_add(h->findings, ports[i].verdict, "PortTaken",
					   "port %u, %s, is taken by %s (%u)", ports[i].port,
					   ports[i].what, t.by[i].name, t.by[i].pid),
			       "stop or move it: ss -ltnp sport = :%u", ports[i].port);
	}
}
