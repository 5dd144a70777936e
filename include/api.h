/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the API server, one at a time for each kind, in an sd-event loop that never waits for
 * them. */
#pragma once

#include <systemd/sd-event.h>

#include "credentials.h"

#define API_REPLY_MOST ((size_t)3 << 19) /* bytes of a reply's body: etcd keeps nothing larger */

struct api_reply {
	long status;      /* of HTTP; 0: there was no whole reply, and `error` says why */
	const char *body; /* NUL-terminated; empty unless it was asked for */
	size_t len;
	double retry_after; /* seconds, or 0 */
	const char *error;
	bool untrusted; /* the server's certificate is not of the CA that is known */
};

struct api;

/* `credentials` must outlive it. 0 or -errno. */
int api_open(sd_event *event, const struct credentials *credentials, struct api **out);
/* What is on its way is given up: its done() is not called. */
void api_close(struct api **api);

/* --- api.c --- */

struct api_request {
	const char *method; /* "GET", "PATCH", "POST", "PUT", "DELETE" */
	const char *path;   /* "/api/v1/…" */
	const char *type;   /* of the body, or NULL */
	const char *body;   /* copied, or NULL */
	bool wants_body;    /* else what the server says is counted and forgotten */
	void (*done)(void *context, const struct api_reply *reply);
	void *context;
};

/* Begins a request; `done` is called from the loop. 0 or -errno: then it never is. */
int api_send(struct api *api, const struct api_request *request);
