#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mtu check on real tunnels, pods and paths: node - router - peer, each a network namespace.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
own_sysfs || exit 1

check() { # LINE...: of [check.mtu]; sets $out and $code
	{
		echo "[check.mtu]"
		printf '%s\n' "$@"
	} >"$work/p.ini"
	out=$("$NODEFIT" check mtu --json --profile "$work/p.ini" 2>"$work/err")
	code=$?
}
said() { # FILTER
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
judged() {
	said '.verdict + " " + .reason'
}

check
equal "without a NIC the answer is unknown" "unknown NoNic 3" "$(judged) $code"

# --- the machine itself ---
ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
	ip addr add 10.9.0.1/24 dev v0 && ip route add default via 10.9.0.2 || exit 1
check
equal "a lone NIC passes" "pass MtuFits 0" "$(judged) $code"
equal "its MTU is a figure" "1500 bytes" "$(said '.figures.mtu | "\(.value) \(.unit)"')"

ip link add flannel.1 type vxlan id 1 dev v0 local 10.9.0.1 dstport 8472 && ip link set flannel.1 up &&
	ip addr add 10.244.0.0/32 dev flannel.1 || exit 1
check
equal "a VXLAN that fits passes" "pass 1450 1450" \
	"$(said '"\(.verdict) \(.figures."flannel.1.mtu".value) \(.figures."flannel.1.most".value)"')"
ip link set v0 mtu 1400
check
equal "a VXLAN over a NIC whose MTU has dropped is found" "fail OverlayTooLarge 1" "$(judged) $code"
holds "both devices, both MTUs and what fits are named" \
	'^flannel.1 \(vxlan, MTU 1450\) .* v0 \(MTU 1400\).* 1350 fits$' "$(said .message)"
holds "what to do is flannel's own way, with the value" '^flannel: .*: 1350$' "$(said .advice)"
check "deviates=warn"
equal "deviates=warn warns" "warn OverlayTooLarge 0" "$(judged) $code"
ip link set v0 mtu 1500

# The least of the paths counts for pods; a container engine's own bridge goes by the NIC.
peer_start || exit 1
pod() { # NAME MTU [MASTER]
	ip link add "$1" mtu "$2" type veth peer name eth9 mtu "$2" netns "$peer" &&
		ip link set "$1" up && { [ -z "${3:-}" ] || ip link set "$1" master "$3"; } || exit 1
}
ip link add cni0 type bridge && ip link set cni0 up && ip link add docker0 type bridge &&
	ip link set docker0 up || exit 1
pod vetha 1450 cni0
in_peer ip link set eth9 name eth8
pod vethd 1500 docker0
in_peer ip link set eth9 name eth7
check
equal "pods that fit pass, and a container engine's with the NIC's MTU too" "pass 1 1" \
	"$(said '"\(.verdict) \(.figures.pods.value) \(.figures.containers.value)"')"
pod vethb 1500 cni0
check
equal "a pod larger than the tunnel is found" "fail PodsTooLarge" "$(judged)"
holds "with the tunnel's name and size" '^1 of 2 pods.* flannel.1 carries \(1450\): vethb has MTU 1500' \
	"$(said .message)"
holds "the pod's maker is to be told, never one end alone" '^flannel: .*: 1450; then make the pods anew' \
	"$(said .advice)"
ip link del vethb
ip link set vethd mtu 9000
check
equal "a container engine's pod above the NIC's MTU warns" "warn PodsTooLarge" "$(judged)"
holds "its engine is to be told" 'where vethd.s maker is configured' "$(said .advice)"
ip link set vethd mtu 1500
ip link del flannel.1
ip link add vx-lab mtu 1400 type vxlan id 7 dev v0 local 10.9.0.1 dstport 4790 && ip link set vx-lab up
check
equal "somebody's own tunnel bounds no pods" "pass MtuFits" "$(judged)"
ip route add 10.77.0.0/16 dev v0 mtu 9000
check
equal "a route larger than its link is found" "fail RouteTooLarge" "$(judged)"
holds "the route is what is to be changed" '^give that route mtu 1500, or none' "$(said .advice)"
ip route del 10.77.0.0/16
for link in vetha vethd cni0 docker0 vx-lab; do
	ip link del $link
done

# An external tunnel tells nothing by its own MTU of 65000: Antrea's port and the pods do.
ip link add vxlan_sys_4789 type vxlan external dstport 4789 && ip link set vxlan_sys_4789 up &&
	ip link add antrea-gw0 type bridge && ip link set antrea-gw0 up || exit 1
check
equal "Antrea's port is judged instead of its external tunnel" "fail OverlayTooLarge" "$(judged)"
holds "with Antrea's setting" '^Antrea: defaultMTU .*: 1450$' "$(said .advice)"
ip link set antrea-gw0 mtu 1450
check
equal "and passes with the right MTU" "pass MtuFits" "$(judged)"
ip link del antrea-gw0 && ip link del vxlan_sys_4789

ip link add cilium_vxlan type vxlan external dstport 8472 && ip link set cilium_vxlan up &&
	ip link add cilium_host type veth peer name cilium_net && ip link set cilium_host up &&
	ip route add 10.0.1.0/24 dev cilium_host mtu 1450 || exit 1
pod lxc1 1500
check
equal "Cilium's pods keep the NIC's MTU; its routes are what is smaller" "pass MtuFits" "$(judged)"
ip route change 10.0.1.0/24 dev cilium_host mtu 1500
check
equal "a route of Cilium's that forgets the tunnel is found" "fail RouteTooLarge" "$(judged)"
holds "Cilium is to be told the NIC's MTU" '^Cilium: .*: 1500$' "$(said .advice)"
ip link del cilium_host && ip link del cilium_vxlan && ip link del lxc1

peer_stop
wait "$peer" 2>/dev/null
ip link del v0

# --- the paths ---
# v0 10.9.0.1 - 10.9.0.2 router 10.9.1.1 - 10.9.1.2 peer, whose second hop carries 1400 bytes.
unshare -n sleep 600 &
router=$!
peer_start || exit 1
trap 'kill $router $peer 2>/dev/null' EXIT
in_router() {
	nsenter -t $router -n "$@"
}
within 5 sh -c "[ \$(readlink /proc/$router/ns/net) != \$(readlink /proc/self/ns/net) ]" || exit 1
ip link add v0 type veth peer name v1 netns $router && ip addr add 10.9.0.1/24 dev v0 &&
	ip -6 addr add fd09::1/64 dev v0 nodad && ip link set v0 up &&
	in_router ip link add p0 mtu 1400 type veth peer name p1 mtu 1400 netns "$peer" &&
	in_router ip addr add 10.9.0.2/24 dev v1 && in_router ip addr add 10.9.1.1/24 dev p0 &&
	in_router ip -6 addr add fd09::2/64 dev v1 nodad &&
	in_router ip -6 addr add fd09:1::1/64 dev p0 nodad && in_router ip link set v1 up &&
	in_router ip link set p0 up && in_router ip link set lo up &&
	in_router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' &&
	in_peer ip addr add 10.9.1.2/24 dev p1 && in_peer ip -6 addr add fd09:1::2/64 dev p1 nodad &&
	in_peer ip link set p1 up && in_peer ip link set lo up &&
	in_peer ip route add default via 10.9.1.1 && in_peer ip -6 route add default via fd09:1::1 &&
	ip route add default via 10.9.0.2 && ip -6 route add default via fd09::2 || exit 1

check "peers=10.9.0.2, fd09::2"
equal "paths that carry the NIC's MTU pass" "pass MtuFits 1500 1500" \
	"$(judged) $(said '.figures | "\(."10.9.0.2.path".value) \(."fd09::2.path".value)"')"
equal "the echo's time is told" true "$(said '.figures."10.9.0.2.rtt".value | . > 0 and . < 1000')"

check "peers=10.9.1.2"
equal "a smaller hop that reports itself warns" "warn PathMtuSmaller 1400" \
	"$(judged) $(said '.figures."10.9.1.2.path".value')"
holds "with the reporter" 'carries 1400 bytes, as 10.9.0.2 reports' "$(said .message)"
check "peers=fd09:1::2"
equal "over IPv6 as well" "warn PathMtuSmaller 1400" \
	"$(judged) $(said '.figures."fd09:1::2.path".value')"
holds "with its reporter" 'as fd09::2 reports' "$(said .message)"

# What the kernel has cached of the path must not decide: now the router says nothing any more.
drop='table inet t { chain out { type filter hook output priority 0;
	icmp type destination-unreachable drop; icmpv6 type packet-too-big drop; }; }'
