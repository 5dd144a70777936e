/* SPDX-License-Identifier: Apache-2.0 */
#include "etcdstat.h"

#include <string.h>

#include "text.h"

#define RTT "rtt." /* and a peer's id */

/* etcd: server/etcdserver/metrics.go; the Go client of Prometheus for the process. */
const struct etcd_number_name etcd_numbers[ETCD_NUMBERS] = {
	[ETCD_HAS_LEADER] = {"has_leader", "etcd_server_has_leader"},
	[ETCD_IS_LEADER] = {"is_leader", "etcd_server_is_leader"},
	[ETCD_STARTED] = {"started", "process_start_time_seconds"},
	[ETCD_LEADER_CHANGES] = {"leader_changes", "etcd_server_leader_changes_seen_total"},
	[ETCD_HEARTBEAT_FAILURES] = {"heartbeat_failures",
				     "etcd_server_heartbeat_send_failures_total"},
	[ETCD_SLOW_APPLIES] = {"slow_applies", "etcd_server_slow_apply_total"},
	[ETCD_PROPOSALS_FAILED] = {"proposals_failed", "etcd_server_proposals_failed_total"},
};

bool etcd_peer_id_ok(const char *id)
{
	size_t len = strlen(id);

	return len && len <= 16 && strspn(id, "0123456789abcdef") == len;
}

static void print_histogram(const char *key, const struct histogram *h, FILE *out)
{
	char text[HISTOGRAM_TEXT];

	if (!histogram_whole(h))
		return;
	histogram_print(h, text);
	fprintf(out, "%s=%s\n", key, text);
}

void etcd_stat_print(const struct etcd_stat *s, FILE *out)
{
	char key[sizeof(RTT) + ETCD_PEER_ID];

	for (size_t i = 0; i < ETCD_NUMBERS; i++)
		if (s->known[i])
			fprintf(out, "%s=%.17g\n", etcd_numbers[i].key, s->numbers[i]);
	if (*s->version)
		fprintf(out, "version=%s\n", s->version);
	print_histogram("wal_fsync", &s->wal_fsync, out);
	print_histogram("backend_commit", &s->backend_commit, out);
	for (size_t i = 0; i < s->n_peers; i++) {
		snprintf(key, sizeof(key), RTT "%s", s->peers[i].id);
		print_histogram(key, &s->peers[i].rtt, out);
	}
	if (s->left_out)
		fputs("peers_left_out=yes\n", out);
}

static int read_peer(struct etcd_stat *s, const char *id, const char *text)
{
	if (s->n_peers == ETCD_PEERS_MOST || !etcd_peer_id_ok(id) ||
	    histogram_parse(text, &s->peers[s->n_peers].rtt) < 0)
		return -EBADMSG;
	snprintf(s->peers[s->n_peers++].id, ETCD_PEER_ID, "%s", id);
	return 0;
}

static int read_line(struct etcd_stat *s, const char *key, const char *value)
{
	for (size_t i = 0; i < ETCD_NUMBERS; i++) {
		if (strcmp(key, etcd_numbers[i].key) != 0)
			continue;
		s->known[i] = real_parse(value, &s->numbers[i]) == 0 && s->numbers[i] >= 0;
		return s->known[i] ? 0 : -EBADMSG;
	}
	if (strcmp(key, "wal_fsync") == 0)
		return histogram_parse(value, &s->wal_fsync) < 0 ? -EBADMSG : 0;
	if (strcmp(key, "backend_commit") == 0)
		return histogram_parse(value, &s->backend_commit) < 0 ? -EBADMSG : 0;
	if (strncmp(key, RTT, strlen(RTT)) == 0)
		return read_peer(s, key + strlen(RTT), value);
	if (strcmp(key, "version") == 0)
		text_cut(s->version, sizeof(s->version), value);
	s->left_out = s->left_out || strcmp(key, "peers_left_out") == 0;
	return 0;
}

int etcd_stat_read(const struct scrape *lines, struct etcd_stat *out)
{
	struct etcd_stat s = {.n_peers = 0};

	for (size_t i = 0; i < lines->n; i++)
		if (read_line(&s, lines->pairs[i].key, lines->pairs[i].value) < 0)
			return -EBADMSG;
	*out = s;
	return 0;
}
