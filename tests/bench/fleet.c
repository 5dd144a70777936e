/* SPDX-License-Identifier: Apache-2.0 */
/* Many reporters in one process, against one API server: nodefit-net's own schedule, bodies and
 * requests, over a few connections. All start in the same moment, as after a power failure.
 * usage: fleet KUBECONFIG condition|lease REPORTERS HEARTBEAT_S START_S SECONDS
 * Nodes fleet-0 … are there already, and say what the reporters say. Prints the requests of each
 * second, how many have failed, and the second in which the last node was read. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nodeapi.h"

#define CONNECTIONS 32
#define TICK_USEC   10000
#define SECONDS     3600

struct fleet;
struct one {
	struct fleet *fleet;
	unsigned number;
	struct publisher publisher;
	double begin;
	bool read_back, busy;
};

struct fleet {
	sd_event *event;
	struct credentials credentials;
	struct api *apis[CONNECTIONS];
	struct one *all;
	unsigned n, seconds;
	bool lease;
	double started;
	unsigned requests[SECONDS], failures;
	unsigned read_by; /* the second in which the last one had read its node */
};

static const struct condition fit = {
	.status = CONDITION_TRUE, .reason = "AllChecksPass", .message = "all checks pass"};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double dice(void *context)
{
	(void)context;
	return drand48();
}

static bool failed(struct one *o, const struct api_reply *reply)
{
	o->busy = false;
	if (reply->status >= 200 && reply->status < 300)
		return false;
	if (o->fleet->failures++ == 0)
		fprintf(stderr, "fleet: %ld %s\n", reply->status, reply->error ? reply->error : "");
	publisher_failed(&o->publisher, false, reply->retry_after, now());
	return true;
}

static void on_read(void *context, const struct api_reply *reply)
{
	struct condition held;
	struct one *o = context;
	int64_t transition;

	if (failed(o, reply))
		return;
	o->read_back = true;
	o->fleet->read_by = (unsigned)(now() - o->fleet->started);
	if (nodeapi_find(reply, CONDITION_TYPE, &held, &transition))
		publisher_holds(&o->publisher, &held, transition);
	publisher_want(&o->publisher, &fit, now());
}

static void on_sent(void *context, const struct api_reply *reply)
{
	struct one *o = context;

	if (!failed(o, reply))
		publisher_succeeded(&o->publisher, &fit,
				    publisher_transition(&o->publisher, time(NULL)), now());
}

static int make(struct one *o, struct api_request *request, char **path, char **body)
{
	struct publisher *p = &o->publisher;
	bool lease = o->fleet->lease && o->read_back && !p->pending;
	int64_t wall = time(NULL);
	char name[32];
	int r;

	snprintf(name, sizeof(name), "fleet-%u", o->number);
	*request = (struct api_request){.method = o->read_back ? "PATCH" : "GET",
					.wants_body = !o->read_back,
					.done = o->read_back ? on_sent : on_read,
					.context = o};
	r = lease ? format(path, "/apis/coordination.k8s.io/v1/namespaces/nodefit/leases/%s", name)
		  : format(path, "/api/v1/nodes/%s%s", name, o->read_back ? "/status" : "");
	request->path = *path;
	if (r < 0 || !o->read_back)
		return r;
	request->type =
		lease ? "application/merge-patch+json" : "application/strategic-merge-patch+json";
	r = lease ? nodeapi_lease(name, "", wall, 3 * p->heartbeat, false, body)
		  : nodeapi_patch(&fit, wall, publisher_transition(p, wall), body);
	request->body = *body;
	return r;
}

static void send(struct one *o, double at)
{
	_cleanup_free char *path = NULL, *body = NULL;
	struct fleet *f = o->fleet;
	struct api_request request;

	if (make(o, &request, &path, &body) < 0 ||
	    api_send(f->apis[o->number % CONNECTIONS], &request) < 0)
		return; /* its connection is full: at the next tick */
	o->busy = true;
	f->requests[(unsigned)(at - f->started)]++;
}

static int on_tick(sd_event_source *s, uint64_t usec, void *context)
{
	struct fleet *f = context;
	double at = now();

	(void)usec;
	if (at - f->started >= f->seconds)
		return sd_event_exit(f->event, 0);
	for (unsigned i = 0; i < f->n; i++) {
		struct one *o = &f->all[i];

		if (!o->busy && at >= (o->read_back ? o->publisher.next : o->begin))
			send(o, at);
	}
	sd_event_source_set_time_relative(s, TICK_USEC);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int run(struct fleet *f, const char *kubeconfig, double heartbeat, double start_within)
{
	struct problems problems = {0};
	int r = credentials_of_kubeconfig(kubeconfig, &f->credentials, &problems);

	problems_log(&problems);
	f->all = calloc(f->n, sizeof(*f->all));
	if (r == 0)
		r = f->all ? sd_event_new(&f->event) : -ENOMEM;
	for (size_t i = 0; i < CONNECTIONS && r >= 0; i++)
		r = api_open(f->event, &f->credentials, &f->apis[i]);
	f->started = now();
	for (unsigned i = 0; i < f->n && r >= 0; i++) {
		f->all[i] = (struct one){.fleet = f, .number = i};
		publisher_init(&f->all[i].publisher, heartbeat, dice, NULL);
		f->all[i].begin = f->started + start_within * drand48();
	}
	if (r >= 0)
		r = sd_event_add_time_relative(f->event, NULL, CLOCK_MONOTONIC, 0, 0, on_tick, f);
	return r < 0 ? r : sd_event_loop(f->event);
}

int main(int argc, char **argv)
{
	struct fleet f = {0};
	int r;

	if (argc != 7)
		return 2;
	f.lease = strcmp(argv[2], "lease") == 0;
	f.n = (unsigned)atoi(argv[3]);
	f.seconds = (unsigned)atoi(argv[6]);
	if (f.n == 0 || f.seconds == 0 || f.seconds >= SECONDS)
		return 2;
	srand48((long)time(NULL));
	r = run(&f, argv[1], atof(argv[4]), atof(argv[5]));
	if (r < 0) {
		fprintf(stderr, "fleet: %s\n", strerror(-r));
		return 1;
	}
	for (unsigned i = 0; i < f.seconds; i++)
		printf("%u ", f.requests[i]);
	printf("\n%u %u\n", f.failures, f.read_by);
	return 0;
}
