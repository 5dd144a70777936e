#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A fleet of reporters against a real kube-apiserver: are its requests spread, and what does a
# heartbeat cost the cluster, as a condition and as a Lease?
# All start in the same moment, as after a power failure, with start_within= as agent.conf(5) has it
# for large clusters: the whole heartbeat. Time is scaled, for a heartbeat of five minutes.
# usage: NODEFIT=... PROGRAMS=... tests/bench/fleet.sh FLEET-PROGRAM [REPORTERS [SCALE]] (as root)
fleet=$(realpath "$1")
# shellcheck source=../kernel/lib.sh
. "$(dirname "$0")/../kernel/lib.sh"
enter "$@"
# shellcheck source=../cluster/lib.sh
. "$(dirname "$0")/../cluster/lib.sh"
reporters=${2:-5000}
# Two cores of an API server take some 90 conditions a second: 5,000 in 150 s leave them air.
heartbeat=$((300 / ${3:-2}))

# The audit log would be what is measured.
printf 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n' >"$work/audit.yaml"
cluster_start || exit 1
kubectl apply -f "$(dirname "$0")/../../packaging/kustomize/base/rbac.yaml" >/dev/null &&
	kubectl apply -f "$(dirname "$0")/../../packaging/kustomize/lease/rbac.yaml" >/dev/null &&
	token_create "$work/token" || exit 1
kubeconfig_token "$work/account" "$work/token"
/usr/bin/python3 "$(dirname "$0")/fleet_nodes.py" "$server" "$pki" "$reporters" || exit 1

etcd_bytes() {
	curl -s http://127.0.0.1:2379/metrics | awk '/^etcd_network_client_grpc_received_bytes_total/ {print $2}'
}
measure() { # condition|lease WATCHED
	curl -sN --cacert "$pki/ca.pem" --cert "$pki/admin.pem" --key "$pki/admin.key" \
		"$server$2?watch=1&resourceVersion=$(kubectl get --raw "$2?limit=1" | jq -r .metadata.resourceVersion)" \
		>"$work/watch" &
	watch=$!
	before=$(etcd_bytes)
	"$fleet" "$work/account" "$1" "$reporters" $heartbeat $heartbeat $((2 * heartbeat)) >"$work/fleet" || exit 1
	after=$(etcd_bytes)
	kill $watch
	/usr/bin/python3 "$(dirname "$0")/fleet_judge.py" "$1" "$reporters" $heartbeat "$work/fleet" \
		"$(awk -v a="$after" -v b="$before" 'BEGIN {printf "%d", a - b}')" "$work/watch"
}
code=0
measure condition /api/v1/nodes || code=1
measure lease /apis/coordination.k8s.io/v1/namespaces/nodefit/leases || code=1
exit $code
