/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the sysctl tuner. */
#pragma once

#include "sysctld.h"
#include "tuner.h"

/* The base name of the file that `apply --persist` writes. */
#define PERSIST_DIR  "/etc/sysctl.d"
#define PERSIST_FILE "95-nodefit.conf"

/* The exact value below /proc/sys, without its newline. 0 or -errno. */
int sysctl_read(const struct sys *sys, const char *path, char **value);

/* Fills contested_by and contests: every sysctl.d entry that would win over the wish at boot or
 * disagrees with it. 0 or -ENOMEM. */
int contests_find(const struct sysctld *files, const char *path, enum op op, const char *wanted,
		  struct change *c);

/* Notes on net.ipv4.ip_local_port_range which of a node's ports it would hand out, with the
 * reserved list as it will be. 0 or -errno. */
int ports_judge(const struct sys *sys, struct changes *changes);
