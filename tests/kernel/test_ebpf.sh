#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ebpf check on this kernel: ports as they are set, --cilium=, and Helm's values for this node.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

net=$(dirname "$NODEFIT")/nodefit-net
ipv4=/proc/sys/net/ipv4
: >"$work/p.ini"
check() { # OPTIONS...
	"$NODEFIT" check ebpf --json --profile "$work/p.ini" "$@" 2>"$work/err"
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
all() { # all that is found, in words
	said '.message, (.facts | to_entries[] | select(.key | test("also|lacks")).value)'
}

out=$(check)
code=$?
equal "where nobody wants Cilium the node is fit" "pass 0" "$(said .verdict) $code"
equal "the kernel is named" "$(uname -r)" "$(said .facts.kernel)"
echo '1024 65535' >$ipv4/ip_local_port_range || exit 1
echo 8080 >$ipv4/ip_local_reserved_ports
out=$(check)
equal "also with NodePorts in the way" pass "$(said .verdict)"
holds "but it is told" 'NodePorts 30000-32767 among them' "$(all)"
out=$(check --cilium=1.18)
holds "asked for, it is judged" '^(warn|fail|unknown)$' "$(said .verdict)"
holds "NodePorts that no single reserved range covers are a finding" 'ports 1024-65535, NodePorts 30000-32767' "$(all)"
echo 8080,30000-31000,31002-32767 >$ipv4/ip_local_reserved_ports
out=$(check --cilium=1.18)
holds "two ranges with a hole are none" 'NodePorts 30000-32767' "$(all)"
echo 8080,30000-32767 >$ipv4/ip_local_reserved_ports
out=$(check --cilium=1.18)
equal "one that covers them is" 0 "$(all | grep -c NodePorts)"
check --cilium=newest >/dev/null
equal "a version that is none is refused" 2 $?
holds "in words" 'takes a version such as 1.18, not "newest"' "$(cat "$work/err")"
printf '[check.ebpf]\nwanted=no\n' >"$work/p.ini"
out=$(check)
equal "wanted=no skips it" skipped "$(said .verdict)"
out=$(check --cilium=1.18)
holds "the command line has the last word" '^(pass|warn|fail|unknown)$' "$(said .verdict)"

# The kernel's own configuration, by both readers.
if [ -r /proc/config.gz ]; then
	"$net" scrape kernel-config 3</proc/config.gz </dev/null >"$work/found"
	while read -r line; do
		zcat /proc/config.gz | grep -qx "$line" || echo "$line"
	done <"$work/found" >"$work/false"
	[ -s "$work/found" ] && [ ! -s "$work/false" ]
	ok $? "what is read of /proc/config.gz stands there" "$(cat "$work/false")"
	equal "and names itself" /proc/config.gz "$(said .facts.kernel_config)"
	# In a file beside the kernel: config.gz is hidden by one that is none.
	mount --bind /dev/null /proc/config.gz && mount -t tmpfs none /boot &&
		echo "# CONFIG_BPF is not set" >"/boot/config-$(uname -r)" || exit 1
	out=$(check --cilium=1.18)
	equal "else of /boot" "fail /boot/config-$(uname -r)" "$(said '.verdict + " " + .facts.kernel_config')"
	rm "/boot/config-$(uname -r)"
	if [ ! -e "/lib/modules/$(uname -r)/config" ]; then
		out=$(check --cilium=1.18)
		holds "without any the answer is unknown" 'configuration can.t be read' "$(all)"
		equal "and so is the node" "unknown" "$(printf '%s' "$out" | jq -r .verdict)"
	fi
	umount /proc/config.gz
else
	skip "what is read of /proc/config.gz stands there" "this kernel has none"
fi

# --- explain ---
ip link add v0 type veth peer name v1 && ip link set v0 mtu 1450 up && ip link set v1 up &&
	ip addr add 192.0.2.1/24 dev v0 && ip route add default via 192.0.2.254 || exit 1
mkdir -p "$work/root/etc/kubernetes" &&
	printf 'clusters:\n- cluster:\n    server: https://192.0.2.9:6443\n' >"$work/root/etc/kubernetes/kubelet.conf" || exit 1
out=$("$NODEFIT" explain ebpf --cilium=1.18 --root "$work/root")
equal "explain: exit code 0" 0 $?
holds "the API server, as kubelet knows it" '^  k8sServiceHost: "192.0.2.9"' "$out"
out=$("$NODEFIT" explain ebpf --cilium=1.18)
holds "the NIC's MTU, whole" '^  MTU: 1450  # of v0' "$out"
holds "and whether kube-proxy can go" '^  kubeProxyReplacement: (true|false)' "$out"
finish
