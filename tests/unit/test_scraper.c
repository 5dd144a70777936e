/* SPDX-License-Identifier: Apache-2.0 */
/* What `nodefit-net scrape` makes of requests and answers. */
#include "scraper.h"

#include <math.h>

#include "helpers.h"
#include "promtext.h"

/* --- requests --- */

static void addresses_are_numeric_and_written_anew(void **state)
{
	static const struct {
		const char *text, *understood; /* NULL: refused */
	} rows[] = {{"127.0.0.1:2381", "127.0.0.1:2381"},
		    {"[::1]:2381", "[::1]:2381"},
		    {"[0:0:0:0:0:0:0:1]:02381", "[::1]:2381"},
		    {"10.0.0.7:65535", "10.0.0.7:65535"},
		    {"127.0.0.1:0", NULL},
		    {"127.0.0.1:65536", NULL},
		    {"127.0.0.1:", NULL},
		    {"127.0.0.1", NULL},
		    {"::1:2381", NULL},
		    {"[127.0.0.1]:2381", NULL},
		    {"[::1:2381", NULL},
		    {"0.0.0.0:2381", NULL},
		    {"[::]:2381", NULL},
		    {"localhost:2381", NULL},
		    {"127.0.0.1/x:2381", NULL},
		    {"user@127.0.0.1:2381", NULL},
		    {"127.0.0.1:2381/x", NULL},
		    {"[::1%lo]:2381", NULL},
		    {"[]:1", NULL},
		    {"[:1", NULL},
		    {":1", NULL},
		    {"", NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scraper_address a = {.text = "untouched"};
		int r = scraper_address_parse(rows[i].text, &a);

		if (r != (rows[i].understood ? 0 : -EINVAL))
			fail_msg("\"%s\": %d", rows[i].text, r);
		assert_string_equal(a.text, rows[i].understood ? rows[i].understood : "untouched");
	}
}

static int request(const char *text, struct scraper_request *out)
{
	return scraper_request_parse(text, strlen(text), out);
}

static void a_request_is_whole_lines_of_addresses(void **state)
{
	struct scraper_request rq = {.n = 77};

	(void)state;
	assert_int_equal(request("address=127.0.0.1:1", &rq), -EINVAL);
	assert_int_equal(request("address=127.0.0.1:1\nother=x\n", &rq), -EINVAL);
	assert_int_equal(request("\n", &rq), -EINVAL);
	assert_int_equal(request("address=localhost:1\n", &rq), -EINVAL);
	assert_int_equal(request("address=127.0.0.1:1\naddress=127.0.0.1:2\naddress=127.0.0.1:3\n"
				 "address=127.0.0.1:4\naddress=127.0.0.1:5\n",
				 &rq),
			 -EINVAL);
	assert_int_equal(scraper_request_parse("address=127.0.0.1:1\0x\n", 22, &rq), -EINVAL);
	assert_int_equal(rq.n, 77);
	assert_int_equal(request("", &rq), 0);
	assert_int_equal(rq.n, 0);
	assert_int_equal(request("address=127.0.0.1:1\naddress=[::1]:2\n", &rq), 0);
	assert_int_equal(rq.n, 2);
	assert_string_equal(rq.addresses[1].text, "[::1]:2");
}

/* --- HTTP/1.0 on a given socket --- */

static int reply(const char *text, unsigned *status, const char **body)
{
	size_t len;

	return http_reply_parse(text, strlen(text), status, body, &len);
}

static void a_reply_is_whole_or_none(void **state)
{
	static const char *const wrong[] = {
		"",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfour",
		"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nfour",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n",
		"HTTP/2 200\r\n\r\n",
		"HTTP/1.1 20\r\n\r\n",
		"SSH-2.0-x\r\n\r\n",
		"\r\n\r\n",
	};
	const char *body = "untouched";
	unsigned status = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (reply(wrong[i], &status, &body) != -EBADMSG)
			fail_msg("%s", wrong[i]);
	assert_string_equal(body, "untouched");
	assert_int_equal(
		reply("HTTP/1.1 200 OK\r\ncontent-LENGTH:  4 \r\n\r\nfour", &status, &body), 0);
	assert_int_equal(status, 200);
	assert_string_equal(body, "four");
	assert_int_equal(reply("HTTP/1.0 404 Not Found\r\n\r\n", &status, &body), 0);
	assert_int_equal(status, 404);
	assert_string_equal(body, "");
}

/* --- kube-proxy, Cilium --- */

static void a_mode_is_one_short_word(void **state)
{
	char mode[SCRAPER_VALUE] = "untouched";

	(void)state;
	assert_int_equal(kubeproxy_parse("", mode), -EBADMSG);
	assert_int_equal(kubeproxy_parse("iptables\nmode=x", mode), -EBADMSG);
	assert_int_equal(kubeproxy_parse("<html>", mode), -EBADMSG);
	assert_int_equal(kubeproxy_parse("IPVS", mode), -EBADMSG);
	assert_int_equal(kubeproxy_parse("abcdefghijklmnopqrstuvwxyzabcdef", mode), -EBADMSG);
	assert_string_equal(mode, "untouched");
	assert_int_equal(kubeproxy_parse("nftables", mode), 0);
	assert_string_equal(mode, "nftables");
	assert_int_equal(kubeproxy_parse("ipvs\n", mode), 0);
	assert_string_equal(mode, "ipvs");
}

static int health(const char *text, struct cilium_health *out)
{
	return cilium_parse(text, strlen(text), out);
}

static void ciliums_health_is_taken_from_its_json(void **state)
{
	struct cilium_health h = {.state = "untouched"};

	(void)state;
	assert_int_equal(health("", &h), -EBADMSG);
	assert_int_equal(health("{}", &h), -EBADMSG);
	assert_int_equal(health("[1]", &h), -EBADMSG);
	assert_int_equal(health("{\"cilium\":{\"state\":\"Ok\"}} x", &h), -EBADMSG);
	assert_int_equal(health("{\"cilium\":{\"state\":\"Ok\\nmode=x\"}}", &h), -EBADMSG);
	assert_int_equal(health("{\"kube-proxy-replacement\":{\"mode\":1}}", &h), -EBADMSG);
	assert_string_equal(h.state, "untouched");
	assert_int_equal(
		health("{\"cilium\":{\"state\":\"Warning\",\"msg\":\"1.16.3 (v1.16.3-f2217191)    "
		       "Stale status data\"},\"controllers\":[{\"name\":\"x\"}],"
		       "\"kube-proxy-replacement\":{\"mode\":\"True\",\"devices\":[\"eth0\"]}}",
		       &h),
		0);
	assert_string_equal(h.kube_proxy_replacement, "True");
	assert_string_equal(h.state, "Warning");
	assert_string_equal(h.version, "1.16.3");
	assert_int_equal(health("{\"kube-proxy-replacement\":{\"mode\":\"Strict\"}}", &h), 0);
	assert_string_equal(h.kube_proxy_replacement, "Strict");
	assert_string_equal(h.version, "");
}

/* --- Prometheus' text --- */

static void samples_are_split(void **state)
{
	char line[] = "a_metric:x{le=\"0.1\", To=\"a\\\\b\\\"c\\n\",} 1.5e+3 1700000000000",
	     bare[] = "x 4", spaced[] = "  x\t{ } +Inf", nan[] = "x NaN";
	struct prom_sample s;

	(void)state;
	assert_int_equal(prom_parse(line, &s), 1);
	assert_string_equal(s.name, "a_metric:x");
	assert_string_equal(prom_label(&s, "le"), "0.1");
	assert_string_equal(prom_label(&s, "To"), "a\\b\"c\n");
	assert_null(prom_label(&s, "other"));
	assert_true(s.value == 1500);
	assert_int_equal(prom_parse(bare, &s), 1);
	assert_true(s.value == 4 && s.n_labels == 0);
	assert_int_equal(prom_parse(spaced, &s), 1);
	assert_true(isinf(s.value));
	assert_int_equal(prom_parse(nan, &s), 1);
	assert_true(isnan(s.value));
}

static void what_is_no_sample_is_refused(void **state)
{
	static const char *const comments[] = {"", " ", "# HELP x y", "#"};
	static const char *const wrong[] = {
		"x",
		"x{",
		"x{le}",
		"x{le=1} 1",
		"x{le=\"1} 1",
		"x{le=\"1\"",
		"x{le=\"\\q\"} 1",
		"x{le=\"1\"a=\"2\"} 1",
		"1x 1",
		"x 1 y",
		"x one",
		"x 0x10",
		"x infinity",
		"{a=\"b\"} 1",
		"x{9=\"b\"} 1",
		"x{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\",f=\"\",g=\"\",h=\"\",i=\"\"} 1"};
	struct prom_sample s = {.value = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(comments) + ARRAY_LEN(wrong); i++) {
		bool comment = i < ARRAY_LEN(comments);
		char line[128];

		snprintf(line, sizeof(line), "%s",
			 comment ? comments[i] : wrong[i - ARRAY_LEN(comments)]);
		if (prom_parse(line, &s) != (comment ? 0 : -EBADMSG))
			fail_msg("\"%s\"", line);
	}
	assert_true(s.value == 77);
}

/* --- etcd --- */

#define WAL "etcd_disk_wal_fsync_duration_seconds_bucket"
#define RTT "etcd_network_peer_round_trip_time_seconds_bucket"
#define METRICS                                                                                    \
	"# HELP x y\n" WAL "{le=\"0.001\"} 3\n" WAL "{le=\"0.002\"} 5\n" WAL "{le=\"+Inf\"} 6\n"   \
	"etcd_disk_wal_fsync_duration_seconds_sum 1.25\netcd_server_has_leader 1\n"                \
	"process_start_time_seconds 1.79593246261e+09\n"                                           \
	"etcd_server_version{server_version=\"3.5.9\"} 1\n"                                        \
	"etcd_server_leader_changes_seen_total 4\n" RTT "{To=\"8e9e05c52164694d\",le=\"0.0001\"} " \
	"1\n" RTT "{To=\"8e9e05c52164694d\",le=\"+Inf\"} 2\n" RTT "{To=\"a\\nb\",le=\"1\"} 2\n"

static bool read_metrics(const char *text, size_t piece, struct etcd_reader *r)
{
	*r = (struct etcd_reader){.len = 0};
	for (size_t at = 0, len = strlen(text); at < len; at += piece)
		etcd_read(r, text + at, len - at < piece ? len - at : piece);
	return etcd_read_end(r);
}

/* One printed line after the other becomes what scrape_run() would give. */
static void lines_of(char *text, struct scrape *s)
{
	char *line, *rest = text;

	*s = (struct scrape){.text = text};
	while ((line = strsep(&rest, "\n")) && *line) {
		char *equals = strchr(line, '=');

		assert_non_null(equals);
		*equals = '\0';
		s->pairs[s->n].key = line;
		s->pairs[s->n++].value = equals + 1;
	}
}

static void etcds_metrics_are_taken_in_any_pieces(void **state)
{
	static const size_t pieces[] = {1, 7, 100000};
	struct etcd_reader *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_true(read_metrics(METRICS, pieces[i], r));
		assert_true(r->stat.wal_fsync.n == 3 && r->stat.wal_fsync.v[1].count == 5);
		assert_int_equal(r->stat.backend_commit.n, 0);
		assert_true(r->stat.numbers[ETCD_LEADER_CHANGES] == 4);
		assert_true(r->stat.known[ETCD_HAS_LEADER] && !r->stat.known[ETCD_IS_LEADER]);
		assert_string_equal(r->stat.version, "3.5.9");
		assert_int_equal(r->stat.n_peers, 1);
		assert_string_equal(r->stat.peers[0].id, "8e9e05c52164694d");
	}
	free(r);
}

