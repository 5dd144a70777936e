/* SPDX-License-Identifier: Apache-2.0 */
/* What the node's network stack can do. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/udp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "check.h"
#include "ethtool.h"
#include "jitter.h"
#include "pair.h"
#include "procstat.h"

#define BATCH      64
#define PAYLOAD    64   /* bytes: what costs is the packet */
#define ROOM       8192 /* for what GRO joins */
#define FLIGHT     256  /* packets that may be under way: they fit any receive buffer */
#define PORT       9753
#define LOST_MS    50
#define GREETINGS  70 /* a lost question for the other end's address is asked again after 1 s */
#define QUICK_S    0.5
#define LOOK_EVERY 64 /* batches between two looks at the clock */
/* For documentation (RFC 5737): nobody has them, and here nobody could be reached. */
#define SENDER   "192.0.2.1"
#define RECEIVER "192.0.2.2"
#define GRO      "rx-gro"

struct pps_params {
	double window, want, need;
};

static const struct param params[] = {
	{.name = "window",
	 .type = PARAM_DURATION,
	 .offset = offsetof(struct pps_params, window),
	 .least = 0.1,
	 .most = 2.2,
	 .fallback = "2s",
	 .help = "how long to send, once without and once with GRO"},
	{.name = "want",
	 .type = PARAM_COUNT,
	 .offset = offsetof(struct pps_params, want),
	 .least = 0,
	 .most = 1e9,
	 .fallback = "0",
	 .help = "packets/s per core without GRO below which to warn; 0: never"},
	{.name = "need",
	 .type = PARAM_COUNT,
	 .offset = offsetof(struct pps_params, need),
	 .least = 0,
	 .most = 1e9,
	 .fallback = "0",
	 .help = "packets/s per core without GRO below which to fail; 0: never"},
	{0}};

/* Two sockets in namespaces of their own, with a veth pair between. */
struct wire {
	int out, in;
	unsigned char room[BATCH][ROOM];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH];
};

struct speed {
	double packets, lost, seconds;
	double busy;    /* s that the core worked for it: others' turns and steal are off */
	double softirq; /* s */
};

static int new_socket(int *fd)
{
	*fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return *fd < 0 ? negative_errno() : 0;
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	inet_pton(AF_INET, text, &a.sin_addr);
	return a;
}

