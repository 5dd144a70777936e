/* SPDX-License-Identifier: Apache-2.0 */
/* How a request proves who we are, with what lies on the disk now. */
#include "login.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "text.h"

#define TOKEN_LARGEST 65536

int login_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (!longer)
		return -ENOMEM;
	*headers = longer;
	return 0;
}

/* A token must not end up in another header, whatever the file holds. */
static int add_token(struct curl_slist **headers, const char *token)
{
	_cleanup_free char *header = NULL;
	size_t len = strcspn(token, " \t\r\n");
	int r;

	if (len == 0)
		return -ENODATA; /* not without one: that would be another user */
	if (format(&header, "Authorization: Bearer %.*s", (int)len, token) < 0)
		return -ENOMEM;
	r = login_header(headers, header);
	explicit_bzero(header, strlen(header));
	return r;
}

static int add_token_file(struct curl_slist **headers, const char *path)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_free char *text = NULL;
	ssize_t n;
	int r;

	if (fd < 0)
		return negative_errno();
	text = calloc(1, TOKEN_LARGEST + 1);
	if (!text)
		return -ENOMEM;
	n = read(fd, text, TOKEN_LARGEST);
	if (n < 0)
		return negative_errno();
	r = add_token(headers, text);
	explicit_bzero(text, TOKEN_LARGEST);
	return r;
}

int login_token(struct curl_slist **headers, const struct credentials *c)
{
	return c->token_file ? add_token_file(headers, c->token_file)
	       : c->token    ? add_token(headers, c->token)
			     : 0;
}

static void set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {
		.data = (void *)pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};

	curl_easy_setopt(easy, option, &blob);
}

void login_identity(CURL *easy, const struct credentials *c)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	/* The CA rotates as well: libcurl would believe for a day what it has read once. */
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	/* Nobody else's: libcurl would ask the system's folder of CAs as well. */
	if (c->ca_file || c->ca_pem)
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (c->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
	else if (c->ca_pem)
		set_blob(easy, CURLOPT_CAINFO_BLOB, c->ca_pem);
	if (c->cert_file)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, c->cert_file);
	else if (c->cert_pem)
		set_blob(easy, CURLOPT_SSLCERT_BLOB, c->cert_pem);
	if (c->key_file)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, c->key_file);
	else if (c->key_pem)
		set_blob(easy, CURLOPT_SSLKEY_BLOB, c->key_pem);
}
