/* SPDX-License-Identifier: Apache-2.0 */
#include "xtables.h"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define NAMES_MOST 4096

/* The window that a table is read through, in steps; an entry is shorter than a step. Each window's
 * turn lets the kernel begin anew: a large table has a larger one, so that there are few turns. */
#define STEP         65536u
#define WINDOW_LEAST 64u   /* steps: 4 MB */
#define WINDOW_MOST  1024u /* steps: 64 MB */
#define TURNS        16u
#define TABLE_MOST   (1u << 30) /* about two million rules */

/* Both families have the same layout of both structs, and the same numbers. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one for both");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "one for both");
_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO, "one for both");
_Static_assert(IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES, "one for both");

int xtables_names(const struct sys *sys, int family, char names[XTABLES_MOST][XTABLES_NAME])
{
	const char *path =
		family == AF_INET6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names";
	_cleanup_free char *text = NULL;
	char *rest, *line;
	int n = 0, r = sys_read(sys, path, NAMES_MOST, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = text;
	while ((line = strsep(&rest, "\n")) && n < XTABLES_MOST)
		if (*line && strlen(line) < XTABLES_NAME)
			snprintf(names[n++], XTABLES_NAME, "%s", line);
	return n;
}

/* Addresses for the whole table, of which a part lies in memory: every `turn` bytes are the same
 * piece of it. (The kernel's statistics of a process, such as its peak RSS, count that piece once
 * for each; what a control group is charged for is one.) */
struct window {
	unsigned char *area;
	size_t size;     /* of all addresses */
	uint32_t turn;   /* bytes of memory */
	uint32_t opened; /* addresses that may be written */
	int memory;
};

static void window_close(struct window *w)
{
	if (w->area)
		munmap(w->area, w->size);
	closep(&w->memory);
}

static int window_open(struct window *w, size_t needed)
{
	uint32_t steps = (uint32_t)(needed / STEP / TURNS) + 1;
	void *area;

	w->size = (needed + STEP - 1) / STEP * STEP;
	steps = steps < WINDOW_LEAST ? WINDOW_LEAST : steps > WINDOW_MOST ? WINDOW_MOST : steps;
	w->turn = steps * STEP;
	w->memory = memfd_create("nodefit-rules", MFD_CLOEXEC);
	if (w->memory < 0 || ftruncate(w->memory, (off_t)w->turn) < 0)
		return negative_errno();
	area = mmap(NULL, w->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return negative_errno();
	w->area = area;
	return 0;
}

/* Opens the next addresses, up to `to` or the table's end. */
static int window_extend(struct window *w, uint32_t to)
{
	for (; w->opened < to && w->opened < w->size; w->opened += STEP)
		if (mmap(w->area + w->opened, STEP, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 w->memory, (off_t)(w->opened % w->turn)) == MAP_FAILED)
			return negative_errno();
	return 0;
}

/* Lets the kernel write the table as far as the window is open; there it stops with EFAULT. */
static int fill(int fd, int level, const struct ipt_get_entries *get, const struct window *w,
		size_t needed)
{
	socklen_t len = (socklen_t)needed;

	memcpy(w->area, get, sizeof(*get));
	if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, w->area, &len) == 0)
		return len == needed ? 0 : -EAGAIN;
	return errno == EFAULT && w->opened < needed ? 0 : negative_errno();
}

static int read_entries(const struct sys *sys, int fd, int level, const char *table, uint64_t until,
			struct xtables_walk *walk)
{
	_cleanup_(window_close) struct window w = {.memory = -1};
	struct ipt_get_entries get = {.size = walk->size};
	const uint32_t head = sizeof(get);
	size_t needed = sizeof(get) + (size_t)walk->size;
	int r = window_open(&w, needed);

	if (r < 0 || !w.area)
		return r < 0 ? r : -ENOMEM;
	snprintf(get.name, sizeof(get.name), "%s", table);
	while (r == 0 && walk->at < walk->size) {
		/* What the next entry begins in stays in sight: it is one step behind at the most.
		 */
		uint32_t begin = w.opened > STEP ? w.opened - STEP : 0, end, behind = walk->at;

		if (sys->now(sys) >= until)
			return -ETIMEDOUT;
		r = window_extend(&w, begin + w.turn);
		if (r == 0)
			r = fill(fd, level, &get, &w, needed);
		if (r < 0)
			break;
		begin = begin > head ? begin : head;
		end = w.opened < needed ? w.opened : (uint32_t)needed;
		r = xtables_walk(walk, w.area + begin, begin - head, end - begin);
		if (r == 0 && walk->at == behind)
			r = -EBADMSG;
	}
	return r < 0 ? r : xtables_walk_end(walk);
}

int xtables_read(const struct sys *sys, int family, const char *table, uint64_t until,
		 xtables_handler take, void *context)
{
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	_cleanup_fd int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct ipt_getinfo info = {.name = ""};
	struct xtables_walk walk = {.six = family == AF_INET6, .take = take, .context = context};
	socklen_t len = sizeof(info);
	int r;

	if (fd < 0)
		return negative_errno();
	snprintf(info.name, sizeof(info.name), "%s", table);
	if (getsockopt(fd, level, IPT_SO_GET_INFO, &info, &len) < 0)
		return negative_errno();
	if (len != sizeof(info) || info.size > TABLE_MOST)
		return len != sizeof(info) ? -EBADMSG : -EFBIG;
	walk.size = info.size;
	walk.entries = info.num_entries;
	walk.hooks = info.valid_hooks;
	memcpy(walk.begins, info.hook_entry, sizeof(walk.begins));
	r = read_entries(sys, fd, level, table, until, &walk);
	/* What does not fit together was replaced by a table of the same size. */
	return r == -EBADMSG ? -EAGAIN : r;
}
