/* SPDX-License-Identifier: Apache-2.0 */
/* A GET on a socket that is connected already. libcurl can't in every version: that of Debian 12
 * (7.88.1) connects it again in spite of CURL_SOCKOPT_ALREADY_CONNECTED. HTTP/1.0 needs no more
 * than this: the server closes behind the body, and chunks nothing. (RFC 1945) */
#include "scraper.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "text.h"

#define PIECE 16384

/* The value of "NAME: VALUE\r\n" among the header lines, into a buffer; false when it is not
 * there. */
static bool find_header(const char *headers, const char *end, const char *name, char *value,
			size_t size)
{
	size_t len = strlen(name);

	while (headers < end) {
		const char *eol = memchr(headers, '\n', (size_t)(end - headers));
		size_t line = (size_t)((eol ? eol : end) - headers);

		if (line > len && strncasecmp(headers, name, len) == 0 && headers[len] == ':') {
			snprintf(value, size, "%.*s", (int)(line - len - 1), headers + len + 1);
			text_squeeze(value);
			return true;
		}
		headers += line + 1;
	}
	return false;
}

int http_reply_parse(const char *text, size_t len, unsigned *status, const char **body,
		     size_t *body_len)
{
	static const char blank[] = "\r\n\r\n";
	const char *end = memmem(text, len, blank, strlen(blank)), *eol;
	size_t rest;
	char value[64];
	wide wanted;

	/* "HTTP/1.1 200 OK" */
	if (!end || end - text < 12 || strncmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ' ||
	    strspn(text + 9, "0123456789") != 3)
		return -EBADMSG;
	eol = memchr(text, '\n', (size_t)(end + 2 - text));
	rest = len - (size_t)(end - text) - strlen(blank);
	if (find_header(eol + 1, end, "transfer-encoding", value, sizeof(value)))
		return -EBADMSG;
	if (find_header(eol + 1, end, "content-length", value, sizeof(value)) &&
	    (number_parse(value, &wanted) < 0 || wanted != (wide)rest))
		return -EBADMSG;
	*status = (unsigned)strtoul(text + 9, NULL, 10);
	*body = end + strlen(blank);
	*body_len = rest;
	return 0;
}

/* Waits for the socket; false when the time is up. */
static bool await(int fd, short events, long until)
{
	struct pollfd p = {.fd = fd, .events = events};
	int r;

	do {
		long left = until - scraper_now_ms();

		r = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (r < 0 && errno == EINTR);
	return r > 0;
}

static const char *ask(int fd, const char *path, long until)
{
	char request[256];
	size_t len, sent = 0;

	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", path);
	len = strlen(request);
	while (sent < len) {
		ssize_t n;

		if (!await(fd, POLLOUT, until))
			return "no whole answer in time";
		n = send(fd, request + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		sent += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

static const char *listen_to(int fd, long until, size_t most, struct scraper_body *reply)
{
	char piece[PIECE];

	for (;;) {
		ssize_t n;

		if (!await(fd, POLLIN, until))
			return "no whole answer in time";
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n == 0)
			return NULL;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		if (n > 0 && reply->len + (size_t)n > most)
			return "its answer is too long";
		if (n > 0)
			scraper_body_take(reply, piece, (size_t)n);
		if (reply->failed)
			return "out of memory";
	}
}

bool scraper_get_on(int fd, const char *path, long whole_ms, size_t most, struct scraper_body *body,
		    struct scraper_trouble *trouble)
{
	long until = scraper_now_ms() + whole_ms;
	struct scraper_body reply = {0};
	const char *text = NULL, *why = ask(fd, path, until);
	unsigned status = 0;
	size_t len = 0;
	char words[64];

	if (!why)
		why = listen_to(fd, until, most, &reply);
	if (!why &&
	    (!reply.text || http_reply_parse(reply.text, reply.len, &status, &text, &len) < 0))
		why = "its answer is no whole HTTP";
	if (!why && status != 200) {
		snprintf(words, sizeof(words), "it answers with HTTP status %u", status);
		why = words;
	}
	if (why) {
		free(reply.text);
		*trouble = (struct scraper_trouble){0};
		snprintf(trouble->words, sizeof(trouble->words), "the socket: %s", why);
		return false;
	}
	memmove(reply.text, text, len + 1); /* with the NUL that ends what was taken */
	reply.len = len;
	*body = reply;
	return true;
}