/* In the receiver's namespace when it returns. `step` says what it was at. */
static int lay(struct wire *w, const char **step)
{
	const struct sockaddr_in from = address_of(SENDER), to = address_of(RECEIVER);
	_cleanup_fd int receivers = -1;
	int r = 0;

	*step = "a network namespace of its own";
	if (unshare(CLONE_NEWNET) < 0)
		return negative_errno();
	r = new_socket(&w->in);
	if (r < 0)
		return r;
	receivers = ioctl(w->in, SIOCGSKNS);
	if (receivers < 0 || unshare(CLONE_NEWNET) < 0)
		return negative_errno();
	*step = "a veth pair";
	r = pair_make("send", "receive", receivers);
	if (r == 0)
		r = pair_open("send", from.sin_addr);
	if (r == 0)
		r = new_socket(&w->out);
	if (r == 0 && setns(receivers, CLONE_NEWNET) < 0)
		r = negative_errno();
	if (r == 0)
		r = pair_open("receive", to.sin_addr);
	if (r < 0)
		return r;
	*step = "UDP sockets";
	if (bind(w->in, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    connect(w->out, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return negative_errno();
	return 0;
}

/* Receives what is there. Returns how many packets: GRO hands several over as one. */
static unsigned receive(struct wire *w)
{
	unsigned packets = 0;
	int n;

	for (int i = 0; i < BATCH; i++)
		w->iov[i].iov_len = ROOM;
	/* With MSG_TRUNC the length is the packet's, whatever room there is. */
	n = recvmmsg(w->in, w->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	for (int i = 0; i < n; i++)
		packets += (w->messages[i].msg_len + PAYLOAD - 1) / PAYLOAD;
	return packets;
}

static unsigned send_batch(struct wire *w)
{
	int n;

	for (int i = 0; i < BATCH; i++)
		w->iov[i].iov_len = PAYLOAD;
	n = sendmmsg(w->out, w->messages, BATCH, MSG_DONTWAIT);
	return n < 0 ? 0 : (unsigned)n;
}

static bool comes(const struct wire *w, int wait_ms)
{
	struct pollfd p = {.fd = w->in, .events = POLLIN};

	return poll(&p, 1, wait_ms) > 0;
}

/* Both ends learn each other's hardware address from the first packet. On a busy machine a link has
 * no queue for a moment after it is up, and what is sent then is lost. */
static int greet(struct wire *w)
{
	for (int i = 0; i < GREETINGS; i++) {
		if (send(w->out, w->room[0], PAYLOAD, 0) < 0 && errno != ECONNREFUSED)
			return negative_errno();
		if (comes(w, LOST_MS)) {
			while (comes(w, 0))
				receive(w);
			return 0;
		}
	}
	return -ETIMEDOUT;
}

/* Sends and receives by turns, all on one core: the whole way of each packet. */
static void transfer(const struct sys *sys, struct wire *w, double seconds, struct speed *s)
{
	uint64_t begin = sys->raw(sys), end = begin + (uint64_t)(seconds * 1e9), now = begin;
	unsigned flying = 0;

	for (unsigned i = 1; now < end; i++) {
		unsigned packets;

		if (flying < FLIGHT)
			flying += send_batch(w);
		packets = receive(w);
		s->packets += packets;
		flying -= packets < flying ? packets : flying;
		if (packets == 0 && flying >= FLIGHT && !comes(w, LOST_MS)) {
			s->lost += flying;
			flying = 0;
		}
		if (i % LOOK_EVERY == 0 || packets == 0)
			now = sys->raw(sys);
	}
	s->seconds = (double)(sys->raw(sys) - begin) / 1e9;
}

/* s that this thread has waited for its core; 0 where the kernel does not count. */
static double waited(const struct sys *sys)
{
	_cleanup_free char *text = NULL;
	struct schedstat s;

	if (sys_read(sys, "/proc/thread-self/schedstat", 256, &text, NULL) < 0 ||
	    schedstat_parse(text, &s) < 0)
		return 0;
	return (double)s.waited / 1e9;
}

/* What the kernel has counted for the core meanwhile, in s. */
static void count(const struct proc_stat *before, const struct proc_stat *after, unsigned cpu,
		  struct speed *s)
{
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	uint64_t steal, total;

	for (size_t a = 0, b = 0; a < after->n; a++) {
		while (b < before->n && before->v[b].cpu < after->v[a].cpu)
			b++;
		if (b == before->n || before->v[b].cpu != cpu || after->v[a].cpu != cpu ||
		    !procstat_delta(&before->v[b], &after->v[a], s->seconds, ticks_per_s, &steal,
				    &total))
			continue;
		s->busy -= (double)steal / (double)ticks_per_s;
		s->softirq = (double)(after->v[a].ticks[TICK_SOFTIRQ] -
				      before->v[b].ticks[TICK_SOFTIRQ]) /
			     (double)ticks_per_s;
	}
}

static int measure(const struct check_run *run, struct wire *w, const struct ethtool *e, bool gro,
		   struct speed *s)
{
	const struct pps_params *p = run->params;
	double seconds = run->quick ? double_min(QUICK_S, p->window) : p->window, waiting;
	struct proc_stat before = {0}, after = {0};
	int on = gro, cpu = sched_getcpu();
	int r = ethtool_feature_set(e, "receive", GRO, gro, NULL);

	/* A socket that can take what GRO has joined (Linux 5.0); without it GRO joins nothing. */
	setsockopt(w->in, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
	if (r == 0)
		r = greet(w);
	if (r < 0)
		return r;
	run->progress(run, "%s GRO", gro ? "with" : "without");
	(void)procstat_read(run->sys, &before);
	waiting = waited(run->sys);
	transfer(run->sys, w, seconds, s);
	s->busy = s->seconds - (waited(run->sys) - waiting);
	if (procstat_read(run->sys, &after) == 0)
		count(&before, &after, (unsigned)cpu, s);
	procstat_clear(&before);
	procstat_clear(&after);
	/* Of a core that had no time nothing can be said. */
	return s->packets > 0 && s->busy > s->seconds / 20 ? 0 : -EAGAIN;
}

static void tell(const struct speed *s, const char *name, struct result *r)
{
	result_figure_of(r, name, "rate", s->packets / s->busy, "/s");
	result_figure_of(r, name, "per_packet", s->busy / s->packets * 1e9, "ns");
	result_figure_of(r, name, "softirq", 100 * double_min(s->softirq / s->busy, 1), "%");
	result_figure_of(r, name, "packets", s->packets, "");
	result_figure_of(r, name, "lost", s->lost, "");
	result_figure_of(r, name, "window", s->seconds, "s");
}

static void judge(const struct pps_params *p, const struct speed *off, const struct speed *on,
		  struct result *r)
{
	double rate = off->packets / off->busy;
	bool bad = rate < p->need, poor = rate < p->want;
	char with[64] = "GRO can't be set";

	tell(off, "gro_off", r);
	if (on) {
		tell(on, "gro_on", r);
		snprintf(with, sizeof(with), "%.0f with GRO", on->packets / on->busy);
	}
	result_judge(r,
		     bad    ? VERDICT_FAIL
		     : poor ? VERDICT_WARN
			    : VERDICT_PASS,
		     bad || poor ? "StackSlow" : "StackMeasured",
		     "%.0f packets/s per core (%.2f us each, %.0f%% in softirqs), %s", rate,
		     off->busy / off->packets * 1e6, 100 * double_min(off->softirq / off->busy, 1),
		     with);
	if (bad || poor)
		result_advise(r, "faster cores, or a kernel without debugging and with fewer "
				 "mitigations: /sys/devices/system/cpu/vulnerabilities");
}

static void unmeasurable(const char *step, int error, struct result *r)
{
	bool right = error == -EPERM || error == -EACCES;

	result_judge(r, VERDICT_UNKNOWN, "StackUnmeasured", "%s: %s", step,
		     error == -EAGAIN       ? "other tasks left the core no time"
		     : error == -EOPNOTSUPP ? "this kernel has no veth"
					    : strerror(-error));
	if (right)
		result_advise(r, "run as root: it takes CAP_SYS_ADMIN and CAP_NET_ADMIN");
}

static void measure_both(const struct check_run *run, struct wire *w, struct result *r)
{
	struct speed off = {0}, on = {0};
	_cleanup_ethtool struct ethtool e = {0};
	const char *step = "sockets";
	cpu_set_t *set = CPU_ALLOC(CPUS_MOST);
	int cpu = sched_getcpu(), error = lay(w, &step);

	if (set && cpu >= 0 && cpu < CPUS_MOST) {
		CPU_ZERO_S(CPU_ALLOC_SIZE(CPUS_MOST), set);
		CPU_SET_S((size_t)cpu, CPU_ALLOC_SIZE(CPUS_MOST), set);
		sched_setaffinity(0, CPU_ALLOC_SIZE(CPUS_MOST), set);
	}
	CPU_FREE(set);
	if (error == 0)
		error = ethtool_open(&e);
	if (error == 0) {
		step = "packets over a veth pair";
		error = measure(run, w, &e, false, &off);
	}
	if (error < 0) {
		unmeasurable(step, error, r);
		return;
	}
	judge(run->params, &off, measure(run, w, &e, true, &on) == 0 ? &on : NULL, r);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct pps_params *p = run->params;
	_cleanup_free struct wire *w = calloc(1, sizeof(*w));

	if (p->want > 0)
		result_threshold(r, "want", p->want, "/s");
	if (p->need > 0)
		result_threshold(r, "need", p->need, "/s");
	if (!w) {
		unmeasurable("memory", -ENOMEM, r);
		return;
	}
	w->in = w->out = -1;
	for (size_t i = 0; i < BATCH; i++) {
		w->iov[i].iov_base = w->room[i];
		w->messages[i].msg_hdr.msg_iov = &w->iov[i];
		w->messages[i].msg_hdr.msg_iovlen = 1;
	}
	measure_both(run, w, r);
	closep(&w->in);
	closep(&w->out);
}

const struct check pps_check = {
	.name = "pps",
	.summary = "how many packets a core's network stack carries",
	.about =
		"Makes two network namespaces of its own with a veth pair between, as between a "
		"node and its pod, and sends UDP packets of 64 bytes through it by sendmmsg and "
		"recvmmsg, 64 a call, for 2 s without and 2 s with generic receive offload (with "
		"UDP_GRO on the socket). One core sends and receives, so that a packet's whole way "
		"is in its cost; time that the core gave others or the host took is left out. It "
		"tells packets/s per core, ns per packet, and the share in softirqs. No rules, no "
		"conntrack and no NIC are in the way: it is what the CPU, the kernel and its "
		"mitigations allow, for comparing machines. Over a veth a packet at a time GRO "
		"often costs more than it saves. Nothing is judged unless want= or need= is set. "
		"The danger: it loads one core for 4 s, so it runs on request only; the namespaces "
		"vanish with it, and the host's network is not touched. "
		"Sources: veth(4), udp(7), sendmmsg(2); kernel: drivers/net/veth.c, "
		"Documentation/networking/segmentation-offloads.rst.",
	.params = params,
	.params_size = sizeof(struct pps_params),
	.loads = LOAD_CPU,
	.disturbed_by = LOAD_CPU,
	.deadline_s = 15,
	.on_request = true,
	.run = run,
};
