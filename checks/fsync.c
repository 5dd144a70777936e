/* SPDX-License-Identifier: Apache-2.0 */
/* How long the disk under etcd takes to make a write durable: etcd's own pattern, until the
 * interval of p99 decides. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "disk.h"
#include "gentle.h"
#include "latency.h"
#include "syncfile.h"

/* etcd: server/storage/wal/wal.go (SegmentSizeBytes) and pkg/ioutil's pageWriter: each batch of
 * entries is one write at the end of a preallocated segment, then one fdatasync. */
#define SEGMENT_BYTES 64000000
#define SAMPLES_MOST  (SEGMENT_BYTES / SYNC_BYTES)

#define WARMUP_SAMPLES 200
#define WARMUP_S       0.3
/* A single burst must not decide: a pass takes at least this long, anything else longer. */
#define PASS_S     0.5
#define NOT_PASS_S 2.0
/* Once a pass is excluded, this long until the estimate decides between warn and fail. */
#define ENOUGH_S 3.0
/* Looks at growing numbers of samples, each 1.2 times the last: about 40 from 20 to all.
 * Bonferroni: each look may err with 0.05/40, so that all of them together stay below 5%. */
#define FIRST_LOOK   20
#define LOOK_RATIO   1.2
#define LOOK_ALPHA   (0.05 / 40)
#define SUSPICIOUS   "FsyncSuspicious"
#define ETCD_IS_LIVE "EtcdIsLive"
/* No medium with power-loss protection answers below 12 us; this is a cache that forgets. */
#define IMPOSSIBLE_MS 0.010

/* What the agent does: a few syncs a round, in a file this small, after one that pays for what
 * has gathered since the last round. */
#define GENTLE_BYTES 65536

struct fsync_params {
	double interval, sliding;
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
	CHECK_INTERVAL("1m"),
	ROW(sliding, PARAM_DURATION, 60, 86400, "1h",
	    "in the agent: how much of the past is judged"),
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
	struct latencies l;
	double seconds;
};

/* Is the verdict certain enough to stop? */
static bool decided(struct measurement *m, const struct fsync_params *p)
{
	double warn = p->warn * 1e3, fail = p->fail * 1e3;

	latencies_look(&m->l, LOOK_ALPHA);
	if (m->l.high < warn)
		return m->seconds >= PASS_S;
	if (m->l.low < warn || m->seconds < NOT_PASS_S)
		return false;
	return m->l.high < fail || m->l.low >= fail || m->seconds >= ENOUGH_S;
}

/* The agent begins with a whole measurement, and is gentle from then on. */
static bool is_gentle(const struct check_run *run)
{
	const struct gentle *g = run->gentle;

	return g && g->measured;
}

static int measure(const struct check_run *run, int fd, struct measurement *m)
{
	const struct fsync_params *p = run->params;
	double longest = run->quick || run->gentle ? double_min(3, p->longest) : p->longest;
	uint64_t start = run->sys->now(run->sys), told = start;
	char data[SYNC_BYTES];
	double next_look = FIRST_LOOK;
	size_t used = 0;

	syncfile_fill(data);
	for (bool warm = false; used < SAMPLES_MOST; used++) {
		uint64_t now;
		double ms = 0;
		int r = syncfile_sample(run->sys, fd, data, &ms);

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
		m->l.ms[m->l.n++] = ms;
		m->seconds = (double)(now - start) / 1e9;
		if ((double)m->l.n >= next_look) {
			next_look = (double)m->l.n * LOOK_RATIO;
			if (decided(m, p))
				break;
		}
		if (m->seconds >= longest)
			break;
		if (now - told > 200000000) {
			told = now;
			run->progress(run, "%zu syncs, p99 %.1f ms", m->l.n, m->l.p99);
		}
	}
	return 0;
}

/* What is remembered, and a few more. */
static int measure_gently(const struct check_run *run, int fd, struct measurement *m,
			  struct result *r)
{
	const struct fsync_params *p = run->params;
	char data[SYNC_BYTES];
	double ms = 0;
	int error;

