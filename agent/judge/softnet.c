/* SPDX-License-Identifier: Apache-2.0 */
#include "softnet.h"

#include <errno.h>
#include <string.h>

#include "procstat.h"

#define DIGITS     8
#define TEXT_MOST  ((size_t)CPUS_MOST * (DIGITS + 1) * SOFTNET_COLUMNS_MOST)
#define COLUMN_CPU 12 /* from 0, where there is one */

enum { COLUMN_PROCESSED, COLUMN_DROPPED, COLUMN_SQUEEZED };

static bool scan_word(const char *text, uint32_t *out)
{
	uint32_t value = 0;

	for (int i = 0; i < DIGITS; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

/* One line up to its end, moving *text behind it. How many columns, or -EBADMSG. */
static int scan_line(const char **text, uint32_t columns[SOFTNET_COLUMNS_MOST])
{
	const char *c = *text;

	for (int n = 0; n < SOFTNET_COLUMNS_MOST; n++) {
		if (!scan_word(c, &columns[n]))
			return -EBADMSG;
		c += DIGITS;
		if (*c == '\n') {
			*text = c + 1;
			return n + 1 < SOFTNET_COLUMNS_LEAST ? -EBADMSG : n + 1;
		}
		if (*c++ != ' ')
			return -EBADMSG;
	}
	return -EBADMSG;
}

static int parse(const char *text, struct softnet *s)
{
	int all = 0;

	while (*text) {
		uint32_t columns[SOFTNET_COLUMNS_MOST];
		int n = scan_line(&text, columns);
		struct softnet_cpu *slot;
		size_t cpu = s->n;

		if (n < 0)
			return n;
		if (all && n != all)
			return -EBADMSG;
		all = n;
		s->numbered = n > COLUMN_CPU;
		if (s->numbered)
			cpu = columns[COLUMN_CPU];
		if (cpu >= CPUS_MOST || (s->n && s->v[s->n - 1].cpu >= cpu))
			return -EBADMSG;
		slot = array_add(&s->v, &s->n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = (struct softnet_cpu){.cpu = (unsigned)cpu,
					     .processed = columns[COLUMN_PROCESSED],
					     .dropped = columns[COLUMN_DROPPED],
					     .squeezed = columns[COLUMN_SQUEEZED]};
	}
	return s->n ? 0 : -EBADMSG;
}

int softnet_parse(const char *text, struct softnet *out)
{
	_cleanup_softnet struct softnet s = {0};
	int r = parse(text, &s);

	if (r < 0)
		return r;
	*out = s;
	s = (struct softnet){0};
	return 0;
}

int softnet_read(const struct sys *sys, struct softnet *out)
{
	_cleanup_free char *text = NULL;
	int r = sys_read(sys, "/proc/net/softnet_stat", TEXT_MOST, &text, NULL);

	return r < 0 ? r : softnet_parse(text, out);
}

void softnet_clear(struct softnet *s)
{
	free(s->v);
	*s = (struct softnet){0};
}

/* Unsigned arithmetic sees through a wrap; what looks like more than half a turn went back. */
static bool advance(uint32_t before, uint32_t after, uint32_t *out)
{
	*out = after - before;
	return *out <= UINT32_MAX / 2;
}

bool softnet_compare(const struct softnet *before, const struct softnet *after,
		     struct softnet_delta *out)
{
	struct softnet_delta d = {0};
	uint32_t worst_dropped = 0, worst_squeezed = 0;

	if (before->numbered != after->numbered || (!after->numbered && before->n != after->n))
		return false;
	for (size_t a = 0, b = 0; a < after->n; a++) {
		const struct softnet_cpu *now = &after->v[a], *then;
		uint32_t processed, dropped, squeezed;

		while (b < before->n && before->v[b].cpu < now->cpu)
			b++;
		if (b == before->n || before->v[b].cpu != now->cpu)
			continue;
		then = &before->v[b];
		if (!advance(then->processed, now->processed, &processed) ||
		    !advance(then->dropped, now->dropped, &dropped) ||
		    !advance(then->squeezed, now->squeezed, &squeezed))
			continue;
		d.processed += processed;
		d.dropped += dropped;
		d.squeezed += squeezed;
		if (d.cpus++ == 0 || dropped > worst_dropped ||
		    (dropped == worst_dropped && squeezed > worst_squeezed)) {
			d.worst_cpu = now->cpu;
			worst_dropped = dropped;
			worst_squeezed = squeezed;
		}
	}
	if (d.cpus == 0)
		return false;
	*out = d;
	return true;
}
