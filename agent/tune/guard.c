/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "confirm.h"

#define TOUCH    'T'
#define RELEASE  'R'
#define HEARD    'H'  /* its answer to both */
#define ANSWER_S 10.0 /* a machine may be busy */

/* Nobody reads our standard error any more: the kernel's log is what is left. It shows a line only
 * once that has its newline, or another line follows. */
static void say(const struct sys *sys, const char *text)
{
	_cleanup_fd int fd = sys_open(sys, "/dev/kmsg", O_WRONLY | O_NOFOLLOW, 0);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		return;
}

/* No terminal, no session and no caller that waits for our output may end or be held by us. */
static void detach(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		signal(signals[i], SIG_IGN);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
}

/* Waits to be released. False when the other side is gone or late: then it can't reach us either,
 * so that only one of us puts things back. */
static bool is_released(const struct sys *sys, double seconds, int socket)
{
	uint64_t end = sys->now(sys) + (uint64_t)(seconds * 1e9), now;
	char word = 0, heard = HEARD;

	while (word != RELEASE && (now = sys->now(sys)) < end) {
		struct pollfd p = {.fd = socket, .events = POLLIN};

		if (poll(&p, 1, (int)((end - now) / 1000000 + 1)) <= 0)
			continue;
		if (read(socket, &word, 1) != 1 || send(socket, &heard, 1, MSG_NOSIGNAL) != 1)
			break;
		end = sys->now(sys) + (uint64_t)(seconds * 1e9);
	}
	close(socket);
	return word == RELEASE;
}

static void put_back(const struct sys *sys, struct journal *j, struct changes *plan)
{
	_cleanup_free bool *wanted = calloc(plan->n + 1, sizeof(*wanted));
	_cleanup_free char *why = NULL;

	for (size_t i = 0; wanted && i < plan->n; i++)
		wanted[i] = plan->v[i].tuner == &net_tuner &&
			    plan->v[i].outcome == OUTCOME_WOULD_CHANGE;
	if (!wanted || links_revert(sys, j, plan, wanted, "not confirmed") < 0) {
		say(sys, "<3>nodefit: the link changes were not confirmed and could not all be "
			 "put back: run nodefit rollback\n");
		return;
	}
	journal_unmark(j);
	if (apply_forget(sys, j, plan, &why) < 0 || journal_save(sys, j) < 0)
		say(sys, "<3>nodefit: the link changes are put back, but the journal could not be "
			 "written\n");
	else
		say(sys, "<4>nodefit: the link changes were not confirmed: they are put back\n");
}

int guard_start(const struct sys *sys, struct journal *j, struct changes *plan, double seconds,
		struct guard *out)
{
	int ends[2], pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return negative_errno();
	pid = fork();
	if (pid < 0) {
		int r = negative_errno();

		close(ends[0]);
		close(ends[1]);
		return r;
	}
	if (pid == 0) {
		close(ends[1]);
		detach();
		if (!is_released(sys, seconds, ends[0]))
			put_back(sys, j, plan);
		_exit(0);
	}
	close(ends[0]);
	*out = (struct guard){.pid = pid, .socket = ends[1]};
	return 0;
}

/* Waits until it has ended, with all that it may still be putting back. */
static void end(struct guard *g)
{
	closep(&g->socket);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int tell(struct guard *g, char word)
{
	struct pollfd p = {.fd = g->socket, .events = POLLIN};
	char heard = 0;

	if (send(g->socket, &word, 1, MSG_NOSIGNAL) == 1 &&
	    poll(&p, 1, (int)(ANSWER_S * 1000)) == 1 && read(g->socket, &heard, 1) == 1 &&
	    heard == HEARD)
		return 0;
	end(g);
	return -EPIPE;
}

int guard_touch(struct guard *g)
{
	return tell(g, TOUCH);
}

int guard_release(struct guard *g)
{
	int r = tell(g, RELEASE);

	if (r == 0)
		end(g);
	return r;
}
