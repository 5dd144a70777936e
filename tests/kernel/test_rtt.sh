#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rtt check over a link of a known length: netem where the kernel has it, else a tun device that
# gives packets back late.
# It runs alone: it measures milliseconds.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
here=$(dirname "$0")

check() { # PARAMETER...
	printf '%s\n' '[check.rtt]' "$@" >"$work/p.ini"
	"$NODEFIT" check rtt --json --profile "$work/p.ini" 2>"$work/err"
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
serve() { # PORT: takes connections and closes them once the other has
	/usr/bin/python3 -c '
import socket, sys
s = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=64)
print("ready", flush=True)
while True:
    c = s.accept()[0]
    c.settimeout(5)
    try:
        if c.recv(1): print("bytes", flush=True)
    except OSError: pass
    c.close()' "$1" >"$work/served.$1" 2>&1 &
	servers="${servers:-} $!"
	within 20 grep -q ready "$work/served.$1"
}
trap 'kill $servers ${far:-} ${near:-} 2>/dev/null' EXIT

# --- nothing asked for ---
out=$(check)
code=$?
equal "without targets it is skipped" "skipped NoTargets 0" "$(said '.verdict + " " + .reason') $code"

# --- the loopback ---
serve 8001 || exit 1
out=$(check 'targets=here=127.0.0.1:8001')
equal "a server on this machine is near" "pass 0" "$(said '.verdict + " " + (.figures["here.loss"].value|tostring)')"
equal "not a byte was sent" ready "$(cat "$work/served.8001")"
out=$(check 'targets=here=127.0.0.1:8001 gone=127.0.0.1:8009' count=3)
code=$?
equal "a refusal fails" "fail TargetRefuses 1" "$(said '.verdict + " " + .reason') $code"
holds "and says of whom" '^gone: 127.0.0.1 refuses connections to port 8009' "$(said .message)"
out=$(check 'targets=gone=127.0.0.1:8009' count=3 worst=warn)
equal "or warns, where the profile says so" warn "$(said .verdict)"
out=$(check 'targets=far=203.0.113.1:80' count=3)
equal "no route is no answer" "fail TargetUnreachable" "$(said '.verdict + " " + .reason')"
ip addr add fd00::1/128 dev lo nodad && /usr/bin/python3 -c '
import socket, time
s = socket.create_server(("fd00::1", 8006), family=socket.AF_INET6, backlog=64)
print("ready", flush=True); time.sleep(600)' >"$work/served.8006" &
servers="$servers $!"
within 20 grep -q ready "$work/served.8006"
out=$(check 'targets=six=[fd00::1]:8006' count=3)
equal "IPv6" "pass 0" "$(said '.verdict + " " + (.figures["six.loss"].value|tostring)')"

# --- names, by nodefit-net ---
printf '127.0.0.1 server.example\n' >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts || exit 1
: >"$work/resolv.conf"
# The resolver tells no IPv4 addresses where there is none but the loopback's (AI_ADDRCONFIG).
ip addr add 10.76.0.1/32 dev lo || exit 1
[ ! -e /etc/resolv.conf ] || mount --bind "$work/resolv.conf" /etc/resolv.conf || exit 1
out=$(check 'targets=named=server.example:8001' count=3)
equal "a name is resolved" pass "$(said .verdict)"
out=$(check 'targets=named=server.example:8001 lost=nobody.example:80' count=3)
code=$?
equal "one without an address is unknown" "unknown NameUnresolved 3" "$(said '.verdict + " " + .reason') $code"
equal "and the others are measured" 0 "$(said '.figures["named.loss"].value')"

# --- 30 ms away ---
ip link add v0 type veth peer name v1 || exit 1
peer_start || exit 1
trap 'kill $servers ${far:-} ${near:-} 2>/dev/null; peer_stop' EXIT
if tc qdisc add dev v0 root netem delay 30ms 2>/dev/null; then
	distance="netem on a veth"
	ip link set v1 netns "$peer" && ip addr add 10.77.0.1/24 dev v0 && ip link set v0 up &&
		in_peer ip addr add 10.77.0.2/24 dev v1 && in_peer ip link set v1 up || exit 1
	in_peer /usr/bin/python3 -c '
import socket, time
s = socket.create_server(("0.0.0.0", 8002), backlog=1024)
print("ready", flush=True); time.sleep(600)' >"$work/served.8002" &
	servers="$servers $!"
	within 20 grep -q ready "$work/served.8002" || exit 1
else
	distance="a tun device that waits"
	serve 8002 || exit 1
	/usr/bin/python3 "$here/delay.py" far0 0.015 >"$work/far" 2>&1 &
	far=$!
	within 20 grep -q ready "$work/far" || exit 1
	ip addr add 10.77.0.1/24 dev far0 && ip link set far0 up || exit 1
fi

# The machine may be busy: what counts is that the length is found, not how often.
thirty() {
	out=$(check 'targets=far=10.77.0.2:8002')
	said '.figures["far.p50"].value' | awk '{ exit !($1 >= 29 && $1 <= 31) }'
}
within 60 thirty
ok $? "a link of 30 ms ($distance) is 30 ms, within 1 ms" "$(said .figures)"
holds "and is near enough" '^pass$' "$(said .verdict)"
out=$(check 'targets=far=10.77.0.2:8002@10ms/10s' count=5)
equal "a target's own limit warns" "warn TargetFar" "$(said '.verdict + " " + .reason')"
out=$(check 'targets=far=10.77.0.2:8002@10ms/20ms' count=5)
equal "and fails" "fail TargetFar" "$(said '.verdict + " " + .reason')"
out=$(check 'targets=far=10.77.0.2:8002' warn=10ms fail=20ms count=5)
equal "as the limit of all does" "fail TargetFar" "$(said '.verdict + " " + .reason')"

# --- a lost packet ---
serve 8003 || exit 1
/usr/bin/python3 "$here/delay.py" far1 0.001 1 >"$work/near" 2>&1 &
near=$!
within 20 grep -q ready "$work/near" || exit 1
ip addr add 10.78.0.1/24 dev far1 && ip link set far1 up || exit 1
out=$(check 'targets=far=10.78.0.2:8003' count=10 warn=10s fail=10s p99_warn=10s p99_fail=10s)
equal "a packet that had to be sent again is a loss" "warn TargetLossy 10" \
	"$(said '.verdict + " " + .reason + " " + (.figures["far.loss"].value|tostring)')"
out=$(check 'targets=far=10.78.0.2:8003' count=10)
equal "and the next is none" 0 "$(said '.figures["far.loss"].value')"

printf '[check.rtt]\ntargets=10.0.0.1\n' >"$work/bad.ini"
out=$("$NODEFIT" profile validate "$work/bad.ini" 2>&1)
equal "a target without a port: exit code 2" 2 $?
holds "by file and line" 'bad.ini:2: targets: ' "$out"
finish
