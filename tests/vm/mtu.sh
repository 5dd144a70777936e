#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: the mtu check on tunnels that a container host's kernel may not have. The kernel is
# the witness: it gives a new tunnel the largest MTU that fits into the link below.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

# busybox's shell takes its own ip first, which knows no tunnels.
ip() {
	/sbin/ip "$@"
}
printf '[check.mtu]\n' >"$work/mtu.ini"
check() {
	out=$("$NODEFIT" check mtu --json --profile "$work/mtu.ini" 2>"$work/err")
}
figure() { # NAME
	found=$(printf '%s' "$out" | tr -d ' \n' | sed -n 's/.*"'"$1"'":{"value":\([0-9]*\).*/\1/p')
	echo "${found:-none}"
}
mtu() {
	cat "/sys/class/net/$1/mtu"
}

ip -6 addr add fd09::2/64 dev eth0 nodad
for module in vxlan geneve ipip sit ip_gre ip6_tunnel ip6_gre wireguard; do
	modprobe $module
	ok $? "module $module"
done
# fits NAME KIND...: a tunnel as the kernel makes it fits exactly.
fits() {
	name=$1
	shift
	ip link add t0 type "$@" && ip link set t0 up
	ok $? "$name: the kernel makes one"
	check
	equal "$name: what fits is what the kernel gave it" "$(mtu t0)" "$(figure t0.most)"
	holds "$name: it passes" '"reason": "MtuFits"' "$out"
	if ip link set t0 mtu $(($(mtu t0) + 1)) 2>/dev/null; then
		check
		holds "$name: one byte more does not" \
			'"message": "t0 \(.*\) does not fit into eth0' "$out"
	else # VXLAN bound to a link is limited by the kernel, until that link's MTU drops
		equal "$name: the kernel refuses one byte more" vxlan "$1"
	fi
	ip link del t0
}
fits "VXLAN over IPv4" vxlan id 1 dev eth0 remote 10.9.0.9 dstport 4789
fits "VXLAN over IPv6" vxlan id 1 dev eth0 remote fd09::9 dstport 4789
fits "Geneve over IPv4" geneve id 1 remote 10.9.0.9
fits "Geneve over IPv6" geneve id 1 remote fd09::9
fits "IPIP" ipip local 10.9.0.2 remote 10.9.0.9 dev eth0
fits "SIT" sit local 10.9.0.2 remote 10.9.0.9 dev eth0
fits "GRE" gre local 10.9.0.2 remote 10.9.0.9 dev eth0
fits "GRE of Ethernet" gretap local 10.9.0.2 remote 10.9.0.9 dev eth0
fits "IPv6 in IPv6" ip6tnl mode ip6ip6 local fd09::2 remote fd09::9 dev eth0 encaplimit none
fits "GRE over IPv6" ip6gre local fd09::2 remote fd09::9 dev eth0 encaplimit none

# WireGuard does not look at the link below: 1420 fits into 1500 only.
ip link add wireguard.cali type wireguard && ip link set wireguard.cali up
check
holds "WireGuard's own 1420 does not fit into 1450" \
	'"message": "wireguard.cali \(wireguard, MTU 1420\).* 1390 fits' "$out"
holds "and Calico's setting is told" 'wireguardMTU.*: 1390"' "$out"
ip link del wireguard.cali

# The module's own device, which nobody has taken into use.
ip link set tunl0 up
check
holds "tunl0 without an address is not judged" '"reason": "MtuFits"' "$out"
ip link set tunl0 down

# The path to the gateway carries the NIC's MTU; the host's end of the wire is larger.
printf '[check.mtu]\npeers=10.9.0.1\n' >"$work/mtu.ini"
check
holds "the path to the gateway carries the NIC's MTU" '"reason": "MtuFits"' "$out"
equal "byte for byte" 1450 "$(figure 10.9.0.1.path)"
ip -6 addr del fd09::2/64 dev eth0
finish
