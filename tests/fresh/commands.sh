#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README's two commands in a fresh Debian 12 that has only git, make and ca-certificates: they must
# install all else themselves.
set -eu
cd "$(dirname "$0")/../.."
tree=$(pwd)
# shellcheck source=lib.sh
. tests/fresh/lib.sh
root=$(mktemp -d "${TMPDIR:-/var/tmp}/nodefit-fresh.XXXXXX")
trap 'rm -rf "$root"' EXIT
fresh_unpack "$root"
in_fresh "$root" '
	make preflight
	make test
	build/release/nodefit preflight --json | jq -e ".schema==\"nodefit/v1\" and (.checks|length>=3)"
	make install
	nodefit profile list | grep kube-node
	make uninstall
	[ ! -e /usr/bin/nodefit ] && [ ! -e /usr/lib/nodefit ]'
echo "ok - README's two commands work in a fresh Debian 12"
