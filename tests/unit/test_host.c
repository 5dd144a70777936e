/* SPDX-License-Identifier: Apache-2.0 */
/* What kubelet needs of the host: the kernel's files are read exactly, and each item says what is
 * wrong and keeps silent otherwise. */
#include "host.h"

#include <sys/timex.h>

#include "check.h"
#include "helpers.h"
#include "hostfiles.h"
#include "processes.h"

/* --- a healthy machine, and what may be wrong with it --- */

/* A process of the tree; `link` is its descriptor 3, or NULL. */
static void process(unsigned pid, const char *name, const char *link)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	snprintf(text, sizeof(text), "%s\n", name);
	tree_write(&tree, path, text);
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	tree_mkdir(&tree, path);
	if (!link)
		return;
	snprintf(path, sizeof(path), "/proc/%u/fd/3", pid);
	assert_int_equal(symlink(link, tree_path(&tree, path)), 0);
}

static void limits(unsigned pid, const char *hard)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%u/limits", pid);
	snprintf(text, sizeof(text), LIMITS "Max open files 1024 %s files\n", hard);
	tree_write(&tree, path, text);
}

static int set_up(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	tree.sys.helper = built_program("nodefit-net");
	tree_write(&tree, "/proc/stat",
		   "cpu  1 0 0 1 0 0 0 0 0 0\ncpu0 1 0 0 1 0 0 0 0 0 0\n"
		   "cpu1 1 0 0 1 0 0 0 0 0 0\n");
	tree_write(&tree, "/proc/meminfo", "MemTotal:        2097152 kB\n");
	tree_write(&tree, "/proc/swaps", SWAPS);
	tree_write(&tree, "/proc/filesystems", "nodev\tproc\nnodev\toverlay\n\text4\n");
	tree_write(&tree, "/proc/sys/kernel/osrelease", "6.1.0-test\n");
	tree_write(&tree, "/proc/sys/net/netfilter/nf_conntrack_max", "1\n");
	tree_write(&tree, "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	tree_write(&tree, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
		   "kvm-clock\n");
	tree_write(&tree, "/proc/pressure/io", "full avg10=0.00 avg60=1.00 avg300=0.00 total=0\n");
	tree_write(&tree, "/proc/pressure/memory",
		   "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	return 0;
}

static struct result checked(const char *params_text)
{
	const struct check *check = check_find("host");
	_cleanup_free void *params = NULL;
	struct result r = {0};
	struct profile p;
	char text[256];

	/* How full the disk of this machine is does not matter. */
	snprintf(text, sizeof(text),
		 "[check.host]\nspace_warn=100%%\nspace_fail=100%%\ninodes_warn=100%%\n"
		 "inodes_fail=100%%\n%s",
		 params_text);
	profile_of(&p, text);
	assert_int_equal(check_params(&p, check, &params), 0);
	check->run(&(struct check_run){.sys = &tree.sys, .params = params}, &r);
	profile_clear(&p);
	return r;
}

static void assert_checked(const char *params, const char *verdict, const char *reason,
			   const char *message)
{
	struct result r = checked(params);

	if (strcmp(verdict_text(r.verdict), verdict) != 0)
		fail_msg("%s instead of %s: %s", verdict_text(r.verdict), verdict, r.message);
	assert_string_equal(r.reason, reason);
	assert_contains(r.message, message);
	assert_true(r.verdict == VERDICT_PASS || r.verdict == VERDICT_UNKNOWN || *r.advice);
}

static void a_healthy_machine_passes(void **state)
{
	(void)state;
	assert_checked("", "pass", "HostReady", "as kubelet needs them");
	/* Nothing that is merely not there is missed. */
	assert_int_equal(remove(tree_path(&tree, "/proc/pressure/io")), 0);
	assert_int_equal(remove(tree_path(&tree, "/proc/swaps")), 0);
	assert_int_equal(remove(tree_path(&tree, "/proc/filesystems")), 0);
	assert_checked("", "pass", "HostReady", "");
}

static void size_is_what_the_profile_asks_for(void **state)
{
	(void)state;
	assert_checked("cpus=2\nmemory=1700M\n", "pass", "HostReady", "");
	assert_checked("cpus=3\n", "fail", "TooFewCpus", "2 CPUs, 3 are needed");
	assert_checked("memory=4G\n", "fail", "TooLittleMemory", "2048 MiB of memory, 4096 MiB");
}

static void swap_fails_unless_kubelet_takes_it(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/swaps", SWAPS "/dev/vdb partition 1048576 0 -2\n");
	assert_checked("", "fail", "SwapOn", "swap is on: /dev/vdb, 1024 MiB");
	assert_checked("swap=warn\n", "warn", "SwapOn", "");
	assert_checked("swap=allow\n", "pass", "HostReady", "");
	tree_write(&tree, "/var/lib/kubelet/config.yaml", "kind: X\nfailSwapOn: true\n");
	assert_checked("", "fail", "SwapOn", "");
	tree_write(&tree, "/var/lib/kubelet/config.yaml", "kind: X\nfailSwapOn: false\n");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/var/lib/kubelet/config.yaml", "x:\n  y: {failSwapOn: false}\n");
	process(8, "kubelet", NULL);
	assert_checked("", "fail", "SwapOn", "");
	tree_write(&tree, "/proc/8/cmdline", "kubelet --fail-swap-on=false");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/proc/swaps", "nonsense");
	assert_checked("", "unknown", "SwapUnreadable", "");
}

static void a_kubelet_that_runs_has_a_configuration_of_its_own(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/swaps", SWAPS "/dev/zram0 partition 1048576 0 -2\n");
	tree_write(&tree, "/var/lib/kubelet/config.yaml", "failSwapOn: true\n");
	process(8, "kubelet", NULL);
	tree_write(&tree, "/proc/8/cmdline", "kubelet --config /etc/kubelet.json --v=2");
	/* It runs in spite of the swap; why can't be read. */
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/etc/kubelet.json", "{\"kind\": \"X\", \"failSwapOn\": true}\n");
	assert_checked("", "fail", "SwapOn", "");
	tree_write(&tree, "/etc/kubelet.json", "{\"kind\": \"X\", \"failSwapOn\": false}\n");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/proc/8/cmdline", "kubelet --config=/nowhere --config-dir=/x");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/proc/8/cmdline", "kubelet --config-dir=/x");
	assert_checked("", "fail", "SwapOn", "");
	tree_write(&tree, "/proc/8/comm", "k3s-agent\n");
	assert_checked("", "pass", "HostReady", "");
}

