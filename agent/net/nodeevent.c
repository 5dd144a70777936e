/* SPDX-License-Identifier: Apache-2.0 */
#include "nodeevent.h"

#include <jansson.h>
#include <string.h>

#include "nodeapi.h"

#define BURST    25.0
#define REFILL_S 300.0 /* seconds for one more */
#define SAME_S   600.0 /* within which it is the same event again */
#define FOLDER   "/api/v1/namespaces/default/events"

static bool may(struct nodeevents *e, double now)
{
	if (!e->begun)
		e->tokens = BURST;
	else
		e->tokens += (now - e->filled) / REFILL_S;
	e->begun = true;
	e->filled = now;
	if (e->tokens > BURST)
		e->tokens = BURST;
	if (e->tokens < 1)
		return false;
	e->tokens--;
	return true;
}

/* The event to be counted up, or the place of the oldest one. */
static size_t place(const struct nodeevents *e, const struct condition *c, double now, bool *again)
{
	size_t oldest = 0;

	for (size_t i = 0; i < EVENTS_KEPT; i++) {
		*again = e->kept[i].count && now - e->kept[i].at < SAME_S &&
			 e->kept[i].status == c->status &&
			 strcmp(e->kept[i].reason, c->reason) == 0;
		if (*again)
			return i;
		if (e->kept[i].at < e->kept[oldest].at)
			oldest = i;
	}
	return oldest;
}

static json_t *new_event(const char *name, const char *node, const struct condition *c,
			 const char *stamp)
{
	bool good = c->status == CONDITION_TRUE;

	return json_pack("{s:s,s:s,s:{s:s,s:s},s:{s:s,s:s,s:s,s:s},s:s,s:s,s:s,s:{s:s,s:s},s:s,s:s,"
			 "s:i,s:s,s:s}",
			 "apiVersion", "v1", "kind", "Event", "metadata", "name", name, "namespace",
			 "default", "involvedObject", "kind", "Node", "apiVersion", "v1", "name",
			 node, "uid", node, "type", good ? "Normal" : "Warning", "reason",
			 c->reason, "message", c->message, "source", "component", "nodefit", "host",
			 node, "firstTimestamp", stamp, "lastTimestamp", stamp, "count", 1,
			 "reportingComponent", "nodefit", "reportingInstance", node);
}

static int print(json_t *root, char **body)
{
	*body = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	return *body ? 0 : -ENOMEM;
}

int nodeevent_make(struct nodeevents *e, const char *node, const struct condition *c, double now,
		   int64_t wall, uint64_t random, const char **method, char **path, char **body)
{
	_cleanup_free char *made = NULL;
	char stamp[NODEAPI_STAMP];
	bool again;
	size_t i = place(e, c, now, &again);
	int r;

	if (!may(e, now))
		return 0;
	nodeapi_stamp(wall, stamp);
	if (!again) {
		e->kept[i].count = 0;
		e->kept[i].first = wall;
		e->kept[i].status = c->status;
		snprintf(e->kept[i].reason, sizeof(e->kept[i].reason), "%s", c->reason);
		snprintf(e->kept[i].name, sizeof(e->kept[i].name), "%.250s.%016llx", node,
			 (unsigned long long)random);
	}
	e->kept[i].count++;
	e->kept[i].at = now;
	*method = again ? "PATCH" : "POST";
	r = again ? format(&made, FOLDER "/%s", e->kept[i].name) : format(&made, FOLDER);
	if (r == 0)
		r = print(again ? json_pack("{s:i,s:s,s:s}", "count", (int)e->kept[i].count,
					    "lastTimestamp", stamp, "message", c->message)
				: new_event(e->kept[i].name, node, c, stamp),
			  body);
	if (r < 0)
		return r;
	*path = TAKE(made);
	return 1;
}

void nodeevents_forget(struct nodeevents *e)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		e->kept[i].count = 0;
}
