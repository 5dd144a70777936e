#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The link check on real links: carrier, flapping, and packets that are really dropped.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

printf '[check.link]\nwindow=1s\n' >"$work/p.ini"
check() {
	"$NODEFIT" check link --json --profile "$work/p.ini" 2>"$work/err"
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
judged() {
	said '.verdict + " " + .reason'
}
stop() { # PID
	kill "$1" && wait "$1" 2>/dev/null
}

out=$(check)
code=$?
equal "without a NIC the answer is unknown" "unknown NoNic 3" "$(judged) $code"

ip link add v0 type veth peer name v1 || exit 1
ip link set v0 up && ip link set v1 up && ip addr add 10.9.0.1/24 dev v0 &&
	ip route add default via 10.9.0.2 || exit 1
out=$(check)
equal "the host's sysfs is not taken for this namespace's" "unknown LinkUnreadable" "$(judged)"
mount -t sysfs none /sys || exit 1

out=$(check)
code=$?
equal "a quiet link with carrier passes" "pass LinkClean 0" "$(judged) $code"
holds "in words" '^v0: 10000 Mbit/s, 0 drops/s' "$(said .message)"
equal "every rate is a figure with its unit" "/s" "$(said '[.figures | (.rx_packets, .tx_packets,
	.rx_errors, .tx_errors, .rx_dropped, .tx_dropped, .rx_missed, .rx_fifo).unit] | unique | join(" ")')"
equal "speed and window are told" "10000 Mbit/s true" \
	"$(said '"\(.figures.speed.value) \(.figures.speed.unit) \(.figures.window.value >= 1)"')"
equal "softnet figures are there, of every CPU" "$(grep -c '' /proc/net/softnet_stat) /s /s /s" \
	"$(said '.figures | "\(.softnet_cpus.value) \(.softnet_processed.unit) \(.softnet_dropped.unit) \(.softnet_squeezed.unit)"')"

# Packets larger than the receiver's MTU are dropped on the way in, and by the sender's count out.
mac() {
	cat "/sys/class/net/$1/address"
}
ip addr add 10.9.1.1/24 dev v1 && ip neigh add 10.9.1.2 lladdr "$(mac v0)" dev v1 nud permanent &&
	ip neigh add 10.9.0.2 lladdr "$(mac v1)" dev v0 nud permanent &&
	ip link set v0 mtu 1280 || exit 1
# send ADDRESS SMALL LARGE: again and again so many datagrams of 100 and of 1400 bytes.
# shellcheck disable=SC2016
send() {
	exec bash -c 'small=$(printf %100s) large=$(printf %1400s)
		while :; do
			exec 3>/dev/udp/$0/9
			for ((i = 0; i < $1; i++)); do printf %s "$small" >&3; done
			for ((i = 0; i < $2; i++)); do printf %s "$large" >&3; done
			sleep 0.05
		done' "$@" 2>/dev/null
}

send 10.9.1.2 0 20 &
sender=$!
out=$(check)
code=$?
stop $sender
equal "packets that are all dropped fail" "fail LinkDrops 1" "$(judged) $code"
holds "said with rate and share" '^v0: [0-9.e+]+ rx_dropped/s, 100% of its packets' "$(said .message)"
equal "the rate is a figure" true "$(said '.figures.rx_dropped.value > 10 and .figures.rx_dropped_share.value > 90')"

send 10.9.1.2 190 10 &
sender=$!
out=$(check)
stop $sender
equal "one in twenty warns" "warn LinkDrops" "$(judged)"
equal "and the share is near 5%" true \
	"$(said '.figures.rx_dropped_share.value > 3 and .figures.rx_dropped_share.value < 7.5')"

send 10.9.1.2 200 0 &
sender=$!
out=$(check)
stop $sender
equal "traffic without drops passes" "pass LinkClean" "$(judged)"
equal "and is seen" true "$(said '.figures.rx_packets.value > 100 and .figures.softnet_processed.value > 100')"

ip link set v0 mtu 1500 && ip link set v1 mtu 1280 || exit 1
send 10.9.0.2 0 20 &
sender=$!
out=$(check)
stop $sender
equal "what the NIC can't send fails too" "fail LinkDrops" "$(judged)"
holds "and is told as tx_dropped" '^v0: [0-9.e+]+ tx_dropped/s' "$(said .message)"
ip link set v1 mtu 1500

# The thresholds are the profile's.
ip link set v0 mtu 1280
printf '[check.link]\nwindow=1s\nleast=1000000\n' >"$work/p.ini"
send 10.9.1.2 0 20 &
sender=$!
out=$(check)
stop $sender
equal "below least= nothing is judged" "pass LinkClean" "$(judged)"
ip link set v0 mtu 1500
printf '[check.link]\nwindow=1s\n' >"$work/p.ini"

# Carrier.
(sleep 0.4 && ip link set v1 down && ip link set v1 up) &
flap=$!
out=$(check)
wait $flap
equal "a carrier that comes and goes warns" "warn LinkFlaps" "$(judged)"
equal "its changes are counted" true "$(said '.figures.carrier_changes.value >= 2')"
ip link set v1 down
out=$(check)
code=$?
equal "the node's NIC without carrier fails" "fail NoCarrier 1" "$(judged) $code"
holds "and is named" '^v0 has no carrier' "$(said .message)"
ip link set v1 up

# A bridge carries the address: its ports count.
ip link add br0 type bridge && ip link add w0 type veth peer name w1 &&
	ip link set v0 master br0 && ip link set w0 master br0 && ip link set br0 up &&
	ip link set w0 up && ip addr flush dev v0 && ip addr add 10.9.0.1/24 dev br0 &&
	ip route replace default via 10.9.0.2 || exit 1
out=$(check)
equal "a port without carrier below the node's bridge warns" "warn NoCarrier" "$(judged)"
holds "and is named" '^w0 has no carrier' "$(said .message)"
ip link set w1 up
out=$(check)
equal "with carrier on all ports it passes" "pass br0" "$(said '.verdict + " " + .facts.nic')"

printf '[check.link]\nwindow=20s\n' >"$work/p.ini"
out=$("$NODEFIT" check link --quick --json --profile "$work/p.ini")
equal "--quick takes 3 s" true "$(said '.figures.window.value >= 2.9 and .figures.window.value < 6')"
finish
