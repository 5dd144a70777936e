/* SPDX-License-Identifier: Apache-2.0 */
/* Where an etcd lives on this node, and where it tells its metrics. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "etcdnode.h"
#include "ip.h"
#include "processes.h"
#include "text.h"

#define WORDS_MOST ((size_t)128 << 10)
#define MANIFEST   "/etc/kubernetes/manifests/etcd.yaml"
/* etcd: server/embed/config.go */
#define HEARTBEAT_S 0.1
#define ELECTION_S  1.0

/* --- its settings --- */

static void add_address(struct etcd_place *place, const char *host, unsigned port)
{
	char text[sizeof(place->addresses[0])];
	struct ip ip;

	/* What listens on all addresses answers on the loopback. */
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "localhost") == 0 || !*host)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	if (!ip_parse(host, &ip)) /* a name: nobody is asked for its address */
		return;
	snprintf(text, sizeof(text), ip.family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
	for (size_t i = 0; i < place->n; i++)
		if (strcmp(place->addresses[i], text) == 0)
			return;
	if (place->n < ETCD_ADDRESSES)
		memcpy(place->addresses[place->n++], text, sizeof(text));
}

/* "http://127.0.0.1:2381,https://[::1]:2379". */
static void take_urls(struct etcd_place *place, const char *urls)
{
	static const char http[] = "http://";
	char copy[512], *rest = copy, *url;

	snprintf(copy, sizeof(copy), "%s", urls);
	while ((url = strsep(&rest, ","))) {
		char *host, *colon;
		wide port;

		url = text_strip(url);
		if (strncmp(url, "https://", 8) == 0)
			place->tls = true;
		if (strncmp(url, http, strlen(http)) != 0)
			continue;
		host = url + strlen(http);
		host[strcspn(host, "/")] = '\0';
		colon = strrchr(host, ':');
		if (!colon || number_parse(colon + 1, &port) < 0 || port < 1 || port > 65535)
			continue;
		*colon = '\0';
		if (*host == '[' && colon[-1] == ']') {
			colon[-1] = '\0';
			host++;
		}
		add_address(place, host, (unsigned)port);
	}
}

/* A flag's value among the words, its last; NULL when it is not there. "--x=v", "-x=v", "--x v". */
static const char *find_flag(const char *words, size_t len, const char *name)
{
	const char *found = NULL;
	size_t n = strlen(name), word;

	for (const char *w = words; w < words + len; w += word + 1) {
		const char *c = w;

		word = strnlen(w, (size_t)(words + len - w));
		if (*c != '-')
			continue;
		c += c[1] == '-' ? 2 : 1;
		if (strncmp(c, name, n) != 0)
			continue;
		if (c[n] == '=')
			found = c + n + 1;
		else if (!c[n] && w + word + 1 < words + len)
			found = w + word + 1;
	}
	return found;
}

