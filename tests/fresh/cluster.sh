#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is around a node: a real kube-apiserver and a container registry, on the loopback of the network
# namespace that this is started in, until it is killed. FOLDER/ready tells when.
# usage: tests/fresh/cluster.sh FOLDER NODE
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$1 PROGRAMS=$(pwd)/build/cluster
# shellcheck source=../systemd/cgroup.sh
. tests/systemd/cgroup.sh
# shellcheck source=../cluster/lib.sh
. tests/cluster/lib.sh
# shellcheck disable=SC2034 # as kubeadm starts it
API_OPTIONS=--allow-privileged=true
cluster_start || exit 1
node_create "$2" || exit 1
certificate kubelet "/O=system:nodes/CN=system:node:$2" &&
	certificate registry /CN=registry subjectAltName=DNS:localhost || exit 1
cat >"$work/registry.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:5000", tls: {certificate: $pki/registry.pem, key: $pki/registry.key}}
END
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
pids="$pids $!"
within 20 curl -sf --cacert "$pki/ca.pem" https://localhost:5000/v2/ || exit 1
: >"$work/ready"
wait
