/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd, driven by sd-event through its epoll descriptor. */
#include "httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "ip.h"
#include "text.h"

#define CONNECTIONS_MOST 16u
#define IDLE_S           10u
#define MEMORY_MOST      ((size_t)16 * 1024) /* of one connection: its request */

struct httpd {
	struct MHD_Daemon *daemon;
	sd_event_source *io, *timer;
	bool (*page)(void *context, const char *path, struct httpd_page *out);
	void *context;
};

static enum MHD_Result answer(struct MHD_Connection *connection, struct httpd_page *page)
{
	struct MHD_Response *response;
	enum MHD_Result queued;

	response = MHD_create_response_from_buffer(page->len, page->text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(page->text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	queued = MHD_queue_response(connection, page->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *data, size_t *data_len, void **state)
{
	struct httpd *h = context;
	struct httpd_page page = {.status = MHD_HTTP_METHOD_NOT_ALLOWED, .type = "text/plain"};
	const char *words = "only GET and HEAD\n";

	(void)version;
	(void)data;
	(void)state;
	if (*data_len) { /* nobody wants it */
		*data_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0) {
		if (h->page(h->context, path, &page))
			return answer(connection, &page);
		page.status = MHD_HTTP_NOT_FOUND;
		words = "no such page\n";
	}
	page.text = strdup(words);
	page.len = strlen(words);
	return page.text ? answer(connection, &page) : MHD_NO;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context);

/* Connections that say nothing are closed in time. */
static void run(struct httpd *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES) {
		sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(h->timer, (uint64_t)ms * 1000);
	sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	(void)s;
	(void)usec;
	run(context);
	return 0;
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *context)
{
	(void)s;
	(void)fd;
	(void)revents;
	run(context);
	return 0;
}

static bool parse_address(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	struct ip ip;
	wide port;

	*out = (struct sockaddr_storage){0};
	if (!colon || number_parse(colon + 1, &port) < 0 || port < 0 || port > 65535 ||
	    (size_t)(colon - text) >= sizeof(host))
		return false;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (*host == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	} else if (strchr(host, ':')) {
		return false;
	}
	if (!ip_parse(host, &ip))
		return false;
	if (ip.family == AF_INET6) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		memcpy(&six->sin6_addr, ip.bytes, sizeof(six->sin6_addr));
		*len = sizeof(*six);
	} else {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		memcpy(&four->sin_addr, ip.bytes, sizeof(four->sin_addr));
		*len = sizeof(*four);
	}
	return true;
}

bool httpd_is_address(const char *text)
{
	struct sockaddr_storage where;
	socklen_t len;

	return parse_address(text, &where, &len);
}

int httpd_open(sd_event *event, const char *address,
	       bool (*page)(void *context, const char *path, struct httpd_page *out), void *context,
	       struct httpd **out)
{
	const union MHD_DaemonInfo *info;
	struct sockaddr_storage where;
	struct httpd *h;
	unsigned flags = MHD_USE_EPOLL;
	socklen_t len;
	int r;

	if (!parse_address(address, &where, &len))
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->page = page;
	h->context = context;
	if (where.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
				     &where, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
				     MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MOST,
				     MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	if (!h->daemon) {
		r = negative_errno();
		free(h);
		return r;
	}
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	r = info ? sd_event_add_io(event, &h->io, info->epoll_fd, EPOLLIN, on_io, h) : -EIO;
	if (r >= 0)
		r = sd_event_add_time_relative(event, &h->timer, CLOCK_MONOTONIC, 0, 10000,
					       on_timer, h);
	if (r < 0) {
		httpd_close(&h);
		return r;
	}
	*out = h;
	return 0;
}

void httpd_close(struct httpd **h)
{
	if (!*h)
		return;
	sd_event_source_disable_unref((*h)->io);
	sd_event_source_disable_unref((*h)->timer);
	MHD_stop_daemon((*h)->daemon);
	free(*h);
	*h = NULL;
}
