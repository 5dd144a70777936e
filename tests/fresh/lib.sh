# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by what follows README in a fresh Debian 12: one that has git, make and ca-certificates, and
# a clone of this tree. Needs $tree.

# Unpacks it into FOLDER. It is cached in build/fresh.tar.
fresh_unpack() { # FOLDER
	fresh_tar=$tree/build/fresh.tar
	mkdir -p "$tree/build"
	if [ ! -f "$fresh_tar" ]; then
		# The format is named: mmdebstrap would make a folder of a name that does not end in .tar.
		mmdebstrap --variant=minbase --format=tar --include=git,make,ca-certificates bookworm "$fresh_tar.new" &&
			mv "$fresh_tar.new" "$fresh_tar" || return 1
	fi
	tar -C "$1" -xf "$fresh_tar" && git clone -q "$tree" "$1/root/nodefit" &&
		# Names are looked up as on this machine.
		cp /etc/resolv.conf /etc/hosts "$1/etc/"
}

# Runs a command in it, as root, in the clone, with this machine's network. The mount namespace is its
# own: whatever happens, no mount is left behind on this machine.
in_fresh() { # FOLDER COMMAND
	# shellcheck disable=SC2016 # the inner shell expands it
	FRESH=$1 unshare -m sh -euc '
		mount --make-rprivate /
		mount --bind "$FRESH" "$FRESH" # the / of chroot must be a mount for the namespaces of the tests
		cd "$FRESH"
		mount -t proc proc proc
		# The tests look at /sys, and make links in namespaces of their own; global sysctls stay read-only.
		mount --rbind /sys sys
		mount --rbind /dev dev
		mount --bind proc/sys proc/sys
		mount --bind proc/sys/net proc/sys/net
		mount -o remount,ro,bind proc/sys
		exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
			DEBIAN_FRONTEND=noninteractive CI="${CI:-}" sh -euc "cd /root/nodefit && $1"' sh "$2"
}
