/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzzers share: libFuzzer's entry, and a machine of their own that consists of files below
 * $TMPDIR. run.sh takes it away again. */
#pragma once

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The machine; made at the first call. */
static inline const struct sys *tree(void)
{
	static struct sys sys;
	static char root[256];

	if (!*root) {
		const char *tmp = getenv("TMPDIR");
		int n = snprintf(root, sizeof(root), "%s/fuzz-XXXXXX", tmp ? tmp : "/tmp");

		assert(n > 0 && (size_t)n < sizeof(root) && mkdtemp(root));
		assert(sys_init(&sys, root) == 0);
	}
	return &sys;
}

/* Makes or replaces a file; its folder has to be there. */
static inline void tree_write(const char *path, const void *data, size_t size)
{
	int fd = sys_open(tree(), path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static inline void tree_mkdir(const char *path)
{
	int fd = sys_open_dir(tree(), path, 0700);

	assert(fd >= 0);
	close(fd);
}
