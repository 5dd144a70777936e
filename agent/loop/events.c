/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells by itself: links, addresses and default routes (rtnetlink), queues and
 * rings (ethtool's monitor group) and modules (uevents). sysfs and /proc/sys themselves tell
 * nothing of new files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool_netlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <string.h>
#include <sys/socket.h>

#include "agent.h"
#include "link.h"
#include "log.h"
#include "netwish.h"

#define SOON_S        0.1
#define MESSAGE_MOST  16384 /* a link with many virtual functions fills pages */
#define ETHTOOL_GROUP "monitor"

static bool wants_links(const struct agent *a)
{
	for (size_t i = 0; i < a->profile.n; i++)
		if (!a->profile.settings[i].overridden &&
		    net_is_section(a->profile.settings[i].section))
			return true;
	return false;
}

/* While it is compared nobody knows yet. */
static bool waits(const struct agent *a)
{
	return a->tuning.running || !a->planned ||
	       changes_count(&a->report.changes, OUTCOME_PENDING) > 0;
}

/* Is it a part of the key, between dots and slashes? A sysctl's key has eth0/100 for eth0.100. */
static bool is_of(const char *key, const char *link)
{
	for (const char *at = key; *at; at++) {
		size_t i = 0;

		if (at > key && !strchr("./", at[-1]))
			continue;
		while (link[i] && (at[i] == link[i] || (link[i] == '.' && at[i] == '/')))
			i++;
		if (!link[i] && strchr("./", at[i]))
			return true;
	}
	return false;
}

/* Pods come and go, and their links with them: those that nobody has asked for are passed over. */
static bool matters(const struct agent *a, const char *link)
{
	char device[64];
	struct stat st;

	snprintf(device, sizeof(device), "/sys/class/net/%s/device", link);
	if (!a->planned || sys_stat(a->sys, device, &st) == 0)
		return true;
	for (size_t i = 0; i < a->report.changes.n; i++)
		if (is_of(a->report.changes.v[i].key, link))
			return true;
	return false;
}

static void on_link(struct agent *a, struct nlmsghdr *h)
{
	struct link link;

	h->nlmsg_type = RTM_NEWLINK; /* of one that is gone it has the same form */
	if (link_parse(h, &link) < 0 || !matters(a, link.name))
		return;
	drift_soon(a, SOON_S);
	rounds_links_changed(a);
}

/* The node's address may have come, and be another link's now (@node-ip). */
static void on_address(struct agent *a, struct nlmsghdr *h)
{
	const struct ifaddrmsg *address = nlmsg_data(h);
	char link[IF_NAMESIZE];

	if (nlmsg_datalen(h) >= (int)sizeof(*address) && wants_links(a) &&
	    if_indextoname(address->ifa_index, link) && matters(a, link))
		drift_soon(a, SOON_S);
}

/* Each pod may have a route of its own: only a default one tells of the node. */
static void on_route(struct agent *a, struct nlmsghdr *h)
{
	const struct rtmsg *route = nlmsg_data(h);

	if (nlmsg_datalen(h) < (int)sizeof(*route) || route->rtm_dst_len > 0 ||
	    route->rtm_type != RTN_UNICAST || route->rtm_flags & RTM_F_CLONED)
		return;
	if (wants_links(a))
		drift_soon(a, SOON_S);
	rounds_links_changed(a);
}

/* Reads all that waits. False when nothing can be read any more. */
static bool drain(struct agent *a, int fd, void (*handle)(struct agent *, char *, size_t))
{
	char buffer[MESSAGE_MOST] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {buffer, sizeof(buffer) - 1};
		struct msghdr message = {.msg_name = &from,
					 .msg_namelen = sizeof(from),
					 .msg_iov = &iov,
					 .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n < 0 && errno != ENOBUFS)
			return false;
		if (n >= 0 && from.nl_pid != 0)
			continue;                             /* not the kernel's */
		if (n < 0 || message.msg_flags & MSG_TRUNC) { /* lost, whatever it was */
			drift_soon(a, SOON_S);
			rounds_links_changed(a);
			continue;
		}
		buffer[n] = '\0';
		handle(a, buffer, (size_t)n);
	}
}

static void handle_links(struct agent *a, char *buffer, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)buffer;

	for (int left = (int)len; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
			on_link(a, h);
		else if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR)
			on_address(a, h);
		else if (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE)
			on_route(a, h);
	}
}

