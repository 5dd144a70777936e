/* SPDX-License-Identifier: Apache-2.0 */
/* Where an etcd lives on this node, and where it tells its metrics. */
#include <ctype.h>
#include <string.h>

#include "etcdnode.h"
#include "ip.h"
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

static bool in_our_network(const struct sys *sys, const char *pid)
{
	char path[64], its[64], ours[64];

	snprintf(path, sizeof(path), "/proc/%.16s/ns/net", pid);
	return sys_readlink(sys, path, its, sizeof(its)) < 0 ||
	       sys_readlink(sys, "/proc/self/ns/net", ours, sizeof(ours)) < 0 ||
	       strcmp(its, ours) == 0;
}

/* Has it etcd's log or database open? For those that have an etcd in them, or not. */
static bool has_its_files_open(const struct sys *sys, const char *pid)
{
	struct strings fds = {0};
	char path[96], link[4096];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	sys_list(sys, path, &fds);
	for (size_t i = 0; i < fds.n && !found; i++) {
		snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, fds.v[i]);
		found = sys_readlink(sys, path, link, sizeof(link)) == 0 &&
			(strstr(link, "/member/wal/") || strstr(link, "/member/snap/db"));
	}
	strings_clear(&fds);
	return found;
}

static void take_file(const struct sys *sys, const char *pid, const char *file,
		      struct etcd_place *place)
{
	_cleanup_free char *words = NULL;
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, file);
	if (sys_read(sys, path, WORDS_MOST, &words, &len) == 0)
		etcd_take_words(place, words, len);
}

/* "listen-metrics-urls: http://…" of --config-file, a line each at the left edge, becomes a flag:
 * it is found as text, like the manifest's. What can't be read may say anything. */
static void take_config_file(const struct sys *sys, const char *pid, const char *file,
			     struct etcd_place *place)
{
	_cleanup_free char *text = NULL;
	char path[512], word[640], *rest, *line;

	snprintf(path, sizeof(path), "/proc/%.16s/root/%s", pid, file);
	if (*file != '/' || (sys_read(sys, path, WORDS_MOST, &text, NULL) < 0 &&
			     sys_read(sys, file, WORDS_MOST, &text, NULL) < 0)) {
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
static void take_settings(const struct sys *sys, const char *pid, struct etcd_place *place)
{
	_cleanup_free char *words = NULL;
	const char *file = NULL;
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%.16s/cmdline", pid);
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

/* Is this process an etcd that can be asked? */
static bool look_at(const struct sys *sys, const char *pid, struct etcd_place *place)
{
	_cleanup_free char *comm = NULL;
	char path[64];
	bool etcd;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	if (sys_read_line(sys, path, &comm) < 0)
		return false;
	etcd = strcmp(comm, "etcd") == 0;
	if (!etcd && strcmp(comm, "k3s-server") != 0 && strcmp(comm, "k3s") != 0)
		return false;
	if (!in_our_network(sys, pid) || (!etcd && !has_its_files_open(sys, pid)))
		return false;
	place->found = ETCD_PROCESS;
	snprintf(place->who, sizeof(place->who), "%.32s, process %.16s", comm, pid);
	if (!etcd)
		return true; /* the flags are not etcd's own; it tells metrics where kubeadm's does
			      */
	take_settings(sys, pid, place);
	if (place->n == 0 && !place->tls)
		add_address(place, "127.0.0.1", 2379); /* etcd's own default */
	return true;
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
	struct strings pids = {0};
	bool found = false;

	sys_list(sys, "/proc", &pids);
	for (size_t i = 0; i < pids.n && !found; i++)
		found = isdigit((unsigned char)pids.v[i][0]) && look_at(sys, pids.v[i], &place);
	strings_clear(&pids);
	if (!found && !look_at_manifest(sys, &place) && etcd_port_is_open(sys)) {
		place.found = ETCD_LISTENER;
		snprintf(place.who, sizeof(place.who), "a listener on port 2379 or 2380");
	}
	*out = place;
}
