/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written and made durable as etcd does it with its write-ahead log. */
#pragma once

#include "sys.h"

#define SYNC_BYTES 2300 /* of one write: what etcd's guidance benchmarks */

/* Opens the folder or its nearest existing parent, and cuts `path` to that. A descriptor or -errno.
 */
int syncfile_folder(const struct sys *sys, char *path);
/* A file without a name: nothing is left behind, whatever happens to the process. A descriptor or
 * -errno. */
int syncfile_open(int folder);
/* Gives it its size. 0 or -errno. */
int syncfile_preallocate(int fd, off_t bytes);
/* What is written. */
void syncfile_fill(char data[SYNC_BYTES]);
/* One append and its fdatasync; the latter's time in ms. 0 or -errno. */
int syncfile_sample(const struct sys *sys, int fd, const char *data, double *ms);
