#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: the whole of kube-node on a kernel that is all ours, global keys too.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

# A module that is not there yet.
cat >"$work/modules.ini" <<'P'
[sysctl]
net.bridge.bridge-nf-call-iptables = 0
net.netfilter.nf_conntrack_max => 400000
net.netfilter.nf_conntrack_tcp_timeout_established = 86400
P
out=$("$NODEFIT" apply --profile "$work/modules.ini")
code=$?
flat=$(printf '%s' "$out" | tr -s '\n ' '  ')
equal "keys of modules that are missing do not fail apply" 0 $code
holds "the bridge's key is pending, and its module named" \
	'pending +net.bridge.bridge-nf-call-iptables.*br_netfilter' "$flat"
holds "so is conntrack's" 'pending +net.netfilter.nf_conntrack_max.*nf_conntrack' "$flat"
[ ! -e /var/lib/nodefit/journal ] || ! grep -q bridge /var/lib/nodefit/journal
ok $? "what is pending is not journalled"
modprobe br_netfilter && modprobe nf_conntrack
ok $? "br_netfilter and nf_conntrack can be loaded"
max=$(key net.nf_conntrack_max)
snapshot_all >"$work/before"
"$NODEFIT" apply --profile "$work/modules.ini" >/dev/null
equal "with its module loaded the bridge's key is set" 0 "$(key net.bridge.bridge-nf-call-iptables)"
equal "nf_conntrack_max is raised" 400000 "$(key net.netfilter.nf_conntrack_max)"
equal "and its second name with it (it was $max)" 400000 "$(key net.nf_conntrack_max)"
"$NODEFIT" rollback >/dev/null
ok $? "rollback of modules' keys succeeds"
same "the modules' keys are back byte for byte"

# The whole profile.
file_max=$(key fs.file-max)
out=$("$NODEFIT" apply --profile kube-node)
code=$?
equal "kube-node is applied as a whole" 0 $code
equal "nothing is refused, failed or absent" "" \
	"$(printf '%s\n' "$out" | grep -E '^ *(refused|failed|absent) ')"
while read -r name wanted; do
	equal "$name" "$wanted" "$(key "$name")"
done <<'K'
net.ipv4.ip_local_reserved_ports 2379-2381,4240,4244,6081,6443,8472,10248-10260,30000-32767,51871
net.ipv4.ip_local_port_range 10240 65535
net.core.somaxconn 32768
net.ipv4.tcp_tw_reuse 1
net.ipv4.ip_forward 1
net.ipv4.conf.eth0.forwarding 1
net.bridge.bridge-nf-call-iptables 1
net.ipv4.neigh.default.gc_thresh1 1024
net.ipv4.neigh.default.gc_thresh2 8192
net.ipv4.neigh.default.gc_thresh3 16384
net.ipv6.neigh.default.gc_thresh3 16384
fs.file-max 2097152
fs.inotify.max_user_instances 8192
fs.inotify.max_user_watches 524288
vm.max_map_count 262144
vm.overcommit_memory 1
vm.panic_on_oom 0
kernel.panic 10
kernel.panic_on_oops 1
kernel.keys.root_maxkeys 1000000
kernel.keys.root_maxbytes 25000000
K
out=$("$NODEFIT" apply --profile kube-node)
holds "a second apply finds all unchanged" '^[0-9]+ unchanged$' "$out"
"$NODEFIT" rollback >/dev/null
ok $? "rollback of kube-node succeeds"
same "every sysctl of the machine is back byte for byte"

# "At least" leaves a limit that is higher, as the machine's own fs.file-max mostly is; "=" lowers it.
echo 3000000 >/proc/sys/fs/file-max
"$NODEFIT" apply --profile kube-node >/dev/null
equal "a higher fs.file-max is not lowered" 3000000 "$(key fs.file-max)"
"$NODEFIT" rollback >/dev/null
equal "nor touched by rollback" 3000000 "$(key fs.file-max)"
echo "$file_max" >/proc/sys/fs/file-max

cat >"$work/global.ini" <<'P'
[sysctl]
fs.file-max = 50000
vm.swappiness = 10
vm.dirty_ratio = 10
kernel.pid_max = 100000
P
"$NODEFIT" apply --profile "$work/global.ini" >/dev/null
ok $? "global keys that kube-node leaves alone are applied"
equal "= lowers fs.file-max" 50000 "$(key fs.file-max)"
equal "kernel.pid_max is set" 100000 "$(key kernel.pid_max)"
out=$("$NODEFIT" rollback)
ok $? "rollback of them succeeds" "$out"
same "they are back byte for byte"

# What the kernel refuses for a reason of its own.
cat >"$work/refused.ini" <<'P'
[sysctl]
vm.overcommit_memory = 7
kernel.panic = 33
P
out=$("$NODEFIT" apply --profile "$work/refused.ini")
code=$?
equal "a global key that the kernel refuses makes apply exit with 1" 1 $code
holds "EINVAL is told in words" 'the kernel refuses the value \(EINVAL\)' "$out"
equal "the key after it is set" 33 "$(key kernel.panic)"
"$NODEFIT" rollback >/dev/null
same "nothing of it stays"

# For the next boots.
"$NODEFIT" apply --persist --profile kube-node >/dev/null
ok $? "apply --persist succeeds"
holds "the file has what boot shall set" '^vm.max_map_count = 262144$' \
	"$(cat /etc/sysctl.d/95-nodefit.conf)"
"$NODEFIT" rollback --persist >/dev/null
ok $? "rollback --persist succeeds"
[ ! -e /etc/sysctl.d/95-nodefit.conf ]
ok $? "and removes the file"
same "the values are back as well"
finish
