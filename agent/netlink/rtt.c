/* SPDX-License-Identifier: Apache-2.0 */
/* Many connects at once, without a thread: sockets that don't block, and poll. */
#include "rtt.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define SECOND 1000000000.0

struct runner {
	const struct sys *sys;
	const struct rtt_plan *plan;
	struct rtt_series *series;
	int fd;         /* -1: none under way */
	unsigned begun; /* connects */
	uint64_t start; /* of the one under way */
	uint64_t next;  /* when the next may begin */
};

static bool hopeless(const struct rtt_series *s)
{
	return s->n == 0 && s->lost + s->failed >= RTT_HOPELESS;
}

static bool over(const struct runner *run)
{
	return run->fd < 0 && (run->begun >= run->plan->count || hopeless(run->series));
}

static void add_answer(struct runner *run, double ms, bool refused, bool retried)
{
	struct rtt_series *s = run->series;

	s->ms[s->n++] = ms;
	s->refused += refused;
	s->retried += retried;
}

static void add_error(struct rtt_series *s, int error)
{
	if (error == ETIMEDOUT) {
		s->lost++;
		return;
	}
	s->failed++;
	s->error = error;
}

static void end(struct runner *run)
{
	close(run->fd);
	run->fd = -1;
}

/* The kernel has told how it ended. */
static void take(struct runner *run, int error)
{
	double ms = (double)(run->sys->now(run->sys) - run->start) / 1e6;
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (error == ECONNREFUSED) {
		add_answer(run, ms, true, false);
	} else if (error) {
		add_error(run->series, error);
	} else if (getsockopt(run->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
		   len < offsetof(struct tcp_info, tcpi_total_retrans) +
				   sizeof(info.tcpi_total_retrans)) {
		add_answer(run, ms, false, false);
	} else {
		bool retried = info.tcpi_total_retrans > 0;

		if (!retried && info.tcpi_rtt > 0)
			ms = info.tcpi_rtt / 1e3;
		add_answer(run, ms, false, retried);
	}
	end(run);
}

static void begin(struct runner *run, uint64_t now)
{
	const struct ip *ip = &run->series->ip;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(run->series->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(run->series->port)};
	const struct sockaddr *to = ip->family == AF_INET ? (void *)&v4 : (void *)&v6;
	socklen_t len = ip->family == AF_INET ? sizeof(v4) : sizeof(v6);

	memcpy(&v4.sin_addr, ip->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, ip->bytes, sizeof(v6.sin6_addr));
	run->begun++;
	run->start = now;
	run->next = now + (uint64_t)(run->plan->gap_s * SECOND);
	run->fd = socket(ip->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (run->fd < 0) {
		add_error(run->series, errno);
		return;
	}
	run->start = run->sys->now(run->sys);
	if (connect(run->fd, to, len) == 0)
		take(run, 0);
	else if (errno != EINPROGRESS)
		take(run, errno);
}

/* Begins what is due and gives up what has waited long enough. Returns when to look again. */
static uint64_t step(struct runner *runners, size_t n, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		struct runner *run = &runners[i];
		uint64_t when;

		if (run->fd >= 0 && now >= run->start + (uint64_t)(run->plan->wait_s * SECOND)) {
			run->series->lost++;
			end(run);
		}
		if (over(run))
			continue;
		if (run->fd < 0 && now >= run->next)
			begin(run, now);
		if (over(run))
			continue;
		when = run->fd < 0 ? run->next
				   : run->start + (uint64_t)(run->plan->wait_s * SECOND);
		if (when < next)
			next = when;
	}
	return next;
}

static void await(struct runner *runners, size_t n, uint64_t now, uint64_t next)
{
	struct pollfd fds[TARGETS_MOST];
	int ms = next > now ? (int)((next - now + 999999) / 1000000) : 0;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = runners[i].fd, .events = POLLOUT};
	if (poll(fds, n, ms > 1000 ? 1000 : ms) <= 0)
		return;
	for (size_t i = 0; i < n; i++) {
		socklen_t len = sizeof(int);
		int error = 0;

		if (fds[i].fd < 0 || !fds[i].revents)
			continue;
		if (getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
			error = errno;
		take(&runners[i], error);
	}
}

static unsigned begun(const struct runner *runners, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += runners[i].begun;
	return sum;
}

void rtt_measure(const struct sys *sys, struct rtt_series *series, size_t n,
		 const struct rtt_plan *plan, void (*progress)(void *context, unsigned done),
		 void *context)
{
	struct runner runners[TARGETS_MOST];
	uint64_t told = sys->now(sys);

	for (size_t i = 0; i < n; i++)
		runners[i] =
			(struct runner){.sys = sys, .plan = plan, .series = &series[i], .fd = -1};
	for (;;) {
		uint64_t now = sys->now(sys), next = step(runners, n, now);

		if (next == UINT64_MAX)
			return;
		await(runners, n, now, next);
		if (progress && now >= told + (uint64_t)SECOND) {
			told = now;
			progress(context, begun(runners, n));
		}
	}
}