static void control_groups_are_version_2_and_whole(void **state)
{
	static const char file[] = "/sys/fs/cgroup/cgroup.controllers";

	(void)state;
	tree_write(&tree, file, "cpuset cpu memory pids\n");
	assert_checked("", "warn", "NoController", "lacks the controller io");
	tree_write(&tree, file, "cpuset io pids\n");
	assert_checked("", "fail", "NoController", "lacks the controllers cpu memory");
	assert_int_equal(remove(tree_path(&tree, file)), 0);
	assert_checked("", "fail", "NoCgroups", "");
	/* A container's view: the first process knows. */
	tree_write(&tree, "/proc/1/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/proc/1/mounts", "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n");
	assert_checked("", "warn", "CgroupV1", "");
	tree_mkdir(&tree, "/sys/fs/cgroup/memory");
	assert_checked("", "warn", "CgroupV1", "version 1, or both mixed");
}

static void a_slow_clock_source_warns(void **state)
{
	static const char *const slow[] = {"hpet", "acpi_pm", "refined-jiffies"};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		snprintf(text, sizeof(text), "%s\n", slow[i]);
		tree_write(&tree,
			   "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			   text);
		assert_checked("", "warn", "SlowClock", slow[i]);
	}
}

static uint64_t uptime_s;

static uint64_t uptime(const struct sys *sys)
{
	(void)sys;
	return uptime_s * 1000000000;
}

static void judge_time(const struct timex *t, struct result *r)
{
	const struct sys sys = {.now = uptime};
	static const struct host_params params = {.clock_warn = 5};
	struct findings findings = {.n = 0};
	struct host h = {.sys = &sys, .params = &params, .findings = &findings, .result = r};

	host_judge_time(&h, t);
	findings_tell(&findings, r);
}

