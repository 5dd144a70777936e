/* SPDX-License-Identifier: Apache-2.0 */
/* A small server for what watches the node: GET and HEAD of a few paths, within an sd-event loop.
 */
#pragma once

#include <systemd/sd-event.h>

#include "util.h"

struct httpd_page {
	unsigned status;  /* of HTTP */
	const char *type; /* static */
	char *text;       /* freed by the server */
	size_t len;
};

struct httpd;

/* Is it "ADDRESS:PORT" or "[ADDRESS]:PORT"? */
bool httpd_is_address(const char *text);

/* Listens on such an address. `page` makes the answer for a path, and returns
 * false when there is none (404). 0, -EINVAL (the address), or -errno. */
int httpd_open(sd_event *event, const char *address,
	       bool (*page)(void *context, const char *path, struct httpd_page *out), void *context,
	       struct httpd **out);
void httpd_close(struct httpd **h);
