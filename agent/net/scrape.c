/* SPDX-License-Identifier: Apache-2.0 */
/* The scrapers' table, what is asked of them, and their run without privileges. */
#include "scraper.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "log.h"
#include "reporter.h"
#include "text.h"

#define REQUEST_MOST 1024

static const struct scraper *const scrapers[] = {&kubeproxy_scraper, &cilium_scraper, &etcd_scraper,
						 &kconfig_scraper};

/* 0.0.0.0 and :: are no one's address, though connect(2) takes them for this machine. */
static bool is_nobodys(const struct ip *ip)
{
	static const uint8_t zeros[16];

	return memcmp(ip->bytes, zeros, ip_len(ip->family)) == 0;
}

int scraper_address_parse(const char *text, struct scraper_address *out)
{
	struct scraper_address a = {.port = 0};
	char host[INET6_ADDRSTRLEN + 2], *name = host, numeric[INET6_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool six = *text == '[';
	wide port;

	if (!colon || len >= sizeof(host) || number_parse(colon + 1, &port) < 0 || port < 1 ||
	    port > 65535)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (six) {
		if (len < 2 || host[len - 1] != ']')
			return -EINVAL;
		host[len - 1] = '\0';
		name++;
	}
	if (!ip_parse(name, &a.ip) || six != (a.ip.family == AF_INET6) || is_nobodys(&a.ip))
		return -EINVAL;
	a.port = (uint16_t)port;
	/* As it is understood, not as it was written: it becomes part of a URL. */
	snprintf(a.text, sizeof(a.text), six ? "[%s]:%u" : "%s:%u", ip_text(&a.ip, numeric),
		 (unsigned)a.port);
	*out = a;
	return 0;
}

int scraper_request_parse(const char *text, size_t len, struct scraper_request *out)
{
	static const char key[] = "address=";
	struct scraper_request rq = {.n = 0};

	if (len > REQUEST_MOST || (len && text[len - 1] != '\n'))
		return -EINVAL;
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = (size_t)(end - text);
		char line[128];

		if (n >= sizeof(line) || memchr(text, '\0', n) || rq.n == SCRAPER_ADDRESSES)
			return -EINVAL;
		memcpy(line, text, n);
		line[n] = '\0';
		if (strncmp(line, key, strlen(key)) != 0 ||
		    scraper_address_parse(line + strlen(key), &rq.addresses[rq.n++]) < 0)
			return -EINVAL;
		text += n + 1;
		len -= n + 1;
	}
	*out = rq;
	return 0;
}

static int read_request(const struct scraper *s, struct scraper_request *rq)
{
	char text[REQUEST_MOST + 1];
	size_t len = fread(text, 1, sizeof(text), stdin);

	if (ferror(stdin))
		return -EIO;
	if (scraper_request_parse(text, len, rq) < 0)
		return -EINVAL;
	for (size_t i = 0; rq->n == i && s->addresses[i]; i++)
		if (scraper_address_parse(s->addresses[i], &rq->addresses[rq->n++]) < 0)
			return -EINVAL;
	return 0;
}

static const struct scraper *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(scrapers); i++)
		if (strcmp(scrapers[i]->name, name) == 0)
			return scrapers[i];
	return NULL;
}

int scraper_run(const char *name)
{
	const struct scraper *s = find(name);
	struct scraper_request rq;
	int r;

	if (!s) {
		log_error("scrape: there is no \"%s\"; see: nodefit-net --help", name);
		return REPORTER_MISCONFIGURED;
	}
	r = privileges_drop();
	if (r == 0)
		r = read_request(s, &rq);
	if (r == -EINVAL) {
		log_error("scrape %s: standard input has lines address=HOST:PORT, at most %d", name,
			  SCRAPER_ADDRESSES);
		return REPORTER_MISCONFIGURED;
	}
	/* No TLS: nothing to set up for it. */
	if (r == 0 && curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		r = -ENOMEM;
	if (r == 0)
		r = s->run(&rq, stdout);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = -EIO;
	if (r < 0)
		log_error("scrape %s: %s", name, strerror(-r));
	return r < 0 ? REPORTER_FAILED : REPORTER_STOPPED;
}