static void a_clock_is_judged_by_its_error_and_not_by_a_flag(void **state)
{
	struct result r = {0};

	(void)state;
	uptime_s = 60; /* on a first boot nobody has answered yet */
	judge_time(&(struct timex){.maxerror = 16000000, .status = STA_UNSYNC}, &r);
	assert_string_equal(r.reason, "NothingSeen");
	assert_string_equal(r.facts[0].name, "clock");
	uptime_s = 600;
	judge_time(&(struct timex){.maxerror = 16000000, .status = STA_UNSYNC}, &r);
	assert_string_equal(r.reason, "ClockUnsynchronised");
	judge_time(&(struct timex){.maxerror = 6000000}, &r);
	assert_string_equal(r.reason, "ClockUncertain");
	/* chrony without rtcsync. */
	judge_time(&(struct timex){.maxerror = 2000, .status = STA_UNSYNC}, &r);
	assert_string_equal(r.reason, "NothingSeen");
}

static void stalls_warn_and_fail(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/pressure/memory",
		   "full avg10=0.00 avg60=10.00 avg300=0 total=0\n");
	assert_checked("", "warn", "MemoryPressure", "in 10% of the last minute");
	tree_write(&tree, "/proc/pressure/memory",
		   "full avg10=0.00 avg60=50.00 avg300=0 total=0\n");
	assert_checked("", "fail", "MemoryPressure", "");
	tree_write(&tree, "/proc/pressure/memory", "full avg10=0.00 avg60=0.00 avg300=0 total=0\n");
	tree_write(&tree, "/proc/pressure/io", "full avg10=0.00 avg60=60.00 avg300=0 total=0\n");
	assert_checked("", "warn", "IoPressure", "waited for the disk");
	assert_checked("io_stall_warn=70%\n", "pass", "HostReady", "");
}

static void a_runtime_with_few_open_files_warns(void **state)
{
	(void)state;
	process(12, "containerd", NULL);
	limits(12, "1048576");
	assert_checked("", "pass", "HostReady", "");
	limits(12, "unlimited");
	assert_checked("", "pass", "HostReady", "");
	limits(12, "4096");
	assert_checked("", "warn", "FewOpenFiles", "containerd may have 4096 files open");
	assert_checked("files=4096\n", "pass", "HostReady", "");
}

static void a_port_of_kubelets_is_its_own(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/net/tcp", TCP KUBELET_LISTENS CONNECTED);
	/* Whose it is can't be seen: a container's view. */
	assert_checked("", "pass", "HostReady", "");
	process(12, "kubelet", "socket:[4711]");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/proc/12/comm", "k3s-agent\n");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/proc/12/comm", "ngi\x1bnx\n");
	assert_checked("", "fail", "PortTaken", "port 10250, kubelet, is taken by ngi?nx (12)");
}

static void ports_of_a_control_plane_matter_there_only(void **state)
{
	static const char text[] =
		TCP "   0: 00000000000000000000000000000000:192B "
		    "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
		    "00000000 0 0 99 1 0\n";

	(void)state;
	tree_write(&tree, "/proc/net/tcp6", text);
	process(12, "nginx", "socket:[99]");
	assert_checked("", "pass", "HostReady", "");
	assert_checked("role=control-plane\n", "fail", "PortTaken", "port 6443, the API server");
}

static void modules_are_missed_only_where_they_can_be_told(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/filesystems", "\text4\n");
	assert_checked("", "pass", "HostReady", ""); /* no /lib/modules */
	tree_write(&tree, "/lib/modules/6.1.0-test/modules.dep", "kernel/x.ko:\n");
	assert_checked("", "warn", "ModuleMissing", "overlay is not there");
	tree_write(&tree, "/lib/modules/6.1.0-test/modules.dep", "kernel/x/overlay.ko.xz: a.ko\n");
	assert_checked("", "pass", "HostReady", "");
	tree_write(&tree, "/etc/cni/net.d/10-x.conflist", "{\"plugins\":[{\"type\":\"bridge\"}]}");
	assert_checked("", "warn", "ModuleMissing", "br_netfilter is not there");
	tree_write(&tree, "/lib/modules/6.1.0-test/modules.dep",
		   "kernel/x/overlay.ko:\nkernel/br_netfilter.ko: a\n");
	assert_checked("", "warn", "ModuleMissing", "br_netfilter is not loaded");
	tree_mkdir(&tree, "/sys/module/br_netfilter");
	assert_checked("", "pass", "HostReady", "");
}