static void what_one_end_prints_the_other_reads(void **state)
{
	struct etcd_reader *r = calloc(1, sizeof(*r));
	struct etcd_stat back = {.n_peers = 0};
	struct scrape lines;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(r);
	assert_non_null(out);
	assert_true(read_metrics(METRICS, 64, r));
	etcd_stat_print(&r->stat, out);
	fclose(out);
	lines_of(text, &lines);
	assert_int_equal(etcd_stat_read(&lines, &back), 0);
	assert_memory_equal(back.known, r->stat.known, sizeof(back.known));
	assert_true(back.numbers[ETCD_STARTED] == r->stat.numbers[ETCD_STARTED]);
	assert_int_equal(back.wal_fsync.n, 3);
	assert_int_equal(back.n_peers, 1);
	assert_int_equal(back.peers[0].rtt.n, 2);
	assert_string_equal(back.version, "3.5.9");
	free(text);
	free(r);
}

static void wrong_lines_are_no_reading(void **state)
{
	static const char *const texts[] = {"has_leader=x\n", "has_leader=-1\n", "wal_fsync=1:1\n",
					    "rtt.xyz=1:1 +Inf:1\n", "rtt.a=1:2 +Inf:1\n"};
	struct etcd_stat back = {.n_peers = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_free char *text = strdup(texts[i]);
		struct scrape lines;

		lines_of(text, &lines);
		assert_int_equal(etcd_stat_read(&lines, &back), -EBADMSG);
	}
	assert_int_equal(back.n_peers, 77);
}

