#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image, as podman and runc run it: what is in it, an agent that tunes its network namespace with
# NET_ADMIN and nothing else, and a reporter without anything. IMAGE is the archive.
# The agent's container has /proc/sys writable, and is not root: the kernel then lets it write its
# own namespace's net.* (net_ctl_permissions() asks for CAP_NET_ADMIN) and no global key. The
# DaemonSet's agent is privileged, since the global keys are the node's; that is never done here.
# shellcheck source=../kernel/lib.sh
. "$(dirname "$0")/../kernel/lib.sh"
enter "$@"
here=$(cd "$(dirname "$0")" && pwd)
: "${IMAGE:=$here/../../build/nodefit-image.tar}"
chmod 0755 "$work"
parent=/nodefit-image-$$
leave() {
	for name in agent reporter; do
		engine rm -f -t 0 "$name" >/dev/null 2>&1
	done
	[ -z "${server:-}" ] || kill "$server"
	find /sys/fs/cgroup -depth -type d -path "*$parent*" -exec rmdir {} + 2>/dev/null
}
trap leave EXIT
engine() { # its store is the test's
	podman --root "$work/store" --runroot "$work/state" --tmpdir "$work/tmp" --storage-driver vfs \
		--runtime runc --cgroup-manager=cgroupfs "$@"
}
# run NAME OPTION... PROGRAM...: in this network namespace, with no capability but those asked for.
run() {
	name=$1
	shift
	engine run --name "$name" --network host --cgroup-parent "$parent" --pull=never --read-only \
		--cap-drop ALL --security-opt no-new-privileges --user 60753:60753 \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@"
}
pid_of() {
	engine inspect --format '{{.State.Pid}}' "$1"
}
status() { # NAME FIELD: of the container's first process
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$(pid_of "$1")/status"
}

# --- what is in it ---
engine load -q -i "$IMAGE" >/dev/null || exit 1
size=$(engine image inspect --format '{{.Size}}' nodefit)
echo "# the image holds $size bytes, its archive $(stat -c %s "$IMAGE")"
[ "$size" -le 40000000 ]
ok $? "both programs with their libraries take 40 MB at the most" "$size"
engine create --name files nodefit >/dev/null && engine export files | tar -tvf - >"$work/files"
engine rm files >/dev/null
equal "there is no shell and no tool in it" "nodefit nodefit-net" \
	"$(sed -n 's/^-.* usr\/bin\/\([^ ]*\).*/\1/p' "$work/files" | sort | tr '\n' ' ' | sed 's/ $//')"
equal "nothing gains privileges" "" "$(grep -E '^-..(s|S)|^-.....(s|S)' "$work/files")"
holds "the libraries' licences are in it" 'usr/share/doc/libcurl4[^ ]*/copyright' "$(cat "$work/files")"
equal "whoever forgets to say gets no root" 60753:60753 "$(engine image inspect --format '{{.Config.User}}' nodefit)"
holds "it has the profiles" '^ *kube-node' "$(run p --rm nodefit profile list)"
for program in nodefit nodefit-net; do
	holds "$program finds its libraries" "^$program [0-9]" "$(run p --rm --entrypoint "/usr/bin/$program" nodefit --version)"
done

# --- the guard ---
# A /proc as a container gets it, writable: opened, not written.
mkdir "$work/proc" && mount -t proc none "$work/proc" || exit 1
may_write() {
	# shellcheck disable=SC2016
	setpriv --reuid 60753 --regid 60753 --clear-groups --inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin \
		--bounding-set=-all,+net_admin sh -c ': >>"$1"' sh "$work/proc/sys/$1" 2>/dev/null
}
may_write net/core/somaxconn
ok $? "NET_ADMIN suffices for its own namespace's sysctls" || exit 1
for key in vm/swappiness kernel/panic fs/file-max; do
	if may_write $key; then
		echo "not ok - the guard does not hold: $key could be written"
		exit 1
	fi
done
ok 0 "and not for a global one"

