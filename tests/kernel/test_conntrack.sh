#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The conntrack check on real tables of connections. Only the limit is a file: the kernel's own is
# one for all namespaces and not ours to lower (tests/vm/reach.sh does). A PID namespace keeps other
# programs' network namespaces out of sight.
if [ -z "${NODEFIT_PIDS:-}" ]; then
	NODEFIT_PIDS=1 exec unshare -m -n -p --fork --kill-child --mount-proc sh "$0" "$@"
fi
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

files=/proc/sys/net/netfilter
check() { # PARAMETER...
	printf '%s\n' '[check.conntrack]' window=100ms "$@" >"$work/p.ini"
	"$NODEFIT" check conntrack --json --profile "$work/p.ini" 2>"$work/err"
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
# track: connections are tracked in this namespace from now on, and remembered for long.
track="nft add table inet t && nft add chain inet t in '{ type filter hook input priority 0; }' &&
	nft add rule inet t in ct state new accept &&
	echo 600 >$files/nf_conntrack_udp_timeout"
flows() { # N [in_peer]: as many connections more
	${2:-} /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[1])):
    s.sendto(b"x", ("127.0.%d.%d" % (i // 250 + 1, i % 250 + 1), 9))' "$1"
}

if [ ! -e $files/nf_conntrack_max ] || ! sh -c "$track" 2>"$work/err"; then
	skip "a table of connections" "this kernel tracks none"
	finish
fi
echo 1000 >"$work/max"
mount --bind "$work/max" $files/nf_conntrack_max || exit 1

out=$(check)
code=$?
equal "an empty table passes" "pass ConntrackHasRoom 0" "$(said '.verdict + " " + .reason') $code"
equal "its limit is told" 1000 "$(said .figures.max.value)"
equal "and the losses as rates" "0 0 0" \
	"$(said '[.figures[("drops","early_drops","insert_failed")].value|tostring]|join(" ")')"

# --- another namespace ---
peer_start || exit 1
# The file of another namespace is another file, though its name is the same.
in_peer sh -c "ip link set lo up; $track && mount --bind '$work/max' $files/nf_conntrack_max" || exit 1
flows 970 in_peer
out=$(check)
code=$?
inode=$(readlink "/proc/$peer/ns/net" | tr -dc 0-9)
equal "a pod's full table fails" "fail ConntrackFull 1" "$(said '.verdict + " " + .reason') $code"
holds "with its namespace and a process in it" \
	"^the table of network namespace $inode, sleep \\([0-9]+\\)'s is 9[0-9.]+% full, 9[0-9]+ of 1000" \
	"$(said .message)"
equal "and the host's own count" "$(cat $files/nf_conntrack_count)" "$(said .figures.count.value)"
# Ours, this one, and the one that this test came from.
equal "each namespace is looked at once" 3 "$(said .figures.namespaces.value)"
peer_stop
wait "$peer" 2>/dev/null

flows 100
out=$(check)
count=$(cat $files/nf_conntrack_count)
equal "the count is the kernel's" "$count" "$(said .figures.count.value)"
[ "$count" -ge 100 ]
ok $? "which has counted each connection" "$count"

flows $((901 - count))
out=$(check)
code=$?
equal "90% warn" "warn ConntrackFull 0" "$(said '.verdict + " " + .reason') $code"
flows $((951 - $(cat $files/nf_conntrack_count)))
out=$(check)
code=$?
equal "95% fail" "fail ConntrackFull 1" "$(said '.verdict + " " + .reason') $code"
holds "with count and limit" "^the host's table is 95.*% full, 95[0-9] of 1000\$" "$(said .message)"
out=$(check warn=97% fail=99%)
equal "the profile's limits hold" pass "$(said .verdict)"

# --- who set it ---
holds "nobody is known to have set it" 'set by hand or by a program' "$(said .facts.max_set_by)"
printf 'net.netfilter.nf_conntrack_max = 1000\n' >/etc/sysctl.d/50-ct.conf
out=$(check)
equal "a file that sets it is named" "set by /etc/sysctl.d/50-ct.conf:1" "$(said .facts.max_set_by)"
rm /etc/sysctl.d/50-ct.conf
cpus=$(grep -c '^cpu[0-9]' /proc/stat)
proxy=$((cpus * 32768 > 131072 ? cpus * 32768 : 131072))
echo $proxy >"$work/max"
out=$(check)
holds "kube-proxy's formula is known" '^what kube-proxy sets: max\(32768 x ' "$(said .facts.max_set_by)"
echo 1000 >"$work/max"

finish
