/* SPDX-License-Identifier: Apache-2.0 */
#include "condition.h"

#include <math.h>
#include <string.h>

#define FIRST_RETRY_S    1.0
#define LAST_RETRY_S     60.0   /* of a server that has trouble itself */
#define LAST_REFUSED_S   300.0  /* of one that says no: people must do something first */
#define LONGEST_RETRY_S  3600.0 /* whatever a server asks for */
#define HEARTBEAT_JITTER 0.1

static const char *const texts[] = {
	[CONDITION_TRUE] = "True", [CONDITION_FALSE] = "False", [CONDITION_UNKNOWN] = "Unknown"};

const char *condition_text(enum condition_status s)
{
	return texts[s];
}

bool condition_parse(const char *text, enum condition_status *out)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (strcmp(texts[i], text) != 0)
			continue;
		*out = (enum condition_status)i;
		return true;
	}
	return false;
}

void condition_of(const struct view *v, struct condition *out)
{
	*out = (struct condition){.status = CONDITION_UNKNOWN};
	if (strcmp(v->verdict, "fit") == 0 || strcmp(v->verdict, "degraded") == 0)
		out->status = CONDITION_TRUE;
	else if (strcmp(v->verdict, "unfit") == 0)
		out->status = CONDITION_FALSE;
	snprintf(out->reason, sizeof(out->reason), "%s", v->reason);
	snprintf(out->message, sizeof(out->message), "%s", v->message);
}

static bool same(const struct condition *a, const struct condition *b)
{
	return a->status == b->status && strcmp(a->reason, b->reason) == 0 &&
	       strcmp(a->message, b->message) == 0;
}

void publisher_init(struct publisher *p, double heartbeat, double (*dice)(void *context),
		    void *context)
{
	*p = (struct publisher){
		.heartbeat = heartbeat, .dice = dice, .context = context, .next = INFINITY};
}

void publisher_holds(struct publisher *p, const struct condition *told, int64_t transition)
{
	p->told = *told;
	p->transition = transition;
	p->known = true;
}

/* Somewhere within one heartbeat, but for its first tenth, after a start and after news, so that
 * nodes that start or fail together don't stay together; a tenth to each side afterwards. */
static void plan_heartbeat(struct publisher *p, double now, bool first)
{
	double dice = p->dice(p->context);

	p->next = now + p->heartbeat * (first ? HEARTBEAT_JITTER + (1 - HEARTBEAT_JITTER) * dice
					      : 1 + HEARTBEAT_JITTER * (2 * dice - 1));
}

void publisher_doubts(struct publisher *p)
{
	p->known = false;
}

void publisher_want(struct publisher *p, const struct condition *wanted, double now)
{
	bool first = !p->any;

	if (!first && same(wanted, &p->wanted))
		return;
	p->wanted = *wanted;
	p->any = true;
	if (p->known && same(wanted, &p->told)) {
		p->pending = false;
		p->failures = 0;
		plan_heartbeat(p, now, true);
		return;
	}
	p->pending = true;
	/* While the server can't be had, news wait with the rest: it gets the newest state then.
	 * But what a heartbeat may not do, news may. */
	if (p->failures == 0 || p->beat_fails)
		p->next = now;
	p->beat_fails = false;
}

void publisher_succeeded(struct publisher *p, const struct condition *sent, int64_t transition,
			 double now)
{
	bool news = p->pending;

	publisher_holds(p, sent, transition);
	p->failures = 0;
	p->beat_fails = false;
	p->pending = !same(sent, &p->wanted);
	if (p->pending)
		p->next = now; /* it changed while it was sent */
	else
		plan_heartbeat(p, now, news);
}

void publisher_beat(struct publisher *p, double now)
{
	p->failures = 0;
	p->beat_fails = false;
	if (p->pending)
		p->next = now;
	else
		plan_heartbeat(p, now, false);
}

void publisher_failed(struct publisher *p, bool refused, double retry_after, double now)
{
	double wait = FIRST_RETRY_S, most = refused ? LAST_REFUSED_S : LAST_RETRY_S;

	for (unsigned i = 0; i < p->failures && wait < most; i++)
		wait *= 2;
	wait = double_min(wait, most);
	if (p->failures < 100)
		p->failures++;
	/* Half of it and up to the whole, but never before a time that the server named. */
	wait *= 0.5 + 0.5 * p->dice(p->context);
	if (retry_after > 0)
		wait = double_max(wait, double_min(retry_after, LONGEST_RETRY_S) *
						(1 + HEARTBEAT_JITTER * p->dice(p->context)));
	/* Where the server asks to wait, news wait too. */
	p->beat_fails = !p->pending && retry_after <= 0;
	p->next = now + wait;
}

int64_t publisher_transition(const struct publisher *p, int64_t wall)
{
	return p->known && p->told.status == p->wanted.status ? p->transition : wall;
}