# --- an agent, in this namespace ---
ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up || exit 1
mkdir "$work/lib" "$work/run" "$work/etc" && chown 60753:60753 "$work/lib" "$work/run" || exit 1
cat >"$work/etc/site.ini" <<END
[sysctl]
net.core.somaxconn => 32768
net.ipv4.ip_local_port_range = 10240 65535
net.ipv4.ip_local_reserved_ports =+ 30000-32767
[check.fsync]
path=/var/lib/nodefit
longest=2s
warn=9s
fail=10s
[check.steal]
interval=2s
warn=100%
fail=100%
worst_warn=100%
worst_fail=100%
[verdict]
tolerate_unknown=fsync steal queues link mtu rules proxy
END
cat >"$work/etc/agent.conf" <<END
[agent]
profile=/etc/nodefit/site.ini
for=0s
recover_for=0s
drift_interval=1s
report_interval=2s
[reporter]
node=n1
kubeconfig=/etc/nodefit/kubeconfig
start_within=0s
END
snapshot >"$work/before"
# The memory is the DaemonSet's limit.
agent() { # NAME OPTION... PROGRAM...
	name=$1
	shift
	run "$name" --cap-add NET_ADMIN --security-opt unmask=/proc/sys --memory 96m -v "$work/lib:/var/lib/nodefit" \
		-v "$work/run:/run/nodefit" -v "$work/etc:/etc/nodefit:ro" "$@"
}
agent p --rm nodefit apply --profile /etc/nodefit/site.ini >"$work/log" 2>&1
ok $? "with NET_ADMIN only it applies" "$(cat "$work/log")"
equal "to this namespace" "32768 10240-65535 30000-32767" "$(cat /proc/sys/net/core/somaxconn) $(tr '\t' - \
	</proc/sys/net/ipv4/ip_local_port_range) $(cat /proc/sys/net/ipv4/ip_local_reserved_ports)"
agent p --rm nodefit rollback >"$work/log" 2>&1
ok $? "and rolls back" "$(cat "$work/log")"
snapshot >"$work/after"
equal "byte for byte" "" "$(diff "$work/before" "$work/after")"
run p --rm -v "$work/lib:/var/lib/nodefit" -v "$work/etc:/etc/nodefit:ro" nodefit apply --profile /etc/nodefit/site.ini >"$work/log" 2>&1
equal "without NET_ADMIN it can't, and says so" 1 $?
holds "in words" 'read-only|EROFS|EACCES|denied|refused' "$(cat "$work/log")"

agent agent -d nodefit agent >/dev/null
# degraded: here is no NIC that could be judged, and legacy tables are told to root alone.
has_report() {
	jq -e '.verdict | IN("fit", "degraded")' "$work/run/report.json" >/dev/null 2>&1
}
within 60 has_report
ok $? "the agent tunes and measures" "$(engine logs agent 2>&1; cat "$work/run/report.json")"
equal "its settings hold" 32768 "$(cat /proc/sys/net/core/somaxconn)"
echo 4096 >/proc/sys/net/core/somaxconn
is_kept() {
	[ "$(cat /proc/sys/net/core/somaxconn)" = 32768 ]
}
within 20 is_kept
ok $? "what somebody changes is put back"
equal "with this one capability" 0000000000001000 "$(status agent CapEff)"
equal "and no other to gain" 0000000000001000 "$(status agent CapBnd)"
echo "# the agent's container holds $(status agent VmRSS) kB, at most $(status agent VmHWM) kB"

# --- a reporter, beside it ---
api=$work/api
mkdir "$api"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$api/key.pem" -out "$api/cert.pem" 2>/dev/null || exit 1
echo secret >"$api/token" && echo ok >"$api/mode"
/usr/bin/python3 "$here/../cluster/false_api.py" "$api" &
server=$!
within 10 test -s "$api/port" || exit 1
mkdir "$work/token" && cp "$api/cert.pem" "$work/token/ca.crt" && cp "$api/token" "$work/token/" || exit 1
cat >"$work/etc/kubeconfig" <<END
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://127.0.0.1:$(cat "$api/port")", certificate-authority: /token/ca.crt}}]
users: [{name: u, user: {tokenFile: /token/token}}]
END
chmod -R a+rX "$work/etc" "$work/token"
run reporter -d --memory 64m --entrypoint /usr/bin/nodefit-net -v "$work/run:/run/nodefit:ro" -v "$work/etc:/etc/nodefit:ro" \
	-v "$work/token:/token:ro" nodefit report >/dev/null
told() {
	[ "$(jq -r '.status.conditions[] | select(.type == "NodeFit") | .status' "$api/node" 2>/dev/null)" = "$1" ]
}
within 20 told True
ok $? "the reporter's container tells the API server" "$(engine logs reporter 2>&1; cat "$api/requests")"
answers() {
	curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:9753/$1"
}
within 10 answers healthz
ok $? "it answers /healthz"
within 10 answers readyz
ok $? "and /readyz"
equal "it is not root" 60753 "$(status reporter Uid)"
equal "it has no capability" 0000000000000000 "$(status reporter CapEff)"
equal "and can gain none" "0000000000000000 1" "$(status reporter CapBnd) $(status reporter NoNewPrivs)"
equal "no file of its root can be written" "" "$(awk '$2 == "/" && $4 !~ /^ro/' "/proc/$(pid_of reporter)/mounts")"
echo "# the reporter's container holds $(status reporter VmRSS) kB, at most $(status reporter VmHWM) kB"
engine kill agent >/dev/null
ok $? "the agent dies"
engine stop -t 10 reporter >/dev/null
equal "the reporter ends when it is told to" 0 "$(engine inspect --format '{{.State.ExitCode}}' reporter)"
finish
