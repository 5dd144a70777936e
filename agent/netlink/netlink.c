/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink.h"

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define WAIT_S 30

bool netlink_reaches(const struct sys *sys)
{
	char ours[64] = "", theirs[64];

	if (sys->root < 0)
		return true;
	return readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) > 0 &&
	       sys_readlink(sys, "/proc/1/ns/net", theirs, sizeof(theirs)) == 0 &&
	       strcmp(ours, theirs) == 0;
}

int netlink_open(int protocol, struct nl_sock **out)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct timeval wait = {.tv_sec = WAIT_S};
	int on = 1;

	if (!sock)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(sock, protocol) < 0) {
		int r = negative_errno();

		nl_socket_free(sock);
		return r;
	}
	/* Old kernels lack the first two; nothing depends on them but words and speed. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	*out = sock;
	return 0;
}

void netlink_close(struct nl_sock **sock)
{
	if (*sock)
		nl_socket_free(*sock);
	*sock = NULL;
}

bool netlink_u8(const struct nlattr *a, uint8_t *out)
{
	if (!a || nla_len(a) != sizeof(*out))
		return false;
	*out = *(const uint8_t *)nla_data(a);
	return true;
}

bool netlink_u32(const struct nlattr *a, uint32_t *out)
{
	if (!a || nla_len(a) != sizeof(*out))
		return false;
	memcpy(out, nla_data(a), sizeof(*out));
	return true;
}

bool netlink_name(const struct nlattr *a, char *out, size_t size)
{
	const char *text = a ? nla_data(a) : NULL;
	size_t len = a ? strnlen(text, (size_t)nla_len(a)) : 0;

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

/* The words behind an error. The attributes follow the header of the refused request, or the whole
 * of it when the kernel has not capped it (linux/netlink.h, NLM_F_ACK_TLVS). */
static void read_refusal(struct nlmsghdr *h, size_t skip, struct refusal *refusal)
{
	struct nlattr *a;

	if (!refusal || !(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED)) {
		const struct nlmsgerr *e = nlmsg_data(h);

		/* A DONE has no request behind it. */
		if (h->nlmsg_type == NLMSG_ERROR) {
			if (e->msg.nlmsg_len < NLMSG_HDRLEN || e->msg.nlmsg_len > h->nlmsg_len)
				return;
			skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
		}
	}
	if (skip > (size_t)nlmsg_datalen(h))
		return;
	a = nla_find((void *)((char *)nlmsg_data(h) + skip), nlmsg_datalen(h) - (int)skip,
		     NLMSGERR_ATTR_MSG);
	if (a)
		netlink_name(a, refusal->text, sizeof(refusal->text));
}

/* A message that ends an answer. 1, or -errno. */
static int read_end(struct nlmsghdr *h, struct refusal *refusal)
{
	int error = 0;

	if (h->nlmsg_type == NLMSG_ERROR) {
		if (nlmsg_datalen(h) < (int)sizeof(struct nlmsgerr))
			return -EBADMSG;
		memcpy(&error, nlmsg_data(h), sizeof(error));
		read_refusal(h, sizeof(struct nlmsgerr), refusal);
	} else if (nlmsg_datalen(h) >= (int)sizeof(error)) {
		memcpy(&error, nlmsg_data(h), sizeof(error));
		read_refusal(h, sizeof(error), refusal);
	}
	if (error > 0 || error < -4095)
		return -EBADMSG;
	return error < 0 ? error : 1;
}

int netlink_walk(void *buffer, size_t len, uint32_t seq, netlink_handler handler, void *context,
		 struct refusal *refusal, bool *interrupted)
{
	struct nlmsghdr *h = buffer;
	int left = (int)len;

	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		int r;

		if (h->nlmsg_seq != seq) /* an answer to what was given up */
			continue;
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (h->nlmsg_type == NLMSG_OVERRUN)
			return -ENOBUFS;
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
			return read_end(h, refusal);
		if (h->nlmsg_type == NLMSG_NOOP)
			continue;
		r = handler ? handler(h, context) : 0;
		if (r < 0)
			return r;
	}
	/* What is left is no whole message. */
	return left > 0 ? -EBADMSG : 0;
}

static int receive(struct nl_sock *sock, uint32_t seq, netlink_handler handler, void *context,
		   struct refusal *refusal)
{
	bool interrupted = false;

	while (true) {
		_cleanup_free unsigned char *buffer = NULL;
		struct sockaddr_nl from;
		int len, r;

		errno = 0;
		len = nl_recv(sock, &from, &buffer, NULL);
		if (len <= 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN || errno == 0 ? -ETIMEDOUT : negative_errno();
		}
		if (from.nl_pid != 0) /* not the kernel */
			continue;
		r = netlink_walk(buffer, (size_t)len, seq, handler, context, refusal, &interrupted);
		if (r < 0)
			return r;
		if (r > 0)
			return interrupted ? -EINTR : 0;
	}
}

int netlink_ask(struct nl_sock *sock, struct nl_msg *msg, netlink_handler handler, void *context,
		struct refusal *refusal)
{
	int r;

	if (refusal)
		refusal->text[0] = '\0';
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	errno = 0;
	r = nl_send_auto(sock, msg);
	if (r < 0)
		r = negative_errno();
	else
		r = receive(sock, nlmsg_hdr(msg)->nlmsg_seq, handler, context, refusal);
	nlmsg_free(msg);
	return r;
}
