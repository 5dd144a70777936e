/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface, driven by sd-event. */
#include "api.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <strings.h>

#include "idle.h"
#include "login.h"

#ifndef NODEFIT_VERSION
#define NODEFIT_VERSION "unknown"
#endif

#define CONNECT_MS      5000L
#define WHOLE_MS        20000L
#define REQUESTS_MOST   8
#define ALLOWED_SOCKETS 16

struct watched {
	struct api *api;
	sd_event_source *source;
	curl_socket_t fd; /* CURL_SOCKET_BAD: free */
};

struct api {
	sd_event *event;
	CURLM *multi;
	sd_event_source *timer;
	struct watched watched[ALLOWED_SOCKETS];
	const struct credentials *credentials;
	struct curl_slist *connect_to; /* the server's address, where its certificate has a name */
	struct transfer *on_way[REQUESTS_MOST];
};

/* One request on its way. */
struct transfer {
	struct api *api;
	CURL *easy;
	struct transfer **place; /* among those on their way, or NULL */
	struct api_request request;
	struct curl_slist *headers;
	char *body;
	size_t len, seen;
	double retry_after;
	char error[CURL_ERROR_SIZE];
};

static void check_done(struct api *api);

/* --- libcurl's wishes to the loop --- */

static int on_socket(sd_event_source *s, int fd, uint32_t revents, void *context)
{
	struct watched *w = context;
	int action = (revents & EPOLLIN ? CURL_CSELECT_IN : 0) |
		     (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		     (revents & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
	struct api *api = w->api;
	int running;

	(void)s;
	curl_multi_socket_action(api->multi, fd, action, &running);
	check_done(api);
	return 0;
}

static struct watched *find(struct api *api, curl_socket_t fd)
{
	for (size_t i = 0; i < ALLOWED_SOCKETS; i++)
		if (api->watched[i].fd == fd)
			return &api->watched[i];
	return NULL;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *ignored)
{
	struct api *api = context;
	struct watched *w = find(api, fd);
	uint32_t events =
		(what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	(void)ignored;
	if (what == CURL_POLL_REMOVE) {
		if (w) {
			w->source = sd_event_source_disable_unref(w->source);
			w->fd = CURL_SOCKET_BAD;
		}
		return 0;
	}
	if (w)
		return sd_event_source_set_io_events(w->source, events) < 0 ? -1 : 0;
	w = find(api, CURL_SOCKET_BAD);
	if (!w || sd_event_add_io(api->event, &w->source, fd, events, on_socket, w) < 0)
		return -1;
	w->api = api;
	w->fd = fd;
	return 0;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	struct api *api = context;
	int running;

	(void)s;
	(void)usec;
	curl_multi_socket_action(api->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_done(api);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *context)
{
	struct api *api = context;
	int r;

	(void)multi;
	if (ms < 0) {
		api->timer = sd_event_source_disable_unref(api->timer);
		return 0;
	}
	if (!api->timer)
		return sd_event_add_time_relative(api->event, &api->timer, CLOCK_MONOTONIC,
						  (uint64_t)ms * 1000, 1000, on_timer, api) < 0
			       ? -1
			       : 0;
	r = sd_event_source_set_time_relative(api->timer, (uint64_t)ms * 1000);
	if (r >= 0)
		r = sd_event_source_set_enabled(api->timer, SD_EVENT_ONESHOT);
	return r < 0 ? -1 : 0;
}

/* --- a request --- */

static void transfer_free(struct transfer *t)
{
	if (t->place) {
		curl_multi_remove_handle(t->api->multi, t->easy);
		*t->place = NULL;
	}
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t->body);
	free(t);
}

/* What is longer than a reply can be is refused as it comes. */
static size_t take_body(char *data, size_t one, size_t n, void *context)
{
	struct transfer *t = context;
	char *longer;

	(void)one;
	t->seen += n;
	if (t->seen > API_REPLY_MOST)
		return 0;
	if (!t->request.wants_body)
		return n;
	longer = realloc(t->body, t->len + n + 1);
	if (!longer)
		return 0;
	t->body = longer;
	memcpy(t->body + t->len, data, n);
	t->len += n;
	t->body[t->len] = '\0';
	return n;
}

/* "Retry-After: 30"; the form with a date is not used by API servers. */
static size_t take_header(char *data, size_t one, size_t n, void *context)
{
	static const char name[] = "retry-after:";
	struct transfer *t = context;
	char text[32];

	(void)one;
	t->seen += n;
	if (t->seen > API_REPLY_MOST)
		return 0;
	if (n > strlen(name) && strncasecmp(data, name, strlen(name)) == 0) {
		snprintf(text, sizeof(text), "%.*s", (int)(n - strlen(name)), data + strlen(name));
		t->retry_after = strtod(text, NULL);
		if (!(t->retry_after > 0))
			t->retry_after = 0;
	}
	return n;
}

static void check_done(struct api *api)
{
	CURLMsg *message;
	bool any = false;
	int left;

	while ((message = curl_multi_info_read(api->multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;
		struct transfer *t = NULL;
		struct api_reply reply = {.body = ""};

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		if (result == CURLE_OK) {
			curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply.status);
			reply.body = t->body ? t->body : "";
			reply.len = t->len;
			reply.retry_after = t->retry_after;
		} else if (t->seen > API_REPLY_MOST) {
			reply.error = "the reply is larger than any that an API server gives";
		} else {
			reply.error = *t->error ? t->error : curl_easy_strerror(result);
			reply.untrusted = result == CURLE_PEER_FAILED_VERIFICATION;
		}
		/* Its place is free for what done() may send. */
		curl_multi_remove_handle(api->multi, easy);
		*t->place = NULL;
		t->place = NULL;
		t->request.done(t->request.context, &reply);
		transfer_free(t);
		any = true;
	}
	if (any)
		idle();
}

static int add_headers(struct transfer *t, const struct credentials *c)
{
	_cleanup_free char *type = NULL;
	int r = login_header(&t->headers, "Accept: application/json");

	if (r == 0 && t->request.type)
		r = format(&type, "Content-Type: %s", t->request.type);
	if (r == 0 && type)
		r = login_header(&t->headers, type);
	return r < 0 ? r : login_token(&t->headers, c);
}

static int set_up(CURL *easy, struct transfer *t)
{
	const struct credentials *c = t->api->credentials;
	const struct api_request *rq = &t->request;
	_cleanup_free char *url = NULL;
	int r = add_headers(t, c);

	if (r == 0)
		r = c->server_name ? format(&url, "https://%s%s", c->server_name, rq->path)
				   : format(&url, "%s%s", c->server, rq->path);
	if (r < 0)
		return r;
	curl_easy_setopt(easy, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, rq->method);
	if (rq->body)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, rq->body);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "nodefit-net/" NODEFIT_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* One small request at a time: streams and large buffers are only memory. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* no variable sends a token elsewhere */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, WHOLE_MS);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	/* Minutes pass before the next one, and that shall use what lies on the disk then. */
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name server that does not answer is not waited for when the time is up. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	if (t->api->connect_to)
		curl_easy_setopt(easy, CURLOPT_CONNECT_TO, t->api->connect_to);
	login_identity(easy, c);
	return 0;
}

int api_send(struct api *api, const struct api_request *request)
{
	struct transfer **place = NULL, *t;
	int r;

	for (size_t i = 0; i < REQUESTS_MOST && !place; i++)
		if (!api->on_way[i])
			place = &api->on_way[i];
	if (!place)
		return -EBUSY;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->api = api;
	t->request = *request;
	t->easy = curl_easy_init();
	r = t->easy ? set_up(t->easy, t) : -ENOMEM;
	/* libcurl has its own copies from here on. */
	t->request.path = t->request.type = t->request.body = NULL;
	if (r == 0 && curl_multi_add_handle(api->multi, t->easy) != CURLM_OK)
		r = -EIO;
	if (r < 0) {
		transfer_free(t);
		return r;
	}
	*place = t;
	t->place = place;
	return 0;
}

/* libcurl verifies the name of the URL: that has the certificate's, and is sent to the server. A
 * path behind HOST:PORT is not possible then. */
static int name_server(struct api *api)
{
	const char *server = api->credentials->server + strlen("https://");
	_cleanup_free char *line = NULL;
	bool has_port = strchr(*server == '[' ? server + strcspn(server, "]") : server, ':');
	int r;

	if (!api->credentials->server_name)
		return 0;
	r = format(&line, "::%s%s", server, has_port ? "" : ":443");
	if (r == 0)
		api->connect_to = curl_slist_append(NULL, line);
	return r == 0 && !api->connect_to ? -ENOMEM : r;
}

int api_open(sd_event *event, const struct credentials *credentials, struct api **out)
{
	struct api *api = calloc(1, sizeof(*api));

	if (!api)
		return -ENOMEM;
	api->event = event;
	api->credentials = credentials;
	for (size_t i = 0; i < ALLOWED_SOCKETS; i++)
		api->watched[i].fd = CURL_SOCKET_BAD;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(api->multi = curl_multi_init()) || name_server(api) < 0) {
		curl_multi_cleanup(api->multi);
		free(api);
		return -EIO;
	}
	curl_multi_setopt(api->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(api->multi, CURLMOPT_SOCKETDATA, api);
	curl_multi_setopt(api->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(api->multi, CURLMOPT_TIMERDATA, api);
	*out = api;
	return 0;
}

void api_close(struct api **api)
{
	if (!*api)
		return;
	for (size_t i = 0; i < REQUESTS_MOST; i++)
		if ((*api)->on_way[i])
			transfer_free((*api)->on_way[i]);
	curl_multi_cleanup((*api)->multi);
	curl_slist_free_all((*api)->connect_to);
	for (size_t i = 0; i < ALLOWED_SOCKETS; i++)
		sd_event_source_disable_unref((*api)->watched[i].source);
	sd_event_source_disable_unref((*api)->timer);
	curl_global_cleanup();
	free(*api);
	*api = NULL;
}
