/* SPDX-License-Identifier: Apache-2.0 */
/* Who else sets a NIC's MTU, and so would put it back: the configuration of systemd-networkd and
 * udev, netplan, NetworkManager, the network scripts, ifupdown, dhclient and dhcpcd, by file and
 * line. cloud-init writes into these. */
#pragma once

#include "sys.h"

/* Finds what disagrees with the wanted MTU (bytes) or takes it from DHCP or router advertisements.
 * `mac` ("52:54:00:12:34:56") is the NIC's address, or NULL: rules by address are then told as what
 * "may" apply, as are rules by what isn't looked at here (drivers, conditions). Appends "file:line"
 * to *places and, index by index, "file:line: what stands there" to *words. Files that can't be
 * read and lines that make no sense are passed over; netplan's file that nodefit-net doesn't read
 * is told at its line 1, for it may hold one. 0 or -ENOMEM (both lists as they were). */
int mtu_writers_find(const struct sys *sys, const char *ifname, const char *mac, unsigned mtu,
		     struct strings *places, struct strings *words);

/* --- between the files of agent/persist/ --- */

struct mtu_search {
	const struct sys *sys;
	const char *ifname;
	const char *mac; /* or NULL */
	unsigned mtu;
	struct strings *places, *words;
};

/* One file format each. 0 or -ENOMEM. */
int mtu_in_networkd(const struct mtu_search *s);
int mtu_in_link(const struct mtu_search *s);
int mtu_in_netplan(const struct mtu_search *s);
int mtu_in_keyfiles(const struct mtu_search *s);
int mtu_in_ifcfg(const struct mtu_search *s);
int mtu_in_ifupdown(const struct mtu_search *s);
int mtu_in_dhcpcd(const struct mtu_search *s);

/* Does a rule apply to the NIC? */
enum mtu_fit { MTU_NO, MTU_MAYBE, MTU_YES };

/* Adds a place and its words. 0 or -ENOMEM. */
int mtu_tell(const struct mtu_search *s, const char *file, unsigned line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Tells "WHO sets MTU VALUE on IFNAME" if VALUE is a number other than the wanted MTU; "may set"
 * unless the rule surely applies. 0 or -ENOMEM. */
int mtu_tell_value(const struct mtu_search *s, const char *file, unsigned line, const char *who,
		   const char *value, enum mtu_fit fit);
/* Is it the NIC's address, in any case and with ":" or "-"? MTU_MAYBE when that is not known. */
enum mtu_fit mtu_is_mac(const struct mtu_search *s, const char *text);
/* yes, true, on, 1, ... */
bool mtu_is_yes(const char *text);

/* Calls take() for each line of a file, stripped, without those that are too long or binary. Stops
 * at a negative answer and returns it; 0 when the file can't be read. */
typedef int (*mtu_line_fn)(void *context, const char *file, unsigned line, char *text);
int mtu_each_line(const struct sys *sys, const char *file, mtu_line_fn take, void *context);
