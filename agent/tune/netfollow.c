/* SPDX-License-Identifier: Apache-2.0 */
/* Which links stand on others, and which take on another one's MTU by themselves. */
#include <string.h>

#include "nettune.h"
#include "text.h"

unsigned net_depth(const struct links *links, const struct link *l)
{
	unsigned depth = 0;

	/* A veth's other end is beside it, not below. */
	while (l && l->lower && !l->lower_elsewhere && strcmp(l->kind, "veth") != 0 &&
	       depth < NET_STACK_DEEP) {
		l = links_at(links, l->lower);
		depth++;
	}
	return depth;
}

/* What is stacked on a link follows it down (net/8021q/vlan.c, drivers/net/macvlan.c), and so does
 * its bridge (net/bridge/br_if.c); a bond or team hands its own MTU to its ports. */
static bool follows(const struct link *l, const struct link *cause)
{
	if (l->lower == cause->index && !l->lower_elsewhere)
		return word_in("vlan macvlan macvtap ipvlan ipvtap", l->kind);
	if (l->index == cause->master)
		return word_in("bridge hsr", l->kind);
	return l->master == cause->index && word_in("bond team", cause->kind);
}

int net_followers(const struct links *links, const struct link *self, unsigned **steps)
{
	_cleanup_free unsigned *found = calloc(links->n + 1, sizeof(*found));

	if (!found)
		return -ENOMEM;
	for (unsigned step = 1; step <= NET_STACK_DEEP; step++) {
		for (size_t c = 0; c < links->n; c++) {
			const struct link *cause = &links->v[c];

			if (step == 1 ? cause != self : found[c] != step - 1)
				continue;
			for (size_t i = 0; i < links->n; i++)
				if (!found[i] && &links->v[i] != self &&
				    follows(&links->v[i], cause))
					found[i] = step;
		}
	}
	*steps = TAKE(found);
	return 0;
}
