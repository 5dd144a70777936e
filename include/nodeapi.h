/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to the API server about a node, and what it answers. */
#pragma once

#include "api.h"
#include "condition.h"

#define NODEAPI_STAMP 32
/* RFC 3339, in UTC; `when` in seconds since 1970. */
void nodeapi_stamp(int64_t when, char out[NODEAPI_STAMP]);

/* The strategic merge patch of nodes/NAME/status that sets our condition and touches no other (its
 * merge key is the type). Times are seconds since 1970. *body is the caller's. 0 or -ENOMEM. */
int nodeapi_patch(const struct condition *c, int64_t heartbeat, int64_t transition, char **body);
/* The one that removes it. */
int nodeapi_delete_patch(char **body);
/* A Lease of the node's name that was renewed at that time and holds for `seconds`: whole (to be
 * created; owned by the node with that uid, if that is not ""), or what of it is renewed. *body is
 * the caller's. 0 or -ENOMEM. */
int nodeapi_lease(const char *node, const char *uid, int64_t renewed, double seconds, bool whole,
		  char **body);
/* The Node object's uid, or "". */
void nodeapi_uid(const struct api_reply *node, char *uid, size_t size);
/* Our condition in a Node object. False when there is none, or none that can be understood. */
bool nodeapi_find(const struct api_reply *node, const char *type, struct condition *out,
		  int64_t *transition);
/* The JSON patch (RFC 6902) that takes every taint with that key away from a Node object, and fails
 * when its taints have changed meanwhile. *body is the caller's. 1, 0 when there is no such taint,
 * -EBADMSG or -ENOMEM. */
int nodeapi_untaint(const struct api_reply *node, const char *key, char **body);
/* What a role must allow. */
struct nodeapi_right {
	const char *group, *resource;
	const char *verbs;   /* as in YAML's list: "\"create\", \"patch\"" */
	const char *missing; /* what 404 means; NULL: there is no such node */
};
/* A failure in words: what the server said, and which rule is needed. The caller's, or NULL. */
char *nodeapi_explain(const struct api_reply *reply, const struct nodeapi_right *right,
		      const char *node);
