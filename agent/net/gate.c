/* SPDX-License-Identifier: Apache-2.0 */
/* Takes one startup taint away once the cluster knows that the node is fit, for clusters in which
 * no node-readiness-controller does it. It is looked for once, in what is read at the start. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "nodeapi.h"
#include "reporter.h"

/* And up to twice that. */
#define AGAIN_S   5.0
#define REFUSED_S 30.0

static const struct nodeapi_right may_patch_nodes = {"", "nodes", "\"patch\"", NULL};

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	(void)s;
	(void)usec;
	publish_plan(context);
	return 0;
}

static void ask_again(struct reporter *r, double seconds)
{
	r->gate.next = reporter_now(r) + seconds * (1 + r->publisher.dice(NULL));
	reporter_timer(r, &r->gate.timer, r->gate.next, on_timer);
}

void gate_take(struct reporter *r, const struct api_reply *node)
{
	const char *taint = r->config.reporter.startup_taint;
	int error;

	if (!*taint || r->gate.open)
		return;
	free(TAKE(r->gate.patch));
	error = nodeapi_untaint(node, taint, &r->gate.patch);
	r->gate.stale = false;
	if (error == 0)
		r->gate.open = true;
	else if (error < 0)
		log_warning("startup taint %s: %s", taint, strerror(-error));
}

static void on_removed(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;
	const char *taint = r->config.reporter.startup_taint;
	_cleanup_free char *words = NULL;

	r->busy = false;
	if (reply->status == 200) {
		log_info("startup taint %s: taken away, the node is fit", taint);
		r->gate.open = true;
	} else {
		r->counts.failures++;
		/* Others have changed the taints meanwhile: that is no trouble. */
		r->gate.stale = reply->status == 409 || reply->status == 422;
		words = nodeapi_explain(reply, &may_patch_nodes, r->node);
		if (!r->gate.stale && !r->gate.told)
			log_warning("startup taint %s: %s", taint, words ? words : "no memory");
		r->gate.told = r->gate.told || !r->gate.stale;
		ask_again(r, double_max(r->gate.stale ? AGAIN_S : REFUSED_S, reply->retry_after));
	}
	publish_plan(r);
}

static void on_read(void *context, const struct api_reply *reply)
{
	struct reporter *r = context;

	r->busy = false;
	if (reply->status == 200) {
		gate_take(r, reply);
	} else {
		r->counts.failures++;
		ask_again(r, double_max(REFUSED_S, reply->retry_after));
	}
	publish_plan(r);
}

bool gate_try(struct reporter *r)
{
	const struct publisher *p = &r->publisher;

	if (r->gate.open || !r->gate.patch || r->busy || r->stopping ||
	    reporter_now(r) < r->gate.next)
		return false;
	/* What an earlier boot has told does not count: it must be wanted as well. */
	if (!p->any || p->pending || !p->known || p->wanted.status != CONDITION_TRUE ||
	    p->told.status != CONDITION_TRUE)
		return false;
	if (r->gate.stale)
		return publish_ask(r, "GET", "", NULL, NULL, on_read) == 0;
	return publish_ask(r, "PATCH", "", "application/json-patch+json", r->gate.patch,
			   on_removed) == 0;
}
