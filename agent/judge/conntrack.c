/* SPDX-License-Identifier: Apache-2.0 */
#include "conntrack.h"

#include <errno.h>
#include <string.h>

#include "procstat.h"
#include "sysctld.h"
#include "text.h"

#define FOLDER       "/proc/sys/net/netfilter/"
#define COLUMNS_MOST 32
#define TEXT_MOST    ((size_t)(CPUS_MOST + 1) * COLUMNS_MOST * 24)
#define DIGITS_MOST  8
/* kube-proxy: conntrack.maxPerCore and conntrack.min, their defaults. */
#define PROXY_PER_CPU 32768U
#define PROXY_LEAST   131072U
/* Linux before 5.15: nf_conntrack_init_start, max_factor. */
#define OLD_FACTOR 4

enum { DROP, EARLY_DROP, INSERT_FAILED, COUNTERS };

static const char *const counters[COUNTERS] = {"drop", "early_drop", "insert_failed"};

/* Which column each counter is in; false without one of them. */
static bool read_names(const char *line, size_t len, int columns[COUNTERS], int *n)
{
	const char *end = line + len;

	for (int i = 0; i < COUNTERS; i++)
		columns[i] = -1;
	for (*n = 0;; (*n)++) {
		size_t word;

		line += strspn(line, " ");
		word = strcspn(line, " \n");
		if (line >= end || word == 0)
			break;
		if (*n == COLUMNS_MOST)
			return false;
		for (int i = 0; i < COUNTERS; i++)
			if (strlen(counters[i]) == word && memcmp(counters[i], line, word) == 0)
				columns[i] = *n;
		line += word;
	}
	for (int i = 0; i < COUNTERS; i++)
		if (columns[i] < 0)
			return false;
	return true;
}

/* One CPU's line; false when it has not `n` hexadecimal numbers. */
static bool read_numbers(const char **text, int n, uint32_t numbers[COLUMNS_MOST])
{
	const char *c = *text;

	for (int i = 0; i < n; i++) {
		size_t digits;

		c += strspn(c, " ");
		digits = strspn(c, "0123456789abcdef");
		if (digits == 0 || digits > DIGITS_MOST)
			return false;
		numbers[i] = (uint32_t)strtoul(c, NULL, 16);
		c += digits;
	}
	c += strspn(c, " ");
	if (*c != '\n')
		return false;
	*text = c + 1;
	return true;
}

int conntrack_stat_parse(const char *text, struct conntrack_stat *out)
{
	int columns[COUNTERS], n, lines = 0;
	uint32_t sums[COUNTERS] = {0};
	size_t first = strcspn(text, "\n");

	if (text[first] != '\n' || !read_names(text, first, columns, &n))
		return -EBADMSG;
	for (text += first + 1; *text; lines++) {
		uint32_t numbers[COLUMNS_MOST];

		if (lines == CPUS_MOST || !read_numbers(&text, n, numbers))
			return -EBADMSG;
		for (int i = 0; i < COUNTERS; i++)
			sums[i] += numbers[columns[i]];
	}
	if (lines == 0)
		return -EBADMSG;
	*out = (struct conntrack_stat){.drop = sums[DROP],
				       .early_drop = sums[EARLY_DROP],
				       .insert_failed = sums[INSERT_FAILED]};
	return 0;
}

static int read_number(const struct sys *sys, const char *path, double *out)
{
	_cleanup_free char *text = NULL;
	wide value;
	int r = sys_read_line(sys, path, &text);

	if (r < 0)
		return r;
	if (number_parse(text, &value) < 0 || value < 0 || value > UINT32_MAX)
		return -EBADMSG;
	*out = (double)value;
	return 0;
}

int conntrack_read(const struct sys *sys, double *count, double *max)
{
	double c, m;
	int r = read_number(sys, FOLDER "nf_conntrack_count", &c);

	if (r == 0)
		r = read_number(sys, FOLDER "nf_conntrack_max", &m);
	if (r < 0)
		return r;
	*count = c;
	*max = m;
	return 0;
}

int conntrack_read_stat(const struct sys *sys, struct conntrack_stat *out)
{
	_cleanup_free char *text = NULL;
	int r = sys_read(sys, "/proc/net/stat/nf_conntrack", TEXT_MOST, &text, NULL);

	return r < 0 ? r : conntrack_stat_parse(text, out);
}

double conntrack_fullness(const struct conntrack_space *s)
{
	return s->max > 0 ? 100 * s->count / s->max : 0;
}

static int compare(const void *a, const void *b)
{
	double x = conntrack_fullness(a), y = conntrack_fullness(b);

	return (x < y) - (x > y);
}

void conntrack_rank(struct conntrack_space *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), compare);
}

/* A second; 0 where a counter ran backwards. */
static double rate(uint32_t before, uint32_t after, double seconds)
{
	uint32_t delta = after - before;

	return seconds > 0 && delta <= UINT32_MAX / 2 ? (double)delta / seconds : 0;
}

