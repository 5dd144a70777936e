#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nodefit-net scrape against servers that are right, slow, silent, wrong and endless: it always ends
# by itself, in little memory, without privileges.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

net=$(dirname "$NODEFIT")/nodefit-net
tool=$(dirname "$0")/scrape.py
server=
serve() { # MODE WHERE...
	stop
	: >"$work/served"
	/usr/bin/python3 "$tool" serve "$@" >"$work/served" 2>&1 &
	server=$!
	within 30 grep -q ready "$work/served"
}
stop() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	server=
}
trap stop EXIT
scrape() { # WHAT [REQUEST [SOCKET]]: its lines, without a newline at the end
	printf '%b' "${2:-}" | timeout 60 /usr/bin/python3 "$tool" run "$net" "$1" ${3:+"$3"} >"$work/answer"
	read -r code kilobytes <"$work/answer"
	tail -n +2 "$work/answer"
}
ended() { # sets code and kilobytes
	read -r code kilobytes <"$work/answer"
}

# --- each thing ---
serve right 127.0.0.1 10249
equal "kube-proxy's mode, at its usual address" "mode=ipvs address=127.0.0.1:10249" \
	"$(scrape kube-proxy | tr '\n' ' ' | sed 's/ $//')"
equal "asked by its path" /proxyMode "$(tail -n 1 "$work/served")"
serve right ::1 10249
equal "where only IPv6 answers, that one" "mode=ipvs address=[::1]:10249" \
	"$(scrape kube-proxy | tr '\n' ' ' | sed 's/ $//')"
serve right 127.0.0.1 7000
equal "an address that is asked for" "address=127.0.0.1:7000" \
	"$(scrape kube-proxy 'address=127.0.0.1:7000\n' | grep address)"
out=$(scrape etcd 'address=127.0.0.1:7000\n')
holds "etcd: its buckets" '^wal_fsync=0.001:10 0.002:990 \+Inf:1000$' "$out"
holds "its peers" '^rtt.8e9e05c52164694d=0.001:10 0.002:990 \+Inf:1000$' "$out"
holds "and its version" '^version=3.5.9$' "$out"
out=$(scrape etcd)
ended
equal "nobody there is no failure" 0 "$code"
equal "but is told" "error=127.0.0.1:2381: nobody listens
refused=yes" "$out"

serve right unix "$work/cilium.sock"
out=$(scrape cilium '' "$work/cilium.sock")
equal "Cilium, on a socket that is handed over" "kube_proxy_replacement=True state=Ok version=1.16.3" \
	"$(echo "$out" | tr '\n' ' ' | sed 's/ $//')"
equal "asked by its path" /v1/healthz "$(tail -n 1 "$work/served")"

# --- requests that are none ---
for request in 'address=localhost:1\n' 'address=127.0.0.1:1' 'url=http://127.0.0.1\n' 'address=0.0.0.0:1\n'; do
	scrape etcd "$request" >/dev/null
	ended
	equal "refused as it came: $request" 2 "$code"
done
scrape nothing >/dev/null
ended
equal "so is what is in no table" 2 "$code"

# --- hostile answers ---
asan=$(ldd "$net" | grep -c asan)
for mode in status redirect truncated rubbish html silent drips flood endless-line headers; do
	serve $mode 127.0.0.1 7000
	for what in etcd kube-proxy; do
		# Each takes all the time that it has: once is enough.
		case $mode$what in silentkube-proxy | dripskube-proxy) continue ;; esac
		out=$(scrape $what 'address=127.0.0.1:7000\n')
		ended
		equal "$what, $mode: no failure of the program" 0 "$code"
		holds "$what, $mode: told in one line" '^error=[ -~]+$' "$out"
		equal "$what, $mode: and nothing else" 1 "$(echo "$out" | wc -l)"
		[ "$asan" != 0 ] || { [ "$kilobytes" -le 16384 ]; ok $? "$what, $mode: in 16 MB" "$kilobytes kB"; }
	done
	[ $mode != redirect ] || equal "a redirect is not followed" 0 "$(grep -c 7001 "$work/served")"
	serve $mode unix "$work/cilium.sock"
	out=$(scrape cilium '' "$work/cilium.sock")
	ended
	equal "cilium, $mode: no failure of the program" 0 "$code"
	holds "cilium, $mode: told in one line" '^error=[ -~]+$' "$out"
	[ "$asan" != 0 ] || { [ "$kilobytes" -le 16384 ]; ok $? "cilium, $mode: in 16 MB" "$kilobytes kB"; }
done
serve silent 127.0.0.1 10249
/usr/bin/python3 "$tool" serve right ::1 10249 >"$work/second" 2>&1 &
second=$!
within 30 grep -q ready "$work/second"
equal "one that hangs leaves the next its turn" "mode=ipvs" "$(scrape kube-proxy | head -n 1)"
kill $second

# --- a proxy in the environment gets nothing ---
serve right 127.0.0.1 7000
out=$(http_proxy=http://127.0.0.1:7002 ALL_PROXY=http://127.0.0.1:7002 scrape kube-proxy 'address=127.0.0.1:7000\n')
holds "no variable sends the question elsewhere" '^mode=ipvs$' "$out"

# --- privileges: looked at while it waits ---
serve silent 127.0.0.1 7000
printf 'address=127.0.0.1:7000\n' | "$net" scrape etcd >/dev/null &
asking=$!
within 20 grep -q /metrics "$work/served"
status=$(cat "/proc/$asking/status")
equal "it waits as nobody" "Uid: 65534 65534 65534 65534" "$(echo "$status" | grep Uid | tr -s '\t' ' ')"
equal "in no group of root's" "Gid: 65534 65534 65534 65534 Groups:" \
	"$(echo "$status" | grep -E '^(Gid|Groups)' | tr -s '\t\n ' ' ' | sed 's/ $//')"
equal "without any capability" 0000000000000000 \
	"$(echo "$status" | grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' | cut -f 2 | sort -u)"
holds "that it can gain again" 'NoNewPrivs:.1' "$status"
wait $asking
finish
