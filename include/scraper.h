/* SPDX-License-Identifier: Apache-2.0 */
/* `nodefit-net scrape WHAT`: asks one thing on this node by HTTP and prints what matters of its
 * answer as "key=value" lines. It reads "key=value" lines from its standard input, too. scrape.h is
 * the other end. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "etcdstat.h"
#include "ip.h"
#include "kconfig.h"

#define SCRAPER_ADDRESSES 4
#define SCRAPER_WHOLE_MS  2500 /* for all addresses together */
#define SCRAPER_VALUE     128  /* the longest word that is taken from an answer, with its NUL */

struct scraper_address {
	struct ip ip;
	uint16_t port;
	char text[INET6_ADDRSTRLEN + 8]; /* "127.0.0.1:2381", "[::1]:2381" */
};

/* What standard input asks for: "address=HOST:PORT" lines, numeric, in the order to try them. */
struct scraper_request {
	struct scraper_address addresses[SCRAPER_ADDRESSES];
	size_t n;
};

/* From "HOST:PORT" or "[HOST]:PORT"; never 0.0.0.0 or the like. 0 or -EINVAL, *out untouched. */
int scraper_address_parse(const char *text, struct scraper_address *out);
/* All of standard input; whatever is no such line, or one too many, refuses it. 0 or -EINVAL, *out
 * untouched. */
int scraper_request_parse(const char *text, size_t len, struct scraper_request *out);

struct scraper {
	const char *name;
	const char *addresses[3]; /* where to ask when nothing is asked for; ends with NULL */
	/* Asks and prints. 0, or -errno for what is this program's own trouble. */
	int (*run)(const struct scraper_request *request, FILE *out);
};

extern const struct scraper kubeproxy_scraper, cilium_scraper, etcd_scraper, kconfig_scraper;

/* The verb: from standard input to standard output, without privileges. An exit code. */
int scraper_run(const char *name);

/* --- one GET: scrape_http.c --- */

struct scraper_get {
	const char *authority; /* "127.0.0.1:2381" */
	const char *path;
	long whole_ms;
	size_t most; /* bytes of the body */
	/* Takes the body, piece by piece. */
	void (*take)(void *context, const char *data, size_t n);
	void *context;
};

/* Why there was no answer. */
struct scraper_trouble {
	bool refused;    /* nobody listens */
	char words[160]; /* one line */
};

/* True when there was a whole answer with status 200; no redirect is followed. */
bool scraper_get(const struct scraper_get *get, struct scraper_trouble *trouble);
/* Asks one address after the other until one answers and `take_answer` says that it is what it
 * should be (or puts into words why not), and returns which. NULL, with "error=" and, when nobody
 * listens at any, "refused=yes" printed. `reset` empties what was taken of the one before. */
const struct scraper_address *
scraper_ask(const struct scraper_request *request, struct scraper_get get,
	    bool (*take_answer)(void *context, struct scraper_trouble *trouble),
	    void (*reset)(void *context), FILE *out);
void scraper_tell_trouble(const struct scraper_trouble *trouble, bool refused, FILE *out);

long scraper_now_ms(void); /* of a monotonic clock */

/* A body that is kept whole. */
struct scraper_body {
	char *text; /* NUL-terminated, or NULL for none; the caller's */
	size_t len;
	bool failed; /* no memory */
};
void scraper_body_take(void *body, const char *data, size_t n);

/* --- on a socket that somebody else has connected: scrape_socket.c --- */

/* The same there: at most `most` bytes with the headers, in `whole_ms`. */
bool scraper_get_on(int fd, const char *path, long whole_ms, size_t most, struct scraper_body *body,
		    struct scraper_trouble *trouble);

/* Finds status and body of a reply to HTTP/1.0, that ends with the connection. 0, or -EBADMSG, the
 * outputs untouched, when it is none, or not whole. */
int http_reply_parse(const char *text, size_t len, unsigned *status, const char **body,
		     size_t *body_len);

/* --- the answers' parsers, pure --- */

/* kube-proxy's /proxyMode: "iptables", "ipvs", "nftables" …. 0, or -EBADMSG for what is no such
 * word. */
int kubeproxy_parse(const char *text, char mode[SCRAPER_VALUE]);

struct cilium_health {
	char kube_proxy_replacement[SCRAPER_VALUE]; /* "True", "False", or older words; or empty */
	char state[SCRAPER_VALUE];                  /* "Ok", "Warning" …; or empty */
	char version[SCRAPER_VALUE];                /* "1.16.3"; or empty */
};
/* The agent's /v1/healthz. 0, -EBADMSG when it is no such object, or -ENOMEM; *out untouched. */
int cilium_parse(const char *text, size_t len, struct cilium_health *out);

/* Unpacks a kernel's configuration. 0, -EBADMSG for what is none, or -ENOMEM; *out untouched. */
int kconfig_unpack(int fd, struct kconfig *out);

/* etcd's metrics as they come, in pieces of any size; lines that are too long or none are passed
 * over, and so is a histogram whose buckets contradict each other. Begins zeroed. */
#define ETCD_LINE_MOST 512
struct etcd_reader {
	struct etcd_stat stat;
	char line[ETCD_LINE_MOST];
	size_t len;
	bool too_long;
};
void etcd_read(struct etcd_reader *r, const char *data, size_t n);
/* Drops what is not whole. False when that was no etcd's. */
bool etcd_read_end(struct etcd_reader *r);