if in_router nft "$drop" 2>"$work/nft"; then
	check "peers=10.9.1.2"
	equal "a hop that loses what is larger without a word is a black hole" \
		"fail PmtuBlackHole 1400 1" "$(judged) $(said '.figures."10.9.1.2.path".value') $code"
	holds "the advice has the value" 'mtu=1400 ' "$(said .advice)"
	check "peers=fd09:1::2"
	equal "a black hole over IPv6 too" "fail PmtuBlackHole 1400" \
		"$(judged) $(said '.figures."fd09:1::2.path".value')"
	check "peers=10.9.1.2 10.9.0.2"
	equal "the worst path decides" "fail PmtuBlackHole" "$(judged)"
	in_router nft flush ruleset
	in_router nft 'table inet t { chain f { type filter hook forward priority 0;
		ip length > 1300 reject with icmp type admin-prohibited; }; }'
	check "peers=10.9.1.2"
	equal "one who refuses larger packets for another reason makes a black hole as well" \
		"fail PmtuBlackHole 1300" "$(judged) $(said '.figures."10.9.1.2.path".value')"
	holds "and is named" '10.9.0.2 refuses larger ones' "$(said .message)"
	in_router nft flush ruleset
	nft 'table inet t { chain out { type filter hook output priority 0;
		ip length > 1350 icmp type echo-request drop; }; }'
	check "peers=10.9.0.2"
	equal "what this machine's own firewall drops is found by its size" \
		"warn PathMtuSmaller 1350" "$(judged) $(said '.figures."10.9.0.2.path".value')"
	nft flush ruleset
	# The far end of the first hop is made smaller, ours is not: veth drops what exceeds it by
	# more than a VLAN tag.
	in_router ip link set v1 mtu 1420
	check "peers=10.9.0.2"
	equal "a pair whose other end is smaller is a black hole" "fail PmtuBlackHole 1424" \
		"$(judged) $(said '.figures."10.9.0.2.path".value')"
	in_router ip link set v1 mtu 1500
else
	skip "a black hole" "nft does not work here: $(head -n 1 "$work/nft")"
fi

in_peer sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
check "peers=10.9.1.2" "wait=100ms"
equal "silence is unknown, not good and not bad" "unknown PeerSilent 3" "$(judged) $code"
in_router ip route add unreachable 10.9.7.0/24
in_router sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit' # it has refused much already
check "peers=10.9.7.1" "wait=200ms"
equal "a refusal is told from silence" "unknown PeerRefused" "$(judged)"
holds "with who refused" '^10.9.0.2 refuses what goes to 10.9.7.1: ' "$(said .message)"
ip route add unreachable 10.9.8.0/24
check "peers=10.9.8.1"
holds "and this machine's own refusal too" '^this machine has no way to 10.9.8.1' "$(said .message)"

check "peers=10.9.1.2 nonsense"
equal "a peer that is no address is refused" 2 $code
holds "by file and line" "p.ini:2: .*peers.*nonsense" "$(cat "$work/err")"
snap=$(ip -d addr; ip route; ip -6 route)
check "peers=10.9.0.2 fd09::2"
equal "the check changes no link, address or route" "$snap" "$(ip -d addr; ip route; ip -6 route)"
finish
