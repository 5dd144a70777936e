/* SPDX-License-Identifier: Apache-2.0 */
/* Making a NIC's settings survive a reboot through systemd-udevd's .link files, without ever
 * renaming a NIC. The first file, by name, whose [Match] fits a device governs it alone
 * (systemd.link(5)); a new file that came first and had no NamePolicy= would change its name.
 *
 * Where the governing file speaks of this device only, nodefit adds the drop-in
 * /etc/systemd/network/BASE.d/95-nodefit.conf. Elsewhere (99-default.link governs every device, so
 * a drop-in would hit them all) it writes a .link file of its own that sorts before the governing
 * one: its [Match] is the governing file's, narrowed to this device, and all else is a copy of the
 * governing file with what nodefit sets at the end, so that names stay as they are.
 *
 * udevd applies .link files when a device is added: at boot, not now. Settings that an older
 * systemd does not know it passes over with a warning in its log. */
#pragma once

#include "sys.h"

struct link_setting {
	const char *name;  /* as .link spells it: "MTUBytes", "CombinedChannels", ... */
	const char *value; /* as .link wants it: "1450", "max", "no", "50us" */
};

/* Writes the file for one device unless it says the same already, and takes away what an earlier
 * call wrote for the device under another name. `ifindex` finds the device in udev's database
 * (/run/udev/data); `permanent_mac` ("52:54:00:12:34:56") is what the kernel reports as
 * IFLA_PERM_ADDRESS or by ETHTOOL_GPERMADDR, NULL where it has none. *path (owned by the caller) is
 * the file. 0, or -errno with *why in words; then nothing was written:
 * -EINVAL a name or value that can't stand in the file, -ENOENT udev's database does not say which
 * file governs the device, -ESTALE the files have changed since it was asked, -EBADMSG a file that
 * can't be read safely, -ENOTUNIQ nothing names this device alone, -ENOTSUP no file name sorts
 * right, -EBUSY a later drop-in has the last word, -EEXIST a foreign file is in the way. */
int linkfile_write(const struct sys *sys, const char *ifname, unsigned ifindex,
		   const char *permanent_mac, const struct link_setting *settings, size_t n,
		   const char *profile_name, char **path, char **why);

/* Could it be written? The same answers; nothing is written. */
int linkfile_check(const struct sys *sys, const char *ifname, unsigned ifindex,
		   const char *permanent_mac, const struct link_setting *settings, size_t n,
		   char **path, char **why);

/* Removes every file of ours and appends their paths to *removed. A file of such a name without
 * nodefit's first line is refused (-EEXIST with *why, nothing removed) unless `force`. 0 (also when
 * there is none) or -errno with *why. */
int linkfile_remove_all(const struct sys *sys, bool force, struct strings *removed, char **why);

/* Appends the paths of the files of ours. 0 or -ENOMEM. */
int linkfile_ours(const struct sys *sys, struct strings *paths);

/* --- between the files of agent/persist/ --- */

/* A device's property in udev's database (/run/udev/data/n<ifindex>): *value is owned by the caller
 * and untouched when there is none. 0 or -errno; -ENOENT when the device is not in there. */
int linkfile_property(const struct sys *sys, unsigned ifindex, const char *key, char **value);

#define LINKFILE_DIR       "/etc/systemd/network"
#define LINKFILE_DROPIN    "95-nodefit.conf"
#define LINKFILE_SIGNATURE "# Written by nodefit"

/* Is the file there, and does it begin with the signature? 1 ours, 0 foreign, or -errno. */
int linkfile_is_ours(const struct sys *sys, const char *path);
/* The paths of all files that are named as ours are. 0 or -ENOMEM. */
int linkfile_list(const struct sys *sys, struct strings *paths);
/* Removes one file, and its drop-in folder when that is empty then. 0 or -errno. */
int linkfile_remove(const struct sys *sys, const char *path);
