/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "confirm.h"

#define RELEASE 'C'

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

static void watch(const struct sys *sys, struct journal *j, struct changes *plan, double seconds,
		  int pipe)
{
	_cleanup_free bool *wanted = calloc(plan->n + 1, sizeof(*wanted));
	uint64_t end = sys->now(sys) + (uint64_t)(seconds * 1e9);
	_cleanup_free char *why = NULL;
	char word = 0;

	while (sys->now(sys) < end) {
		struct pollfd p = {.fd = pipe, .events = POLLIN};

		if (poll(&p, 1, (int)((end - sys->now(sys)) / 1000000 + 1)) <= 0)
			continue;
		if (read(pipe, &word, 1) == 1 && word == RELEASE)
			return;
		break; /* the other end is closed: that process is gone */
	}
	for (size_t i = 0; wanted && i < plan->n; i++)
		wanted[i] = strcmp(plan->v[i].tuner->name, "net") == 0 &&
			    plan->v[i].outcome == OUTCOME_WOULD_CHANGE;
	if (!wanted || links_revert(sys, j, plan, wanted, "not confirmed") < 0)
		say(sys, "<3>nodefit: the link changes were not confirmed and could not all be "
			 "put back: run nodefit rollback\n");
	else if (apply_forget(sys, j, plan, &why) < 0)
		say(sys, "<3>nodefit: the link changes are put back, but the journal could not be "
			 "written\n");
	else
		say(sys, "<4>nodefit: the link changes were not confirmed: they are put back\n");
}

int guard_start(const struct sys *sys, struct journal *j, struct changes *plan, double seconds,
		struct guard *out)
{
	int ends[2], pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
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
		watch(sys, j, plan, seconds, ends[0]);
		_exit(0);
	}
	close(ends[0]);
	*out = (struct guard){.pid = pid, .pipe = ends[1]};
	return 0;
}

void guard_release(struct guard *g)
{
	char word = RELEASE;
	ssize_t n = write(g->pipe, &word, 1);

	(void)n; /* it can only be gone already */
	close(g->pipe);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
