/* SPDX-License-Identifier: Apache-2.0 */
/* What the Node condition shall say, and when it is sent. All of it is a matter of times and texts:
 * who talks to the API server is somebody else. */
#pragma once

#include "reportview.h"

#define CONDITION_TYPE "NodeFit"

enum condition_status { CONDITION_TRUE, CONDITION_FALSE, CONDITION_UNKNOWN };

struct condition {
	enum condition_status status;
	char reason[48];
	char message[320];
};

/* "True", "False" or "Unknown". */
const char *condition_text(enum condition_status s);
bool condition_parse(const char *text, enum condition_status *out);

/* What a report means: fit and degraded are True. */
void condition_of(const struct view *v, struct condition *out);

/* Times of this struct are seconds of a monotonic clock, but `transition`. */
struct publisher {
	double heartbeat;              /* seconds between two messages that say the same */
	double (*dice)(void *context); /* 0 to 1, evenly: no fleet shall move in step */
	void *context;

	struct condition wanted;
	bool any; /* there is something to say */
	/* As the API server holds it, as far as we know. */
	struct condition told;
	int64_t transition; /* seconds since 1970: lastTransitionTime */
	bool known;
	bool pending; /* it has not been told what is wanted */
	double next;  /* when to send; INFINITY: not until something changes */
	unsigned failures;
	bool beat_fails; /* they are those of heartbeats */
};

/* Nothing is wanted yet. */
void publisher_init(struct publisher *p, double heartbeat, double (*dice)(void *context),
		    void *context);
/* The API server holds this, since then (seconds since 1970): what was read back at the start. */
void publisher_holds(struct publisher *p, const struct condition *told, int64_t transition);
/* Nobody knows what the API server holds. */
void publisher_doubts(struct publisher *p);
/* This is to be told. What is held already waits for its heartbeat. */
void publisher_want(struct publisher *p, const struct condition *wanted, double now);
/* What has been sent was taken. `transition` is the time that was sent. */
void publisher_succeeded(struct publisher *p, const struct condition *sent, int64_t transition,
			 double now);
/* It was said in another way that nothing has changed: the next heartbeat. */
void publisher_beat(struct publisher *p, double now);
/* It was not: again after `retry_after` seconds where the server named some, else later and later,
 * up to a minute, and to five when the server has refused what we may do. */
void publisher_failed(struct publisher *p, bool refused, double retry_after, double now);
/* The lastTransitionTime of what is wanted: that of old as long as the status is the same. */
int64_t publisher_transition(const struct publisher *p, int64_t wall);
