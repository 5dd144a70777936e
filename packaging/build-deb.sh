#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages. usage: packaging/build-deb.sh FOLDER VERSION
# dpkg wants debian/ at the top of the tree: a copy of the tree below FOLDER gets it. Another
# VERSION than the changelog's gets an entry with the same date.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1"
folder=$(cd "$1" && pwd) version=$2
tree=$folder/nodefit
rm -rf "$tree" "$folder"/nodefit*_*
mkdir "$tree"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$tree"
cp -r packaging/debian "$tree/debian"
cd "$tree"
if [ "$(dpkg-parsechangelog -S Version)" != "$version" ]; then
	{
		printf 'nodefit (%s) UNRELEASED; urgency=medium\n\n  * Not released.\n\n' "$version"
		sed -n 's/^ -- .*/&\n/p;/^ -- /q' packaging/debian/changelog
		cat packaging/debian/changelog
	} >debian/changelog
fi
dpkg-buildpackage -us -uc -F >"$folder/build.log" 2>&1 || {
	cat "$folder/build.log"
	exit 1
}
cd "$folder"
rm -rf "$tree"
printf '%s\n' *.deb
