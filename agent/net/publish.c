/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the API server, one request at a time, and what comes back. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>

#include "log.h"
#include "nodeapi.h"
#include "reporter.h"

#define COPY_LIVES_S 300.0

static const struct nodeapi_right may_get_nodes = {"", "nodes", "\"get\"", NULL},
				  may_patch_status = {"", "nodes/status", "\"patch\"", NULL},
				  may_event = {"", "events", "\"create\", \"patch\"",
					       "the event has gone"},
				  may_lease = {"coordination.k8s.io", "leases",
					       "\"create\", \"patch\"",
					       "there is no namespace for leases; "
					       "lease_namespace= names it"};

/* A request's: by its status, for what libcurl says of the same trouble varies. */
static void tell_reply(struct reporter *r, const char *what, const struct nodeapi_right *right,
		       const struct api_reply *reply)
{
	_cleanup_free char *words = NULL;

	/* The same whatever is asked. */
	bool its_own = reply->status == 0 || reply->status >= 500 || reply->status == 404;

	if (r->told_what && r->told_status == reply->status && (r->told_what == what || its_own))
		return;
	r->told_status = reply->status;
	r->told_what = what;
	words = nodeapi_explain(reply, right, r->node);
	log_warning("%s: %s", what, words ? words : "no memory");
}

static bool is_refusal(const struct api_reply *reply)
{
	return reply->status == 401 || reply->status == 403;
}

static void tell_recovery(struct reporter *r)
{
	if (r->told_what)
		log_info("publishing: it works again");
	r->told_what = NULL;
}

/* A copy that the server has refused is old, and so is one that it can't be known by: the next
 * start gets a new one. Not at once again, as a new one may be no better. */
static void leave_old_copy(struct reporter *r, const struct api_reply *reply)
{
	if ((reply->status != 401 && !reply->untrusted) || !r->credentials.copied ||
	    reporter_now(r) - r->started < COPY_LIVES_S)
		return;
	log_error("the copy of the credentials does not fit any more: a restart takes the files "
		  "as they are now");
	sd_event_exit(r->event, REPORTER_FAILED);
}

static void send_now(struct reporter *r);
static int send_last(struct reporter *r);

static int on_send(sd_event_source *s, uint64_t usec, void *context)
{
	(void)s;
	(void)usec;
	send_now(context);
	return 0;
}

void publish_plan(struct reporter *r)
{
	const struct publisher *p = &r->publisher;
	bool bad = p->any && p->wanted.status == CONDITION_FALSE;

	if (r->stopping && !r->busy && send_last(r) < 0)
		sd_event_exit(r->event, REPORTER_STOPPED);
	if (!r->busy && !r->stopping && !gate_try(r) && (p->any || !r->read_back))
		reporter_timer(r, &r->send_timer,
			       r->read_back || bad ? p->next : double_max(p->next, r->begin),
			       on_send);
}

static void on_event_sent(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;
	bool fails = reply->status < 200 || reply->status >= 300;
	_cleanup_free char *words = NULL;

	r->counts.failures += fails;
	if (fails) /* it is not there, or not any more: the next one is a new one */
		nodeevents_forget(&r->events);
	if (fails && !r->events_fail) {
		words = nodeapi_explain(reply, &may_event, r->node);
		log_warning("events: %s", words ? words : "no memory");
	}
	r->events_fail = fails;
}

/* An event that gets lost is no loss: the condition says it all. */
static void send_event(struct reporter *r, const struct condition *c)
{
	_cleanup_free char *path = NULL, *body = NULL;
	struct api_request request = {
		.type = "application/json", .done = on_event_sent, .context = r};
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random) ||
	    nodeevent_make(&r->events, r->node, c, reporter_now(r), r->sys.wall(&r->sys), random,
			   &request.method, &path, &body) <= 0)
		return;
	request.path = path;
	request.body = body;
	if (strcmp(request.method, "PATCH") == 0)
		request.type = "application/merge-patch+json";
	r->counts.requests += api_send(r->api, &request) == 0;
}

