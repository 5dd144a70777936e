/* SPDX-License-Identifier: Apache-2.0 */
/* What an etcd counts about itself: GET /metrics, of which some twenty lines in fifteen hundred
 * matter. They are taken as they come; nothing else is kept. (etcd: server/storage/wal/metrics.go,
 * server/storage/backend/metrics.go, server/etcdserver/metrics.go,
 * server/etcdserver/api/rafthttp/metrics.go) */
#include "scraper.h"

#include <math.h>
#include <string.h>

#include "promtext.h"
#include "text.h"

#define BODY_MOST ((size_t)4 << 20)

/* Adds a bucket; a histogram that contradicts itself is none from there on. */
static void take_bucket(struct histogram *h, const struct prom_sample *s)
{
	const char *le = prom_label(s, "le");
	double edge = INFINITY;

	if (!le)
		return;
	if (strcmp(le, "+Inf") != 0 && real_parse(le, &edge) < 0)
		edge = NAN;
	if (histogram_add(h, edge, s->value) == 0)
		return;
	/* Full of nothing: no bucket fits behind it, and it is not whole. */
	*h = (struct histogram){.n = HISTOGRAM_BUCKETS};
}

static void take_rtt(struct etcd_stat *stat, const struct prom_sample *s)
{
	const char *to = prom_label(s, "To");
	size_t i = 0;

	if (!to || !etcd_peer_id_ok(to))
		return;
	while (i < stat->n_peers && strcmp(stat->peers[i].id, to) != 0)
		i++;
	if (i == ETCD_PEERS_MOST) {
		stat->left_out = true;
		return;
	}
	if (i == stat->n_peers)
		snprintf(stat->peers[stat->n_peers++].id, ETCD_PEER_ID, "%s", to);
	take_bucket(&stat->peers[i].rtt, s);
}

static void take_version(struct etcd_stat *stat, const struct prom_sample *s)
{
	const char *version = prom_label(s, "server_version");
	size_t len = version ? strspn(version, "0123456789.abcdefghijklmnopqrstuvwxyz-+") : 0;

	if (len && len < sizeof(stat->version) && !version[len])
		memcpy(stat->version, version, len + 1);
}

static void take_line(struct etcd_stat *stat, char *line)
{
	struct prom_sample s;

	if (prom_parse(line, &s) <= 0)
		return;
	for (size_t i = 0; i < ETCD_NUMBERS; i++) {
		if (strcmp(s.name, etcd_numbers[i].metric) == 0 && isfinite(s.value) &&
		    s.value >= 0) {
			stat->numbers[i] = s.value;
			stat->known[i] = true;
		}
	}
	if (strcmp(s.name, "etcd_disk_wal_fsync_duration_seconds_bucket") == 0)
		take_bucket(&stat->wal_fsync, &s);
	else if (strcmp(s.name, "etcd_disk_backend_commit_duration_seconds_bucket") == 0)
		take_bucket(&stat->backend_commit, &s);
	else if (strcmp(s.name, "etcd_network_peer_round_trip_time_seconds_bucket") == 0)
		take_rtt(stat, &s);
	else if (strcmp(s.name, "etcd_server_version") == 0)
		take_version(stat, &s);
}

void etcd_read(struct etcd_reader *r, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] != '\n') {
			r->too_long = r->too_long || r->len == sizeof(r->line) - 1 || !data[i];
			if (!r->too_long)
				r->line[r->len++] = data[i];
			continue;
		}
		r->line[r->len] = '\0';
		if (!r->too_long)
			take_line(&r->stat, r->line);
		r->len = 0;
		r->too_long = false;
	}
}

static void drop_unless_whole(struct histogram *h)
{
	if (!histogram_whole(h))
		*h = (struct histogram){.n = 0};
}

bool etcd_read_end(struct etcd_reader *r)
{
	struct etcd_stat *s = &r->stat;
	size_t n = 0;

	drop_unless_whole(&s->wal_fsync);
	drop_unless_whole(&s->backend_commit);
	for (size_t i = 0; i < s->n_peers; i++)
		if (histogram_whole(&s->peers[i].rtt))
			s->peers[n++] = s->peers[i];
	s->n_peers = n;
	return s->wal_fsync.n && s->known[ETCD_HAS_LEADER];
}

static void take(void *context, const char *data, size_t n)
{
	etcd_read(context, data, n);
}

static void reset(void *context)
{
	*(struct etcd_reader *)context = (struct etcd_reader){.len = 0};
}

static bool take_answer(void *context, struct scraper_trouble *trouble)
{
	if (etcd_read_end(context))
		return true;
	*trouble = (struct scraper_trouble){.words = "what answers /metrics is no etcd"};
	return false;
}

static int run(const struct scraper_request *request, FILE *out)
{
	struct etcd_reader *r = calloc(1, sizeof(*r));
	const struct scraper_get get = {
		.path = "/metrics", .most = BODY_MOST, .take = take, .context = r};
	const struct scraper_address *at;

	if (!r)
		return -ENOMEM;
	at = scraper_ask(request, get, take_answer, reset, out);
	if (at) {
		fprintf(out, "address=%s\n", at->text);
		etcd_stat_print(&r->stat, out);
	}
	free(r);
	return 0;
}

const struct scraper etcd_scraper = {
	.name = "etcd",
	/* kubeadm's --listen-metrics-urls (kubernetes: cmd/kubeadm/app/phases/etcd/local.go) */
	.addresses = {"127.0.0.1:2381", "[::1]:2381"},
	.run = run,
};
