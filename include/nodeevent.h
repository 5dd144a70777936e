/* SPDX-License-Identifier: Apache-2.0 */
/* Events on a node's changes, as `kubectl describe node` shows them. What happens again is counted
 * in the event that there is, and how many are sent is bounded as in Kubernetes' own clients: 25 at
 * once, then one in five minutes (client-go: tools/record/events_cache.go). */
#pragma once

#include "condition.h"

#define EVENTS_KEPT 8

struct nodeevents {
	struct {
		char name[300];
		char reason[48];
		enum condition_status status;
		int64_t first; /* seconds since 1970 */
		unsigned count;
		double at; /* by the monotonic clock; 0: free */
	} kept[EVENTS_KEPT];
	double tokens, filled; /* of the bucket, and when it was looked at */
	bool begun;
};

/* The request for one event: a POST of a new one, or a PATCH of one that is counted up. `now` is a
 * monotonic, `wall` the real time; `random` makes the name unlike any other. *path and *body are
 * the caller's. 1, 0 when it is one too many, or -ENOMEM. */
int nodeevent_make(struct nodeevents *e, const char *node, const struct condition *c, double now,
		   int64_t wall, uint64_t random, const char **method, char **path, char **body);
/* None that was sent is counted up any more. */
void nodeevents_forget(struct nodeevents *e);
