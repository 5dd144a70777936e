# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the cluster's tests, after kernel/lib.sh: a real etcd and a real kube-apiserver on the
# loopback of the test's own network namespace, with the Node and RBAC authorizers and
# NodeRestriction. PROGRAMS is the folder that build.sh has filled.
: "${PROGRAMS:?the folder of kube-apiserver and kubectl}"
pki=$work/pki
server=https://127.0.0.1:6443
pids=

certificate() { # NAME SUBJECT [EXTENSION]: signed by the cluster's own CA
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" \
		-keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null &&
		printf '%s\n' "${3:-keyUsage=digitalSignature}" >"$pki/$1.ext" &&
		openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -days 2 \
			-CAcreateserial -extfile "$pki/$1.ext" -out "$pki/$1.pem" 2>/dev/null
}

kubectl() { # as a cluster's admin
	"$PROGRAMS/kubectl" --kubeconfig="$work/admin" --cache-dir="$work/kubectl" "$@"
}

kubeconfig() { # FILE NAME: with the client certificate of that name
	cat >"$1" <<END
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "$server", certificate-authority: $pki/ca.pem}}]
users: [{name: u, user: {client-certificate: $pki/$2.pem, client-key: $pki/$2.key}}]
END
}

api_start() {
	# shellcheck disable=SC2086
	"$PROGRAMS/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 \
		--bind-address=127.0.0.1 --advertise-address=192.0.2.1 \
		--tls-cert-file="$pki/server.pem" --tls-private-key-file="$pki/server.key" \
		--client-ca-file="$pki/ca.pem" --authorization-mode=Node,RBAC \
		--enable-admission-plugins=NodeRestriction --disable-admission-plugins=ServiceAccount \
		--service-account-key-file="$pki/accounts.pub" \
		--service-account-signing-key-file="$pki/accounts.key" \
		--service-account-issuer="$server" --api-audiences="$server" \
		--service-cluster-ip-range=10.96.0.0/16 --cert-dir="$work/api" \
		--audit-policy-file="$work/audit.yaml" --audit-log-path="$work/audit.log" \
		${API_OPTIONS:-} >>"$work/apiserver.log" 2>&1 &
	api=$!
	pids="$pids $api"
	within 60 is_ready
}
is_ready() {
	[ "$(kubectl get --raw /readyz 2>/dev/null)" = ok ]
}
api_stop() {
	kill "$api"
	wait "$api"
}

cluster_start() {
	mkdir "$pki" && chmod 0755 "$work" "$pki" || return 1
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
		-keyout "$pki/ca.key" -out "$pki/ca.pem" 2>/dev/null &&
		certificate server /CN=api subjectAltName=IP:127.0.0.1 &&
		certificate admin /O=system:masters/CN=admin &&
		openssl genrsa -out "$pki/accounts.key" 2048 2>/dev/null &&
		openssl rsa -in "$pki/accounts.key" -pubout -out "$pki/accounts.pub" 2>/dev/null || return 1
	kubeconfig "$work/admin" admin
	printf 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Request\n  omitStages: [RequestReceived]\n' \
		>"$work/audit.yaml"
	etcd --data-dir "$work/etcd" --listen-client-urls http://127.0.0.1:2379 --log-level error \
		--advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
		--unsafe-no-fsync >"$work/etcd.log" 2>&1 &
	pids="$pids $!"
	trap cluster_stop EXIT
	api_start
}
cluster_stop() {
	# shellcheck disable=SC2086
	kill $pids 2>/dev/null
	wait
}

node_create() { # NAME: as kubelet would
	kubectl create -f - >/dev/null <<END
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "$1"}}
END
	printf '{"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady",
		"message": "", "lastHeartbeatTime": "%s", "lastTransitionTime": "%s"}]}}' \
		"$(stamp)" "$(stamp)" | as_admin PATCH "/api/v1/nodes/$1/status"
}
stamp() {
	date -u +%Y-%m-%dT%H:%M:%SZ
}
as_admin() { # METHOD PATH: with the body of standard input
	curl -sSf -o /dev/null --cacert "$pki/ca.pem" --cert "$pki/admin.pem" --key "$pki/admin.key" \
		-X "$1" -H 'Content-Type: application/strategic-merge-patch+json' --data-binary @- "$server$2"
}

token_create() { # FILE: of nodefit's service account; replaced as kubelet does
	printf '{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}' |
		kubectl create --raw /api/v1/namespaces/nodefit/serviceaccounts/nodefit/token -f - |
		jq -r .status.token >"$1.new" && chmod 0644 "$1.new" && mv "$1.new" "$1"
}

