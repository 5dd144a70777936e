/* SPDX-License-Identifier: Apache-2.0 */
#include "virt.h"

#include <string.h>
#include <sys/utsname.h>

#define LEAF_FEATURES   1
#define HYPERVISOR_BIT  (1u << 31) /* of leaf 1's ECX */
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_LAST       0x40000400u
#define LEAF_STEP       0x100u
#define KVM_STEAL_TIME  (1u << 5)

/* A hypervisor's CPUID signature, or how DMI's maker or product begins. KVM says by a bit whether
 * it reports; Xen always does (kernel: arch/x86/xen/time.c); VMware since its steal clock (kernel:
 * arch/x86/kernel/cpu/vmware.c), whose zero can't be told from an absent clock. */
static const struct {
	const char *mark, *name;
	enum steal_report steal;
} signatures[] =
	{
		{"KVMKVMKVM", "kvm", STEAL_UNTOLD},
		{"Linux KVM Hv", "kvm", STEAL_UNTOLD},
		{"XenVMMXenVMM", "xen", STEAL_REPORTED},
		{"VMwareVMware", "vmware", STEAL_UNTOLD},
		{"Microsoft Hv", "microsoft", STEAL_UNTOLD},
		{"TCGTCGTCGTCG", "qemu", STEAL_UNTOLD},
		{"bhyve bhyve ", "bhyve", STEAL_UNTOLD},
		{"ACRNACRNACRN", "acrn", STEAL_UNTOLD},
},
  makers[] = {
	  {"QEMU", "kvm", STEAL_UNTOLD},      {"Amazon EC2", "kvm", STEAL_UNTOLD},
	  {"Google", "kvm", STEAL_UNTOLD},    {"Xen", "xen", STEAL_REPORTED},
	  {"VMware", "vmware", STEAL_UNTOLD}, {"Microsoft Corporation", "microsoft", STEAL_UNTOLD},
	  {"Hetzner", "kvm", STEAL_UNTOLD},   {"DigitalOcean", "kvm", STEAL_UNTOLD},
	  {"OpenStack", "kvm", STEAL_UNTOLD}, {"KubeVirt", "kvm", STEAL_UNTOLD},
};

static void set(struct virt *virt, const char *name, enum steal_report steal)
{
	snprintf(virt->name, sizeof(virt->name), "%s", name);
	virt->steal = steal;
}

/* A hypervisor that also speaks another's language puts its own leaves higher up, as the kernel's
 * hypervisor_cpuid_base() expects: the highest known one is the real one. */
static bool by_cpuid(const struct sys *sys, struct virt *virt)
{
	uint32_t r[4];

	if (!sys->cpuid(sys, LEAF_FEATURES, r))
		return false;
	if (!(r[2] & HYPERVISOR_BIT)) {
		set(virt, "none", STEAL_NONE);
		return true;
	}
	set(virt, "hypervisor", STEAL_UNTOLD);
	for (uint32_t base = LEAF_HYPERVISOR; base <= LEAF_LAST; base += LEAF_STEP) {
		char mark[13] = "";

		sys->cpuid(sys, base, r);
		memcpy(mark, &r[1], 12);
		for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
			if (strcmp(mark, signatures[i].mark) == 0)
				set(virt, signatures[i].name, signatures[i].steal);
		if (strcmp(mark, "KVMKVMKVM") == 0) {
			sys->cpuid(sys, base + 1, r);
			virt->steal = r[0] & KVM_STEAL_TIME ? STEAL_REPORTED : STEAL_UNTOLD;
		}
	}
	return true;
}

/* A line of the machine's identity (the caller's), or NULL. */
static char *dmi(const struct sys *sys, const char *name)
{
	char path[64], *text = NULL;

	snprintf(path, sizeof(path), "/sys/class/dmi/id/%s", name);
	return sys_read_line(sys, path, &text) == 0 ? text : NULL;
}

static bool by_maker(const struct sys *sys, const char *field, struct virt *virt)
{
	_cleanup_free char *text = dmi(sys, field);

	if (!text)
		return false;
	if (strstr(text, ".metal")) { /* Amazon's bare-metal instances */
		set(virt, "none", STEAL_NONE);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
		if (strncmp(text, makers[i].mark, strlen(makers[i].mark)) == 0) {
			set(virt, makers[i].name, makers[i].steal);
			return true;
		}
	}
	return false;
}

static bool by_xen(const struct sys *sys, struct virt *virt)
{
	_cleanup_free char *type = NULL;

	if (sys_read_line(sys, "/sys/hypervisor/type", &type) < 0 || strcmp(type, "xen") != 0)
		return false;
	set(virt, "xen", STEAL_REPORTED);
	return true;
}

/* x86 names its hypervisor's presence among the flags, or it is bare metal. */
static bool by_flags(const struct sys *sys, struct virt *virt)
{
	_cleanup_free char *text = NULL;

	if (sys_read(sys, "/proc/cpuinfo", 1 << 24, &text, NULL) < 0 || !strstr(text, "flags\t"))
		return false;
	if (strstr(text, " hypervisor"))
		set(virt, "hypervisor", STEAL_UNTOLD);
	else
		set(virt, "none", STEAL_NONE);
	return true;
}

void virt_detect(const struct sys *sys, struct virt *virt)
{
	if (by_cpuid(sys, virt) || by_xen(sys, virt))
		return;
	/* No CPUID (arm64, or --root): who made the machine tells most of the time. */
	if (by_maker(sys, "product_name", virt) || by_maker(sys, "sys_vendor", virt) ||
	    by_flags(sys, virt))
		return;
	set(virt, "unknown", STEAL_UNTOLD);
}

void virt_machine(const struct sys *sys, char *text, size_t size)
{
	_cleanup_free char *maker = dmi(sys, "sys_vendor"), *product = dmi(sys, "product_name");
	struct utsname u;

	if (maker && product)
		snprintf(text, size, "%s %s", maker, product);
	else
		snprintf(text, size, "%s", uname(&u) == 0 ? u.machine : "");
}
