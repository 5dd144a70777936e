/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's configuration, packed and as text, and what os-release and the rest say of a node. */
#include "tree.h"

#include <sys/mman.h>

#include "ebpf.h"
#include "scraper.h"

static void check_packed(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct kconfig k;

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	if (kconfig_unpack(fd, &k) == 0)
		assert(k.marked);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t first = line ? (size_t)(line - data) : size;
	struct cilium_version version = {.major = 1, .minor = 18};
	struct ebpf_node *node = calloc(1, sizeof(*node));
	struct findings *findings = calloc(1, sizeof(*findings));
	char text[64];

	assert(node && findings);
	check_packed(data, size);
	for (const char *folder = "/proc\0/proc/sys\0/proc/sys/kernel\0/boot\0/etc\0"; *folder;
	     folder += strlen(folder) + 1)
		tree_mkdir(folder);
	tree_write("/proc/sys/kernel/osrelease", "1-1\n", 4);
	tree_write("/boot/config-1-1", data, size);
	tree_write("/etc/os-release", data, size);
	ebpf_read(tree(), node);
	snprintf(text, sizeof(text), "%.*s", (int)(first < 63 ? first : 63), (const char *)data);
	(void)cilium_version_parse(text, &version);
	assert(version.major <= 99 && version.minor <= 999);
	ebpf_judge(node, &version, findings);
	assert(findings->n <= FINDINGS_MOST);
	for (size_t i = 0; i < findings->n; i++)
		assert(*findings->v[i].reason && *findings->v[i].text);
	free(node);
	free(findings);
	return 0;
}
