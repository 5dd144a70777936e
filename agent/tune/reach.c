/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "confirm.h"
#include "pmtu.h"
#include "text.h"

#define LOOK_S     3.5 /* three solicitations, a second apart */
#define ECHO_SMALL 84  /* bytes, as ping(8) sends */

/* A plan's link change that is not done yet. */
static bool will_change(const struct change *c)
{
	return strcmp(c->tuner->name, "net") == 0 && c->outcome == OUTCOME_WOULD_CHANGE;
}

static const struct link *link_of(const struct links *links, const struct change *c)
{
	char name[IF_NAMESIZE];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->key, "/"), c->key);
	return links_find(links, name);
}

/* Is `below` a part of `top`: itself, its port, or the link that it is stacked on? */
static bool carries(const struct links *links, const struct link *below, const struct link *top,
		    int depth)
{
	if (!top || !below || depth > 8)
		return false;
	if (top == below || below->master == top->index)
		return true;
	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = &links->v[i];

		if (l != top &&
		    (l->master == top->index ||
		     (top->lower == l->index && !top->lower_elsewhere)) &&
		    carries(links, below, l, depth + 1))
			return true;
	}
	return false;
}

static void add_carrier(struct reach *r, const struct link *l)
{
	for (size_t i = 0; i < r->n_carriers; i++)
		if (r->carriers[i].index == l->index)
			return;
	if (!l->carrier || r->n_carriers == REACH_LINKS_MOST)
		return;
	r->carriers[r->n_carriers].index = l->index;
	memcpy(r->carriers[r->n_carriers++].name, l->name, sizeof(l->name));
}

/* Does the server take a connection? */
static bool connects(const struct net_endpoint *e, double wait_s)
{
	_cleanup_fd int fd = socket(e->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(e->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port)};
	bool is_v4 = e->family == AF_INET;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int error = 0;

	if (fd < 0)
		return false;
	memcpy(&v4.sin_addr, e->address, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, e->address, sizeof(v6.sin6_addr));
	if (connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		    is_v4 ? sizeof(v4) : sizeof(v6)) == 0)
		return true;
	if (errno != EINPROGRESS || poll(&p, 1, (int)(wait_s * 1000)) != 1)
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static void look_at_endpoints(const struct profile *p, struct reach *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct setting *s = &p->settings[i];
		struct net_endpoint found[NET_CONFIRM_MOST];
		size_t n = 0;

		if (s->overridden || !net_is_section(s->section) ||
		    strcmp(s->key, "confirm") != 0 || net_endpoints_parse(s->value, found, &n) < 0)
			continue;
		for (size_t k = 0; k < n && out->n_endpoints < NET_CONFIRM_MOST; k++)
			if (connects(&found[k], LOOK_S))
				out->endpoints[out->n_endpoints++] = found[k];
	}
}

static int look_at_gateway(const struct sys *sys, struct reach *out)
{
	int r;

	if (!out->route.has_gateway)
		return 0;
	r = neighbour_answers(sys, out->route.link, &out->route.gateway, LOOK_S);
	if (r < 0)
		return r;
	out->has_gateway = r > 0;
	if (out->has_gateway)
		out->echoes =
			pmtu_echo(sys, &out->route.gateway, out->route.link, ECHO_SMALL, 1) > 0;
	return 0;
}

int reach_look(const struct sys *sys, const struct profile *p, const struct changes *plan,
	       struct reach *out)
{
	_cleanup_links struct links links = {0};
	struct reach found = {0};
	const struct link *top = NULL;
	int r = links_read(sys, &links);

	if (r < 0)
		return r;
	r = route_default(&found.route);
	if (r == 0)
		top = links_at(&links, found.route.link);
	else if (r != -ENOENT)
		return r;
	for (size_t i = 0; i < plan->n; i++) {
		const struct change *c = &plan->v[i];
		const struct link *l = will_change(c) ? link_of(&links, c) : NULL;
		const char *attribute = strchr(c->key, '/');
		wide mtu;

		if (!l)
			continue;
		add_carrier(&found, l);
		if (!carries(&links, l, top, 0))
			continue;
		found.is_management = true;
		if (l == top && attribute && strcmp(attribute, "/mtu") == 0 &&
		    number_parse(c->wanted, &mtu) == 0 && mtu > l->mtu)
			found.raised_from = l->mtu;
	}
	r = found.is_management ? look_at_gateway(sys, &found) : 0;
	if (r < 0)
		return r;
	look_at_endpoints(p, &found);
	*out = found;
	return 0;
}

/* A greater MTU is only good when packets of that size arrive and come back. */
static int gateway_same(const struct sys *sys, const struct reach *r, const struct links *links,
			double wait_s, char **lost)
{
	const struct link *l = links_at(links, r->route.link);
	char gateway[INET6_ADDRSTRLEN];
	int answers;

	ip_text(&r->route.gateway, gateway);
	answers = neighbour_answers(sys, r->route.link, &r->route.gateway, wait_s);
	if (answers == 0)
		return format(lost, "the gateway %s answers no more", gateway);
	if (answers < 0)
		return answers;
	if (!r->echoes)
		return 1;
	answers = pmtu_echo(sys, &r->route.gateway, r->route.link, ECHO_SMALL, wait_s);
	if (answers <= 0)
		return format(lost, "the gateway %s answers no ping any more", gateway);
	if (!r->raised_from || !l || l->mtu <= r->raised_from)
		return 1;
	answers = pmtu_echo(sys, &r->route.gateway, r->route.link, l->mtu, wait_s);
	if (answers <= 0)
		return format(lost,
			      "packets of %u bytes do not come back from the gateway %s: the path "
			      "does not carry them",
			      l->mtu, gateway);
	return 1;
}

int reach_same(const struct sys *sys, const struct reach *r, double wait_s, char **lost)
{
	_cleanup_links struct links links = {0};
	int same = links_read(sys, &links);

	if (same < 0)
		return same;
	for (size_t i = 0; i < r->n_carriers; i++) {
		const struct link *l = links_at(&links, r->carriers[i].index);

		if (!l || !l->carrier)
			return format(lost, "%s lost its carrier", r->carriers[i].name);
	}
	if (r->has_gateway) {
		same = gateway_same(sys, r, &links, wait_s, lost);
		if (same <= 0)
			return same;
	}
	for (size_t i = 0; i < r->n_endpoints; i++) {
		const struct net_endpoint *e = &r->endpoints[i];
		char text[INET6_ADDRSTRLEN];

		if (!connects(e, wait_s)) {
			inet_ntop(e->family, e->address, text, sizeof(text));
			return format(lost, "%s port %u takes no connection any more", text,
				      e->port);
		}
	}
	return 1;
}