static void call(const struct conntrack_space *s, char *text, size_t size)
{
	if (s->own)
		snprintf(text, size, "the host's table");
	else
		snprintf(text, size, "the table of network namespace %llu, %s's",
			 (unsigned long long)s->inode, *s->who ? s->who : "nobody");
}

static void judge_drops(const struct conntrack_space *s, const char *name, double dropped,
			const struct conntrack_limits *l, struct findings *findings)
{
	if (dropped < l->drop_warn)
		return;
	finding_advise(
		finding_add(findings, dropped >= l->drop_fail ? VERDICT_FAIL : VERDICT_WARN,
			    "ConntrackDrops", "%.1f packets/s are dropped at %s", dropped, name),
		"%s",
		conntrack_fullness(s) >= l->warn
			? "raise net.netfilter.nf_conntrack_max, or find who opens so many "
			  "connections: conntrack -L"
			: "the table has room now: see whether the kernel's log says \"table "
			  "full\" (then raise net.netfilter.nf_conntrack_max) or lacks memory");
}

static void judge_rates(const struct conntrack_space *s, const char *name, double seconds,
			const struct conntrack_limits *l, struct findings *findings)
{
	double dropped = rate(s->before.drop, s->after.drop, seconds);
	double early = rate(s->before.early_drop, s->after.early_drop, seconds);
	double failed = rate(s->before.insert_failed, s->after.insert_failed, seconds);

	/* The kernel counts what clashed as dropped, too (nf_ct_resolve_clash); more room would
	 * not help that. */
	judge_drops(s, name, double_max(dropped - failed, 0), l, findings);
	if (early >= l->early_warn)
		finding_advise(finding_add(findings, VERDICT_WARN, "ConntrackEvicts",
					   "%.1f connections/s are thrown out of %s for new ones",
					   early, name),
			       "raise net.netfilter.nf_conntrack_max: it was full");
	if (failed >= l->insert_warn)
		finding_advise(finding_add(findings, VERDICT_WARN, "ConntrackClashes",
					   "%.1f connections/s find their place taken in %s",
					   failed, name),
			       "mostly two DNS requests at once from one port: a node-local DNS "
			       "cache, or use-vc in resolv.conf");
}

void conntrack_judge(const struct conntrack_space *s, double seconds,
		     const struct conntrack_limits *l, const char *origin,
		     struct findings *findings)
{
	double full = conntrack_fullness(s);
	char name[96];

	call(s, name, sizeof(name));
	if (full >= l->warn)
		finding_advise(finding_add(findings, full >= l->fail ? VERDICT_FAIL : VERDICT_WARN,
					   "ConntrackFull", "%s is %.3g%% full, %.0f of %.0f", name,
					   full, s->count, s->max),
			       "raise net.netfilter.nf_conntrack_max on the host (%s), or shorten "
			       "its time-outs; see who holds them: %sconntrack -L",
			       origin, s->own ? "" : "nsenter -n -t PROCESS ");
	if (s->has_stat)
		judge_rates(s, name, seconds, l, findings);
}

void conntrack_tell(const struct conntrack_space *s, double seconds, struct result *r)
{
	result_figure(r, "count", s->count, "");
	result_figure(r, "max", s->max, "");
	result_figure(r, "full", conntrack_fullness(s), "%");
	if (!s->has_stat)
		return;
	result_figure(r, "drops", rate(s->before.drop, s->after.drop, seconds), "/s");
	result_figure(r, "early_drops", rate(s->before.early_drop, s->after.early_drop, seconds),
		      "/s");
	result_figure(r, "insert_failed",
		      rate(s->before.insert_failed, s->after.insert_failed, seconds), "/s");
}

void conntrack_origin(const struct sys *sys, double max, unsigned cpus, char *text, size_t size)
{
	/* The second is another name of the first, and the later file wins. */
	static const char *const keys[] = {"net/netfilter/nf_conntrack_max",
					   "net/nf_conntrack_max"};
	struct sysctld files = {0};
	double buckets = 0, proxys = double_max(PROXY_PER_CPU * (double)cpus, PROXY_LEAST);
	bool kernels = read_number(sys, FOLDER "nf_conntrack_buckets", &buckets) == 0 &&
		       (max == buckets || max == OLD_FACTOR * buckets);

	snprintf(text, size, "set by hand or by a program");
	if (kernels)
		snprintf(text, size, "the kernel's default, %s",
			 max == buckets ? "its number of buckets" : "4 for each bucket");
	if (max == proxys)
		snprintf(text, size, "%swhat kube-proxy sets: max(%u x %u CPUs, %u)",
			 kernels ? "the kernel's default, and " : "", PROXY_PER_CPU, cpus,
			 PROXY_LEAST);
	if (sysctld_read(sys, &files) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct sysctld_entry *e = sysctld_winner(&files, keys[i], NULL);
		wide value;

		if (!e || !e->value || number_parse(e->value, &value) < 0)
			continue;
		if ((double)value == max)
			snprintf(text, size, "set by %s:%u", e->file, e->line);
		else
			/* Set before the module was loaded, or changed since. */
			snprintf(text, size, "not what %s:%u says", e->file, e->line);
	}
	sysctld_clear(&files);
}
