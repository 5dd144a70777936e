/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as libcurl takes them. */
#pragma once

#include <curl/curl.h>

#include "credentials.h"

/* Appends a line to a request's headers; *headers is the caller's. 0 or -ENOMEM. */
int login_header(struct curl_slist **headers, const char *line);
/* Appends the token, if there is one; its file is read now. 0 or -errno. */
int login_token(struct curl_slist **headers, const struct credentials *c);
/* The CA, and the client certificate with its key, if there is one. What is in memory is not
 * copied: `c` must outlive the request. */
void login_identity(CURL *easy, const struct credentials *c);
