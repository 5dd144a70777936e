/* SPDX-License-Identifier: Apache-2.0 */
#include "virt.h"

#include "helpers.h"

static struct tree tree;

static int setup(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}

static void assert_detected(const char *name, enum steal_report steal)
{
	struct virt virt;

	virt_detect(&tree.sys, &virt);
	assert_string_equal(virt.name, name);
	assert_int_equal(virt.steal, steal);
}

static void assert_cpuid(const struct leaf *leaves, const char *name, enum steal_report steal)
{
	fake_leaves = leaves;
	tree.sys.cpuid = fake_cpuid;
	assert_detected(name, steal);
}

static void kvm_is_asked_whether_it_reports_steal(void **state)
{
	struct leaf leaves[] = {{.leaf = 1, .ecx = CPUID_HYPERVISOR},
				{.leaf = 0x40000000, .mark = "KVMKVMKVM"},
				{.leaf = 0x40000001, .eax = 1u << 5},
				{0}};

	(void)state;
	assert_cpuid(leaves, "kvm", STEAL_REPORTED);
	leaves[2].eax = ~(1u << 5);
	assert_cpuid(leaves, "kvm", STEAL_UNTOLD);
}

static void kvm_behind_hyper_vs_signature_is_found(void **state)
{
	static const struct leaf leaves[] = {
		{.leaf = 1, .ecx = CPUID_HYPERVISOR}, {.leaf = 0x40000000, .mark = "Microsoft Hv"},
		{.leaf = 0x40000001, .eax = 0},       {.leaf = 0x40000100, .mark = "KVMKVMKVM"},
		{.leaf = 0x40000101, .eax = 1u << 5}, {0}};

	(void)state;
	assert_cpuid(leaves, "kvm", STEAL_REPORTED);
}

static void every_known_signature_has_its_name(void **state)
{
	static const struct {
		const char *mark, *name;
		enum steal_report steal;
	} rows[] = {{"Microsoft Hv", "microsoft", STEAL_UNTOLD},
		    {"VMwareVMware", "vmware", STEAL_UNTOLD},
		    {"XenVMMXenVMM", "xen", STEAL_REPORTED},
		    {"TCGTCGTCGTCG", "qemu", STEAL_UNTOLD},
		    {"bhyve bhyve ", "bhyve", STEAL_UNTOLD},
		    {"SomebodyElse", "hypervisor", STEAL_UNTOLD},
		    {"", "hypervisor", STEAL_UNTOLD}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct leaf leaves[] = {{.leaf = 1, .ecx = CPUID_HYPERVISOR},
					      {.leaf = 0x40000000, .mark = rows[i].mark},
					      {0}};

		assert_cpuid(leaves, rows[i].name, rows[i].steal);
	}
}

static void without_the_hypervisor_bit_it_is_bare_metal(void **state)
{
	/* Intel answers leaves beyond its last one with that one's data. */
	static const struct leaf leaves[] = {{.leaf = 1, .ecx = ~CPUID_HYPERVISOR},
					     {.leaf = 0x40000000, .mark = "KVMKVMKVM"},
					     {0}};

	(void)state;
	assert_cpuid(leaves, "none", STEAL_NONE);
}

static void cpuid_is_believed_more_than_dmi(void **state)
{
	static const struct leaf leaves[] = {{.leaf = 1}, {0}};

	(void)state;
	tree_write(&tree, "/sys/class/dmi/id/product_name", "VMware7,1\n");
	assert_cpuid(leaves, "none", STEAL_NONE);
}

static void without_cpuid_the_maker_tells(void **state)
{
	static const struct {
		const char *vendor, *product, *name;
		enum steal_report steal;
	} rows[] = {{"QEMU\n", "Standard PC (Q35 + ICH9, 2009)\n", "kvm", STEAL_UNTOLD},
		    {"Hetzner\n", "vServer\n", "kvm", STEAL_UNTOLD},
		    {"Amazon EC2\n", "m7g.large\n", "kvm", STEAL_UNTOLD},
		    {"Amazon EC2\n", "m7g.metal\n", "none", STEAL_NONE},
		    {"VMware, Inc.\n", "VMware7,1\n", "vmware", STEAL_UNTOLD},
		    {"Microsoft Corporation\n", "Virtual Machine\n", "microsoft", STEAL_UNTOLD},
		    {"Xen\n", "HVM domU\n", "xen", STEAL_REPORTED},
		    {"OpenStack Foundation\n", "OpenStack Nova\n", "kvm", STEAL_UNTOLD},
		    {"Dell Inc.\n", "PowerEdge R650\n", "unknown", STEAL_UNTOLD}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tree_write(&tree, "/sys/class/dmi/id/sys_vendor", rows[i].vendor);
		tree_write(&tree, "/sys/class/dmi/id/product_name", rows[i].product);
		assert_detected(rows[i].name, rows[i].steal);
	}
}

static void without_a_maker_the_processors_flags_tell(void **state)
{
	(void)state;
	tree_write(&tree, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse hypervisor avx\n");
	assert_detected("hypervisor", STEAL_UNTOLD);
	tree_write(&tree, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse avx\n");
	assert_detected("none", STEAL_NONE);
	/* arm64 has no such flag: its absence means nothing. */
	tree_write(&tree, "/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
	assert_detected("unknown", STEAL_UNTOLD);
}

static void xens_own_file_tells(void **state)
{
	(void)state;
	tree_write(&tree, "/sys/hypervisor/type", "xen\n");
	assert_detected("xen", STEAL_REPORTED);
}

static void a_machine_that_says_nothing_is_unknown(void **state)
{
	(void)state;
	assert_detected("unknown", STEAL_UNTOLD);
}

static void the_machine_is_named_by_maker_and_product(void **state)
{
	char text[96];

	(void)state;
	tree_write(&tree, "/sys/class/dmi/id/sys_vendor", "Hetzner \n");
	tree_write(&tree, "/sys/class/dmi/id/product_name", "vServer\n");
	virt_machine(&tree.sys, text, sizeof(text));
	assert_string_equal(text, "Hetzner vServer");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(kvm_is_asked_whether_it_reports_steal),
		TEST(kvm_behind_hyper_vs_signature_is_found),
		TEST(every_known_signature_has_its_name),
		TEST(without_the_hypervisor_bit_it_is_bare_metal),
		TEST(cpuid_is_believed_more_than_dmi),
		TEST(without_cpuid_the_maker_tells),
		TEST(without_a_maker_the_processors_flags_tell),
		TEST(xens_own_file_tells),
		TEST(a_machine_that_says_nothing_is_unknown),
		TEST(the_machine_is_named_by_maker_and_product),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
