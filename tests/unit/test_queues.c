/* SPDX-License-Identifier: Apache-2.0 */
/* Which interrupts are queues', and what is said of a NIC's channels. */
#include "queues.h"

#include "check.h"
#include "helpers.h"

static void masks_are_counted(void **state)
{
	static const struct {
		const char *mask;
		unsigned cpus;
	} rows[] = {{"0", 0},
		    {"1", 1},
		    {"00000000,00000003", 2},
		    {"ff", 8},
		    {"ffffffff,ffffffff", 64},
		    {"A", 2},
		    {"", 0},
		    {"3 ", 0},
		    {"0x3", 0},
		    {"3\n", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(queues_mask_cpus(rows[i].mask), rows[i].cpus);
}

static void queues_are_told_from_other_interrupts(void **state)
{
	static const struct {
		const char *name, *link;
		bool queue;
	} rows[] = {{"virtio0-input.0", "eth0", true},
		    {"virtio0-output.11", "ens3", true},
		    {"virtio0-config", "eth0", false},
		    {"virtio0-control", "eth0", false},
		    {"eth0-TxRx-3", "eth0", true},
		    {"iavf-ens5-TxRx-0", "ens5", true},
		    {"ens5-Tx-Rx-7", "ens5", true},
		    {"ena-mgmnt@pci:0000:00:05.0", "ens5", false},
		    {"mlx5_comp2@pci:0000:08:00.0", "ens1", true},
		    {"mlx5_async0@pci:0000:08:00.0", "ens1", false},
		    {"gve-ntfy-blk3@pci:0000:00:04.0", "ens4", true},
		    {"i40e-0000:01:00.0:misc", "eno1", false},
		    {"eth0", "eth0", false},
		    {"", "eth0", false},
		    {"@pci:0000:08:00.0", "eth0", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (queues_is_queue_irq(rows[i].name, rows[i].link, 0) != rows[i].queue)
			fail_msg("\"%s\" of %s", rows[i].name, rows[i].link);
}

static void idle_queues_of_virtio_do_not_count(void **state)
{
	(void)state;
	assert_true(queues_is_queue_irq("virtio0-input.1", "eth0", 2));
	assert_false(queues_is_queue_irq("virtio0-input.2", "eth0", 2));
	assert_false(queues_is_queue_irq("virtio12-output.10", "eth0", 2));
	assert_true(queues_is_queue_irq("eth0-TxRx-9", "eth0", 2)); /* others number as they like */
}

static void an_interrupts_name_is_found(void **state)
{
	static const char text[] =
		"           CPU0       CPU1       \n"
		"  3:          1          0  IO-APIC   5-edge      ACPI:Ged\n"
		" 38:          0       6114 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0\n"
		"138:          0          0 PCI-MSIX   1-edge      eth0, eth1 \t\n"
		" 40:\n"
		"NMI:          0          0   Non-maskable interrupts\n"
		" 41:       7        0  x last";
	char name[64] = "untouched";

	(void)state;
	assert_false(queues_irq_name(text, 8, name, sizeof(name)));
	assert_false(queues_irq_name("", 8, name, sizeof(name)));
	assert_false(queues_irq_name("8", 8, name, sizeof(name)));
	assert_string_equal(name, "untouched");
	assert_true(queues_irq_name(text, 38, name, sizeof(name)));
	assert_string_equal(name, "virtio2-input.0");
	assert_true(queues_irq_name(text, 138, name, sizeof(name)));
	assert_string_equal(name, "eth1");
	assert_true(queues_irq_name(text, 40, name, sizeof(name)));
	assert_string_equal(name, "");
	assert_true(queues_irq_name(text, 41, name, sizeof(name)));
	assert_string_equal(name, "last");
	assert_true(queues_irq_name(text, 38, name, 7));
	assert_string_equal(name, "virtio");
}

static const struct queues_rule vm = {.cpus = 4, .enough = 8};

static struct result judge_by(const struct nic_queues *q, const struct queues_rule *rule)
{
	struct findings findings = {0};
	struct result r = {0};

	queues_judge(q, rule, &findings);
	findings_tell(&findings, &r);
	return r;
}

static void assert_judged(const struct nic_queues *q, const struct queues_rule *rule,
			  enum verdict verdict, const char *reason, const char *message,
			  const char *advice)
{
	struct result r = judge_by(q, rule);

	assert_string_equal(verdict_text(r.verdict), verdict_text(verdict));
	assert_string_equal(r.reason, reason);
	assert_contains(r.message, message);
	assert_contains(r.advice, advice);
}

static void channels_that_lie_idle_warn_with_the_line_that_uses_them(void **state)
{
	struct nic_queues q = {.name = "eth0", .combined = true, .now = 1, .most = 8};

	(void)state;
	assert_judged(&q, &vm, VERDICT_WARN, "QueuesUnused",
		      "eth0: 1 channel for 4 CPUs, 8 at the most",
		      "`[net] channels=combined max` in the profile, or now: ethtool -L eth0 "
		      "combined 4");
	q.combined = false;
	q.most = 2;
	assert_judged(&q, &vm, VERDICT_WARN, "QueuesUnused", "2 at the most",
		      "`[net] channels=rx max tx max` in the profile, or now: ethtool -L eth0 rx 2 "
		      "tx 2");
}

static void a_channel_a_cpu_passes(void **state)
{
	struct nic_queues q = {.name = "eth0", .combined = true, .now = 4, .most = 8};

	(void)state;
	assert_judged(&q, &vm, VERDICT_PASS, "QueuesSpread", "4 channels for 4 CPUs", "");
}

static void a_device_with_too_few_is_the_hypervisors(void **state)
{
	struct queues_rule metal = {.cpus = 4, .enough = 8, .bare_metal = true};
	struct nic_queues q = {.name = "eth0", .combined = true, .now = 1, .most = 1};

	(void)state;
	assert_judged(&q, &vm, VERDICT_WARN, "QueuesTooFew", "1 at the most",
		      "only the hypervisor can grant more queues; receive packet steering (RPS)");
	assert_judged(&q, &metal, VERDICT_WARN, "QueuesTooFew", "1 at the most",
		      "this NIC has no more queues");
	q.rps = 1; /* one CPU for all is no spreading */
	assert_judged(&q, &vm, VERDICT_WARN, "QueuesTooFew", "1 at the most", "");
	q.rps = 4;
	assert_judged(&q, &vm, VERDICT_PASS, "QueuesSteered", "(RPS) spreads them over 4 CPUs", "");
	q.rps = 0;
	q.is_virtual = true;
	assert_judged(&q, &vm, VERDICT_PASS, "QueuesOfSoftware", "made in software", "");
}

static void enough_is_enough(void **state)
{
	struct queues_rule big = {.cpus = 64, .enough = 8};
	struct nic_queues q = {.name = "eth0", .combined = true, .now = 8, .most = 63};

	(void)state;
	assert_judged(&q, &big, VERDICT_PASS, "QueuesSpread", "8 channels for 64 CPUs", "");
	q.now = 7;
	assert_judged(&q, &big, VERDICT_WARN, "QueuesUnused", "7 channels", "combined 63");
	q.most = 7;
	assert_judged(&q, &big, VERDICT_WARN, "QueuesTooFew", "7 at the most", "hypervisor");
}

static void one_cpu_has_nothing_to_spread(void **state)
{
	struct queues_rule one = {.cpus = 1, .enough = 8};
	struct nic_queues q = {
		.name = "eth0", .now = 2, .most = 4, .irqs = 2, .irq_cpus = 1, .error = -EPERM};

	(void)state;
	assert_judged(&q, &one, VERDICT_PASS, "OneCpu", "nothing to spread", "");
}

static void a_driver_that_tells_nothing_is_told(void **state)
{
	struct nic_queues q = {
		.name = "ens1", .driver = "vmxnet3", .error = -EOPNOTSUPP, .rx_queues = 4};

	(void)state;
	assert_judged(&q, &vm, VERDICT_PASS, "QueuesUntold",
		      "ens1: vmxnet3 tells no channels; it has 4 receive queues", "");
	q.driver = "";
	q.error = 0; /* it answers, but says 0 */
	assert_judged(&q, &vm, VERDICT_PASS, "QueuesUntold", "its driver tells no channels", "");
	q.error = -EPERM;
	assert_judged(&q, &vm, VERDICT_UNKNOWN, "QueuesUnreadable", "Operation not permitted",
		      "as root");
}

static void all_interrupts_on_one_cpu_warn(void **state)
{
	struct nic_queues q = {.name = "eth0",
			       .combined = true,
			       .now = 4,
			       .most = 4,
			       .irqs = 8,
			       .irq_cpus = 1,
			       .irq_cpu = 3};

	(void)state;
	assert_judged(&q, &vm, VERDICT_WARN, "QueuesOnOneCpu",
		      "CPU 3 alone serves the interrupts of all 8 queues", "irqbalance");
	q.irq_cpus = 2;
	assert_judged(&q, &vm, VERDICT_PASS, "QueuesSpread", "4 channels", "");
	q.now = q.most = 1; /* nothing to spread: one complaint is enough */
	q.irq_cpus = 1;
	assert_judged(&q, &vm, VERDICT_WARN, "QueuesTooFew", "1 channel", "hypervisor");
}

static void the_worst_finding_decides_and_the_others_are_told(void **state)
{
	struct findings f = {0};
	struct result r = {0};

	(void)state;
	findings_tell(&f, &r);
	assert_int_equal(r.verdict, VERDICT_UNKNOWN);
	finding_add(&f, VERDICT_PASS, "Fine", "fine");
	finding_advise(finding_add(&f, VERDICT_WARN, "Lame", "lame"), "shoe it");
	finding_advise(finding_add(&f, VERDICT_FAIL, "Dead", "dead"), "bury it");
	finding_add(&f, VERDICT_UNKNOWN, "Unseen", "unseen");
	findings_tell(&f, &r);
	assert_int_equal(r.verdict, VERDICT_FAIL);
	assert_string_equal(r.reason, "Dead");
	assert_string_equal(r.message, "dead; and 2 more");
	assert_string_equal(r.advice, "bury it");
	assert_int_equal(r.n_facts, 2);
	assert_string_equal(r.facts[0].name, "also_1");
	assert_string_equal(r.facts[0].value, "unseen"); /* the worse first: places are few */
	assert_string_equal(r.facts[1].value, "lame -> shoe it");
}

static void a_full_list_keeps_the_worst(void **state)
{
	struct findings f = {0};
	struct result r = {0};

	(void)state;
	for (int i = 0; i < FINDINGS_MOST; i++)
		finding_add(&f, VERDICT_PASS, "Fine", "fine");
	finding_add(&f, VERDICT_FAIL, "Dead", "dead");
	finding_add(&f, VERDICT_WARN, "Lame", "lame");
	assert_int_equal(f.n, FINDINGS_MOST);
	findings_tell(&f, &r);
	assert_string_equal(r.reason, "Dead");
	assert_int_equal(r.n_facts, 0);
}

static void no_progress(const struct check_run *run, const char *fmt, ...)
{
	(void)run;
	(void)fmt;
}

/* Links are the kernel's: a tree of files has none. */
static void another_root_is_unknown_in_words(void **state)
{
	static const char *const names[] = {"queues", "link", "mtu"};

	(void)state;
	tree_open(&tree, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct check *check = check_find(names[i]);
		_cleanup_free void *params = calloc(1, check->params_size);
		struct check_run run = {
			.sys = &tree.sys, .params = params, .progress = no_progress};
		struct result r = {0};

		check->run(&run, &r);
		assert_int_equal(r.verdict, VERDICT_UNKNOWN);
		assert_string_equal(r.reason, "NicUnreachable");
		assert_contains(r.message, "network namespace");
	}
	tree_close(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_are_counted),
		cmocka_unit_test(queues_are_told_from_other_interrupts),
		cmocka_unit_test(idle_queues_of_virtio_do_not_count),
		cmocka_unit_test(an_interrupts_name_is_found),
		cmocka_unit_test(channels_that_lie_idle_warn_with_the_line_that_uses_them),
		cmocka_unit_test(a_channel_a_cpu_passes),
		cmocka_unit_test(a_device_with_too_few_is_the_hypervisors),
		cmocka_unit_test(enough_is_enough),
		cmocka_unit_test(one_cpu_has_nothing_to_spread),
		cmocka_unit_test(a_driver_that_tells_nothing_is_told),
		cmocka_unit_test(all_interrupts_on_one_cpu_warn),
		cmocka_unit_test(the_worst_finding_decides_and_the_others_are_told),
		cmocka_unit_test(a_full_list_keeps_the_worst),
		cmocka_unit_test(another_root_is_unknown_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