static void on_sent(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;

	r->busy = false;
	r->counts.failures += reply->status < 200 || reply->status >= 300;
	if (reply->status >= 200 && reply->status < 300) {
		tell_recovery(r);
		if (r->publisher.known ? r->publisher.told.status != r->sent.status
				       : r->sent.status != CONDITION_UNKNOWN)
			send_event(r, &r->sent);
		publisher_succeeded(&r->publisher, &r->sent, r->sent_transition, reporter_now(r));
		sd_notifyf(false, "STATUS=%s=%s: %s", CONDITION_TYPE,
			   condition_text(r->sent.status), r->sent.reason);
	} else {
		tell_reply(r, "publishing", &may_patch_status, reply);
		/* It may have been done all the same, or the node is another by now. */
		if (reply->status == 0 || reply->status >= 500 || reply->status == 404) {
			publisher_doubts(&r->publisher);
			r->read_back = false;
			r->gate.open = false;
		}
		leave_old_copy(r, reply);
		publisher_failed(&r->publisher, is_refusal(reply), reply->retry_after,
				 reporter_now(r));
	}
	publish_plan(r);
}

static void on_read_back(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;
	struct condition held;
	int64_t transition;

	r->busy = false;
	r->counts.failures += reply->status != 200;
	/* Without the right to get nodes it goes on: only the transition time may be wrong. */
	if (reply->status == 200 || reply->status == 403) {
		r->read_back = true;
		/* Where nodes can be read and not be written, a read ends no backoff. */
		r->publisher.next = reporter_now(r);
		if (reply->status == 200) {
			publisher_doubts(&r->publisher);
			if (nodeapi_find(reply, CONDITION_TYPE, &held, &transition))
				publisher_holds(&r->publisher, &held, transition);
			nodeapi_uid(reply, r->uid, sizeof(r->uid));
			gate_take(r, reply);
		}
	}
	if (reply->status != 200)
		tell_reply(r, "reading the condition back", &may_get_nodes, reply);
	leave_old_copy(r, reply);
	if (!r->read_back)
		publisher_failed(&r->publisher, is_refusal(reply), reply->retry_after,
				 reporter_now(r));
	if (r->read_back && r->publisher.any) {
		struct condition wanted = r->publisher.wanted;

		r->publisher.any = false; /* compared with what is held */
		publisher_want(&r->publisher, &wanted, reporter_now(r));
	} else if (r->read_back) {
		intake_read(r); /* bootstrap= depends on what is held */
	}
	if (r->read_back && reply->status == 200 && !r->publisher.pending)
		tell_recovery(r);
	publish_plan(r);
}

int publish_ask(struct reporter *r, const char *method, const char *suffix, const char *type,
		const char *body, void (*done)(void *, const struct api_reply *))
{
	_cleanup_free char *path = NULL;
	int error = format(&path, "/api/v1/nodes/%s%s", r->node, suffix);
	struct api_request request = {.method = method,
				      .type = type,
				      .body = body,
				      .wants_body = !body,
				      .done = done,
				      .context = r};

	request.path = path;
	if (error == 0)
		error = api_send(r->api, &request);
	r->busy = error == 0;
	r->counts.requests += r->busy;
	return error;
}

static int renew(struct reporter *r, bool create);

static void on_renewed(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;
	bool good = reply->status >= 200 && reply->status < 300;

	r->busy = false;
	r->counts.failures += !good;
	if (reply->status == 404 && r->lease_held) {
		/* It has gone with its node: there may be a new one of that name. */
		r->lease_held = false;
		r->gate.open = false;
		r->read_back = false;
		publisher_doubts(&r->publisher);
		r->publisher.next = reporter_now(r);
		publish_plan(r);
		return;
	}
	if (reply->status == 404 && !r->lease_created) {
		r->lease_created = true; /* tried once a time */
		if (renew(r, true) == 0)
			return;
	}
	r->lease_created = false;
	r->lease_held = r->lease_held || good;
	if (good) {
		tell_recovery(r);
		publisher_beat(&r->publisher, reporter_now(r));
	} else {
		tell_reply(r, "renewing the lease", &may_lease, reply);
		leave_old_copy(r, reply);
		publisher_failed(&r->publisher, is_refusal(reply), reply->retry_after,
				 reporter_now(r));
	}
	publish_plan(r);
}