	gentle_recall(run->gentle, run->sys->now(run->sys), p->sliding, &m->l);
	syncfile_fill(data);
	error = syncfile_sample(run->sys, fd, data, &ms);
	for (unsigned i = 0; i < GENTLE_SAMPLES && error == 0; i++) {
		error = syncfile_sample(run->sys, fd, data, &ms);
		m->l.ms[m->l.n++] = ms;
		gentle_tell(r, i, ms);
	}
	m->seconds = p->sliding;
	return error;
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

/* The verdict of a whole measurement, which went on until it was certain. */
static enum verdict by_p99(const struct latencies *l, const struct fsync_params *p)
{
	return l->p99 >= p->fail * 1e3   ? VERDICT_FAIL
	       : l->p99 >= p->warn * 1e3 ? VERDICT_WARN
					 : VERDICT_PASS;
}

static void judge(struct latencies *l, const struct check_run *run, const struct disk *disk,
		  struct result *r)
{
	const struct fsync_params *p = run->params;
	double p50 = latencies_tell(l, r);
	enum verdict verdict = is_gentle(run)
				       ? gentle_judge(run->gentle, l, p->warn * 1e3, p->fail * 1e3)
				       : by_p99(l, p);
	char where[128];

	if (verdict == VERDICT_FAIL && p->worst)
		verdict = VERDICT_WARN;
	snprintf(where, sizeof(where), "%s, %s, %s", *disk->device ? disk->device : "unknown disk",
		 disk->filesystem, *disk->write_cache ? disk->write_cache : "cache unknown");
	if (p50 < IMPOSSIBLE_MS) {
		result_judge(r, VERDICT_WARN, SUSPICIOUS,
			     "p50 %.1f us is too fast for any disk: something acknowledges flushes "
			     "without carrying them out (%s)",
			     p50 * 1e3, where);
		result_advise(r,
			      "ask for the host's cache mode: with \"unsafe\" caching a power cut "
			      "loses etcd's data");
		return;
	}
	result_judge(r, verdict, verdict == VERDICT_PASS ? "FsyncFast" : "FsyncSlow",
		     "p99 %.2f ms (95%%: %.2f to %.2f, n %zu) on %s", l->p99, l->low, l->high, l->n,
		     where);
	if (verdict != VERDICT_PASS)
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
	const struct gentle *g = run->gentle;
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
	etcd = etcd_look(run->sys, disk, !g || gentle_searches_whole(g), who, sizeof(who));
	if (etcd == ETCD_NONE && g && g->etcd > 0) {
		result_judge(
			r, VERDICT_SKIPPED, ETCD_IS_LIVE,
			"a live etcd wrote to this disk a short while ago: it may be restarting");
		return true;
	}
	if (etcd != ETCD_NONE) {
		result_judge(r, VERDICT_SKIPPED, ETCD_IS_LIVE,
			     etcd == ETCD_HERE
				     ? "a live etcd (%s) writes to this disk: measuring "
				       "would disturb it"
				     : "a live etcd (%s) may write to this disk: measuring "
				       "might disturb it",
			     who);
		result_advise(r, "`nodefit check etcd` judges how long its own fsyncs take");
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
	bool gentle = is_gentle(run);
	struct disk disk;
	int error;

	disk_describe(run->sys, folder, &disk);
	describe(&disk, path, r);
	if (is_refused(run, folder, path, &disk, r))
		return;
	fd = m ? syncfile_open(folder) : -ENOMEM;
	error = fd < 0 ? fd : syncfile_preallocate(fd, gentle ? GENTLE_BYTES : SEGMENT_BYTES);
	if (error == 0)
		error = gentle ? measure_gently(run, fd, m, r) : measure(run, fd, m);
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
	if (m->l.n == 0) {
		result_judge(r, VERDICT_UNKNOWN, "FsyncUnmeasurable", "%s: no sample in time",
			     path);
		return;
	}
	result_figure(r, "measured", m->seconds, "s");
	judge(&m->l, run, &disk, r);
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
	folder = syncfile_folder(run->sys, path);
	if (folder >= 0) {
		run_in(run, folder, path, r);
		return;
	}
	result_judge(r, VERDICT_UNKNOWN, "FsyncUnmeasurable", "%s: %s", path, strerror(-folder));
	if (folder == -EACCES)
		result_advise(r, "run as root");
}

static bool watch(const struct check_run *run, void *state, struct result *r)
{
	gentle_note(state, run->sys->now(run->sys), strcmp(r->reason, ETCD_IS_LIVE) == 0,
		    strcmp(r->reason, SUSPICIOUS) == 0, r);
	return true;
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
		"network file systems. The agent measures once (up to three times, unless it "
		"passes), then makes 3 syncs every interval= "
		"and "
		"judges those of the last sliding=: worse only when the interval proves it. Within "
		"10 rounds of a live etcd it measures nothing: that one may be restarting. "
		"Sources: etcd.io hardware guide (WAL fsync p99 below 10 "
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
	.watch = watch,
	.watch_runs = true,
	.state_size = sizeof(struct gentle),
};
