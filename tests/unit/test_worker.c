/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include "helpers.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static struct sys sys;
static char answer[100000]; /* more than a pipe holds */

static int setup(void **state)
{
	(void)state;
	memset(answer, 0, sizeof(answer));
	return sys_init(&sys, NULL);
}

static void start(struct worker *w, double deadline_s,
		  void (*work)(void *context, int pipe, void *answer), void *context)
{
	assert_int_equal(worker_start(&sys, w, deadline_s, answer, sizeof(answer), work, context),
			 0);
	assert_true(w->pid > 0);
}

/* Until it is done; the longest line of progress that was seen on the way. */
static void wait_for(struct worker *w, char line[WORKER_LINE])
{
	line[0] = '\0';
	for (int i = 0; i < 1000 && !w->done; i++) {
		struct pollfd fd = {.fd = w->pipe, .events = POLLIN};

		poll(&fd, 1, 10);
		worker_step(&sys, w);
		if (strlen(w->line) > strlen(line))
			memcpy(line, w->line, WORKER_LINE);
	}
	assert_true(w->done);
	assert_int_equal(w->pid, 0);
	assert_int_equal(w->pipe, -1);
	/* No child is left behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void fill(void *context, int pipe, void *to)
{
	(void)pipe;
	memset(to, *(const char *)context, sizeof(answer));
}

static void tell(void *context, int pipe, void *to)
{
	char text[300];

	(void)context;
	worker_progress(pipe, "1 of 2 s");
	usleep(300000);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	worker_progress(pipe, text);
	worker_progress(pipe, "");
	*(char *)to = 'd';
}

static void hang(void *context, int pipe, void *to)
{
	(void)context;
	(void)to;
	worker_progress(pipe, "hanging");
	for (;;)
		pause();
}

static void die(void *context, int pipe, void *to)
{
	(void)context;
	(void)pipe;
	(void)to;
	raise(SIGKILL);
}

static void leave(void *context, int pipe, void *to)
{
	(void)context;
	(void)pipe;
	(void)to;
	_exit(7);
}

static void babble(void *context, int pipe, void *to)
{
	(void)context;
	(void)to;
	if (write(pipe, "this is no frame", 16) != 16)
		_exit(1);
	pause();
}

static void stop_half_way(void *context, int pipe, void *to)
{
	const uint32_t frame[2] = {'A', sizeof(answer)};

	(void)context;
	(void)to;
	_exit(write(pipe, frame, sizeof(frame)) != sizeof(frame) || write(pipe, "half", 4) != 4);
}

static void an_answer_comes_whole(void **state)
{
	char line[WORKER_LINE], letter = 'a';
	struct worker w;

	(void)state;
	start(&w, 10, fill, &letter);
	wait_for(&w, line);
	assert_int_equal(w.error, 0);
	for (size_t i = 0; i < sizeof(answer); i++)
		assert_int_equal(answer[i], 'a');
}

static void progress_is_seen_cut_to_a_line(void **state)
{
	char line[WORKER_LINE];
	struct worker w;

	(void)state;
	start(&w, 10, tell, NULL);
	for (int i = 0; i < 5000 && !*w.line; i++) {
		usleep(1000);
		worker_step(&sys, &w);
	}
	assert_string_equal(w.line, "1 of 2 s");
	assert_false(w.done);
	wait_for(&w, line);
	assert_int_equal(w.error, 0);
	assert_int_equal(answer[0], 'd');
	assert_string_equal(w.line, ""); /* the last one */
}

static void a_worker_that_hangs_is_killed_at_its_deadline(void **state)
{
	uint64_t begin = sys.now(&sys);
	char line[WORKER_LINE];
	struct worker w;
	pid_t pid;

	(void)state;
	start(&w, 0.2, hang, NULL);
	pid = w.pid;
	wait_for(&w, line);
	assert_int_equal(w.error, -ETIMEDOUT);
	assert_string_equal(line, "hanging");
	assert_true(sys.now(&sys) - begin >= 200000000);
	assert_true(sys.now(&sys) - begin < 5000000000);
	assert_int_equal(kill(pid, 0), -1);
}

static void death_by_a_signal_is_told(void **state)
{
	char line[WORKER_LINE];
	struct worker w;

	(void)state;
	start(&w, 10, die, NULL);
	wait_for(&w, line);
	assert_int_equal(w.error, -EPIPE);
	assert_true(WIFSIGNALED(w.status));
	assert_int_equal(WTERMSIG(w.status), SIGKILL);
}

static void leaving_without_an_answer_is_told(void **state)
{
	char line[WORKER_LINE];
	struct worker w;

	(void)state;
	start(&w, 10, leave, NULL);
	wait_for(&w, line);
	assert_int_equal(w.error, -EPIPE);
	assert_true(WIFEXITED(w.status));
	assert_int_equal(WEXITSTATUS(w.status), 7);
}

static void half_an_answer_is_none(void **state)
{
	char line[WORKER_LINE];
	struct worker w;

	(void)state;
	start(&w, 10, stop_half_way, NULL);
	wait_for(&w, line);
	assert_int_equal(w.error, -EPIPE);
}

static void a_worker_that_babbles_is_ended(void **state)
{
	char line[WORKER_LINE];
	struct worker w;

	(void)state;
	start(&w, 10, babble, NULL);
	wait_for(&w, line);
	assert_int_equal(w.error, -EPIPE);
}

static void stopping_kills_and_may_be_done_twice(void **state)
{
	struct worker w;
	pid_t pid;

	(void)state;
	start(&w, 10, hang, NULL);
	pid = w.pid;
	worker_stop(&w);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(w.pid, 0);
	worker_stop(&w);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_comes_whole),
		TEST(progress_is_seen_cut_to_a_line),
		TEST(a_worker_that_hangs_is_killed_at_its_deadline),
		TEST(death_by_a_signal_is_told),
		TEST(leaving_without_an_answer_is_told),
		TEST(half_an_answer_is_none),
		TEST(a_worker_that_babbles_is_ended),
		TEST(stopping_kills_and_may_be_done_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