static void a_histogram_that_contradicts_itself_is_none(void **state)
{
	struct etcd_reader *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	assert_false(read_metrics(WAL "{le=\"0.002\"} 3\n" WAL "{le=\"0.001\"} 5\n" WAL
				      "{le=\"+Inf\"} 6\netcd_server_has_leader 1\n",
				  64, r));
	assert_false(read_metrics(WAL "{le=\"0.002\"} 3\netcd_server_has_leader 1\n", 64, r));
	assert_false(read_metrics("up 1\n", 64, r)); /* another program's metrics */
	assert_false(read_metrics("", 64, r));
	free(r);
}

static void peers_beyond_the_bound_are_told_but_not_kept(void **state)
{
	struct etcd_reader *r = calloc(1, sizeof(*r));
	char line[256];

	(void)state;
	assert_non_null(r);
	etcd_read(r, METRICS, strlen(METRICS));
	for (int i = 0; i < 100; i++) {
		int n = snprintf(line, sizeof(line),
				 RTT "{To=\"%x\",le=\"1\"} 1\n" RTT "{To=\"%x\",le=\"+Inf\"} 1\n",
				 i, i);

		etcd_read(r, line, (size_t)n);
	}
	assert_true(etcd_read_end(r));
	assert_int_equal(r->stat.n_peers, ETCD_PEERS_MOST);
	assert_true(r->stat.left_out);
	free(r);
}

static void a_line_without_end_takes_no_memory(void **state)
{
	struct etcd_reader *r = calloc(1, sizeof(*r));

	(void)state;
	assert_non_null(r);
	for (int i = 0; i < 5000; i++)
		etcd_read(r, "has_leader{", 11);
	etcd_read(r, "\n" METRICS, 1 + strlen(METRICS));
	assert_true(etcd_read_end(r));
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_numeric_and_written_anew),
		cmocka_unit_test(a_request_is_whole_lines_of_addresses),
		cmocka_unit_test(a_reply_is_whole_or_none),
		cmocka_unit_test(a_mode_is_one_short_word),
		cmocka_unit_test(ciliums_health_is_taken_from_its_json),
		cmocka_unit_test(samples_are_split),
		cmocka_unit_test(what_is_no_sample_is_refused),
		cmocka_unit_test(etcds_metrics_are_taken_in_any_pieces),
		cmocka_unit_test(what_one_end_prints_the_other_reads),
		cmocka_unit_test(wrong_lines_are_no_reading),
		cmocka_unit_test(a_histogram_that_contradicts_itself_is_none),
		cmocka_unit_test(peers_beyond_the_bound_are_told_but_not_kept),
		cmocka_unit_test(a_line_without_end_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
