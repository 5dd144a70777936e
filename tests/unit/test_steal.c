/* SPDX-License-Identifier: Apache-2.0 */
/* The steal check on a false clock: each second of sleep adds ticks to a /proc/stat of our own. */
#include "check.h"

#include "helpers.h"

#define CPUS_OF_MACHINE 4

static const struct leaf bare_metal[] = {{.leaf = 1}, {0}};
static const struct leaf kvm_that_reports[] = {{.leaf = 1, .ecx = CPUID_HYPERVISOR},
					       {.leaf = 0x40000000, .mark = "KVMKVMKVM"},
					       {.leaf = 0x40000001, .eax = 1u << 5},
					       {0}};
static const struct leaf kvm_that_does_not[] = {{.leaf = 1, .ecx = CPUID_HYPERVISOR},
						{.leaf = 0x40000000, .mark = "KVMKVMKVM"},
						{.leaf = 0x40000001, .eax = 0xffffffdf},
						{0}};
static const struct leaf hyper_v[] = {
	{.leaf = 1, .ecx = CPUID_HYPERVISOR}, {.leaf = 0x40000000, .mark = "Microsoft Hv"}, {0}};

/* What a CPU loses in the given second since the beginning, in percent. */
typedef int (*stealing)(unsigned cpu, unsigned second);

static struct tree tree;
static struct {
	uint64_t now;
	unsigned second;
	long steal[CPUS_OF_MACHINE], idle[CPUS_OF_MACHINE];
	stealing stealing;
	int steady;       /* what steady() takes */
	const char *text; /* what /proc/stat holds instead, or NULL */
} machine;

static void write_stat(void)
{
	char text[1024] = "cpu  0 0 0 0 0 0 0 0 0 0\n";

	for (int i = 0; i < CPUS_OF_MACHINE; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "cpu%d 0 0 0 %ld 0 0 0 %ld 0 0\n", i,
			 machine.idle[i], machine.steal[i]);
	}
	tree_write(&tree, "/proc/stat", machine.text ? machine.text : text);
}

static uint64_t fake_now(const struct sys *sys)
{
	(void)sys;
	return machine.now;
}

static void fake_sleep_until(const struct sys *sys, uint64_t when)
{
	long ticks_per_s = sysconf(_SC_CLK_TCK);

	(void)sys;
	assert_true(when > machine.now);
	for (; machine.now + 1000000000 <= when; machine.now += 1000000000, machine.second++) {
		for (unsigned i = 0; i < CPUS_OF_MACHINE; i++) {
			long stolen = machine.stealing(i, machine.second) * ticks_per_s / 100;

			machine.steal[i] += stolen;
			machine.idle[i] += ticks_per_s - labs(stolen);
		}
	}
	write_stat();
}

static void no_progress(const struct check_run *run, const char *fmt, ...)
{
	(void)run;
	(void)fmt;
}

static int setup(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	machine.now = 1000000000;
	tree_open(&tree, NULL);
	tree.sys.now = fake_now;
	tree.sys.sleep_until = fake_sleep_until;
	tree.sys.cpuid = fake_cpuid;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}

static struct result measure_with(const struct leaf *leaves, stealing steals, bool quick)
{
	const struct check *check = check_find("steal");
	_cleanup_free void *params = calloc(1, check->params_size);
	struct problems problems = {0};
	struct profile empty = {0};
	struct result result = {0};
	struct check_run run = {.sys = &tree.sys,
				.params = params,
				.profile = &empty,
				.quick = quick,
				.progress = no_progress};

	assert_int_equal(params_read(check->params, &empty, "check.steal", params, &problems), 0);
	fake_leaves = leaves;
	machine.stealing = steals;
	write_stat();
	check->run(&run, &result);
	return result;
}

static struct result measure(const struct leaf *leaves, stealing steals)
{
	return measure_with(leaves, steals, false);
}

static void assert_judged(const struct result *r, enum verdict verdict, const char *reason)
{
	assert_string_equal(verdict_text(r->verdict), verdict_text(verdict));
	assert_string_equal(r->reason, reason);
}

static void assert_figure(const struct result *r, const char *name, double value)
{
	for (size_t i = 0; i < r->n_figures; i++) {
		if (strcmp(r->figures[i].name, name) != 0)
			continue;
		assert_float_equal(r->figures[i].value, value, 1e-6);
		return;
	}
	fail_msg("no figure \"%s\"", name);
}

static int steady(unsigned cpu, unsigned second)
{
	(void)cpu;
	(void)second;
	return machine.steady;
}

static struct result measure_steady(const struct leaf *leaves, int percent)
{
	machine.steady = percent;
	return measure(leaves, steady);
}

static int around_five(unsigned cpu, unsigned second)
{
	(void)cpu;
	return second % 2 ? 2 : 6;
}

static int only_cpu2(unsigned cpu, unsigned second)
{
	(void)second;
	return cpu == 2 ? 12 : 0;
}

static int backwards_once(unsigned cpu, unsigned second)
{
	return cpu == 1 && second == 4 ? -3 : 2;
}

