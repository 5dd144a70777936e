/* SPDX-License-Identifier: Apache-2.0 */
/* A short-lived forked process that answers through a pipe within a deadline. What can hang (a
 * disk, a peer) runs in one; its parent never waits for it without bound. */
#pragma once

#include "sys.h"

#define WORKER_LINE 120 /* the longest progress text, with its NUL */

struct worker {
	pid_t pid;
	int pipe;          /* poll it for reading */
	uint64_t deadline; /* by sys->now() */
	void *answer;      /* of answer_size bytes, owned by the caller */
	size_t answer_size, got;
	char line[WORKER_LINE]; /* the newest progress text */
	bool done;
	int error;  /* once done: 0, -ETIMEDOUT, or -EPIPE when it died without an answer */
	int status; /* of -EPIPE: as waitpid() tells */
	pid_t left; /* it was killed, and had not died when we last looked; or 0 */
	unsigned char partial[WORKER_LINE + 8]; /* of the frame that is being read */
	size_t partial_len;
};

/* Forks. The child calls work(context, pipe, answer), sends `answer` and exits; it dies with its
 * parent. 0 or -errno. */
int worker_start(const struct sys *sys, struct worker *w, double deadline_s, void *answer,
		 size_t answer_size, void (*work)(void *context, int pipe, void *answer),
		 void *context);
/* In the child: replaces the progress text. */
void worker_progress(int pipe, const char *text);
/* Reads what is there without blocking, or kills the worker when its time is up. Sets done. */
void worker_step(const struct sys *sys, struct worker *w);
/* Kills it when it still runs, and releases it. A child that can't die yet (a dead disk) is noted
 * in `left`. */
void worker_stop(struct worker *w);
/* Is there still one that could not die? */
bool worker_lingers(struct worker *w);
