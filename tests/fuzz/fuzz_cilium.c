/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on Cilium's socket and of kube-proxy, requests, and etcd's command line: whatever is
 * taken of them fits a line. */
#include "tree.h"

#include <ctype.h>

#include "etcdnode.h"
#include "helm.h"
#include "scraper.h"

static void check_word(const char *word)
{
	assert(strlen(word) < SCRAPER_VALUE);
	for (; *word; word++)
		assert(isgraph((unsigned char)*word) && *word != '=');
}

static void check_request(const char *text, size_t len)
{
	struct scraper_request rq = {.n = 0};

	if (scraper_request_parse(text, len, &rq) < 0)
		return;
	for (size_t i = 0; i < rq.n; i++) {
		struct scraper_address again;

		/* What is understood is understood again as the same. */
		assert(scraper_address_parse(rq.addresses[i].text, &again) == 0);
		assert(strcmp(again.text, rq.addresses[i].text) == 0);
	}
}

static void check_reply(const char *text, size_t len)
{
	struct cilium_health h = {.state = ""};
	const char *body = text;
	size_t body_len = len;
	unsigned status;

	if (http_reply_parse(text, len, &status, &body, &body_len) == 0) {
		assert(status <= 999);
		assert(body >= text && body + body_len == text + len);
	}
	if (cilium_parse(body, body_len, &h) == 0)
		assert(*h.state || *h.kube_proxy_replacement);
	check_word(h.state);
	check_word(h.kube_proxy_replacement);
	check_word(h.version);
}

static void check_place(const char *text, size_t len)
{
	struct etcd_place place = {.n = 0};

	etcd_take_words(&place, text, len);
	assert(place.n <= ETCD_ADDRESSES);
	for (size_t i = 0; i < place.n; i++) {
		struct scraper_address a;

		assert(scraper_address_parse(place.addresses[i], &a) == 0 ||
		       strncmp(place.addresses[i], "[::", 3) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char mode[SCRAPER_VALUE] = "", host[64] = "";
	char *text = malloc(size + 1);
	unsigned port = 0;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (kubeproxy_parse(text, mode) == 0)
		assert(*mode);
	check_word(mode);
	check_request(text, size);
	check_reply(text, size);
	check_place(text, size);
	if (helm_server_parse(text, host, sizeof(host), &port))
		assert(port >= 1 && port <= 65535 && !strpbrk(host, " \"\n"));
	free(text);
	return 0;
}
