/* SPDX-License-Identifier: Apache-2.0 */
#include "pmtu.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define TRIES       3
#define ROUNDS      3
#define SLACK       4   /* times the first echo's time: then another one is lost */
#define SOON_S      0.1 /* and at least that long: a busy peer is no loss */
#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define ICMP_HEADER 8u
#define SMALL       84u /* as ping(8) sends */
#define GENTLE_NS   2000000ull

struct probe {
	const struct sys *sys;
	int fd;
	struct pmtu_ask ask;
	unsigned reported; /* "too large" since the last send: the size that was named */
	struct ip reporter;
	uint64_t sent_ns;
	uint8_t packet[PMTU_MOST + 64], answer[PMTU_MOST + 64];
};

static void close_probe(struct probe **p)
{
	if (*p)
		closep(&(*p)->fd);
	free(*p);
}
#define _cleanup_probe _cleanup_(close_probe)

static unsigned headers(int family)
{
	return (family == AF_INET ? IPV4_HEADER : IPV6_HEADER) + ICMP_HEADER;
}

/* What arrives from outside is read here and nowhere else: fixed offsets, lengths first, and it is
 * only compared with what was sent. A raw IPv4 socket gives the IP header too, IPv6's does not. */
bool pmtu_is_answer(const struct pmtu_ask *ask, const void *packet, size_t len)
{
	const uint8_t *p = packet;
	size_t skip = 0;

	if (ask->family == AF_INET) {
		if (len < IPV4_HEADER)
			return false;
		skip = (size_t)(p[0] & 0xf) * 4;
		if (skip < IPV4_HEADER)
			return false;
	}
	if (len < skip + ICMP_HEADER || len - skip - ICMP_HEADER != ask->payload ||
	    ask->payload < PMTU_TAG)
		return false;
	p += skip;
	return p[0] == (ask->family == AF_INET ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY) && p[1] == 0 &&
	       (p[4] << 8 | p[5]) == ask->id &&
	       (uint16_t)((p[6] << 8 | p[7]) - ask->first) <= (uint16_t)(ask->last - ask->first) &&
	       memcmp(p + ICMP_HEADER, ask->tag, PMTU_TAG) == 0;
}

/* RFC 1071; the kernel does it for ICMPv6 only. */
static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)(i % 2 ? data[i] : data[i] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static int set_options(int fd, int family, unsigned link)
{
	/* DF is set, and what the kernel has cached of the path is not believed. */
	int v4 = IP_PMTUDISC_PROBE, v6 = IPV6_PMTUDISC_PROBE, on = 1, index = (int)link;
	int buffer = 1 << 18;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	/* Linux before 5.1 has no such option: there the route decides. */
	if (link && setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index)) < 0 &&
	    errno != ENOPROTOOPT)
		return negative_errno();
	if (family == AF_INET && (setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &v4, sizeof(v4)) < 0 ||
				  setsockopt(fd, SOL_IP, IP_RECVERR, &on, sizeof(on)) < 0))
		return negative_errno();
	if (family == AF_INET6 &&
	    (setsockopt(fd, SOL_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6)) < 0 ||
	     setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &on, sizeof(on)) < 0))
		return negative_errno();
	return 0;
}

/* NULL with *error. */
static struct probe *open_probe(const struct sys *sys, const struct ip *peer, unsigned link,
				int *error)
{
	bool v4 = peer->family == AF_INET;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_scope_id = link};
	_cleanup_probe struct probe *p = calloc(1, sizeof(*p));
	uint8_t secret[PMTU_TAG + 2];

	*error = -ENOMEM;
	if (!p)
		return NULL;
	p->sys = sys;
	p->ask.family = peer->family;
	p->fd = socket(peer->family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	*error = p->fd < 0 ? negative_errno() : set_options(p->fd, peer->family, link);
	if (*error < 0)
		return NULL;
	memcpy(&to4.sin_addr, peer->bytes, sizeof(to4.sin_addr));
	memcpy(&to6.sin6_addr, peer->bytes, sizeof(to6.sin6_addr));
	if (connect(p->fd, v4 ? (struct sockaddr *)&to4 : (struct sockaddr *)&to6,
		    v4 ? sizeof(to4) : sizeof(to6)) < 0 ||
	    getrandom(secret, sizeof(secret), 0) != sizeof(secret)) {
		*error = negative_errno();
		return NULL;
	}
	memcpy(p->ask.tag, secret, PMTU_TAG);
	p->ask.id = (uint16_t)(secret[PMTU_TAG] << 8 | secret[PMTU_TAG + 1]);
	return TAKE(p);
}

