#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: what no namespace can show. A veth with netem's delay, and a real limit of tracked
# connections, which only the machine's own namespace may lower.
# shellcheck source=guest.sh
. /tests/vm/guest.sh
# /sbin/ip: the shell prefers busybox's own.

check() { # NAME PARAMETER...: its answer for people
	name=$1
	shift
	printf '%s\n' "[check.$name]" "$@" >"$work/$name.ini"
	"$NODEFIT" check "$name" --profile "$work/$name.ini" 2>"$work/err"
}
figure() { # NAME: of the answer in $out
	printf '%s\n' "$out" | awk -v name="$1" '$1 == name { sub(/%$/, "", $2); print $2; exit }'
}
listen() { # PORT COMMAND...: takes connections there
	port=$1
	shift
	"$@" nc -ll -p "$port" -e true &
	servers="${servers:-} $!"
	sleep 1
}

# --- 30 ms away ---
mkdir -p /var/run # for ip netns
{ modprobe veth && /sbin/ip netns add far && /sbin/ip link add v0 type veth peer name v1 netns far &&
	/sbin/ip addr add 10.77.0.1/24 dev v0 && /sbin/ip link set v0 up &&
	/sbin/ip netns exec far ip addr add 10.77.0.2/24 dev v1 && /sbin/ip netns exec far ip link set v1 up &&
	modprobe sch_netem && /sbin/tc qdisc add dev v0 root netem delay 30ms; } 2>"$work/err"
ok $? "a veth gets netem's delay of 30 ms" "$(cat "$work/err")"
listen 8002 /sbin/ip netns exec far
thirty() {
	out=$(check rtt targets=far=10.77.0.2:8002)
	min=$(figure far.min)
	[ -n "$min" ] && awk -v ms="$min" 'BEGIN { exit !(ms >= 29 && ms <= 31) }'
}
# An emulated processor on a busy machine adds to most of them: the least is the link's own.
within 60 thirty
ok $? "rtt finds 30 ms, within 1 ms" "$out"
echo "# the least was ${min:-none} ms, the median $(figure far.p50) ms"
out=$(check rtt targets=far=10.77.0.2:8002@10ms/20ms count=5)
equal "that is too far for a limit of 20 ms" 1 $?
/sbin/ip netns del far

# --- tracked connections ---
modprobe -r nf_conntrack 2>/dev/null
if [ -e /proc/sys/net/netfilter/nf_conntrack_max ]; then
	skip "without the module conntrack is skipped" "nf_conntrack is in use"
else
	out=$(check conntrack)
	holds "without the module conntrack is skipped" 'skipped conntrack .*not loaded yet' "$out"
fi
modprobe nf_conntrack enable_hooks=1 &&
	echo 200 >/proc/sys/net/netfilter/nf_conntrack_max
ok $? "the machine's own limit is lowered to 200"
out=$(check conntrack window=1s)
holds "an empty table passes" 'pass +conntrack' "$out"
equal "with the machine's limit" 200 "$(figure max)"
count=/proc/sys/net/netfilter/nf_conntrack_count
listen 8003
full() {
	check rtt targets=here=127.0.0.1:8003 count=20 gap=1ms >/dev/null
	[ "$(cat "$count")" -ge 190 ]
}
within 60 full
ok $? "connections fill it to 95%" "$(cat "$count")"
out=$(check conntrack window=1s)
equal "conntrack fails" 1 $?
holds "and says why" "fail +conntrack .*(the host's table is [0-9.]+% full|packets/s are dropped)" "$out"
# While more are tried packets are lost: one a second at the least, which an emulator may need some
# attempts for.
lossy() {
	tries=
	for _ in 1 2 3; do
		check rtt targets=here=127.0.0.1:8003 count=100 gap=1ms wait=20ms >/dev/null &
		tries="$tries $!"
	done
	out=$(check conntrack window=2s)
	# shellcheck disable=SC2086
	wait $tries
	drops=$(figure drops)
	[ "${drops:-0}" != 0 ] && printf '%s\n' "$out" | grep -q 'packets/s are dropped'
}
within 60 lossy
ok $? "what is dropped is counted" "$out"
holds "and told" 'packets/s are dropped' "$out"
# shellcheck disable=SC2086
kill $servers
finish
