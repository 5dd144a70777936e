/* SPDX-License-Identifier: Apache-2.0 */
/* `nodefit-net resolve`: names on standard input, their addresses on standard output. The system's
 * own resolver does it, which blocks: a thread for each name, and one deadline for all. */
#include "resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "params.h"
#include "reporter.h"

#define STACK     ((size_t)256 * 1024) /* the resolver's answer buffers live on it */
#define TEXT_MOST ((size_t)RESOLVE_MOST * RESOLVE_NAME_MAX)
/* resolv.conf(5): the default of 5 s, twice, for each server is longer than our deadline. */
#define OPTIONS "timeout:2 attempts:2"

struct lookup {
	const char *name;
	pthread_t thread;
	bool started;
	char answer[80]; /* the thread's until it has ended */
};

int resolve_names(char *text, const char *names[RESOLVE_MOST])
{
	char *rest = text, *line;
	int n = 0;

	while ((line = strsep(&rest, "\n")) && (*line || rest)) {
		if (n == RESOLVE_MOST || !rest || !host_name_ok(line))
			return -EINVAL;
		names[n++] = line;
	}
	return n ? n : -EINVAL;
}

static void take(struct lookup *l, const struct addrinfo *found)
{
	struct ip ip = {.family = found->ai_family};
	char text[INET6_ADDRSTRLEN];

	if (ip.family == AF_INET)
		memcpy(ip.bytes,
		       &((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr, 4);
	else if (ip.family == AF_INET6)
		memcpy(ip.bytes,
		       &((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr, 16);
	else
		return;
	snprintf(l->answer, sizeof(l->answer), "%s", ip_text(&ip, text));
}

static void *look_up(void *context)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct lookup *l = context;
	struct addrinfo *found = NULL;
	int r = getaddrinfo(l->name, NULL, &hints, &found);

	snprintf(l->answer, sizeof(l->answer), "!%.60s",
		 r == 0 ? "it has no IP address" : gai_strerror(r));
	if (r == 0) {
		take(l, found);
		freeaddrinfo(found);
	}
	return NULL;
}

static int look_all_up(struct lookup *all, int n)
{
	pthread_attr_t attributes;
	struct timespec until;

	if (pthread_attr_init(&attributes) != 0 ||
	    pthread_attr_setstacksize(&attributes, STACK) != 0 ||
	    clock_gettime(CLOCK_REALTIME, &until) < 0)
		return -ENOMEM;
	until.tv_sec += (time_t)RESOLVE_DEADLINE_S;
	for (int i = 0; i < n; i++)
		all[i].started = pthread_create(&all[i].thread, &attributes, look_up, &all[i]) == 0;
	for (int i = 0; i < n; i++) {
		const char *answer = all[i].answer;

		if (!all[i].started)
			answer = "!no thread could be started";
		else if (pthread_timedjoin_np(all[i].thread, NULL, &until) != 0)
			answer = "!no answer of the name servers";
		printf("%s=%s\n", all[i].name, answer);
	}
	return fflush(stdout) == 0 ? 0 : -EIO;
}

int resolve_run(void)
{
	static char text[TEXT_MOST + 1];
	static struct lookup all[RESOLVE_MOST]; /* a thread may outlive this function */
	const char *names[RESOLVE_MOST];
	int r = privileges_drop(), n;

	if (r == 0) {
		size_t len = fread(text, 1, sizeof(text), stdin);

		r = ferror(stdin) ? -EIO : len > TEXT_MOST || memchr(text, 0, len) ? -EINVAL : 0;
	}
	n = r < 0 ? r : resolve_names(text, names);
	if (n > 0) {
		for (int i = 0; i < n; i++)
			all[i].name = names[i];
		r = setenv("RES_OPTIONS", OPTIONS, 1) < 0 ? -ENOMEM : look_all_up(all, n);
	} else {
		r = n;
	}
	if (r < 0)
		log_error("nodefit-net resolve: %s", strerror(-r));
	/* Without waiting for threads that still wait for a name server. */
	_exit(r < 0 ? REPORTER_FAILED : REPORTER_STOPPED);
}
