/* SPDX-License-Identifier: Apache-2.0 */
/* How long the disk under etcd takes to make a write durable: etcd's own pattern, until the
 * interval of p99 decides. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include "disk.h"
#include "stats.h"

/* etcd: server/storage/wal/wal.go (SegmentSizeBytes) and pkg/ioutil's pageWriter: each batch of
 * entries is one write at the end of a preallocated segment, then one fdatasync. 2,300 bytes is
 * what etcd's guidance benchmarks. */
#define SEGMENT_BYTES 64000000
#define WRITE_BYTES   2300
#define SAMPLES_MOST  (SEGMENT_BYTES / WRITE_BYTES)

#define WARMUP_SAMPLES 200
#define WARMUP_S       0.3
/* A single burst must not decide: a pass takes at least this long, anything else longer. */
#define PASS_S     0.5
#define NOT_PASS_S 2.0
/* Once a pass is excluded, this long until the estimate decides between warn and fail. */
#define ENOUGH_S 3.0
/* Looks at growing numbers of samples, each 1.2 times the last: about 40 from 20 to all.
 * Bonferroni: each look may err with 0.05/40, so that all of them together stay below 5%. */
#define FIRST_LOOK 20
#define LOOK_RATIO 1.2
#define LOOK_ALPHA (0.05 / 40)
/* No medium with power-loss protection answers below 12 us; this is a cache that forgets. */
#define IMPOSSIBLE_MS 0.010

struct fsync_params {
	char path[PATH_PARAM_MAX];
	double warn, fail, longest, reserve;
	int worst; /* 0: fail, 1: warn */
};

#define ROW(field, kind, low, high, value, text)                                                   \
	{                                                                                          \
		.name = #field, .type = kind, .offset = offsetof(struct fsync_params, field),      \
		.least = low, .most = high, .fallback = value, .help = text                        \
	}

static const struct param params[] = {
	ROW(path, PARAM_PATH, 0, 0, "/var/lib/etcd",
	    "the folder to measure in, or its nearest existing parent"),
	ROW(warn, PARAM_DURATION, 1e-5, 10, "10ms", "p99 from which to warn"),
	ROW(fail, PARAM_DURATION, 1e-5, 10, "50ms", "p99 from which to fail"),
	ROW(longest, PARAM_DURATION, 1, 60, "30s", "how long to measure at the most"),
	ROW(reserve, PARAM_BYTES, 0, 1e15, "128M",
	    "space that must stay free beside the 64 MB that are used for a moment"),
	{.name = "worst",
	 .type = PARAM_CHOICE,
	 .offset = offsetof(struct fsync_params, worst),
	 .choices = "fail warn",
	 .fallback = "fail",
	 .help = "the worst verdict: warn on a node without etcd"},
	{0}};

struct measurement {
	double ms[SAMPLES_MOST]; /* in the order of time */
	double sorted[SAMPLES_MOST];
	size_t n;
	double seconds;
	double p50, p90, p99, p999, max;
	double effect, low, high; /* the 95% interval */
};

/* Opens the folder or its nearest existing parent. */
static int open_folder(const struct sys *sys, char *path)
{
	for (;;) {
		int fd = sys_open(sys, path, O_RDONLY | O_DIRECTORY, 0);
		char *slash = strrchr(path, '/');

		if (fd != -ENOENT && fd != -ENOTDIR)
			return fd;
		if (slash == path && path[1] == '\0')
			return fd;
		*(slash == path ? slash + 1 : slash) = '\0';
	}
}

/* A file without a name: nothing is left behind, whatever happens to the process. */
static int open_nameless(int folder)
{
	static const char name[] = ".nodefit-fsync";
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd < 0 ? negative_errno() : fd;
	/* No O_TMPFILE here: an empty file has this name for a moment. */
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return negative_errno();
	fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return negative_errno();
	return unlinkat(folder, name, 0) < 0 ? negative_errno() : fd;
}

/* etcd preallocates by fallocate, or by lengthening where that is not supported. */
static int preallocate(int fd)
{
	if (fallocate(fd, 0, 0, SEGMENT_BYTES) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOTTY)
		return negative_errno();
	return ftruncate(fd, SEGMENT_BYTES) < 0 ? negative_errno() : 0;
}

