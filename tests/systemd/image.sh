#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian 12 that the packages are tried in, once: FOLDER/debian-12.tar, with what they
# depend on but not them. usage: tests/systemd/image.sh FOLDER
set -eu
mkdir -p "$1"
tar=$1/debian-12.tar
packages=systemd,systemd-sysv,dbus,udev,iproute2,procps
packages=$packages,libnl-3-200,libnl-genl-3-200,libjansson4,libinih1,libyaml-0-2,libcurl4,libmicrohttpd12,zlib1g,ca-certificates
# Another list makes another image.
[ "$(cat "$tar.packages" 2>/dev/null)" != "$packages" ] || [ ! -f "$tar" ] || exit 0
mmdebstrap --quiet --variant=minbase --format=tar --include=$packages bookworm "$tar.new"
mv "$tar.new" "$tar"
echo $packages >"$tar.packages"
