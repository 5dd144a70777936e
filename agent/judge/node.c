/* SPDX-License-Identifier: Apache-2.0 */

#include "procstat.h"
#include "report.h"
#include "virt.h"

static void read_into(const struct sys *sys, const char *path, char *to, size_t size)
{
	_cleanup_free char *text = NULL;

	if (sys_read_line(sys, path, &text) == 0)
		snprintf(to, size, "%s", text);
}

void node_describe(const struct sys *sys, struct node *node)
{
	struct proc_stat stat;
	struct virt virt;

	*node = (struct node){0};
	read_into(sys, "/proc/sys/kernel/hostname", node->name, sizeof(node->name));
	read_into(sys, "/proc/sys/kernel/osrelease", node->kernel, sizeof(node->kernel));
	read_into(sys, "/proc/sys/kernel/random/boot_id", node->boot_id, sizeof(node->boot_id));
	if (procstat_read(sys, &stat) == 0) {
		node->cpus = (unsigned)stat.n;
		procstat_clear(&stat);
	}
	virt_detect(sys, &virt);
	snprintf(node->virt, sizeof(node->virt), "%s", virt.name);
	virt_machine(sys, node->machine, sizeof(node->machine));
}
