#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The queues check on real links: a veth carries the node's address, as the default route says.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

printf '[check.queues]\nenough=8\n' >"$work/p.ini"
check() {
	"$NODEFIT" check queues --json --profile "$work/p.ini" 2>"$work/err"
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}

out=$(check)
code=$?
equal "without a NIC the answer is unknown" "unknown NoNic" "$(said '.verdict + " " + .reason')"
equal "and the exit code 3" 3 $code

# As many queues as there are CPUs, and two more.
cpus=$(grep -c '^cpu[0-9]' /proc/stat)
most=$((cpus + 2))
ip link add v0 numrxqueues $most numtxqueues $most type veth \
	peer name v1 numrxqueues $most numtxqueues $most || exit 1
ip link set v0 up && ip link set v1 up && ip addr add 10.9.0.1/24 dev v0 &&
	ip route add default via 10.9.0.2 || exit 1

# /sys is still the host's: what it says of a v0 would be another link's.
out=$(check)
equal "the host's sysfs is not taken for this namespace's" null "$(said '.figures.rx_queues.value')"
mount -t sysfs none /sys || exit 1

ethtool -L v0 rx 1 tx 1 || exit 1
out=$(check)
[ "$cpus" -gt 1 ] && reason=QueuesOfSoftware || reason=OneCpu
equal "a veth's channels are nothing to tune: on a NIC they would warn (tests/vm/nic.sh)" \
	"pass $reason" "$(said '.verdict + " " + .reason')"
equal "figures: channels in use, maximum, CPUs" "1 $most $cpus" \
	"$(said '[.figures[("channels","channels_max","cpus")].value|tostring]|join(" ")')"
equal "and the NIC's name" v0 "$(said .facts.nic)"
ethtool -L v0 rx "$most" tx "$most" || exit 1
out=$(check)
code=$?
equal "with all of them it passes as well" "pass 0" "$(said .verdict) $code"

# enough= bounds what is asked for.
ethtool -L v0 rx 1 tx 1 || exit 1
printf '[check.queues]\nenough=1\n' >"$work/p.ini"
out=$(check)
equal "one channel passes where enough=1" pass "$(said .verdict)"
printf '[check.queues]\nenough=8\n' >"$work/p.ini"

# Rings: veth has none, which is no failure.
equal "a driver without rings has no such figures" null "$(said '.figures.ring_rx')"

# A NIC with one queue, and packet steering.
ip link del v0
ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
	ip addr add 10.9.0.1/24 dev v0 && ip route add default via 10.9.0.2 || exit 1
ethtool -L v0 rx 1 tx 1 2>/dev/null
echo 1 >/sys/class/net/v0/queues/rx-0/rps_cpus || exit 1
out=$(check)
equal "RPS on one CPU is seen" 1 "$(said .figures.rps.value)"
if [ "$cpus" -gt 1 ]; then
	echo 3 >/sys/class/net/v0/queues/rx-0/rps_cpus || exit 1
	out=$(check)
	equal "RPS on two CPUs is seen" 2 "$(said .figures.rps.value)"
else
	skip "RPS on two CPUs is seen" "this machine has one CPU"
fi

# A bridge has no channels; those of the hardware below it would count.
ip link del v0
ip link add br0 type bridge && ip link add v0 type veth peer name v1 &&
	ip link set v0 master br0 && ip link set br0 up && ip link set v0 up && ip link set v1 up &&
	ip addr add 10.9.0.1/24 dev br0 && ip route add default via 10.9.0.2 || exit 1
out=$(check)
equal "a bridge over links of software is no failure" "pass QueuesOfSoftware" \
	"$(said '.verdict + " " + .reason')"

state() {
	ethtool -l v0
	ip link
	cat /sys/class/net/v0/queues/*/*ps_cpus 2>/dev/null
}
before=$(state)
check >/dev/null
equal "the check changes nothing" "$before" "$(state)"
finish
