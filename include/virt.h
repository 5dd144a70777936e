/* SPDX-License-Identifier: Apache-2.0 */
/* Which hypervisor runs the machine, and whether it tells of steal. */
#pragma once

#include "sys.h"

enum steal_report {
	STEAL_NONE,     /* bare metal: nobody to steal */
	STEAL_REPORTED, /* the counter can be believed, a zero too */
	STEAL_UNTOLD,   /* this hypervisor does not report it, or one can't know */
};

struct virt {
	char name[16]; /* "none", "kvm", "xen", "vmware", "microsoft", "hypervisor", "unknown" */
	enum steal_report steal;
};

/* By CPUID's hypervisor leaves (0x40000000: signature; KVM's 0x40000001 EAX bit 5 is
 * KVM_FEATURE_STEAL_TIME, kernel: Documentation/virt/kvm/x86/cpuid.rst), else by
 * /proc/cpuinfo, /sys/hypervisor/type and DMI. */
void virt_detect(const struct sys *sys, struct virt *virt);

/* The machine's maker and product by DMI, or the processor's architecture. */
void virt_machine(const struct sys *sys, char *text, size_t size);