/* Which link does it speak of? Each notification begins with the same header. */
static bool ethtool_link(struct nlmsghdr *h, char *name, size_t size)
{
	struct nlattr *header, *its;

	if (!genlmsg_valid_hdr(h, 0))
		return false;
	header = nla_find(genlmsg_attrdata(nlmsg_data(h), 0), genlmsg_attrlen(nlmsg_data(h), 0),
			  ETHTOOL_A_LINKINFO_HEADER);
	its = header ? nla_find(nla_data(header), nla_len(header), ETHTOOL_A_HEADER_DEV_NAME)
		     : NULL;
	return its && netlink_name(its, name, size);
}

/* Somebody has changed channels, rings, coalescing or features. */
static void handle_ethtool(struct agent *a, char *buffer, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)buffer;
	char link[IF_NAMESIZE];

	for (int left = (int)len; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		if (ethtool_link(h, link, sizeof(link)) && !matters(a, link))
			continue;
		if (wants_links(a))
			drift_soon(a, SOON_S);
		rounds_links_changed(a);
	}
}

static void handle_uevent(struct agent *a, char *buffer, size_t len)
{
	(void)len;
	if (strncmp(buffer, "add@/module/", 12) == 0 && waits(a))
		drift_soon(a, SOON_S);
}

static int on_links(sd_event_source *s, int fd, uint32_t revents, void *context)
{
	(void)revents;
	return drain(context, fd, handle_links) ? 0 : sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

static int on_ethtool(sd_event_source *s, int fd, uint32_t revents, void *context)
{
	(void)revents;
	return drain(context, fd, handle_ethtool) ? 0
						  : sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

static int on_uevents(sd_event_source *s, int fd, uint32_t revents, void *context)
{
	(void)revents;
	return drain(context, fd, handle_uevent) ? 0 : sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

static int open_links(struct agent *a)
{
	int r = netlink_open(NETLINK_ROUTE, &a->links);

	if (r == 0 && nl_socket_add_memberships(a->links, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
						RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
						RTNLGRP_IPV6_ROUTE, 0) < 0)
		r = -EIO;
	return r < 0 ? r
		     : sd_event_add_io(a->event, &a->sources[0], nl_socket_get_fd(a->links),
				       EPOLLIN, on_links, a);
}

static int open_ethtool(struct agent *a)
{
	int r = netlink_open(NETLINK_GENERIC, &a->ethtool), group;

	if (r < 0)
		return r;
	group = genl_ctrl_resolve_grp(a->ethtool, ETHTOOL_GENL_NAME, ETHTOOL_GROUP);
	if (group < 0)
		return -ENOENT;
	if (nl_socket_add_membership(a->ethtool, group) < 0)
		return -EIO;
	return sd_event_add_io(a->event, &a->sources[1], nl_socket_get_fd(a->ethtool), EPOLLIN,
			       on_ethtool, a);
}

static int open_uevents(struct agent *a)
{
	/* The kernel's own group; 2 is udev's (systemd: sd-device/device-monitor.c). */
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};

	a->uevents =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (a->uevents < 0 ||
	    bind(a->uevents, (struct sockaddr *)(void *)&address, sizeof(address)) < 0)
		return negative_errno();
	return sd_event_add_io(a->event, &a->sources[2], a->uevents, EPOLLIN, on_uevents, a);
}

void events_open(struct agent *a)
{
	int links = open_links(a), ethtool = open_ethtool(a), uevents = open_uevents(a);

	if (links < 0)
		log_warning("changes of links are seen every %g s only: %s",
			    a->config.drift_interval, strerror(-links));
	if (ethtool < 0)
		log_info("changes of channels and rings are seen every %g s only: %s",
			 a->config.drift_interval, strerror(-ethtool));
	if (uevents < 0)
		log_info("new modules are seen every %g s only: %s", a->config.drift_interval,
			 strerror(-uevents));
}

void events_close(struct agent *a)
{
	for (size_t i = 0; i < ARRAY_LEN(a->sources); i++)
		a->sources[i] = sd_event_source_disable_unref(a->sources[i]);
	netlink_close(&a->links);
	netlink_close(&a->ethtool);
	if (a->uevents >= 0)
		close(a->uevents);
	a->uevents = -1;
}