/* Sorts what there is and works the figures out, with an interval that misses by `alpha`. */
static void look(struct measurement *m, double alpha)
{
	memcpy(m->sorted, m->ms, m->n * sizeof(*m->ms));
	stats_sort(m->sorted, m->n);
	m->p99 = stats_quantile(m->sorted, m->n, 0.99);
	m->effect = stats_design_effect(m->ms, m->n, m->p99);
	stats_quantile_interval(m->sorted, m->n, 0.99, m->effect, alpha, &m->low, &m->high);
}

/* Is the verdict certain enough to stop? */
static bool decided(struct measurement *m, const struct fsync_params *p)
{
	double warn = p->warn * 1e3, fail = p->fail * 1e3;

	look(m, LOOK_ALPHA);
	if (m->high < warn)
		return m->seconds >= PASS_S;
	if (m->low < warn || m->seconds < NOT_PASS_S)
		return false;
	return m->high < fail || m->low >= fail || m->seconds >= ENOUGH_S;
}

/* One append and its fdatasync; the latter's time in ms. */
static int sample(const struct sys *sys, int fd, const char *data, double *ms)
{
	ssize_t n = write(fd, data, WRITE_BYTES);
	uint64_t begin;

	if (n != WRITE_BYTES)
		return n < 0 ? negative_errno() : -ENOSPC;
	begin = sys->now(sys);
	if (fdatasync(fd) < 0)
		return negative_errno();
	*ms = (double)(sys->now(sys) - begin) / 1e6;
	return 0;
}

static int measure(const struct check_run *run, int fd, struct measurement *m)
{
	const struct fsync_params *p = run->params;
	double longest = run->quick ? fmin(3, p->longest) : p->longest;
	uint64_t start = run->sys->now(run->sys), told = start;
	char data[WRITE_BYTES];
	double next_look = FIRST_LOOK;
	size_t used = 0;

	/* Not zeros: a device that compresses would be flattered. */
	if (getrandom(data, sizeof(data), 0) < 0)
		memset(data, 0xa5, sizeof(data));
	for (bool warm = false; used < SAMPLES_MOST; used++) {
		uint64_t now;
		double ms = 0;
		int r = sample(run->sys, fd, data, &ms);

		if (r < 0)
			return r;
		now = run->sys->now(run->sys);
		if (!warm) {
			warm = used + 1 >= WARMUP_SAMPLES ||
			       (double)(now - start) / 1e9 >= WARMUP_S;
			if (warm)
				start = now;
			continue;
		}
		m->ms[m->n++] = ms;
		m->seconds = (double)(now - start) / 1e9;
		if ((double)m->n >= next_look) {
			next_look = (double)m->n * LOOK_RATIO;
			if (decided(m, p))
				break;
		}
		if (m->seconds >= longest)
			break;
		if (now - told > 200000000) {
			told = now;
			run->progress(run, "%zu syncs, p99 %.1f ms", m->n, m->p99);
		}
	}
	return 0;
}

static void describe(const struct disk *disk, const char *path, struct result *r)
{
	result_fact(r, "path", path);
	result_fact(r, "device", *disk->device ? disk->device : "unknown");
	result_fact(r, "filesystem", *disk->filesystem ? disk->filesystem : "unknown");
	result_fact(r, "write_cache", *disk->write_cache ? disk->write_cache : "unknown");
	if (*disk->model)
		result_fact(r, "model", disk->model);
}