condition() { # NODE TYPE FILTER
	kubectl get node "$1" -o json |
		jq -r --arg type "$2" ".status.conditions[]? | select(.type == \$type) | $3"
}
is_told() { # NODE STATUS REASON
	[ "$(condition "$1" NodeFit '.status + " " + .reason')" = "$2 $3" ]
}
# requests FILTER: how many of nodefit-net's were so.
requests() {
	jq -s "[.[] | select(.userAgent | startswith(\"nodefit-net\")) | select($1)] | length" "$work/audit.log"
}

kubeconfig_token() { # FILE TOKEN-FILE
	cat >"$1" <<END
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "$server", certificate-authority: $pki/ca.pem}}]
users: [{name: u, user: {tokenFile: $2}}]
END
}

# The node: an agent whose only fault is one that the test makes, and the reporter.
rig_start() {
	mount -t tmpfs -o mode=0755 none /run && own_sysfs && cluster_start || return 1
	ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
		ip addr add 192.0.2.1/24 dev v0 && ip route add default via 192.0.2.254 || return 1
	mkdir "$work/proc" && mount -t proc none "$work/proc" || return 1
	cat >"$work/p.ini" <<END
$(off conntrack ebpf etcd host locality proxy rtt rules)
[sysctl]
net.ipv4.ip_forward=1
[check.sysctl]
deviates=fail
[check.fsync]
path=$(dirname "$NODEFIT")
worst=warn
warn=10s
fail=10s
[check.steal]
interval=2s
warn=100%
fail=100%
worst_warn=100%
worst_fail=100%
[check.link]
backlog_warn=1000000000
backlog_fail=1000000000
squeeze_warn=1000000000
[verdict]
tolerate_unknown=steal link queues mtu fsync
END
}
rig_stop() {
	agent_kill
	reporter_stop
}

# Replaced as a whole: an agent that starts meanwhile must not read half of it.
configure() { # NODE CREDENTIALS [LINE]
	cat >"$work/agent.conf.new" <<END
[agent]
profile=$work/p.ini
for=0s
recover_for=0s
drift_interval=1s
report_interval=2s
[reporter]
node=$1
kubeconfig=$work/$2
start_within=0s
heartbeat_interval=${beat:-10s}
stale_after=8s
${3:-}
END
	mv "$work/agent.conf.new" "$work/agent.conf"
}
agent_start() {
	"$NODEFIT" agent --config "$work/agent.conf" 2>>"$work/agent.log" &
	agent=$!
	pids="$pids $agent"
}
agent_kill() {
	kill -9 "$agent"
	wait "$agent" 2>/dev/null
}
reporter_start() { # as configure()
	configure "$@"
	: >"$work/reporter.log"
	reporter_begin
}
reporter_begin() {
	"$(dirname "$NODEFIT")/nodefit-net" report --config "$work/agent.conf" 2>>"$work/reporter.log" &
	reporter=$!
	pids="$pids $reporter"
}
reporter_stop() {
	kill "$reporter"
	wait "$reporter"
}
ready() {
	curl -sf -o /dev/null --max-time 5 http://127.0.0.1:9753/readyz
}
logged() {
	grep -Eq -- "$1" "$work/reporter.log"
}

reported() { # VERDICT: by the agent
	[ "$(jq -r .verdict /run/nodefit/report.json)" = "$1" ]
}

# The sysctl is another, and the agent can't write it.
fault_begin() {
	mount -o remount,ro,bind /proc/sys/net
	echo 0 >"$work/proc/sys/net/ipv4/ip_forward"
}
fault_end() { # by somebody's hand: the agent waits a minute before it tries again
	mount -o remount,rw,bind /proc/sys/net
	echo 1 >"$work/proc/sys/net/ipv4/ip_forward"
}

is_status() { # STATUS: of n1
	[ "$(condition n1 NodeFit .status)" = "$1" ]
}
# How many of nodefit's processes are in this network namespace: the least of some moments, for
# workers come and go.
processes() {
	for _ in 1 2 3 4 5 6 7 8; do
		pgrep --ns $$ --nslist net '^nodefit' | wc -l
		sleep 0.3
	done | sort -n | head -n 1
}
has_event() { # NODE TYPE REASON
	kubectl get events -n default -o json | jq -e --arg node "$1" --arg type "$2" --arg reason "$3" \
		'any(.items[]; .involvedObject.name == $node and .type == $type and .reason == $reason)' >/dev/null
}
beats_after() { # NODE STAMP
	[ "$(condition "$1" NodeFit .lastHeartbeatTime)" != "$2" ]
}
taints() { # NODE
	kubectl get node "$1" -o json | jq -r '[.spec.taints[]?.key] | join(" ")'
}
taints_are() { # NODE KEYS
	[ "$(taints "$1")" = "$2" ]
}
lease() { # NODE
	kubectl get lease -n nodefit "$1" -o json 2>/dev/null | jq -r .spec.renewTime
}
has_lease() {
	[ -n "$(lease "$1")" ]
}
renewed_after() { # NODE STAMP
	[ "$(lease "$1")" != "$2" ]
}
