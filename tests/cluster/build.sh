#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds kube-apiserver and kubectl from Debian's own source package, once: about 10 minutes, and
# 6 GB for a while. (Its package kubernetes-client gets in the way of other kubectls.)
# usage: tests/cluster/build.sh FOLDER; both are in it afterwards.
set -eu
mkdir -p "$1"
cache=$(realpath "$1")
[ ! -x "$cache/kubectl" ] || exit 0
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
if [ "$release" != bookworm ]; then
	echo "tests/cluster/build.sh: kube-apiserver is built from Debian 12's package only" >&2
	exit 1
fi

work=$(mktemp -d /var/tmp/nodefit-kube.XXXXXX)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
# An own list of sources: the machine's is not changed.
mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) bookworm main.*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' \
	/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
mkdir -p "$work/lists/partial" "$work/src/k8s.io" "$work/go"
signed=$(ls /usr/share/keyrings/debian-archive-keyring.gpg 2>/dev/null)
echo "deb-src ${signed:+[signed-by=$signed] }${mirror:-http://deb.debian.org/debian} bookworm main" >"$work/sources.list"
apt="-o Dir::Etc::SourceList=$work/sources.list -o Dir::Etc::SourceParts=/nonexistent -o Dir::State::Lists=$work/lists"
cd "$work"
# shellcheck disable=SC2086
apt-get $apt update -q >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
# shellcheck disable=SC2086
apt-get $apt source -q --only-source kubernetes >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
tree=$(find "$work" -maxdepth 1 -type d -name 'kubernetes-*')
ln -s "$tree" "$work/src/k8s.io/kubernetes"
# The vendored one panics under Go 1.18 and later.
reflect=vendor/github.com/modern-go/reflect2
rm -rf "${tree:?}/$reflect"
cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$tree/$reflect"
cd "$work/src/k8s.io/kubernetes"
GOPATH=$work GOCACHE=$work/go GO111MODULE=off GOFLAGS=-p=2 CGO_ENABLED=0 \
	make WHAT="cmd/kube-apiserver cmd/kubectl" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
for program in kube-apiserver kubectl; do
	install -m 0755 "$(find "$tree/_output" -type f -name $program | head -n 1)" "$cache/$program.new"
	mv "$cache/$program.new" "$cache/$program"
done
