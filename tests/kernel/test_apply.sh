#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# apply and rollback against the real kernel, in a private network namespace.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

snapshot >"$work/before"
"$NODEFIT" diff --profile kube-node >"$work/diff"
snapshot >"$work/after_diff"
cmp -s "$work/before" "$work/after_diff" && [ ! -e /var/lib/nodefit ]
ok $? "diff reads only: no key and no file is written"

"$NODEFIT" apply --dry-run --profile kube-node >/dev/null
snapshot >"$work/after_dry"
cmp -s "$work/before" "$work/after_dry" && [ ! -e /var/lib/nodefit ]
ok $? "apply --dry-run writes no key and no journal"

# The neighbour thresholds are not in a private namespace: exit code 1, and said.
out=$("$NODEFIT" apply --profile kube-node)
code=$?
equal "a key that can't be had makes apply exit with 1" 1 $code
holds "it is said that only the host's network namespace has gc_thresh" \
	'does not have it: the host.s does' "$out"
equal "the port range is set" "10240 65535" "$(tr '\t' ' ' </proc/sys/net/ipv4/ip_local_port_range)"
equal "the reserve is set" "2379-2381,4240,4244,6081,6443,8472,10248-10260,30000-32767,51871" \
	"$(cat /proc/sys/net/ipv4/ip_local_reserved_ports)"
equal "somaxconn is raised" 32768 "$(cat /proc/sys/net/core/somaxconn)"
equal "forwarding is on" 1 "$(cat /proc/sys/net/ipv4/ip_forward)"
equal "kernel.panic is kubelet's" 10 "$(cat /proc/sys/kernel/panic)"
equal "the journal is root's alone" 600 "$(stat -c %a /var/lib/nodefit/journal)"
equal "no draft of the journal is left" journal "$(ls -A /var/lib/nodefit)"

journal=$(cat /var/lib/nodefit/journal)
strace -f -o "$work/trace" -e trace=openat,openat2,open,write,pwrite64,writev \
	"$NODEFIT" apply --profile kube-node >/dev/null
! grep -E '(open|openat|openat2)\([^)]*/proc/sys/[^)]*(O_WRONLY|O_RDWR)' "$work/trace"
ok $? "a second apply opens nothing below /proc/sys for writing"
equal "a second apply keeps the journal as it is" "$journal" "$(cat /var/lib/nodefit/journal)"

# Somebody else's range in the list (as Cilium's) must survive.
echo "2379-2381,4240,4244,6081,6443,8472,10248-10260,30000-32767,51871,40000-40010" \
	>/proc/sys/net/ipv4/ip_local_reserved_ports
"$NODEFIT" apply --profile kube-node >/dev/null
holds "a range that somebody else reserved is kept" '40000-40010' \
	"$(cat /proc/sys/net/ipv4/ip_local_reserved_ports)"
echo "2379-2381,4240,4244,6081,6443,8472,10248-10260,30000-32767,51871" \
	>/proc/sys/net/ipv4/ip_local_reserved_ports

"$NODEFIT" rollback >"$work/rollback"
ok $? "rollback succeeds"
snapshot >"$work/rolled_back"
cmp -s "$work/before" "$work/rolled_back"
ok $? "rollback restores every value byte for byte" "$(diff "$work/before" "$work/rolled_back")"
[ ! -e /var/lib/nodefit/journal ]
ok $? "the journal is gone once nothing is left to put back"
out=$("$NODEFIT" rollback)
holds "a second rollback has nothing to do" 'nothing to do' "$out"

# One interface forwards already: ip_forward flips all of them, and rollback must know.
ip link add v0 type veth peer name v1
echo 1 >/proc/sys/net/ipv4/conf/v0/forwarding
echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects
snapshot >"$work/before"
"$NODEFIT" apply --profile kube-node >/dev/null
equal "ip_forward turns the other interface on" 1 "$(cat /proc/sys/net/ipv4/conf/v1/forwarding)"
"$NODEFIT" rollback >/dev/null
snapshot >"$work/rolled_back"
cmp -s "$work/before" "$work/rolled_back"
ok $? "what ip_forward flipped on each interface comes back too" \
	"$(diff "$work/before" "$work/rolled_back")"

# Two profiles after each other: the very first value is the one that comes back.
cat >"$work/a.ini" <<'P'
[sysctl]
net.core.somaxconn = 5000
P
cat >"$work/b.ini" <<'P'
[sysctl]
net.core.somaxconn = 6000
net.ipv4.tcp_fin_timeout = 33
P
first=$(cat /proc/sys/net/core/somaxconn)
"$NODEFIT" apply --profile "$work/a.ini" >/dev/null
"$NODEFIT" apply --profile "$work/b.ini" >/dev/null
equal "the later profile holds" 6000 "$(cat /proc/sys/net/core/somaxconn)"
"$NODEFIT" rollback >/dev/null
equal "the first original survives a second apply" "$first" "$(cat /proc/sys/net/core/somaxconn)"