static int always_backwards(unsigned cpu, unsigned second)
{
	(void)cpu;
	(void)second;
	return -1;
}

static void bare_metal_passes_without_measuring(void **state)
{
	struct result r = measure_steady(bare_metal, 0);

	(void)state;
	assert_judged(&r, VERDICT_PASS, "BareMetal");
	assert_int_equal(machine.second, 0);
}

static void zero_is_good_where_kvm_reports_steal(void **state)
{
	struct result r = measure_steady(kvm_that_reports, 0);

	(void)state;
	assert_judged(&r, VERDICT_PASS, "StealLow");
	assert_figure(&r, "mean", 0);
	assert_figure(&r, "cpus", CPUS_OF_MACHINE);
	assert_string_equal(r.facts[0].value, "kvm");
}

static void zero_is_unknown_where_nobody_reports_steal(void **state)
{
	static const struct leaf *const hosts[] = {kvm_that_does_not, hyper_v};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct result r = measure_steady(hosts[i], 0);

		assert_judged(&r, VERDICT_UNKNOWN, "StealUntold");
		assert_contains(r.message, i ? "(microsoft) does not report" : "(kvm) does not");
	}
}

static void a_counter_that_moves_is_believed_whatever_the_host_says(void **state)
{
	struct result r = measure_steady(hyper_v, 7);

	(void)state;
	assert_judged(&r, VERDICT_WARN, "StealHigh");
}

static void seven_percent_warns_after_ten_seconds(void **state)
{
	struct result r = measure_steady(kvm_that_reports, 7);

	(void)state;
	assert_judged(&r, VERDICT_WARN, "StealHigh");
	assert_figure(&r, "mean", 7);
	assert_figure(&r, "worst", 7);
	assert_figure(&r, "window", 10);
	assert_figure(&r, "dropped_readings", 0);
	assert_string_equal(r.message,
			    "7.0% of all CPUs over 10 s, worst CPU 0: 7.0%, 7.0% since boot");
}

static void twenty_percent_fail(void **state)
{
	struct result r = measure_steady(kvm_that_reports, 20);

	(void)state;
	assert_judged(&r, VERDICT_FAIL, "StealHigh");
	assert_figure(&r, "mean", 20);
	assert_figure(&r, "window", 10);
}

static void a_mean_near_a_threshold_is_measured_to_the_end(void **state)
{
	struct result r = measure(kvm_that_reports, around_five);

	(void)state;
	assert_figure(&r, "window", 30);
	assert_figure(&r, "mean", 4);
	assert_judged(&r, VERDICT_PASS, "StealLow");
}

static void quick_takes_three_seconds_even_near_a_threshold(void **state)
{
	struct result r = measure_with(kvm_that_reports, around_five, true);

	(void)state;
	assert_figure(&r, "window", 3);
}

static void one_bad_cpu_warns_although_the_mean_is_low(void **state)
{
	struct result r = measure(kvm_that_reports, only_cpu2);

	(void)state;
	assert_judged(&r, VERDICT_WARN, "StealHigh");
	assert_figure(&r, "mean", 3);
	assert_figure(&r, "worst", 12);
	assert_figure(&r, "worst_cpu", 2);
}

static void a_reading_that_runs_backwards_is_dropped(void **state)
{
	struct result r = measure(kvm_that_reports, backwards_once);

	(void)state;
	assert_judged(&r, VERDICT_PASS, "StealLow");
	assert_figure(&r, "dropped_readings", 1);
	assert_figure(&r, "mean", 2);
	assert_figure(&r, "window", 10);
}

static void readings_that_all_run_backwards_are_unknown(void **state)
{
	struct result r;

	(void)state;
	for (int i = 0; i < CPUS_OF_MACHINE; i++)
		machine.steal[i] = 100000;
	r = measure(kvm_that_reports, always_backwards);
	assert_judged(&r, VERDICT_UNKNOWN, "StealUnreadable");
}

static void an_unreadable_stat_is_unknown_and_says_why(void **state)
{
	static const char *const rows[][2] = {{"cpu0 1 2 3 4 5 6 7\n", "it has no steal column"},
					      {"nonsense\n", "not in the kernel's form"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct result r;

		machine.text = rows[i][0];
		r = measure_steady(kvm_that_reports, 0);
		assert_judged(&r, VERDICT_UNKNOWN, "StealUnreadable");
		assert_contains(r.message, rows[i][1]);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bare_metal_passes_without_measuring),
		TEST(zero_is_good_where_kvm_reports_steal),
		TEST(zero_is_unknown_where_nobody_reports_steal),
		TEST(a_counter_that_moves_is_believed_whatever_the_host_says),
		TEST(seven_percent_warns_after_ten_seconds),
		TEST(twenty_percent_fail),
		TEST(a_mean_near_a_threshold_is_measured_to_the_end),
		TEST(quick_takes_three_seconds_even_near_a_threshold),
		TEST(one_bad_cpu_warns_although_the_mean_is_low),
		TEST(a_reading_that_runs_backwards_is_dropped),
		TEST(readings_that_all_run_backwards_are_unknown),
		TEST(an_unreadable_stat_is_unknown_and_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