static void only_the_network_configuration_in_use_counts(void **state)
{
	static const char bridge[] = "{\"plugins\":[{\"type\":\"bridge\"}]}";

	(void)state;
	tree_write(&tree, "/lib/modules/6.1.0-test/modules.dep", "kernel/br_netfilter.ko: a\n");
	tree_write(&tree, "/etc/cni/net.d/05-cilium.conflist", "{\"type\":\"cilium-cni\"}");
	/* The runtime's own, a predecessor's that was put aside, and a text. */
	tree_write(&tree, "/etc/cni/net.d/11-crio-ipv4-bridge.conflist", bridge);
	tree_write(&tree, "/etc/cni/net.d/00-flannel.conflist.cilium_bak", bridge);
	tree_write(&tree, "/etc/cni/net.d/.kubernetes-cni-keep", bridge);
	assert_checked("", "pass", "HostReady", "");
	assert_int_equal(remove(tree_path(&tree, "/etc/cni/net.d/05-cilium.conflist")), 0);
	assert_checked("", "warn", "ModuleMissing", "br_netfilter is not loaded");
}

static void the_worst_comes_first(void **state)
{
	struct result r;

	(void)state;
	tree_write(&tree, "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory pids\n");
	process(12, "containerd", NULL);
	limits(12, "4096");
	tree_write(&tree, "/proc/swaps", SWAPS "/dev/vdb partition 1048576 0 -2\n");
	r = checked("");
	assert_string_equal(r.reason, "SwapOn");
	assert_contains(r.message, "and 2 more");
}

/* --- processes --- */

static int take(const struct sys *sys, unsigned pid, void *context)
{
	unsigned *sum = context;

	(void)sys;
	*sum = *sum * 100 + pid;
	return *sum >= 7000;
}

static void processes_are_walked_by_number(void **state)
{
	struct processes all;
	unsigned sum = 0;
	char *words = NULL;

	(void)state;
	process(12, "b", NULL);
	process(7, "a-name-of-fifteen-bytes-and-more", NULL);
	tree_mkdir(&tree, "/proc/3x");
	assert_int_equal(processes_each(&tree.sys, 1000, take, &sum), 0);
	assert_int_equal(sum, 712);
	sum = 70;
	assert_int_equal(processes_each(&tree.sys, 1000, take, &sum), 1);
	assert_int_equal(processes_read(&tree.sys, &all), 0);
	assert_int_equal(all.n, 2);
	assert_int_equal(processes_find(&all, "a-name-of-fifte")->pid, 7);
	assert_null(processes_find(&all, "c"));
	processes_clear(&all);
	assert_int_equal(process_words(&tree.sys, 7, &words), -ENOENT);
	tree_write(&tree, "/proc/7/cmdline", "");
	assert_int_equal(process_words(&tree.sys, 7, &words), -ENODATA);
	tree_write(&tree, "/proc/7/cmdline", "a\x1b b");
	assert_int_equal(process_words(&tree.sys, 7, &words), 0);
	assert_string_equal(words, "a? b");
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tree_tear_down)
		TEST(a_healthy_machine_passes),
		TEST(size_is_what_the_profile_asks_for),
		TEST(swap_fails_unless_kubelet_takes_it),
		TEST(a_kubelet_that_runs_has_a_configuration_of_its_own),
		TEST(control_groups_are_version_2_and_whole),
		TEST(a_slow_clock_source_warns),
		TEST(a_clock_is_judged_by_its_error_and_not_by_a_flag),
		TEST(stalls_warn_and_fail),
		TEST(a_runtime_with_few_open_files_warns),
		TEST(a_port_of_kubelets_is_its_own),
		TEST(ports_of_a_control_plane_matter_there_only),
		TEST(modules_are_missed_only_where_they_can_be_told),
		TEST(only_the_network_configuration_in_use_counts),
		TEST(the_worst_comes_first),
		TEST(processes_are_walked_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
