/* SPDX-License-Identifier: Apache-2.0 */
#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "netlink.h"

#define DIGITS "0123456789"
#define HEX    "0123456789ABCDEFabcdef"

struct telling {
	bool (*each)(const struct listener *l, void *context);
	void *context;
	size_t told;
	bool enough;
};

static void tell(struct telling *t, const struct listener *l)
{
	t->enough = t->enough || ++t->told > LISTENERS_MOST || !t->each(l, t->context);
}

/* --- by netlink --- */

int listener_read(struct nlmsghdr *message, struct listener *out)
{
	const struct inet_diag_msg *m = nlmsg_data(message);

	if (nlmsg_datalen(message) < (int)sizeof(*m))
		return -EBADMSG;
	if (m->idiag_state != TCP_LISTEN)
		return 0;
	*out = (struct listener){ntohs(m->id.idiag_sport), m->idiag_inode};
	return 1;
}

/* What comes after enough is only taken off the socket. */
static int take_message(struct nlmsghdr *message, void *context)
{
	struct telling *t = context;
	struct listener l;
	int r = listener_read(message, &l);

	if (r == 1 && !t->enough)
		tell(t, &l);
	return r < 0 ? r : 0;
}

static int ask(struct nl_sock *sock, uint8_t family, struct telling *t)
{
	const struct inet_diag_req_v2 request = {.sdiag_family = family,
						 .sdiag_protocol = IPPROTO_TCP,
						 .idiag_states = 1U << TCP_LISTEN};
	struct nl_msg *msg = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	int r;

	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, (void *)&request, sizeof(request), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = netlink_ask(sock, msg, take_message, t, NULL);
	return r == -EINTR ? 0 : r; /* sockets come and go */
}

static int ask_kernel(const struct sys *sys, struct telling *t)
{
	_cleanup_netlink struct nl_sock *sock = NULL;
	int r = netlink_reaches(sys) ? netlink_open(NETLINK_SOCK_DIAG, &sock) : -ENOENT;

	if (r == 0)
		r = ask(sock, AF_INET, t);
	/* A kernel without IPv6 has told all. */
	if (r == 0 && !t->enough)
		(void)ask(sock, AF_INET6, t);
	return r;
}

/* --- by /proc --- */

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* A whole number at *text, which moves behind it. */
static bool take_number(const char **text, uint64_t *out)
{
	const char *at = skip_blanks(*text);
	size_t digits = strspn(at, DIGITS);

	if (digits == 0 || digits > 19)
		return false;
	*out = strtoull(at, NULL, 10);
	*text = at + digits;
	return true;
}

/* "ADDRESS:PORT" in hexadecimal. */
static bool take_address(const char **text, uint16_t *port)
{
	const char *at = skip_blanks(*text);
	size_t digits = strspn(at, HEX);

	if ((digits != 8 && digits != 32) || at[digits] != ':')
		return false;
	at += digits + 1;
	if (strspn(at, HEX) != 4)
		return false;
	*port = (uint16_t)strtoul(at, NULL, 16);
	*text = at + 4;
	return true;
}

int listener_parse(const char *line, struct listener *out)
{
	struct listener l = {0};
	uint16_t remote;
	uint64_t number;
	unsigned long state;

	if (!take_number(&line, &number) || *line++ != ':' || !take_address(&line, &l.port) ||
	    !take_address(&line, &remote))
		return -EBADMSG;
	line = skip_blanks(line);
	if (strspn(line, HEX) != 2)
		return -EBADMSG;
	state = strtoul(line, NULL, 16);
	if (state != TCP_LISTEN)
		return 0;
	/* Behind the state: queues, timer, retransmissions, user, time-out. */
	for (int i = 0; i < 6; i++) {
		line = skip_blanks(line);
		line += strcspn(line, " \t\n");
	}
	if (!take_number(&line, &l.inode))
		return -EBADMSG;
	*out = l;
	return 1;
}

/* Line by line, up to the first that does not listen: there may be a million connections. */
static void read_file(const struct sys *sys, const char *path, struct telling *t)
{
	int fd = sys_open(sys, path, O_RDONLY, 0);
	_cleanup_file FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512];

	if (!f) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (!fgets(line, sizeof(line), f)) /* the names of the columns */
		return;
	while (!t->enough && fgets(line, sizeof(line), f)) {
		struct listener l;

		if (listener_parse(line, &l) != 1)
			return;
		tell(t, &l);
	}
}

void listeners_each(const struct sys *sys, bool (*each)(const struct listener *l, void *context),
		    void *context)
{
	struct telling t = {.each = each, .context = context};

	/* Told by halves and then again does no harm: who listens twice listens. */
	if (ask_kernel(sys, &t) == 0)
		return;
	read_file(sys, "/proc/net/tcp", &t);
	read_file(sys, "/proc/net/tcp6", &t);
}
