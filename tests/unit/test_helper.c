/* SPDX-License-Identifier: Apache-2.0 */
/* The program that reads for the one with the privileges: it has a deadline, a bound, and nothing
 * of its caller's but its input. */
#include "helper.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helpers.h"

static char script[128];
static struct helper_call call;

static int set_up(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	snprintf(script, sizeof(script), "%s/script", tree.dir);
	tree.sys.helper = script;
	call = (struct helper_call){
		.verb = "verb", .input = "input", .len = 5, .deadline_s = 0.5, .most = 100};
	return 0;
}

static int run(const char *body, char **out)
{
	tree_write(&tree, "/script", body);
	assert_int_equal(chmod(script, 0755), 0);
	return helper_run(&tree.sys, &call, out);
}

static void it_gets_input_and_verb_and_nothing_else(void **state)
{
	_cleanup_free char *out = NULL;
	sigset_t all, old;

	(void)state;
	/* 42 is none that a shell takes for itself. */
	assert_int_equal(dup2(STDOUT_FILENO, 42), 42);
	setenv("SECRET", "x", 1);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	assert_int_equal(run("#!/bin/sh\nPATH=/bin:/usr/bin\ncat; echo \" $1 ${SECRET-none}\"\n"
			     "test -e /proc/self/fd/42 && echo open\n"
			     "grep SigBlk /proc/self/status\n",
			     &out),
			 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(42);
	assert_string_equal(out, "input verb none\nSigBlk:\t0000000000000000\n");
}

static void a_word_and_one_descriptor_are_handed_over(void **state)
{
	_cleanup_free char *out = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "through", 7), 7);
	close(ends[1]);
	call.word = "word";
	call.fd = ends;
	assert_int_equal(run("#!/bin/sh\nPATH=/bin:/usr/bin\necho \"$1 $2\"; cat <&3\n"
			     "test -e /proc/self/fd/4 && echo open\n:\n",
			     &out),
			 0);
	assert_string_equal(out, "verb word\nthrough");
	close(ends[0]);
}

static void a_failure_or_too_much_output_is_told(void **state)
{
	char *out = NULL;

	(void)state;
	assert_int_equal(run("#!/bin/sh\necho x; exit 3\n", &out), -EPROTO);
	assert_int_equal(run("#!/bin/sh\nkill -9 $$\n", &out), -EPROTO);
	assert_int_equal(run("#!/bin/sh\nexec /usr/bin/yes\n", &out), -EPROTO);
	assert_int_equal(run("#!/bin/sh\nprintf '%0101d' 1\n", &out), -EPROTO);
	assert_null(out);
	assert_int_equal(run("#!/bin/sh\nprintf '%0100d' 1\n", &out), 0);
	assert_int_equal(strlen(out), 100);
	free(out);
}

static void what_hangs_is_killed_at_its_deadline(void **state)
{
	char *out = NULL;

	(void)state;
	assert_int_equal(run("#!/bin/sh\nexec /bin/sleep 60\n", &out), -ETIMEDOUT);
	assert_null(out);
	/* It is dead, and waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* It has become nobody, and root lacks CAP_KILL, as in a unit that leaves it few capabilities. */
static void what_cant_be_killed_is_not_waited_for(void **state)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct had[_LINUX_CAPABILITY_U32S_3], less[_LINUX_CAPABILITY_U32S_3];
	uint64_t begin = tree.sys.now(&tree.sys);
	char *out = NULL;
	int r;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(syscall(SYS_capget, &header, had), 0);
	memcpy(less, had, sizeof(less));
	less[0].effective &= ~(1U << CAP_KILL);
	assert_int_equal(syscall(SYS_capset, &header, less), 0);
	r = run("#!/bin/sh\nPATH=/bin:/usr/bin\nexec setpriv --reuid 65534 sleep 3\n", &out);
	assert_int_equal(syscall(SYS_capset, &header, had), 0);
	assert_int_equal(r, -ETIMEDOUT);
	assert_null(out);
	assert_true(tree.sys.now(&tree.sys) - begin < UINT64_C(2000000000));
	/* It is still there: it was out of reach, and so the case is the one that is meant. */
	assert_true(waitpid(-1, NULL, 0) > 0);
}

static void its_cpu_time_is_bounded(void **state)
{
	_cleanup_free char *out = NULL;

	(void)state;
	assert_int_equal(run("#!/bin/sh\nulimit -t\n", &out), 0);
	assert_string_equal(out, "10\n");
}

static void where_it_is_not_installed_that_is_told(void **state)
{
	char *out = NULL;

	(void)state;
	tree.sys.helper = "/nonexistent/nodefit-net";
	assert_int_equal(helper_run(&tree.sys, &call, &out), -ENOENT);
	tree.sys.helper = script; /* not executable */
	tree_write(&tree, "/script", "");
	assert_int_equal(helper_run(&tree.sys, &call, &out), -EACCES);
	assert_null(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tree_tear_down)
		TEST(it_gets_input_and_verb_and_nothing_else),
		TEST(a_word_and_one_descriptor_are_handed_over),
		TEST(a_failure_or_too_much_output_is_told),
		TEST(what_hangs_is_killed_at_its_deadline),
		TEST(what_cant_be_killed_is_not_waited_for),
		TEST(its_cpu_time_is_bounded),
		TEST(where_it_is_not_installed_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
