/* SPDX-License-Identifier: Apache-2.0 */
/* Names of sysctls, read as systemd's sysctl_normalize() reads them (src/shared/sysctl-util.c):
 * when the first separator is a slash the name is a path already; when it is a dot, dots and
 * slashes change places, so that "net.ipv4.conf.eth0/200.forwarding" is the VLAN eth0.200's. */
#pragma once

#include "util.h"

/* Turns a name into its path below /proc/sys ("net/ipv4/conf/eth0.200/forwarding"), with repeated
 * and leading slashes removed. *path is the caller's. 0, -ENOMEM, or -EINVAL for an empty name, a
 * name without separator, "." or ".." as a part, control characters, or more than 255 bytes. */
int key_path(const char *name, char **path);
/* The dotted name that key_path() turns into this path. *name is the caller's. 0 or -ENOMEM. */
int key_name(const char *path, char **name);
/* Does it hold a glob character (* ? [)? */
bool key_is_glob(const char *path);
