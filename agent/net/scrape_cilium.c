/* SPDX-License-Identifier: Apache-2.0 */
/* What Cilium's agent says of itself: GET /v1/healthz on its unix socket, which only root may open:
 * it comes connected, as HELPER_FD. (cilium: api/v1/openapi.yaml, StatusResponse) */
#include "scraper.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "helper.h"

/* All controllers of all endpoints are in it, some hundred bytes each. */
#define BODY_MOST ((size_t)1 << 20)

/* A word that fits a line; what is none is left out. */
static void take_word(const json_t *value, char out[SCRAPER_VALUE])
{
	const char *text = json_string_value(value);
	size_t len = text ? strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789.-_+")
			  : 0;

	if (text && len && len < SCRAPER_VALUE && !text[len])
		memcpy(out, text, len + 1);
}

/* "1.16.3 (v1.16.3-f2217191)    Stale status data". */
static void take_version(const json_t *message, char out[SCRAPER_VALUE])
{
	const char *text = json_string_value(message);
	size_t len;

	if (!text || !isdigit((unsigned char)*text))
		return;
	len = strcspn(text, " ");
	if (len < 32 && strspn(text, "0123456789.abcdefghijklmnopqrstuvwxyz-+") >= len) {
		memcpy(out, text, len);
		out[len] = '\0';
	}
}

int cilium_parse(const char *text, size_t len, struct cilium_health *out)
{
	struct cilium_health h = {.state = ""};
	json_error_t error;
	json_t *root = json_loadb(text, len, 0, &error);
	const json_t *daemon = json_object_get(root, "cilium"),
		     *proxy = json_object_get(root, "kube-proxy-replacement");

	if (!root && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	take_word(json_object_get(proxy, "mode"), h.kube_proxy_replacement);
	take_word(json_object_get(daemon, "state"), h.state);
	take_version(json_object_get(daemon, "msg"), h.version);
	json_decref(root);
	if (!*h.kube_proxy_replacement && !*h.state)
		return -EBADMSG;
	*out = h;
	return 0;
}

static void print(const char *key, const char *value, FILE *out)
{
	if (*value)
		fprintf(out, "%s=%s\n", key, value);
}

static int run(const struct scraper_request *request, FILE *out)
{
	struct scraper_trouble trouble = {.words = "what answers on the socket is no Cilium"};
	struct scraper_body body = {0};
	struct cilium_health h;
	int r;

	if (request->n)
		return -EINVAL;
	r = scraper_get_on(HELPER_FD, "/v1/healthz", SCRAPER_WHOLE_MS, BODY_MOST, &body, &trouble)
		    ? cilium_parse(body.text, body.len, &h)
		    : -EBADMSG;
	free(body.text);
	if (r == -EBADMSG) {
		scraper_tell_trouble(&trouble, false, out);
		return 0;
	}
	if (r < 0)
		return r;
	print("kube_proxy_replacement", h.kube_proxy_replacement, out);
	print("state", h.state, out);
	print("version", h.version, out);
	return 0;
}

const struct scraper cilium_scraper = {.name = "cilium", .run = run};
