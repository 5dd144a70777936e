/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define PROGRAM    "nodefit-net"
#define CPU_MOST_S 10

/* Beside this program, whose own path is the kernel's word: no variable names what root runs. */
static int find(const struct sys *sys, char *path, size_t size)
{
	char *slash;
	ssize_t n;

	if (sys->helper) {
		snprintf(path, size, "%s", sys->helper);
		return 0;
	}
	n = readlink("/proc/self/exe", path, size - sizeof(PROGRAM));
	if (n < 0)
		return negative_errno();
	path[n] = '\0';
	slash = strrchr(path, '/');
	slash = slash ? slash + 1 : path;
	snprintf(slash, size - (size_t)(slash - path), PROGRAM);
	return 0;
}

/* As HELPER_FD, which alone of ours stays open over exec. */
static bool hand_over(int fd)
{
	return fd == HELPER_FD ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, HELPER_FD) >= 0;
}

__attribute__((noreturn)) static void become(const char *program, const struct helper_call *call,
					     int in, int out, pid_t parent)
{
	/* One byte more than it may print tells that it has printed more. */
	const struct rlimit size = {call->most + 1, call->most + 1};
	/* It becomes nobody, whom a root without CAP_KILL can't kill: then this ends a loop. */
	const struct rlimit cpu = {CPU_MOST_S, CPU_MOST_S};
	char *const argv[] = {(char *)PROGRAM, (char *)call->verb, (char *)call->word, NULL},
		    *const environment[] = {NULL};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Ours are closed by exec; a caller's may not be. Linux before 5.11 can't. */
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	setrlimit(RLIMIT_CPU, &cpu); /* fails where the caller's is lower */
	sigemptyset(&none);
	if (getppid() == parent && null >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	    (!call->fd || hand_over(*call->fd)) && setrlimit(RLIMIT_FSIZE, &size) == 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		execve(program, argv, environment);
	_exit(127);
}

/* Polled each millisecond: it runs for ten or so. */
static int await(const struct sys *sys, pid_t pid, double deadline_s)
{
	uint64_t until = sys->now(sys) + (uint64_t)(deadline_s * 1e9);
	int status;

	for (;;) {
		pid_t died = waitpid(pid, &status, WNOHANG);

		if (died == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
		if (died < 0 && errno != EINTR)
			return negative_errno();
		if (sys->now(sys) >= until)
			break;
		usleep(1000);
	}
	/* As with a worker: what can't be killed, or can't die yet, is not waited for. */
	kill(pid, SIGKILL);
	for (int i = 0; i < 50 && waitpid(pid, &status, WNOHANG) == 0; i++)
		usleep(1000);
	return -ETIMEDOUT;
}

static int read_back(int fd, size_t most, char **out)
{
	_cleanup_free char *text = NULL;
	off_t len = lseek(fd, 0, SEEK_END);

	if (len < 0)
		return negative_errno();
	if ((size_t)len > most)
		return -EPROTO;
	text = malloc((size_t)len + 1);
	if (!text)
		return -ENOMEM;
	if (pread(fd, text, (size_t)len, 0) != len)
		return -EIO;
	text[len] = '\0';
	*out = TAKE(text);
	return 0;
}

int helper_run(const struct sys *sys, const struct helper_call *call, char **out)
{
	_cleanup_fd int in = memfd_create("input", MFD_CLOEXEC),
			answer = memfd_create("output", MFD_CLOEXEC);
	pid_t parent = getpid(), pid;
	char program[4096];
	int r = find(sys, program, sizeof(program));

	if (r < 0)
		return r;
	if (access(program, X_OK) < 0)
		return negative_errno();
	if (in < 0 || answer < 0 || pwrite(in, call->input, call->len, 0) != (ssize_t)call->len)
		return -ENOMEM;
	pid = fork();
	if (pid < 0)
		return negative_errno();
	if (pid == 0)
		become(program, call, in, answer, parent);
	r = await(sys, pid, call->deadline_s);
	return r < 0 ? r : read_back(answer, call->most, out);
}
