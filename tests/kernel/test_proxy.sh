#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which data plane serves Services: false ones that answer, and what real ones leave in the kernel.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
# shellcheck source=rules.sh
. "$(dirname "$0")/rules.sh"
here=$(cd "$(dirname "$0")" && pwd)
trap stop_all EXIT
running=

# What the check finds beside its defaults.
profile() { # LINE...
	printf '[check.proxy]\ncilium=%s\n' "$work/cilium.sock" >"$work/p.ini"
	printf '%s\n' "$@" >>"$work/p.ini"
}
check() {
	out=$("$NODEFIT" check proxy --json --profile "$work/p.ini" 2>"$work/err")
	code=$?
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
finds() { # NAME VERDICT REASON DATA_PLANE
	check
	equal "$1" "$2 $3: $4" "$(said '.verdict + " " + .reason + ": " + .facts.data_plane')"
}
start() { # ARG...: of the false one
	/usr/bin/python3 "$here/false_proxy.py" "$@" &
	running="$running $!"
}
listens() { # PORT
	ss -Hltn "sport = :$1" | grep -q .
}
stop_all() {
	for pid in $running; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	running=
	rm -f "$work/cilium.sock"
}
profile

# --- nothing ---
finds "where nothing is there it is none, and passes" pass NoDataPlane none
equal "with exit code 0" 0 $code
equal "and has made no table" "" "$(cat /proc/net/ip_tables_names 2>/dev/null)$(nft list tables)"
for backend in legacy nft; do
	"iptables-$backend" -t mangle -N KUBE-IPTABLES-HINT &&
		"iptables-$backend" -t nat -N KUBE-KUBELET-CANARY || exit 1
done
finds "kubelet's chains prove nothing" pass NoDataPlane none

# --- kube-proxy's own word ---
for mode in iptables nftables; do
	start http $mode
	within 10 listens 10249
	finds "kube-proxy that says $mode" pass OneDataPlane "kube-proxy $mode"
	stop_all
done
start http ipvs
within 10 listens 10249
if [ -e /proc/net/ip_vs ]; then
	finds "kube-proxy that says ipvs" pass OneDataPlane "kube-proxy ipvs"
else
	finds "mode ipvs without IPVS in the kernel fails" fail IpvsMissing "kube-proxy ipvs"
	equal "and the node is unfit" 1 $code
fi
stop_all
start http iptables 10300
within 10 listens 10300
profile "address=127.0.0.1:10300"
finds "at another address, as the profile has it" pass OneDataPlane "kube-proxy iptables"
profile
stop_all

# --- Cilium ---
start cilium "$work/cilium.sock" True
within 10 [ -S "$work/cilium.sock" ]
finds "Cilium that replaces kube-proxy" pass OneDataPlane cilium
equal "its version is told" "1.16.3, kubeProxyReplacement True" "$(said .facts.cilium)"
start http iptables
within 10 listens 10249
finds "Cilium and kube-proxy at once" warn TwoDataPlanes "kube-proxy iptables"
stop_all
start cilium "$work/cilium.sock" False
within 10 [ -S "$work/cilium.sock" ]
finds "Cilium that does not" pass NoDataPlane none
stop_all
start cilium "$work/cilium.sock" silent
within 10 [ -S "$work/cilium.sock" ]
finds "a socket that never answers" unknown CiliumSilent none
equal "is exit code 3" 3 $code
kill "${running# }" && wait "${running# }" 2>/dev/null
running=
finds "nor does one that nobody serves any more" unknown CiliumSilent none
rm -f "$work/cilium.sock"
echo >"$work/cilium.sock"
finds "or what is no socket" unknown CiliumSilent none
stop_all

# --- what kube-proxy puts into the kernel ---
for backend in legacy nft; do
	kube_iptables 3 10 | "iptables-$backend-restore" || exit 1
	finds "chains of Services, $backend" pass OneDataPlane "kube-proxy iptables"
	equal "their number" 3 "$(said .figures.service_chains.value)"
	"iptables-$backend" -t nat -F && "iptables-$backend" -t nat -X || exit 1
done
kube_nftables 4 20 | nft -f - || exit 1
finds "the table kube-proxy" pass OneDataPlane "kube-proxy nftables"
equal "its Services" 4 "$(said .figures.service_elements.value)"
start http nftables
within 10 listens 10249
finds "the same by its own word" pass OneDataPlane "kube-proxy nftables"
kube_iptables 3 10 | iptables-legacy-restore || exit 1
finds "chains of the mode before are leftovers" warn ProxyLeftovers "kube-proxy nftables"
holds "which are named" 'left: 3 KUBE-SVC chains in iptables' "$(said .message)"
stop_all
start cilium "$work/cilium.sock" True
within 10 [ -S "$work/cilium.sock" ]
finds "after a migration to Cilium, too" warn ProxyLeftovers cilium
holds "all of them" 'left: nft table kube-proxy, 3 KUBE-SVC chains' "$(said .message)"
stop_all
nft flush ruleset
iptables-legacy -t nat -F && iptables-legacy -t nat -X || exit 1

# --- its IPVS device; what has its name stands for the dummy that kube-proxy makes ---
ip link add kube-ipvs0 type bridge || exit 1
finds "kube-ipvs0 without an address is left over" warn ProxyLeftovers none
ip addr add 10.96.0.1/32 dev kube-ipvs0 && ip addr add 10.96.0.10/32 dev kube-ipvs0 || exit 1
if [ -e /proc/net/ip_vs ]; then
	finds "with Services' addresses it serves" pass OneDataPlane "kube-proxy ipvs"
else
	finds "with Services' addresses it serves, but for the kernel" fail IpvsMissing \
		"kube-proxy ipvs"
fi
equal "its addresses are counted" 2 "$(said .figures.ipvs_addresses.value)"
start http iptables
within 10 listens 10249
finds "kube-proxy says better than the device" warn ProxyLeftovers "kube-proxy iptables"
stop_all
ip link del kube-ipvs0
finds "when all is gone it is none again" pass NoDataPlane none
finish
