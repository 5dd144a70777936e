/* SPDX-License-Identifier: Apache-2.0 */
#include "procstat.h"

#include <errno.h>
#include <string.h>

/* Reads one number and the blanks before it; false when there is none. */
static bool scan(const char **text, uint64_t *out)
{
	const char *c = *text + strspn(*text, " ");
	uint64_t value = 0;

	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			return false;
	*text = c;
	*out = value;
	return true;
}

/* Behind "cpu" of a cpuN line. */
static int parse_cpu(const char *text, struct cpu_ticks *out)
{
	uint64_t cpu;

	if (!scan(&text, &cpu) || cpu >= CPUS_MOST || *text != ' ')
		return -EBADMSG;
	out->cpu = (unsigned)cpu;
	for (int i = 0; i < TICKS; i++) {
		if (*text == '\n' || *text == '\0')
			return i == TICK_STEAL ? -ENODATA : -EBADMSG;
		if (!scan(&text, &out->ticks[i]))
			return -EBADMSG;
	}
	return strchr(" \n", *text) ? 0 : -EBADMSG; /* the end, or guest times */
}

int procstat_parse(const char *text, struct proc_stat *out)
{
	struct proc_stat s = {0};
	int r = 0;

	for (; *text && r == 0; text += strcspn(text, "\n"), text += *text == '\n') {
		struct cpu_ticks ticks, *slot;

		if (strncmp(text, "cpu", 3) != 0 || text[3] < '0' || text[3] > '9')
			continue;
		r = parse_cpu(text + 3, &ticks);
		if (r == 0 && s.n && s.v[s.n - 1].cpu >= ticks.cpu)
			r = -EBADMSG;
		if (r < 0)
			break;
		slot = array_add(&s.v, &s.n, sizeof(*slot));
		if (slot)
			*slot = ticks;
		else
			r = -ENOMEM;
	}
	if (r == 0 && s.n == 0)
		r = -EBADMSG;
	if (r < 0) {
		procstat_clear(&s);
		return r;
	}
	*out = s;
	return 0;
}

int procstat_read(const struct sys *sys, struct proc_stat *out)
{
	_cleanup_free char *text = NULL;
	int r = sys_read(sys, "/proc/stat", 16 << 20, &text, NULL);

	return r < 0 ? r : procstat_parse(text, out);
}

void procstat_clear(struct proc_stat *s)
{
	free(s->v);
	*s = (struct proc_stat){0};
}

bool procstat_delta(const struct cpu_ticks *before, const struct cpu_ticks *after, double elapsed_s,
		    long ticks_per_s, uint64_t *steal, uint64_t *total)
{
	double most = elapsed_s * (double)ticks_per_s * 1.5 + 2; /* readings are a tick coarse */
	uint64_t sum = 0;

	for (int i = 0; i < TICKS; i++) {
		uint64_t d = after->ticks[i] - before->ticks[i];

		if (after->ticks[i] < before->ticks[i] || (double)d > most)
			return false;
		sum += d;
	}
	if ((double)sum > most)
		return false;
	*steal = after->ticks[TICK_STEAL] - before->ticks[TICK_STEAL];
	*total = sum;
	return true;
}
