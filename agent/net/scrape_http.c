/* SPDX-License-Identifier: Apache-2.0 */
/* One bounded GET: so many bytes, so much time, no redirect, no proxy, no name. */
#include "scraper.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#ifndef NODEFIT_VERSION
#define NODEFIT_VERSION "unknown"
#endif

#define HEADERS_MOST 32768 /* bytes */

struct transfer {
	const struct scraper_get *get;
	CURL *easy;
	size_t seen, headers;
};

static size_t take_body(char *data, size_t one, size_t n, void *context)
{
	struct transfer *t = context;

	(void)one;
	t->seen += n;
	if (t->seen > t->get->most)
		return 0;
	t->get->take(t->get->context, data, n);
	return n;
}

/* libcurl keeps them all. */
static size_t take_header(char *data, size_t one, size_t n, void *context)
{
	struct transfer *t = context;

	(void)data;
	(void)one;
	t->headers += n;
	return t->headers > HEADERS_MOST ? 0 : n;
}

static void set_up(struct transfer *t)
{
	CURL *easy = t->easy;
	char url[256];

	snprintf(url, sizeof(url), "http://%s%s", t->get->authority, t->get->path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTP);
#endif
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "nodefit-net/" NODEFIT_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, t->get->whole_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	/* What is not 200 shall not be taken for an answer, not even in part. */
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
}

static void explain(const struct transfer *t, CURLcode result, struct scraper_trouble *trouble)
{
	const char *what = curl_easy_strerror(result);
	long status = 0, number = 0;
	char words[64];

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
	trouble->refused = result == CURLE_COULDNT_CONNECT && number == ECONNREFUSED;
	if (trouble->refused)
		what = "nobody listens";
	else if (result == CURLE_COULDNT_CONNECT && number)
		what = strerror((int)number);
	else if (t->seen > t->get->most)
		what = "its answer is too long";
	else if (t->headers > HEADERS_MOST)
		what = "its answer's headers are too long";
	else if (result == CURLE_OPERATION_TIMEDOUT)
		what = "no whole answer in time";
	else if (result == CURLE_OK || result == CURLE_HTTP_RETURNED_ERROR) {
		snprintf(words, sizeof(words), "it answers with HTTP status %ld", status);
		what = words;
	}
	snprintf(trouble->words, sizeof(trouble->words), "%s: %s", t->get->authority, what);
}

bool scraper_get(const struct scraper_get *get, struct scraper_trouble *trouble)
{
	struct transfer t = {.get = get, .easy = curl_easy_init()};
	CURLcode result;
	long status = 0;
	bool answered;

	if (!t.easy) {
		*trouble = (struct scraper_trouble){.words = "out of memory"};
		return false;
	}
	set_up(&t);
	result = curl_easy_perform(t.easy);
	curl_easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &status);
	answered = result == CURLE_OK && status == 200;
	if (!answered)
		explain(&t, result, trouble);
	curl_easy_cleanup(t.easy);
	return answered;
}

long scraper_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void scraper_tell_trouble(const struct scraper_trouble *trouble, bool refused, FILE *out)
{
	fprintf(out, "error=%s\n", trouble->words);
	if (refused)
		fputs("refused=yes\n", out);
}

const struct scraper_address *
scraper_ask(const struct scraper_request *request, struct scraper_get get,
	    bool (*take_answer)(void *context, struct scraper_trouble *trouble),
	    void (*reset)(void *context), FILE *out)
{
	long until = scraper_now_ms() + SCRAPER_WHOLE_MS;
	struct scraper_trouble worst = {.refused = true};

	for (size_t i = 0; i < request->n; i++) {
		const struct scraper_address *a = &request->addresses[i];
		struct scraper_trouble trouble = {.refused = false};
		/* One that hangs leaves the next its share. */
		long left = (until - scraper_now_ms()) / (long)(request->n - i);

		get.authority = a->text;
		get.whole_ms = left > 1 ? left : 1;
		reset(get.context);
		if (scraper_get(&get, &trouble) && take_answer(get.context, &trouble))
			return a;
		/* That nobody listens says less than any other trouble. */
		if (worst.refused && (!*worst.words || !trouble.refused))
			worst = trouble;
	}
	scraper_tell_trouble(&worst, worst.refused, out);
	return NULL;
}

void scraper_body_take(void *context, const char *data, size_t n)
{
	struct scraper_body *b = context;
	char *longer = b->failed ? NULL : realloc(b->text, b->len + n + 1);

	if (!longer) {
		b->failed = true;
		return;
	}
	b->text = longer;
	memcpy(b->text + b->len, data, n);
	b->len += n;
	b->text[b->len] = '\0';
}
