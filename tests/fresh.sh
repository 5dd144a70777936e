#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README's two commands in a fresh Debian 12 that has only git, make and ca-certificates: they must
# install all else themselves. The root file system is cached in build/fresh.tar.
set -eu
cd "$(dirname "$0")/.."
tree=$(pwd) tar=$(pwd)/build/fresh.tar root=
mkdir -p build
if [ ! -f "$tar" ]; then
	# The format is named: mmdebstrap would make a folder of a name that does not end in .tar.
	mmdebstrap --variant=minbase --format=tar --include=git,make,ca-certificates bookworm "$tar.new"
	mv "$tar.new" "$tar"
fi

# A mount namespace of its own: whatever happens, no mount is left behind on this machine.
if [ -z "${NODEFIT_FRESH:-}" ]; then
	root=$(mktemp -d "${TMPDIR:-/var/tmp}/nodefit-fresh.XXXXXX")
	code=0
	NODEFIT_FRESH=$root unshare -m sh "$0" || code=$?
	rm -rf "$root"
	exit $code
fi
root=$NODEFIT_FRESH
mount --make-rprivate /
mount --bind "$root" "$root" # chroot's / must be a mount of its own for the tests' namespaces
cd "$root"
tar -C "$root" -xf "$tar"
mount -t proc proc "$root/proc"
# The tests look at /sys, and make links in namespaces of their own; global sysctls stay read-only.
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,ro,bind "$root/proc/sys"
# Names are looked up as on this machine.
cp /etc/resolv.conf /etc/hosts "$root/etc/"
git clone -q "$tree" "$root/root/nodefit"
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
	CI="${CI:-}" sh -eu -c '
	cd /root/nodefit
	make preflight
	make test
	build/release/nodefit preflight --json | jq -e ".schema==\"nodefit/v1\" and (.checks|length>=3)"
	make install
	nodefit profile list | grep kube-node
	make uninstall
	[ ! -e /usr/bin/nodefit ] && [ ! -e /usr/lib/nodefit ]'
echo "ok - README's two commands work in a fresh Debian 12"
