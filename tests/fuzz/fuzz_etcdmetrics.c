/* SPDX-License-Identifier: Apache-2.0 */
/* An etcd's metrics in any pieces: what is taken of them can be printed, read back as the same, and
 * judged. */
#include "tree.h"

#include "etcdnode.h"
#include "scraper.h"

/* What is printed is at most that many lines and bytes for the other end. */
static void read_back(const struct etcd_stat *s, struct etcd_stat *back)
{
	struct scrape lines = {0};
	char *line, *rest;
	size_t len;
	FILE *out = open_memstream(&lines.text, &len);

	assert(out);
	etcd_stat_print(s, out);
	fclose(out);
	assert(len <= SCRAPE_BYTES_MOST);
	for (rest = lines.text; (line = strsep(&rest, "\n")) && *line;) {
		char *equals = strchr(line, '=');

		assert(equals && lines.n < SCRAPE_PAIRS_MOST);
		*equals = '\0';
		lines.pairs[lines.n].key = line;
		lines.pairs[lines.n++].value = equals + 1;
	}
	assert(etcd_stat_read(&lines, back) == 0);
	scrape_clear(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct etcd_place place = {.heartbeat_s = 0.1, .election_s = 1};
	static const struct etcd_limits limits = {0.010, 0.016, 0.025, 0.064, 10, 1};
	struct etcd_reader *r = calloc(1, sizeof(*r));
	struct etcd_stat *before = calloc(1, sizeof(*before)), *now = calloc(1, sizeof(*now));
	struct findings *findings = calloc(1, sizeof(*findings));
	struct etcd_view view = {.place = &place, .now = now, .before = before, .seconds = 5};
	struct result result = {0};
	size_t half = size / 2;

	assert(r && before && now && findings);
	etcd_read(r, (const char *)data, half);
	*before = r->stat;
	etcd_read(r, (const char *)data + half, size - half);
	if (etcd_read_end(r)) {
		assert(histogram_whole(&r->stat.wal_fsync));
		assert(r->stat.n_peers <= ETCD_PEERS_MOST);
		read_back(&r->stat, now);
		assert(now->n_peers == r->stat.n_peers);
		assert(now->wal_fsync.n == r->stat.wal_fsync.n);
		etcd_judge(&view, &limits, findings, &result);
		findings_tell(findings, &result);
		assert(*result.reason);
	}
	free(r);
	free(before);
	free(now);
	free(findings);
	return 0;
}
