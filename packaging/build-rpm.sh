#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the RPM packages. usage: packaging/build-rpm.sh FOLDER VERSION
# Where dpkg has the build's libraries rpm knows nothing of them, and is not asked.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1"
folder=$(cd "$1" && pwd) version=$2 nodeps=
rm -rf "$folder/top" "$folder"/*.rpm
mkdir -p "$folder/top/SOURCES"
tar -c --exclude=./build --exclude=./.git --sort=name --owner=0 --group=0 --numeric-owner \
	--transform="s|^\.|nodefit-$version|" . | gzip -n >"$folder/top/SOURCES/nodefit-$version.tar.gz"
! command -v dpkg >/dev/null || nodeps=--nodeps
rpmbuild -bb $nodeps --define "_topdir $folder/top" --define "nodefit_version $version" \
	packaging/rpm/nodefit.spec >"$folder/build.log" 2>&1 || {
	cat "$folder/build.log"
	exit 1
}
mv "$folder"/top/RPMS/*/*.rpm "$folder"
rm -rf "$folder/top"
cd "$folder"
printf '%s\n' *.rpm