# Somebody else writes meanwhile.
"$NODEFIT" apply --profile "$work/a.ini" >/dev/null
echo 7777 >/proc/sys/net/core/somaxconn
out=$("$NODEFIT" rollback)
code=$?
equal "rollback exits with 1 when somebody else has changed a key" 1 $code
holds "it says so and names --force" 'somebody else has set it to "7777".*--force' "$out"
equal "the other's value is left alone" 7777 "$(cat /proc/sys/net/core/somaxconn)"
"$NODEFIT" rollback --force >/dev/null
equal "--force puts the original back" "$first" "$(cat /proc/sys/net/core/somaxconn)"

# The kernel says no.
cat >"$work/bad.ini" <<'P'
[sysctl]
net.ipv4.ip_local_port_range = 5 65535
net.ipv4.conf.eth9.rp_filter = 1
net.ipv4.no_such_key = 1
-net.ipv4.no_such_optional_key = 1
vm.swappiness = 10
net.ipv4.tcp_fin_timeout = 44
P
out=$("$NODEFIT" apply --profile "$work/bad.ini")
code=$?
equal "a refused key makes apply exit with 1" 1 $code
holds "EINVAL is told in words" 'ip_unprivileged_port_start' "$out"
holds "EROFS is told in words" '/proc/sys is read-only here' "$out"
holds "an interface that is not there yet is pending" 'pending +net.ipv4.conf.eth9.rp_filter' "$out"
holds "a key that the kernel lacks is absent" 'absent +net.ipv4.no_such_key ' "$out"
equal "the run goes on behind a refused key" 44 "$(cat /proc/sys/net/ipv4/tcp_fin_timeout)"
! grep -q 'vm.swappiness\|ip_local_port_range' /var/lib/nodefit/journal
ok $? "a key that was refused is not taken for ours later" "$(cat /var/lib/nodefit/journal)"
"$NODEFIT" rollback >/dev/null

# Another network namespace's journal.
"$NODEFIT" apply --profile "$work/a.ini" >/dev/null
out=$(unshare -n "$NODEFIT" rollback 2>&1)
code=$?
equal "a rollback from another network namespace is refused" 1 $code
holds "and told why" 'another network namespace' "$out"
"$NODEFIT" rollback >/dev/null

# A journal that can't be understood: nothing is written.
mkdir -p /var/lib/nodefit
echo '{"schema":' >/var/lib/nodefit/journal
before=$(cat /proc/sys/net/core/somaxconn)
out=$("$NODEFIT" apply --profile "$work/a.ini" 2>&1)
code=$?
equal "a damaged journal stops apply" 1 $code
holds "and is named" '/var/lib/nodefit/journal is damaged' "$out"
equal "before any key is written" "$before" "$(cat /proc/sys/net/core/somaxconn)"
rm -f /var/lib/nodefit/journal

# --persist
out=$("$NODEFIT" apply --persist --profile "$work/a.ini")
holds "--persist writes what boot shall set" '^net.core.somaxconn = 5000$' \
	"$(cat /etc/sysctl.d/95-nodefit.conf)"
equal "readable by all, writable by root" 644 "$(stat -c %a /etc/sysctl.d/95-nodefit.conf)"
out=$("$NODEFIT" rollback)
holds "rollback tells that the file stays" '95-nodefit.conf stays' "$out"
out=$("$NODEFIT" rollback --persist)
[ ! -e /etc/sysctl.d/95-nodefit.conf ]
ok $? "rollback --persist removes the file"
equal "and says so, where nothing else is to do" "/etc/sysctl.d/95-nodefit.conf is removed" "$out"
echo "net.core.somaxconn = 1" >/etc/sysctl.d/95-nodefit.conf
before=$(cat /proc/sys/net/core/somaxconn)
"$NODEFIT" apply --persist --profile "$work/a.ini" 2>"$work/err"
code=$?
equal "a 95-nodefit.conf of somebody else is not replaced" 1 $code
equal "and nothing was set before that was seen" "$before" "$(cat /proc/sys/net/core/somaxconn)"
rm /etc/sysctl.d/95-nodefit.conf

"$NODEFIT" apply --persist --profile kube-node >/dev/null
holds "an \"at least\" that was not met is persisted" '^net.core.somaxconn = 32768$' \
	"$(cat /etc/sysctl.d/95-nodefit.conf)"
! grep -q '^fs.file-max' /etc/sysctl.d/95-nodefit.conf
ok $? "an \"at least\" that the kernel met is not frozen for later boots"
if [ -x /lib/systemd/systemd-sysctl ]; then
	"$NODEFIT" rollback >/dev/null
	/lib/systemd/systemd-sysctl /etc/sysctl.d/95-nodefit.conf 2>/dev/null
	out=$("$NODEFIT" diff --profile kube-node --json |
		jq -r '[.tuning[]|select(.outcome=="would-change")|.key]|join(" ")')
	equal "systemd-sysctl makes of the file what apply made" "" "$out"
fi
"$NODEFIT" rollback --persist --force >/dev/null
finish
