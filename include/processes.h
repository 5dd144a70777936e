/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of /proc (proc(5)). Their names and words are theirs to choose: never trusted, only
 * told, with every byte that is not printable ASCII as "?". */
#pragma once

#include "sys.h"

#define PROCESS_NAME 16 /* the kernel's TASK_COMM_LEN, with a NUL */

struct process {
	unsigned pid;
	char name[PROCESS_NAME]; /* cut to 15 bytes by the kernel */
};
struct processes {
	struct process *v; /* by number */
	size_t n;
};

/* All of them, by one walk. 0 or -errno; released with processes_clear(). */
int processes_read(const struct sys *sys, struct processes *out);
void processes_clear(struct processes *p);
#define _cleanup_processes _cleanup_(processes_clear)
/* The first that is called so, or NULL. */
const struct process *processes_find(const struct processes *p, const char *name);

/* Calls `each` for every process, by number, at most `most` of them, until it returns other than 0,
 * which is returned then. Else 0, or -errno when /proc can't be read. */
int processes_each(const struct sys *sys, size_t most,
		   int (*each)(const struct sys *sys, unsigned pid, void *context), void *context);
/* Its name, cut to 15 bytes by the kernel. 0 or -errno. */
int process_name(const struct sys *sys, unsigned pid, char name[PROCESS_NAME]);
/* Its command line, words with blanks between; *text is the caller's. 0 or -errno; -ENODATA of one
 * without (a kernel thread, a zombie). */
int process_words(const struct sys *sys, unsigned pid, char **text);