static void fill_in(struct measurement *m, struct result *r)
{
	static const double edges[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,   2,
				       5,    10,   20,   50,  100, 200, 500, 1000};
	size_t i = 0;

	look(m, 0.05);
	m->p50 = stats_quantile(m->sorted, m->n, 0.5);
	m->p90 = stats_quantile(m->sorted, m->n, 0.9);
	m->p999 = stats_quantile(m->sorted, m->n, 0.999);
	m->max = m->sorted[m->n - 1];
	result_figure(r, "p50", m->p50, "ms");
	result_figure(r, "p90", m->p90, "ms");
	result_figure(r, "p99", m->p99, "ms");
	result_figure(r, "p99_low", m->low, "ms");
	result_figure(r, "p99_high", m->high, "ms"); /* dropped when infinite */
	result_figure(r, "p99.9", m->p999, "ms");
	result_figure(r, "max", m->max, "ms");
	result_figure(r, "samples", (double)m->n, "");
	result_figure(r, "design_effect", m->effect, "");
	result_figure(r, "measured", m->seconds, "s");
	for (size_t b = 0; b <= ARRAY_LEN(edges); b++) {
		double upper = b < ARRAY_LEN(edges) ? edges[b] : INFINITY;
		size_t first = i;

		while (i < m->n && m->sorted[i] <= upper)
			i++;
		r->bins[b].upper = upper;
		r->bins[b].count = (double)(i - first);
	}
	r->n_bins = ARRAY_LEN(edges) + 1;
	snprintf(r->bins_unit, sizeof(r->bins_unit), "ms");
}

static void judge(const struct measurement *m, const struct fsync_params *p,
		  const struct disk *disk, struct result *r)
{
	double warn = p->warn * 1e3, fail = p->fail * 1e3;
	char bound[32] = "unbounded", where[128];

	if (isfinite(m->high))
		snprintf(bound, sizeof(bound), "%.2f", m->high);
	snprintf(where, sizeof(where), "%s, %s, %s", *disk->device ? disk->device : "unknown disk",
		 disk->filesystem, *disk->write_cache ? disk->write_cache : "cache unknown");
	if (m->p50 < IMPOSSIBLE_MS) {
		result_judge(r, VERDICT_WARN, "FsyncSuspicious",
			     "p50 %.1f us is too fast for any disk: something acknowledges flushes "
			     "without carrying them out (%s)",
			     m->p50 * 1e3, where);
		result_advise(r,
			      "ask for the host's cache mode: with \"unsafe\" caching a power cut "
			      "loses etcd's data");
		return;
	}
	result_judge(r,
		     m->p99 >= fail && !p->worst ? VERDICT_FAIL
		     : m->p99 >= warn            ? VERDICT_WARN
						 : VERDICT_PASS,
		     m->p99 >= warn ? "FsyncSlow" : "FsyncFast",
		     "p99 %.2f ms (95%%: %.2f to %s, n %zu) on %s", m->p99, m->low, bound, m->n,
		     where);
	if (m->p99 >= warn)
		result_advise(r,
			      "etcd wants p99 below 10 ms: give it a disk of its own, a local SSD "
			      "or a volume with more IOPS; `nodefit check fsync` shows the "
			      "distribution");
}

/* What keeps this folder from being measured; true when something does. */
static bool is_refused(const struct check_run *run, int folder, const char *path,
		       const struct disk *disk, struct result *r)
{
	const struct fsync_params *p = run->params;
	enum etcd_presence etcd;
	const char *why;
	struct statfs fs;
	char who[64];
	double free_bytes;

	if (fstatfs(folder, &fs) < 0) {
		result_judge(r, VERDICT_UNKNOWN, "FsyncUnmeasurable", "%s: %s", path,
			     strerror(errno));
		return true;
	}
	why = disk_unsuitable(&fs);
	if (why) {
		result_judge(r, VERDICT_UNKNOWN, "UnsuitableFileSystem", "%s: %s", path, why);
		result_advise(r,
			      "[check.fsync] path= names the folder of the real data directory; in "
			      "a container mount it from the host");
		return true;
	}
	etcd = etcd_look(run->sys, disk, who, sizeof(who));
	if (etcd != ETCD_NONE) {
		result_judge(r, VERDICT_SKIPPED, "EtcdIsLive",
			     etcd == ETCD_HERE
				     ? "a live etcd (%s) writes to this disk: measuring "
				       "would disturb it"
				     : "a live etcd (%s) may write to this disk: measuring "
				       "might disturb it",
			     who);
		result_advise(r, "read etcd's own etcd_disk_wal_fsync_duration_seconds from its "
				 "metrics");
		return true;
	}
	free_bytes = (double)fs.f_bavail * (double)fs.f_frsize;
	if (free_bytes < SEGMENT_BYTES + p->reserve) {
		result_judge(r, VERDICT_UNKNOWN, "TooLittleSpace",
			     "%s has %.0f MB free; measuring takes %.0f MB and leaves %.0f MB "
			     "untouched",
			     path, free_bytes / 1e6, SEGMENT_BYTES / 1e6, p->reserve / 1e6);
		result_advise(r, "free some space; etcd itself wants several GB");
		return true;
	}
	return false;
}