/* An error of the path, as the kernel has matched it to our socket. 0: only a size was reported. */
static int read_error(struct probe *p)
{
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct msghdr m = {.msg_control = &control, .msg_controllen = sizeof(control)};
	int error = 0;

	if (recvmsg(p->fd, &m, MSG_ERRQUEUE) < 0)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		bool v4 = c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR;
		bool v6 = c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR;
		struct sock_extended_err e;
		struct sockaddr_in from4;
		struct sockaddr_in6 from6;
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if ((!v4 && !v6) || len < sizeof(e) + (v4 ? sizeof(from4) : sizeof(from6)))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		p->reporter = (struct ip){0};
		if (v4 && e.ee_origin == SO_EE_ORIGIN_ICMP) {
			memcpy(&from4, CMSG_DATA(c) + sizeof(e), sizeof(from4));
			p->reporter.family = AF_INET;
			memcpy(p->reporter.bytes, &from4.sin_addr, sizeof(from4.sin_addr));
		} else if (v6 && e.ee_origin == SO_EE_ORIGIN_ICMP6) {
			memcpy(&from6, CMSG_DATA(c) + sizeof(e), sizeof(from6));
			p->reporter.family = AF_INET6;
			memcpy(p->reporter.bytes, &from6.sin6_addr, sizeof(from6.sin6_addr));
		}
		if (e.ee_errno == EMSGSIZE)
			p->reported = e.ee_info;
		else
			error = -(int)e.ee_errno;
	}
	return error;
}

