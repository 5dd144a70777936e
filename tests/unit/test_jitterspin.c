/* SPDX-License-Identifier: Apache-2.0 */
/* The jitter check on a false clock, each look at which takes 1 us. */
#include <sched.h>

#include "check.h"
#include "helpers.h"

#define MS           1000000ull
#define MACHINE_CPUS 1024

static double figure(const struct result *r, const char *name)
{
	for (size_t i = 0; i < r->n_figures; i++)
		if (strcmp(r->figures[i].name, name) == 0)
			return r->figures[i].value;
	return -1;
}

static void assert_answer(const struct result *r, enum verdict verdict, const char *reason)
{
	if (r->verdict != verdict || strcmp(r->reason, reason) != 0)
		fail_msg("%s %s: %s", verdict_text(r->verdict), r->reason, r->message);
}

static struct {
	uint64_t now, stall_every, stall, next;
	uint64_t slept;    /* steal, where it hits whoever runs while the check sleeps */
	struct tree *tree; /* whose /proc/stat tells that; or NULL */
} machine;
static unsigned machine_cpu; /* that its /proc/stat speaks of */

static uint64_t fake_now(const struct sys *sys)
{
	(void)sys;
	return machine.now;
}

/* The host takes the CPU whenever it is time. */
static uint64_t fake_raw(const struct sys *sys)
{
	(void)sys;
	machine.now += 1000;
	if (machine.stall_every && machine.now >= machine.next) {
		machine.now += machine.stall;
		machine.next = machine.now + machine.stall_every;
	}
	return machine.now + 12345; /* it is another clock */
}

static void fake_sleep_until(const struct sys *sys, uint64_t when)
{
	(void)sys;
	if (when <= machine.now)
		return;
	machine.slept += when - machine.now;
	machine.now = when;
	if (machine.tree) {
		char text[64];

		snprintf(text, sizeof(text), "cpu%u 0 0 0 0 0 0 0 %llu 0 0\n", machine_cpu,
			 (unsigned long long)(machine.slept / (10 * MS)));
		tree_write(machine.tree, "/proc/stat", text);
	}
}

static void no_progress(const struct check_run *run, const char *fmt, ...)
{
	(void)run;
	(void)fmt;
}

static struct result measured(uint64_t stall_every, uint64_t stall, const char *settings,
			      const char *stat)
{
	static const struct leaf guest[] = {{.leaf = 1, .ecx = CPUID_HYPERVISOR}, {0}};
	const struct check *check = check_find("jitter");
	_cleanup_free void *params = calloc(1, check->params_size);
	struct problems problems = {0};
	struct result r = {0};
	struct profile p;
	struct tree t;
	struct check_run run = {
		.sys = &t.sys, .params = params, .profile = &p, .progress = no_progress};

	tree_open(&t, NULL);
	t.sys.now = fake_now;
	t.sys.raw = fake_raw;
	t.sys.sleep_until = fake_sleep_until;
	t.sys.cpuid = fake_cpuid;
	fake_leaves = guest;
	memset(&machine, 0, sizeof(machine));
	machine.now = 1000 * MS;
	machine.stall_every = stall_every;
	machine.stall = stall;
	tree_write(&t, "/proc/thread-self/schedstat", "1 0 1\n");
	if (stat)
		tree_write(&t, "/proc/stat", stat);
	machine.tree = stat ? NULL : &t;
	assert_int_equal(symlink("1", tree_path(&t, "/proc/self")), 0);
	profile_of(&p, settings);
	assert_int_equal(params_read(check->params, &p, "check.jitter", params, &problems), 0);
	check->run(&run, &r);
	profile_clear(&p);
	tree_close(&t);
	return r;
}

/* Idle, and told so. */
static const char *quiet_stat(void)
{
	static char text[MACHINE_CPUS * 40];

	if (!*text)
		for (int i = 0; i < MACHINE_CPUS; i++)
			snprintf(text + strlen(text), 40, "cpu%d 0 0 0 0 0 0 0 0 0 0\n", i);
	return text;
}

static void a_steady_clock_has_no_gaps(void **state)
{
	struct result r = measured(0, 0, "[check.jitter]\nwindow=3s\n", quiet_stat());

	(void)state;
	assert_answer(&r, VERDICT_PASS, "JitterLow");
	assert_true(figure(&r, "gaps") == 0 && figure(&r, "stolen") == 0);
	/* Half of the time it sleeps. */
	assert_true(figure(&r, "window") > 2.5 && figure(&r, "window") < 3.2);
	assert_true(figure(&r, "spun") > 0.4 * figure(&r, "window") &&
		    figure(&r, "spun") < 0.6 * figure(&r, "window"));
}

static void short_stalls_are_no_gaps(void **state)
{
	struct result r = measured(MS, 90000, "[check.jitter]\nwindow=3s\n", quiet_stat());

	(void)state;
	assert_true(figure(&r, "gaps") == 0);
}

static void stalls_are_found_to_their_share(void **state)
{
	/* 2 of 10 ms, with pauses and without. */
	static const char *const settings[] = {"[check.jitter]\nwindow=3s\n",
					       "[check.jitter]\nwindow=3s\nshare=100%\n",
					       "[check.jitter]\nwindow=3s\nshare=10%\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		struct result r = measured(8 * MS, 2 * MS, settings[i], quiet_stat());

		assert_answer(&r, VERDICT_WARN, "StealHidden");
		if (figure(&r, "stolen") < 17 || figure(&r, "stolen") > 23)
			fail_msg("%s: %s", settings[i], r.message);
		assert_float_equal(figure(&r, "worst_gap"), 2, 0.1);
		assert_true(figure(&r, "gaps") == figure(&r, "gaps_1ms"));
	}
}

static void a_stall_longer_than_a_burst_is_not_counted_beyond_it(void **state)
{
	struct result r =
		measured(300 * MS, 700 * MS, "[check.jitter]\nwindow=20s\n", quiet_stat());

	(void)state;
	assert_true(figure(&r, "stolen") <= 100 && figure(&r, "worst_gap") <= 50.001);
}

static void steal_that_hits_others_in_the_pauses_is_no_part_of_it(void **state)
{
	cpu_set_t all, one;
	struct result r;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	while (!CPU_ISSET(machine_cpu, &all))
		machine_cpu++;
	CPU_SET(machine_cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	r = measured(8 * MS, 2 * MS, "[check.jitter]\nwindow=3s\n", NULL);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_true(figure(&r, "reported") >= 0 && figure(&r, "reported") < 10);
}

static void without_proc_stat_it_cannot_tell(void **state)
{
	struct result r = measured(8 * MS, 2 * MS, "[check.jitter]\nwindow=3s\n", "cpu junk\n");

	(void)state;
	assert_answer(&r, VERDICT_UNKNOWN, "InterruptsUntold");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_clock_has_no_gaps),
		cmocka_unit_test(short_stalls_are_no_gaps),
		cmocka_unit_test(stalls_are_found_to_their_share),
		cmocka_unit_test(a_stall_longer_than_a_burst_is_not_counted_beyond_it),
		cmocka_unit_test(steal_that_hits_others_in_the_pauses_is_no_part_of_it),
		cmocka_unit_test(without_proc_stat_it_cannot_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