static void run_in(const struct check_run *run, int folder, const char *path, struct result *r)
{
	_cleanup_free struct measurement *m = calloc(1, sizeof(*m));
	_cleanup_fd int fd = -1;
	struct disk disk;
	int error;

	disk_describe(run->sys, folder, &disk);
	describe(&disk, path, r);
	if (is_refused(run, folder, path, &disk, r))
		return;
	fd = m ? open_nameless(folder) : -ENOMEM;
	error = fd < 0 ? fd : preallocate(fd);
	if (error == 0)
		error = measure(run, fd, m);
	if (error < 0) {
		result_judge(r, VERDICT_UNKNOWN, "FsyncUnmeasurable",
			     error == -EIO ? "%s: %s: the disk, or the way to it, is failing"
					   : "%s: %s",
			     path, strerror(-error));
		result_advise(r, error == -EIO
					 ? "see the kernel's log (dmesg), and replace the disk"
				 : error == -EACCES || error == -EPERM || error == -EROFS
					 ? "run as root, with the folder writable"
					 : "measure elsewhere: [check.fsync] path=");
		return;
	}
	if (m->n == 0) {
		result_judge(r, VERDICT_UNKNOWN, "FsyncUnmeasurable", "%s: no sample in time",
			     path);
		return;
	}
	fill_in(m, r);
	judge(m, run->params, &disk, r);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct fsync_params *p = run->params;
	_cleanup_fd int folder = -1;
	char path[PATH_PARAM_MAX];

	result_threshold(r, "warn", p->warn * 1e3, "ms");
	result_threshold(r, "fail", p->fail * 1e3, "ms");
	memcpy(path, p->path, sizeof(path));
	/* A limit on file sizes shall be an error, not the end of the process. */
	signal(SIGXFSZ, SIG_IGN);
	folder = open_folder(run->sys, path);
	if (folder >= 0) {
		run_in(run, folder, path, r);
		return;
	}
	result_judge(r, VERDICT_UNKNOWN, "FsyncUnmeasurable", "%s: %s", path, strerror(-folder));
	if (folder == -EACCES)
		result_advise(r, "run as root");
}

const struct check fsync_check = {
	.name = "fsync",
	.summary = "the disk makes etcd's writes durable in time",
	.about =
		"Does what etcd's write-ahead log does: preallocates 64,000,000 bytes in a "
		"nameless "
		"file, appends 2,300 bytes and calls fdatasync, again and again, and times the "
		"fdatasync. It stops as soon as the interval of p99 decides against warn and fail, "
		"at "
		"the latest after longest=. The interval comes from order statistics and the "
		"binomial "
		"distribution, for fewer samples than were taken where neighbours resemble each "
		"other: "
		"their number is divided by a design effect, found by batch means. It speaks of "
		"the "
		"time that was measured: a cloud disk's p99 drifts over minutes, so measure again "
		"for "
		"a second opinion. It never measures beside a live etcd, nor on memory, overlay or "
		"network file systems. Sources: etcd.io hardware guide (WAL fsync p99 below 10 "
		"ms); "
		"etcd: server/storage/wal; David & Nagaraja, Order Statistics, 7.1; Law, "
		"Simulation "
		"Modeling and Analysis, 9.5.3; Glynn & Whitt 1991.",
	.params = params,
	.params_size = sizeof(struct fsync_params),
	.loads = LOAD_DISK,
	.disturbed_by = LOAD_DISK | LOAD_CPU,
	.deadline_s = 75,
	.run = run,
};
