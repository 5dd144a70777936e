#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agent acts on what the kernel tells: here it compares by itself once an hour only. And a change
# that cuts the node off is tried once.
# It runs alone: it asserts how soon something is seen.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
# shellcheck source=agent.sh
. "$(dirname "$0")/agent.sh"

veth() { # NAME: four queues, its other end in the peer's namespace
	ip link add "$1" numrxqueues 4 numtxqueues 4 type veth peer name "$1p" &&
		ip link set "$1p" netns "$peer" && in_peer ip link set "$1p" up && ip link set "$1" up
}
channels() { # NAME
	find "/sys/class/net/$1/queues" -name 'rx-*' | wc -l
}
has_channels() { # NAME NUMBER
	[ "$(channels "$1")" = "$2" ]
}
forked() { # so many pages the agent's workers have touched: none started, none more
	awk '{print $11}' "/proc/$agent/stat"
}
settled() { # what was asked for is done: two seconds without a worker
	before=$(forked)
	sleep 2
	[ "$(forked)" = "$before" ]
}
tries() { # of the MTU, by the log
	grep -c 'v0/mtu not set' "$work/log"
}

peer_start || exit 1
trap 'finally; peer_stop' EXIT
veth v0 && ip addr add 192.0.2.1/24 dev v0 && in_peer ip addr add 192.0.2.254/24 dev v0p &&
	veth w0 && ip addr add 198.51.100.1/24 dev w0 &&
	in_peer ip addr add 198.51.100.254/24 dev w0p &&
	ip route add default via 192.0.2.254 || exit 1
profile() { # LINE...: of link settings
	cat >"$work/p.ini" <<END
[sysctl]
net.core.somaxconn=>32768
net.ipv4.conf.late0.forwarding=1
[check.fsync]
interval=1h
path=$(dirname "$NODEFIT")
worst=warn
[check.link]
interval=1h
window=1s
[check.mtu]
interval=1h
[check.queues]
interval=1h
$(off conntrack ebpf etcd host locality proxy rtt rules)
[verdict]
tolerate_unknown=steal link queues mtu
END
	[ $# = 0 ] || printf '%s\n' "$@" >>"$work/p.ini"
}
listen || exit 1
profile '[net]' devices=v0 txqueuelen=2000 '[net.node]' devices=@node-ip 'channels=rx 2'
configure drift_interval=1h
start
within 20 notified 'READY=1'
has_channels v0 2
ok $? "the node's NIC has its channels"

ip link set v0 txqueuelen 500
within 15 holds_value /sys/class/net/v0/tx_queue_len 2000
ok $? "a link's change is seen when it happens"
ethtool -L v0 rx 4 >/dev/null 2>&1
has_channels v0 4 && within 15 has_channels v0 2
ok $? "the change of channels, too"
ip link add late0 type veth peer name late1
within 15 holds_value /proc/sys/net/ipv4/conf/late0/forwarding 1
ok $? "a link that comes gets its sysctls"
ip link del late0 && ip link add late0 type veth peer name late1
within 15 holds_value /proc/sys/net/ipv4/conf/late0/forwarding 1
ok $? "and one that takes its place"
ip route replace default via 198.51.100.254
within 15 has_channels w0 2
ok $? "where another link carries the default route now, that one is the node's"
ip route replace default via 192.0.2.254
within 15 says '[.tuning[] | select(.key | startswith("v0/channels"))] | length == 1'
ok $? "and back"

# The checks of links have run for all this, too: what they have asked for is done.
sleep 3
within 60 settled
for i in 1 2 3 4 5 6 7 8; do
	ip link add "pod$i" type veth peer name eth1 && ip link set "pod$i" up &&
		ip addr add "10.0.0.$i/32" dev "pod$i" && ip route add "10.1.0.$i/32" dev "pod$i" &&
		ethtool -K "pod$i" tso off && ip link del "pod$i"
done >/dev/null 2>&1
sleep 2
equal "pods that come and go make it do nothing" "$before" "$(forked)"
stop

# --- a check that is switched off while it runs ---
profile '[net]' devices=v0 txqueuelen=2000
configure drift_interval=1h
start
within 20 says '[.checks[].name] | index("queues") != null'
sed -i '/^\[check.queues\]/,/^interval/s/1h/off/' "$work/p.ini"
kill -HUP "$agent"
within 10 says '[.checks[].name] | index("queues") == null'
ok $? "a check that is switched off is told no more"
ip link set v0 txqueuelen 500
within 15 holds_value /sys/class/net/v0/tx_queue_len 2000
sleep 3
within 60 settled
ok $? "nor does a link's change make it run" "$(cat "$work/log")"
before=$(grep -c '^<6>queues: ' "$work/log")
sed -i '/^\[check.queues\]/,/^interval/s/off/1h/' "$work/p.ini"
kill -HUP "$agent"
within 20 says '[.checks[].name] | index("queues") != null'
ok $? "switched on again it is measured"
equal "anew" $((before + 1)) "$(grep -c '^<6>queues: ' "$work/log")"
stop

# --- what deviates ---
profile
configure drift=report drift_interval=1s
echo 32768 >/proc/sys/net/core/somaxconn
start
within 20 says '.checks[] | select(.name == "sysctl").verdict == "pass"'
echo 100 >/proc/sys/net/core/somaxconn
within 15 says '.checks[] | select(.name == "sysctl").verdict == "warn"'
ok $? "a setting that deviates is told at once, as it is no measurement: for= is not waited for"
echo 200 >/proc/sys/net/core/somaxconn
within 15 says '.tuning[] | select(.key == "net.core.somaxconn").before == "200"'
ok $? "with the value that it has now"
echo 32768 >/proc/sys/net/core/somaxconn
sleep 3
says '.checks[] | select(.name == "sysctl").verdict == "warn"'
ok $? "that it conforms again must last, as for any check"
stop

# --- what cuts the node off: the far end takes 1500 bytes ---
profile '[net]' devices=v0 mtu=9000
configure drift_interval=1s
start
within 60 logged 'v0/mtu not set: .*do not come back'
ok $? "an MTU that the path does not carry is put back"
within 15 says '.tuning[] | select(.key == "v0/mtu").error | test("not tried again before a reload")'
ok $? "and the report says that it is not tried again"
ip link set v0 txqueuelen 700
sleep 70
equal "nor is it" 1 "$(tries)"
kill -HUP "$agent"
within 60 sh -c "[ \"\$(grep -c 'v0/mtu not set' '$work/log')\" = 2 ]"
ok $? "a reload tries it again"
equal "the MTU is as it was" 1500 "$(cat /sys/class/net/v0/mtu)"
stop
finish
