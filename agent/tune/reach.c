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

static int add_carrier(struct reach *r, const struct link *l)
{
	for (size_t i = 0; i < r->n_carriers; i++)
		if (r->carriers[i].index == l->index)
			return 0;
	if (!l->carrier)
		return 0;
	if (r->n_carriers == REACH_LINKS_MOST)
		return -E2BIG;
	r->carriers[r->n_carriers].index = l->index;
	memcpy(r->carriers[r->n_carriers++].name, l->name, sizeof(l->name));
	return 0;
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

/* Does a change of the plan concern the link: itself, its ports, or what it is stacked on? */
static bool is_touched(const struct links *links, const struct changes *plan,
		       const struct link *top)
{
	for (size_t i = 0; i < plan->n; i++)
		if (will_change(&plan->v[i]) && carries(links, link_of(links, &plan->v[i]), top, 0))
			return true;
	return false;
}

static int add_gateway(const struct sys *sys, const struct route *route, const struct link *l,
		       struct reach *out)
{
	struct reach_gateway *g = &out->gateways[out->n_gateways];
	int r;

	for (size_t i = 0; i < out->n_gateways; i++)
		if (out->gateways[i].link == l->index &&
		    ip_equal(&out->gateways[i].ip, &route->gateway))
			return 0;
	if (out->n_gateways == REACH_GATEWAYS_MOST)
		return 0;
	r = neighbour_answers(sys, l->index, &route->gateway, LOOK_S);
	if (r <= 0)
		return r;
	*g = (struct reach_gateway){.link = l->index, .ip = route->gateway, .mtu = l->mtu};
	g->echoes = pmtu_echo(sys, &g->ip, g->link, ECHO_SMALL, 1) > 0;
	out->n_gateways++;
	return 0;
}

static int look_at_gateways(const struct sys *sys, const struct links *links,
			    const struct routes *routes, const struct changes *plan,
			    struct reach *out)
{
	for (size_t i = 0; i < routes->n; i++) {
		const struct route *route = &routes->v[i];
		const struct link *l = links_at(links, route->link);
		int r;

		if (!l || !route->has_gateway || !is_touched(links, plan, l))
			continue;
		r = add_gateway(sys, route, l, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The change makes the link's MTU greater: to what, or 0. */
static unsigned raises_to(const struct change *c, const struct link *l)
{
	const char *attribute = strchr(c->key, '/');
	wide mtu;

	return attribute && strcmp(attribute, "/mtu") == 0 && number_parse(c->wanted, &mtu) == 0 &&
			       mtu > l->mtu
		       ? (unsigned)mtu
		       : 0;
}

/* Can anything show that the path behind the link carries more? 1 an echoing gateway can, 0 nothing
 * can, -1 no default route goes that way. */
static int can_prove(const struct links *links, const struct routes *routes, const struct link *l,
		     const struct reach *reach)
{
	int answer = -1;

	for (size_t i = 0; i < routes->n; i++) {
		const struct link *top = links_at(links, routes->v[i].link);

		if (!top || !carries(links, l, top, 0))
			continue;
		answer = answer < 0 ? 0 : answer;
		for (size_t k = 0; k < reach->n_gateways; k++)
			if (reach->gateways[k].link == top->index && reach->gateways[k].echoes)
				answer = 1;
	}
	return answer;
}

static int refuse_unproven(const struct links *links, const struct routes *routes,
			   struct changes *plan, const struct reach *reach)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct change *c = &plan->v[i];
		const struct link *l = will_change(c) ? link_of(links, c) : NULL;
		unsigned mtu = l ? raises_to(c, l) : 0;
		int proof = mtu ? can_prove(links, routes, l, reach) : 1;

		if (proof < 0 && strings_addf(&c->notes,
					      "whether the path carries %u bytes is not known: see "
					      "peers= of `nodefit check mtu`",
					      mtu) < 0)
			return -ENOMEM;
		if (proof != 0 || reach->forced)
			continue;
		c->outcome = OUTCOME_REFUSED;
		c->forcible = true;
		if (format(&c->error,
			   "no gateway answers that could show whether the path carries %u bytes; "
			   "--force sets it all the same",
			   mtu) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int look_at_links(const struct sys *sys, const struct links *links,
			 const struct changes *plan, struct reach *out)
{
	unsigned node = 0;
	const struct link *own;

	for (size_t i = 0; i < plan->n; i++) {
		const struct change *c = &plan->v[i];
		const struct link *l = will_change(c) ? link_of(links, c) : NULL;
		int r = l ? add_carrier(out, l) : 0;

		if (r < 0)
			return r;
	}
	own = node_link(sys, &node) == 0 ? links_at(links, node) : NULL;
	out->at_stake = own && is_touched(links, plan, own);
	return 0;
}

int reach_look(const struct sys *sys, const struct profile *p, struct changes *plan, bool ask,
	       bool forced, struct reach *out)
{
	_cleanup_links struct links links = {0};
	_cleanup_routes struct routes routes = {0};
	struct reach found = {.forced = forced};
	int r = links_read(sys, &links);

	if (r == 0)
		r = routes_default(&routes);
	if (r == 0)
		r = look_at_links(sys, &links, plan, &found);
	for (size_t i = 0; i < routes.n && r == 0; i++)
		found.at_stake = found.at_stake ||
				 is_touched(&links, plan, links_at(&links, routes.v[i].link));
	if (r == 0 && ask)
		r = look_at_gateways(sys, &links, &routes, plan, &found);
	if (r == 0)
		r = refuse_unproven(&links, &routes, plan, &found);
	if (r < 0)
		return r;
	if (ask)
		look_at_endpoints(p, &found);
	found.at_stake = found.at_stake || found.n_endpoints;
	*out = found;
	return 0;
}

/* A greater MTU, whoever made it greater, is only good when packets of that size come back. */
static int gateway_same(const struct sys *sys, const struct reach *r, const struct reach_gateway *g,
			const struct link *l, double wait_s, char **lost)
{
	char text[INET6_ADDRSTRLEN];
	int answers = neighbour_answers(sys, g->link, &g->ip, wait_s);

	ip_text(&g->ip, text);
	if (answers == 0)
		return format(lost, "the gateway %s answers no more", text);
	if (answers < 0)
		return answers;
	if (!g->echoes)
		return 1;
	answers = pmtu_echo(sys, &g->ip, g->link, ECHO_SMALL, wait_s);
	if (answers <= 0)
		return format(lost, "the gateway %s answers no ping any more", text);
	if (!l || l->mtu <= g->mtu || r->forced)
		return 1;
	answers = pmtu_echo(sys, &g->ip, g->link, l->mtu, wait_s);
	if (answers <= 0)
		return format(lost,
			      "packets of %u bytes do not come back from the gateway %s: the path "
			      "does not carry them",
			      l->mtu, text);
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
	for (size_t i = 0; i < r->n_gateways; i++) {
		same = gateway_same(sys, r, &r->gateways[i], links_at(&links, r->gateways[i].link),
				    wait_s, lost);
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
