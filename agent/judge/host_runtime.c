/* SPDX-License-Identifier: Apache-2.0 */
/* The container runtime's limit of open files, and who has kubelet's ports. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "host.h"
#include "hoststat.h"
#include "processes.h"
#include "text.h"

#define TEXT_MOST  65536
#define LINES_MOST 65536  /* listening sockets */
#define LINKS_MOST 262144 /* open files that are looked at */

/* --- open files --- */

void host_runtime(struct host *h)
{
	static const char *const names[] = {"containerd", "crio", "dockerd"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free char *text = NULL;
		uint64_t soft, hard;
		char path[64], told[64];
		unsigned pid;

		if (!process_find(h->sys, names[i], &pid))
			continue;
		snprintf(path, sizeof(path), "/proc/%u/limits", pid);
		if (sys_read(h->sys, path, TEXT_MOST, &text, NULL) < 0 ||
		    open_files_parse(text, &soft, &hard) < 0)
			continue;
		snprintf(told, sizeof(told), "%s (%u)", names[i], pid);
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
	{10256, false, VERDICT_WARN, "kube-proxy cilium-agent kube-router", "kube-proxy's health"},
	{6443, true, VERDICT_FAIL, "kube-apiserver haproxy", "the API server"},
	{10257, true, VERDICT_FAIL, "kube-controller", "the controller manager"},
	{10259, true, VERDICT_FAIL, "kube-scheduler", "the scheduler"},
	{2379, true, VERDICT_FAIL, "etcd", "etcd's clients"},
	{2380, true, VERDICT_FAIL, "etcd", "etcd's peers"},
};

/* Distributions that have all components in one program. */
static const char all_in_one[] = "k3s-server k3s-agent k3s rke2 k0s kubelite hyperkube";

struct taken {
	uint64_t inodes[ARRAY_LEN(ports)]; /* of a socket that listens; 0: none */
	struct {
		unsigned pid;
		char name[PROCESS_NAME];
	} by[ARRAY_LEN(ports)];
	size_t links;       /* looked at */
	size_t found, sum;  /* sockets with an owner, and all */
	const char *owners; /* only these processes are looked at; NULL: all */
};

static void take_listener(struct taken *t, enum host_role role, const struct listener *l)
{
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		if (ports[i].port != l->port || t->inodes[i] || !l->inode ||
		    (ports[i].control_plane && role != HOST_CONTROL_PLANE))
			continue;
		t->inodes[i] = l->inode;
		t->sum++;
	}
}

/* Line by line, up to the first that does not listen: there may be a million connections. */
static void read_listeners(const struct host *h, const char *path, struct taken *t)
{
	int fd = sys_open(h->sys, path, O_RDONLY, 0);
	_cleanup_file FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512];

	if (!f) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (!fgets(line, sizeof(line), f)) /* the names of the columns */
		return;
	for (int i = 0; i < LINES_MOST && fgets(line, sizeof(line), f); i++) {
		struct listener l;

		if (listener_parse(line, &l) != 1)
			return;
		take_listener(t, (enum host_role)h->params->role, &l);
	}
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

static int look_at(const struct sys *sys, unsigned pid, void *context)
{
	struct taken *t = context;
	char path[64], name[PROCESS_NAME];
	int fd;

	if (process_name(sys, pid, name) < 0 || (t->owners && !word_in(t->owners, name)))
		return 0;
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	fd = sys_open_dir(sys, path, 0);
	if (fd >= 0)
		read_links(fd, t, pid, name);
	return t->found == t->sum || t->links >= LINKS_MOST;
}

void host_ports(struct host *h)
{
	char owners[512] = "";
	struct taken t = {0};

	read_listeners(h, "/proc/net/tcp", &t);
	read_listeners(h, "/proc/net/tcp6", &t);
	if (t.sum == 0)
		return;
	/* First where they should be: on a node that works nothing else is looked at. */
	for (size_t i = 0; i < ARRAY_LEN(ports); i++)
		snprintf(owners + strlen(owners), sizeof(owners) - strlen(owners), "%s ",
			 ports[i].owners);
	snprintf(owners + strlen(owners), sizeof(owners) - strlen(owners), "%s", all_in_one);
	t.owners = owners;
	(void)processes_each(h->sys, SIZE_MAX, look_at, &t);
	t.owners = NULL;
	if (t.found < t.sum)
		(void)processes_each(h->sys, SIZE_MAX, look_at, &t);
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		/* Without a name it can't be told: a container sees no other's processes. */
		if (!t.by[i].pid || word_in(ports[i].owners, t.by[i].name) ||
		    word_in(all_in_one, t.by[i].name))
			continue;
		finding_advise(finding_add(h->findings, ports[i].verdict, "PortTaken",
					   "port %u, %s, is taken by %s (%u)", ports[i].port,
					   ports[i].what, t.by[i].name, t.by[i].pid),
			       "stop or move it: ss -ltnp sport = :%u", ports[i].port);
	}
}