/* Errors of earlier packets must not be taken for this one's. */
static void drain(struct probe *p)
{
	char byte;
	int error;
	socklen_t len = sizeof(error);

	while (recv(p->fd, &byte, 1, MSG_ERRQUEUE) >= 0)
		;
	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static unsigned write_echo(struct probe *p, unsigned size)
{
	unsigned len = size - headers(p->ask.family) + ICMP_HEADER;
	uint8_t *q = p->packet;
	uint16_t sum;

	p->ask.payload = len - ICMP_HEADER;
	memset(q, 0, ICMP_HEADER);
	q[0] = p->ask.family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	q[4] = (uint8_t)(p->ask.id >> 8);
	q[5] = (uint8_t)p->ask.id;
	q[6] = (uint8_t)(p->ask.last >> 8);
	q[7] = (uint8_t)p->ask.last;
	memcpy(q + ICMP_HEADER, p->ask.tag, PMTU_TAG);
	if (p->ask.family == AF_INET) {
		sum = checksum(q, len);
		q[2] = (uint8_t)(sum >> 8);
		q[3] = (uint8_t)sum;
	}
	return len;
}

static int send_echo(struct probe *p, unsigned size)
{
	unsigned len = write_echo(p, size);

	for (int i = 0; i < TRIES; i++) {
		int error;

		p->reported = 0;
		drain(p);
		p->sent_ns = p->sys->now(p->sys);
		if (send(p->fd, p->packet, len, MSG_NOSIGNAL) >= 0)
			return 0;
		error = negative_errno();
		if (error != -EMSGSIZE)
			return error;
		/* From elsewhere it is late news of an earlier packet; ours is at once. */
		if (read_error(p) == 0 && p->reporter.family == AF_UNSPEC)
			return error;
	}
	return -EMSGSIZE;
}

/* Waits for the answer to what was sent last. 1, 0, or -errno when somebody refused; a report that
 * it is too large ends the waiting with 0. */
static int wait_answer(struct probe *p, double wait_s)
{
	uint64_t end = p->sys->now(p->sys) + (uint64_t)(wait_s * 1e9);

	for (uint64_t now; (now = p->sys->now(p->sys)) < end;) {
		struct pollfd f = {.fd = p->fd, .events = POLLIN};
		ssize_t n;

		if (poll(&f, 1, (int)((end - now) / 1000000 + 1)) <= 0)
			continue;
		if (f.revents & POLLERR) {
			int r = read_error(p);

			if (r < 0 || p->reported)
				return r;
		}
		n = recv(p->fd, p->answer, sizeof(p->answer), 0);
		if (n > 0 && pmtu_is_answer(&p->ask, p->answer, (size_t)n))
			return 1;
	}
	return 0;
}

/* One size, up to three times. */
static int try_size(struct probe *p, unsigned size, double wait_s)
{
	int r = 0;

	p->ask.first = (uint16_t)(p->ask.last + 1);
	for (int i = 0; i < TRIES && r == 0; i++) {
		p->ask.last++;
		r = send_echo(p, size);
		if (r == 0)
			r = wait_answer(p, wait_s);
		/* A link below that takes no packet of this size drops it (veth), or is busy. */
		if (r == -ENOBUFS)
			r = 0;
		if (r == 0 && p->reported)
			break;
		p->sys->sleep_until(p->sys, p->sys->now(p->sys) + GENTLE_NS);
	}
	return r;
}

static bool size_is_sound(const struct ip *peer, unsigned size)
{
	return size >= headers(peer->family) + PMTU_TAG && size <= PMTU_MOST;
}

int pmtu_echo(const struct sys *sys, const struct ip *peer, unsigned link, unsigned size,
	      double wait_s)
{
	_cleanup_probe struct probe *p = NULL;
	int error = -EINVAL;

	if (size_is_sound(peer, size))
		p = open_probe(sys, peer, link, &error);
	return p ? try_size(p, size, wait_s / TRIES) : error;
}

static bool is_refusal(int error)
{
	return error == -EHOSTUNREACH || error == -ENETUNREACH || error == -ECONNREFUSED ||
	       error == -EACCES || error == -EHOSTDOWN || error == -ENOPROTOOPT;
}

struct search {
	struct probe *p;
	double wait_s;
	uint64_t end;
	unsigned lost; /* the least size that did not come back */
	bool told;     /* and somebody said so */
	struct pmtu_result *out;
};

/* One size, noted: 1 it came back, 0 it is lost, -errno it could not be tried. */
static int settle(struct search *s, unsigned size)
{
	struct pmtu_result *out = s->out;
	int r;

	if (s->p->sys->now(s->p->sys) >= s->end)
		return -ETIME;
	r = try_size(s->p, size, s->wait_s);
	if (r > 0) {
		out->mtu = size;
		return r;
	}
	/* A smaller one came back, so whoever refuses this one does so for its size, which no
	 * sender learns of. Our own firewall (EPERM) tells it. */
	if (is_refusal(r) && s->p->reporter.family != AF_UNSPEC)
		out->refuser = s->p->reporter;
	else if (r < 0 && r != -EMSGSIZE && r != -EPERM)
		return r;
	s->lost = size;
	s->told = r == -EMSGSIZE || r == -EPERM || s->p->reported;
	if (s->p->reported && (!out->reported || s->p->reported < out->reported)) {
		out->reported = s->p->reported;
		out->reporter = s->p->reporter;
	}
	return 0;
}

/* Halves until out->mtu came back and one byte more did not. */
static int halve(struct search *s)
{
	const struct pmtu_result *out = s->out;
	int r = 0;

	while (r >= 0 && s->lost - out->mtu > 1) {
		unsigned size = out->mtu + (s->lost - out->mtu) / 2;

		/* Somebody named a size: very likely it is the one. It is believed when it comes
		 * back and the next one does not. */
		if (out->reported > out->mtu && out->reported < s->lost)
			size = out->reported;
		else if (out->reported == out->mtu)
			size = out->mtu + 1;
		r = settle(s, size);
	}
	return r < 0 ? r : 0;
}

/* Is there an answer at all? 1, or 0 with out->kind said. */
static int first_echo(struct probe *p, double wait_s, struct pmtu_result *out)
{
	int r = try_size(p, SMALL, wait_s);

	out->rtt_s = (double)(p->sys->now(p->sys) - p->sent_ns) / 1e9;
	if (is_refusal(r) || r == -EPERM) { /* EPERM: our own firewall */
		out->kind = PMTU_REFUSED;
		out->error = -r;
		out->reporter = p->reporter;
		return 0;
	}
	out->kind = r > 0 ? PMTU_FOUND : PMTU_SILENT;
	out->mtu = r > 0 ? SMALL : 0;
	return r;
}

static int search(struct probe *p, unsigned largest, double wait_s, uint64_t end,
		  struct pmtu_result *out)
{
	struct search s = {.p = p, .wait_s = wait_s, .end = end, .out = out};
	int r = first_echo(p, wait_s, out);

	if (r <= 0)
		return r;
	if (s.wait_s > SLACK * out->rtt_s)
		s.wait_s = SLACK * out->rtt_s > SOON_S ? SLACK * out->rtt_s : SOON_S;
	if (s.wait_s > wait_s)
		s.wait_s = wait_s;
	r = largest > SMALL ? settle(&s, largest) : 1;
	/* The boundary is looked at again: what was lost by chance comes back then. */
	for (int round = 0; r == 0 && round < ROUNDS; round++) {
		r = halve(&s);
		if (r < 0)
			break;
		r = settle(&s, s.lost);
		if (r > 0 && out->mtu < largest)
			r = settle(&s, largest);
		else
			break;
	}
	out->black_hole = s.lost && out->mtu < largest && !s.told;
	return r < 0 && r != -ETIME ? r : 0;
}

int pmtu_probe(const struct sys *sys, const struct ip *peer, unsigned link, unsigned largest,
	       double wait_s, uint64_t end, struct pmtu_result *out)
{
	_cleanup_probe struct probe *p = NULL;
	struct pmtu_result found = {0};
	int r = -EINVAL;

	if (size_is_sound(peer, largest))
		p = open_probe(sys, peer, link, &r);
	if (p) {
		r = search(p, largest, wait_s, end, &found);
	} else if (is_refusal(r)) { /* connect() itself says when there is no way */
		found = (struct pmtu_result){.kind = PMTU_REFUSED, .error = -r};
		r = 0;
	}
	if (r == 0)
		*out = found;
	return r;
}
