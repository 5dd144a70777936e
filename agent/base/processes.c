/* SPDX-License-Identifier: Apache-2.0 */
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MOST (256 << 10) /* of a command line */

static void make_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
}

/* Of the processes, not of the other files of /proc. 0: none. */
static unsigned number_of(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && digits < 10 && !name[digits] ? (unsigned)strtoul(name, NULL, 10) : 0;
}

static int compare(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int read_numbers(const struct sys *sys, size_t most, unsigned **v, size_t *n)
{
	int fd = sys_open_dir(sys, "/proc", 0);
	_cleanup_dir DIR *d = NULL;
	const struct dirent *e;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return negative_errno();
	}
	while (*n < most && (e = readdir(d))) {
		unsigned pid = number_of(e->d_name), *slot;

		if (!pid)
			continue;
		slot = array_add(v, n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = pid;
	}
	return 0;
}

int processes_each(const struct sys *sys, size_t most,
		   int (*each)(const struct sys *sys, unsigned pid, void *context), void *context)
{
	_cleanup_free unsigned *pids = NULL;
	size_t n = 0;
	int r = read_numbers(sys, most, &pids, &n);

	if (n)
		qsort(pids, n, sizeof(*pids), compare);
	for (size_t i = 0; i < n && r == 0; i++)
		r = each(sys, pids[i], context);
	return r;
}

/* Read at once, without a buffer of its own: there may be thousands of processes. */
int process_name(const struct sys *sys, unsigned pid, char name[PROCESS_NAME])
{
	char path[64], text[64]; /* that of a kernel thread can be longer than other names */
	_cleanup_fd int fd = -1;
	ssize_t n;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = sys_open(sys, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return negative_errno();
	len = (size_t)n;
	if (len && text[len - 1] == '\n')
		len--;
	if (len >= PROCESS_NAME)
		len = PROCESS_NAME - 1;
	memcpy(name, text, len);
	name[len] = '\0';
	make_printable(name, len);
	return 0;
}

/* One that has ended meanwhile is left out. */
static int add_process(const struct sys *sys, unsigned pid, void *context)
{
	struct process p = {.pid = pid}, *slot;
	struct processes *all = context;

	if (process_name(sys, pid, p.name) < 0)
		return 0;
	slot = array_add(&all->v, &all->n, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = p;
	return 0;
}

int processes_read(const struct sys *sys, struct processes *out)
{
	struct processes all = {.n = 0};
	int r = processes_each(sys, SIZE_MAX, add_process, &all);

	if (r < 0) {
		processes_clear(&all);
		return r;
	}
	*out = all;
	return 0;
}

void processes_clear(struct processes *p)
{
	free(p->v);
	*p = (struct processes){.n = 0};
}

const struct process *processes_find(const struct processes *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			return &p->v[i];
	return NULL;
}

int process_words(const struct sys *sys, unsigned pid, char **text)
{
	_cleanup_free char *words = NULL;
	char path[64];
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	r = sys_read(sys, path, WORDS_MOST, &words, &len);
	if (r < 0)
		return r;
	if (len == 0)
		return -ENODATA;
	if (!words[len - 1])
		len--;
	for (size_t i = 0; i < len; i++)
		if (!words[i])
			words[i] = ' ';
	make_printable(words, len);
	*text = TAKE(words);
	return 0;
}
