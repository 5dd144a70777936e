/* SPDX-License-Identifier: Apache-2.0 */
/* Which mode kube-proxy is in, by its own word: GET /proxyMode of its metrics address. (kubernetes:
 * cmd/kube-proxy/app/server.go) */
#include "scraper.h"

#include <string.h>

#define BODY_MOST 1024

struct proxy_answer {
	struct scraper_body body;
	char mode[SCRAPER_VALUE];
};

int kubeproxy_parse(const char *text, char mode[SCRAPER_VALUE])
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");

	/* Newer ones may end the line. */
	if (len == 0 || len > 31 || text[len + strspn(text + len, "\r\n")])
		return -EBADMSG;
	memcpy(mode, text, len);
	mode[len] = '\0';
	return 0;
}

static void take(void *context, const char *data, size_t n)
{
	struct proxy_answer *a = context;

	scraper_body_take(&a->body, data, n);
}

static void reset(void *context)
{
	struct proxy_answer *a = context;

	free(a->body.text);
	*a = (struct proxy_answer){0};
}

static bool take_answer(void *context, struct scraper_trouble *trouble)
{
	struct proxy_answer *a = context;

	if (a->body.text && !a->body.failed && strlen(a->body.text) == a->body.len &&
	    kubeproxy_parse(a->body.text, a->mode) == 0)
		return true;
	*trouble = (struct scraper_trouble){.words = "what answers /proxyMode is no kube-proxy"};
	return false;
}

static int run(const struct scraper_request *request, FILE *out)
{
	struct proxy_answer a = {.mode = ""};
	const struct scraper_get get = {
		.path = "/proxyMode", .most = BODY_MOST, .take = take, .context = &a};
	const struct scraper_address *at = scraper_ask(request, get, take_answer, reset, out);

	if (at)
		fprintf(out, "mode=%s\naddress=%s\n", a.mode, at->text);
	reset(&a);
	return 0;
}

const struct scraper kubeproxy_scraper = {
	.name = "kube-proxy",
	.addresses = {"127.0.0.1:10249", "[::1]:10249"},
	.run = run,
};