/* The name is that of the node: one a namespace of our own can't mean another's. */
static int renew(struct reporter *r, bool create)
{
	const struct reporter_config *c = &r->config.reporter;
	_cleanup_free char *path = NULL, *body = NULL;
	struct api_request request = {.method = create ? "POST" : "PATCH",
				      .type = create ? "application/json"
						     : "application/merge-patch+json",
				      .done = on_renewed,
				      .context = r};
	/* As kubelet's: it has run out when some renewals have failed. */
	int error = nodeapi_lease(r->node, r->uid, r->sys.wall(&r->sys), 3 * c->heartbeat_interval,
				  create, &body);

	if (error == 0)
		error = format(&path, "/apis/coordination.k8s.io/v1/namespaces/%s/leases%s%s",
			       c->lease_namespace, create ? "" : "/", create ? "" : r->node);
	request.path = path;
	request.body = body;
	if (error == 0)
		error = api_send(r->api, &request);
	r->busy = error == 0;
	r->counts.requests += r->busy;
	return error;
}

static int tell(struct reporter *r, const char *body,
		void (*done)(void *context, const struct api_reply *reply))
{
	return publish_ask(r, "PATCH", "/status", "application/strategic-merge-patch+json", body,
			   done);
}

static int tell_condition(struct reporter *r, int64_t wall)
{
	_cleanup_free char *body = NULL;
	int error;

	r->sent = r->publisher.wanted;
	r->sent_transition = publisher_transition(&r->publisher, wall);
	error = nodeapi_patch(&r->sent, wall, r->sent_transition, &body);
	return error < 0 ? error : tell(r, body, on_sent);
}

/* What can't even be sent, such as for want of the token. */
static void tell_unsent(struct reporter *r, int error)
{
	const char *file = r->credentials.token_file;
	_cleanup_free char *words = NULL;

	if (error < 0 && file && error != -ENOMEM && error != -EBUSY)
		(void)format(&words, "%s: %s", file,
			     error == -ENODATA ? "there is no token in it" : strerror(-error));
	reporter_tell(&r->unsent, "sending", error == 0 ? NULL : words ? words : strerror(-error));
}

static void send_now(struct reporter *r)
{
	int64_t wall = r->sys.wall(&r->sys);
	int error;

	if (r->busy || !*r->node)
		return;
	if (!r->read_back) {
		error = publish_ask(r, "GET", "", NULL, NULL, on_read_back);
	} else {
		if (!r->publisher.any)
			return;
		if (!r->publisher.pending && r->config.reporter.heartbeat == HEARTBEAT_LEASE)
			error = renew(r, false);
		else
			error = tell_condition(r, wall);
	}
	tell_unsent(r, error);
	if (error < 0) {
		publisher_failed(&r->publisher, false, 0, reporter_now(r));
		publish_plan(r);
	}
}

static void on_last(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;

	if (reply->status < 200 || reply->status >= 300)
		tell_reply(r, "the last word", &may_patch_status, reply);
	sd_event_exit(r->event, REPORTER_STOPPED);
}

static int send_last(struct reporter *r)
{
	_cleanup_free char *body = NULL;
	int error;

	r->sent = (struct condition){.status = CONDITION_UNKNOWN,
				     .reason = "ReporterStopped",
				     .message = "nodefit-net was stopped"};
	r->publisher.wanted = r->sent;
	r->sent_transition = publisher_transition(&r->publisher, r->sys.wall(&r->sys));
	if (r->config.reporter.on_stop == ON_STOP_DELETE)
		error = nodeapi_delete_patch(&body);
	else
		error = nodeapi_patch(&r->sent, r->sys.wall(&r->sys), r->sent_transition, &body);
	if (error == 0)
		error = tell(r, body, on_last);
	return error;
}

int publish_last(struct reporter *r)
{
	r->stopping = true;
	/* What is on its way could be done after it: then that has to end first. */
	return r->busy ? 0 : send_last(r);
}
