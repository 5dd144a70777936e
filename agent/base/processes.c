/* SPDX-License-Identifier: Apache-2.0 */
#include "processes.h"

#include <errno.h>
#include <string.h>

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

int process_name(const struct sys *sys, unsigned pid, char name[PROCESS_NAME])
{
	_cleanup_free char *text = NULL;
	char path[64];
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	r = sys_read(sys, path, 4096, &text, &len);
	if (r < 0)
		return r;
	if (len && text[len - 1] == '\n')
		len--;
	if (len >= PROCESS_NAME)
		len = PROCESS_NAME - 1;
	memcpy(name, text, len);
	name[len] = '\0';
	make_printable(name, len);
	return 0;
}

struct search {
	const char *name;
	unsigned pid;
};

static int is_it(const struct sys *sys, unsigned pid, void *context)
{
	struct search *s = context;
	char name[PROCESS_NAME];

	if (process_name(sys, pid, name) < 0 || strcmp(name, s->name) != 0)
		return 0;
	s->pid = pid;
	return 1;
}

bool process_find(const struct sys *sys, const char *name, unsigned *pid)
{
	struct search s = {.name = name};

	if (processes_each(sys, SIZE_MAX, is_it, &s) != 1)
		return false;
	*pid = s.pid;
	return true;
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