/* The same from the environment: ETCD_HEARTBEAT_INTERVAL for heartbeat-interval. */
static const char *find_variable(const char *words, size_t len, const char *name)
{
	char variable[64] = "ETCD_";
	size_t used = strlen(variable), word;

	for (; *name && used < sizeof(variable) - 2; name++)
		variable[used++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	variable[used++] = '=';
	for (const char *w = words; w < words + len; w += word + 1) {
		word = strnlen(w, (size_t)(words + len - w));
		if (strncmp(w, variable, used) == 0)
			return w + used;
	}
	return NULL;
}

static const char *setting(const char *words, size_t len, const char *name)
{
	const char *value = find_flag(words, len, name);

	return value ? value : find_variable(words, len, name);
}

/* Milliseconds. */
static void take_interval(struct etcd_place *place, const char *text, double *seconds)
{
	wide ms;

	if (!text || number_parse(text, &ms) < 0 || ms < 1 || ms > 3600000)
		return;
	*seconds = (double)ms / 1e3;
	place->intervals_told = true;
}

void etcd_take_words(struct etcd_place *place, const char *words, size_t len)
{
	const char *metrics = setting(words, len, "listen-metrics-urls"),
		   *clients = setting(words, len, "listen-client-urls");

	take_interval(place, setting(words, len, "heartbeat-interval"), &place->heartbeat_s);
	take_interval(place, setting(words, len, "election-timeout"), &place->election_s);
	/* All client URLs tell metrics too. */
	if (metrics)
		take_urls(place, metrics);
	if (clients)
		take_urls(place, clients);
}

/* --- the search --- */

static bool in_our_network(const struct sys *sys, unsigned pid)
{
	char path[64], its[64], ours[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	return sys_readlink(sys, path, its, sizeof(its)) < 0 ||
	       sys_readlink(sys, "/proc/self/ns/net", ours, sizeof(ours)) < 0 ||
	       strcmp(its, ours) == 0;
}

/* Has it etcd's log or database open? For those that have an etcd in them, or not. */
static bool has_its_files_open(const struct sys *sys, unsigned pid)
{
	struct strings fds = {0};
	char path[96], link[4096];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	sys_list(sys, path, &fds);
	for (size_t i = 0; i < fds.n && !found; i++) {
		snprintf(path, sizeof(path), "/proc/%u/fd/%.16s", pid, fds.v[i]);
		found = sys_readlink(sys, path, link, sizeof(link)) == 0 &&
			(strstr(link, "/member/wal/") || strstr(link, "/member/snap/db"));
	}
	strings_clear(&fds);
	return found;
}

static void take_file(const struct sys *sys, unsigned pid, const char *file,
		      struct etcd_place *place)
{
	_cleanup_free char *words = NULL;
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, file);
	if (sys_read(sys, path, WORDS_MOST, &words, &len) == 0)
		etcd_take_words(place, words, len);
}

/* A process chose the name: to open a device, or to wait for a pipe, would do something. To find
 * it does not. */
static int read_regular(const struct sys *sys, const char *file, char **text)
{
	_cleanup_fd int fd = sys_open(sys, file, O_PATH, 0);
	struct sys ours = *sys;
	char path[64];
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ours.root = -1;
	return sys_read(&ours, path, WORDS_MOST, text, NULL);
}

/* The file in the process's own root, out of which no link leads: it may be a container's. Where
 * that can't be entered, in ours. */
static int read_its_file(const struct sys *sys, unsigned pid, const char *file, char **text)
{
	_cleanup_fd int root = -1;
	struct sys its = *sys;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	root = sys_open(sys, path, O_PATH | O_DIRECTORY, 0);
	its.root = root;
	return root < 0 ? read_regular(sys, file, text) : read_regular(&its, file, text);
}

/* "listen-metrics-urls: http://…" of --config-file, a line each at the left edge, becomes a flag:
 * it is found as text, like the manifest's. What can't be read may say anything. */
static void take_config_file(const struct sys *sys, unsigned pid, const char *file,
			     struct etcd_place *place)
{
	_cleanup_free char *text = NULL;
	char word[640], *rest, *line;

	if (*file != '/' || read_its_file(sys, pid, file, &text) < 0) {
		place->tls = true;
		return;
	}
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ':');

		if (!value || *line == ' ' || *line == '#')
			continue;
		*value++ = '\0';
		value = text_strip(value);
		value += strspn(value, "\"'");
		value[strcspn(value, "\"'")] = '\0';
		if ((size_t)snprintf(word, sizeof(word), "--%s=%s", line, value) < sizeof(word))
			etcd_take_words(place, word, strlen(word));
	}
}

/* Its environment, and its flags, which count more; with a file of its own, that alone (etcd:
 * server/etcdmain/config.go). */
static void take_settings(const struct sys *sys, unsigned pid, struct etcd_place *place)
{
	_cleanup_free char *words = NULL;
	const char *file = NULL;
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	if (sys_read(sys, path, WORDS_MOST, &words, &len) == 0)
		file = setting(words, len, "config-file");
	if (file) {
		take_config_file(sys, pid, file, place);
		return;
	}
	take_file(sys, pid, "environ", place);
	if (words)
		etcd_take_words(place, words, len);
}

/* Is this process an etcd that can be asked? 1: it is. */
static int look_at(const struct sys *sys, unsigned pid, void *context)
{
	struct etcd_place *place = context;
	char name[PROCESS_NAME];
	bool etcd;

	if (process_name(sys, pid, name) < 0)
		return 0;
	etcd = strcmp(name, "etcd") == 0;
	if (!etcd && strcmp(name, "k3s-server") != 0 && strcmp(name, "k3s") != 0)
		return 0;
	if (!in_our_network(sys, pid) || (!etcd && !has_its_files_open(sys, pid)))
		return 0;
	place->found = ETCD_PROCESS;
	snprintf(place->who, sizeof(place->who), "%s, process %u", name, pid);
	if (!etcd) /* the flags are not etcd's own; it tells metrics where kubeadm's does */
		return 1;
	take_settings(sys, pid, place);
	if (place->n == 0 && !place->tls)
		add_address(place, "127.0.0.1", 2379); /* etcd's own default */
	return 1;
}

/* Its command is a list of plain words, a line each: they are found as text. */
static bool look_at_manifest(const struct sys *sys, struct etcd_place *place)
{
	_cleanup_free char *text = NULL;
	size_t len;

	if (sys_read(sys, MANIFEST, WORDS_MOST, &text, &len) < 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n\"'", text[i]))
			text[i] = '\0';
	place->found = ETCD_MANIFEST;
	snprintf(place->who, sizeof(place->who), "the static pod's manifest");
	etcd_take_words(place, text, len);
	return true;
}

void etcd_find(const struct sys *sys, struct etcd_place *out)
{
	struct etcd_place place = {.heartbeat_s = HEARTBEAT_S, .election_s = ELECTION_S};
	bool found = processes_each(sys, SIZE_MAX, look_at, &place) == 1;

	if (!found && !look_at_manifest(sys, &place) && etcd_port_is_open(sys)) {
		place.found = ETCD_LISTENER;
		snprintf(place.who, sizeof(place.who), "a listener on port 2379 or 2380");
	}
	*out = place;
}
