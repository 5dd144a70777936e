/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A frame: its kind, the length of what follows, and that. */
enum { FRAME_LINE = 'L', FRAME_ANSWER = 'A' };
struct frame {
	uint32_t kind, len;
};

static bool send_all(int fd, const void *data, size_t len)
{
	for (const char *c = data; len;) {
		ssize_t n = write(fd, c, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		c += n;
		len -= (size_t)n;
	}
	return true;
}

void worker_progress(int pipe, const char *text)
{
	char buf[sizeof(struct frame) + WORKER_LINE];
	struct frame f = {FRAME_LINE, (uint32_t)strnlen(text, WORKER_LINE - 1)};

	memcpy(buf, &f, sizeof(f));
	memcpy(buf + sizeof(f), text, f.len);
	send_all(pipe, buf, sizeof(f) + f.len);
}

int worker_start(const struct sys *sys, struct worker *w, double deadline_s, void *answer,
		 size_t answer_size, void (*work)(void *context, int pipe, void *answer),
		 void *context)
{
	struct frame f = {FRAME_ANSWER, (uint32_t)answer_size};
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return negative_errno();
	*w = (struct worker){.pipe = ends[0],
			     .deadline = sys->now(sys) + (uint64_t)(deadline_s * 1e9),
			     .answer = answer,
			     .answer_size = answer_size};
	w->pid = fork();
	if (w->pid < 0) {
		int error = negative_errno();

		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (w->pid == 0) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		work(context, ends[1], answer);
		_exit(send_all(ends[1], &f, sizeof(f)) && send_all(ends[1], answer, answer_size)
			      ? 0
			      : 1);
	}
	close(ends[1]);
	fcntl(w->pipe, F_SETFL, O_NONBLOCK);
	return 0;
}

static void finish(struct worker *w, int error)
{
	w->done = true;
	w->error = error;
}

/* Takes one frame's bytes; false when there is nothing to read now. */
static bool take(struct worker *w)
{
	struct frame f;
	size_t want = sizeof(f);
	ssize_t n;

	if (w->partial_len >= sizeof(f)) {
		memcpy(&f, w->partial, sizeof(f));
		if (f.kind == FRAME_ANSWER && f.len == w->answer_size) {
			n = read(w->pipe, (char *)w->answer + w->got, w->answer_size - w->got);
			if (n > 0 && (w->got += (size_t)n) == w->answer_size)
				finish(w, 0);
			goto read_done;
		}
		if (f.kind != FRAME_LINE || f.len >= WORKER_LINE) {
			finish(w, -EPIPE);
			return false;
		}
		want += f.len;
		if (w->partial_len == want) {
			memcpy(w->line, w->partial + sizeof(f), f.len);
			w->line[f.len] = '\0';
			w->partial_len = 0;
			return true;
		}
	}
	n = read(w->pipe, w->partial + w->partial_len, want - w->partial_len);
	if (n > 0)
		w->partial_len += (size_t)n;
read_done:
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		finish(w, -EPIPE);
	return n > 0 && !w->done;
}

void worker_step(const struct sys *sys, struct worker *w)
{
	while (!w->done && take(w))
		;
	if (!w->done && sys->now(sys) >= w->deadline)
		finish(w, -ETIMEDOUT);
	if (w->done)
		worker_stop(w);
}

/* Waits 50 ms at the most: a child in an uninterruptible sleep can't be waited for. */
static bool reap(struct worker *w)
{
	for (int i = 0; i < 50; i++) {
		if (waitpid(w->pid, &w->status, WNOHANG) != 0)
			return true;
		usleep(1000);
	}
	return false;
}

void worker_stop(struct worker *w)
{
	if (w->pid <= 0)
		return;
	/* One that has died without an answer is not killed, so that its status tells why. */
	if (w->error != -EPIPE || !reap(w)) {
		kill(w->pid, SIGKILL);
		w->left = reap(w) ? 0 : w->pid;
	}
	close(w->pipe);
	w->pipe = -1;
	w->pid = 0;
}

bool worker_lingers(struct worker *w)
{
	if (w->left && waitpid(w->left, NULL, WNOHANG) != 0)
		w->left = 0;
	return w->left != 0;
}
