#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A link change that cuts the node off comes back by itself, whatever becomes of nodefit.
. "$(dirname "$0")/lib.sh"
enter "$@"
own_sysfs
profile=$work/net.ini

mtu_is() {
	[ "$(cat /sys/class/net/v0/mtu)" = "$1" ]
}

journal_is_empty() {
	[ ! -e /var/lib/nodefit/journal ]
}

carrier_returns() {
	[ "$(cat /sys/class/net/v0/carrier 2>/dev/null)" = 1 ]
}

peer_start || exit 1
ip link add v0 numrxqueues 4 numtxqueues 4 type veth peer name v1 numrxqueues 4 numtxqueues 4
ip link set v1 netns "$peer"
ip link set v0 up
ip addr add 192.0.2.1/24 dev v0
ip route add default via 192.0.2.254
in_peer ip link set v1 up
in_peer ip addr add 192.0.2.254/24 dev v1
within 5 carrier_returns

# The far end takes 1500 bytes: whoever sends more is not heard any more.
printf '[net]\ndevices=@node-ip\nmtu=9000\nchannels=rx 2 tx 2\n' >"$profile"
began=$(date +%s)
out=$("$NODEFIT" apply --profile "$profile" --confirm 2 2>"$work/err")
equal "an MTU that the far end does not take: exit code 1" 1 $?
took=$(($(date +%s) - began))
holds "it is put back, and why" 'packets of 9000 bytes do not come back from the gateway 192.0.2.254.*put back as it was' "$out"
mtu_is 1500
ok $? "the MTU is what it was"
equal "the channels of the same run are, too" 8 "$(find /sys/class/net/v0/queues -mindepth 1 -maxdepth 1 | wc -l)"
[ $took -le 8 ]
ok $? "within the confirm time and the time to look ($took s)"
journal_is_empty
ok $? "nothing of it is left in the journal"

# Without a confirm time nobody looks: then it takes --force.
out=$("$NODEFIT" apply --profile "$profile" --confirm 0 2>/dev/null)
equal "unwatched, a greater MTU is refused: exit code 1" 1 $?
holds "in words" 'whether the path carries 9000 bytes; --force' "$out"
mtu_is 1500
ok $? "and not set"
"$NODEFIT" rollback >/dev/null
"$NODEFIT" apply --profile "$profile" --confirm 0 --force >/dev/null
mtu_is 9000
ok $? "--confirm 0 --force leaves even that"
"$NODEFIT" rollback >/dev/null
mtu_is 1500
ok $? "rollback puts it back"
"$NODEFIT" apply --profile "$profile" --confirm 5 --force >/dev/null
equal "with --force no packet of that size must come back" 0 $?
mtu_is 9000
ok $? "it stays"
"$NODEFIT" rollback >/dev/null

# A gateway that answers no pings can't show what the path carries.
in_peer sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
out=$("$NODEFIT" apply --profile "$profile" --confirm 2 2>/dev/null)
equal "a greater MTU behind a gateway that answers no pings is refused" 1 $?
holds "in words, too" 'whether the path carries 9000 bytes; --force' "$out"
equal "the rest of the run is done" 4 "$(find /sys/class/net/v0/queues -mindepth 1 -maxdepth 1 | wc -l)"
in_peer sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
"$NODEFIT" rollback >/dev/null

# A bridge carries the route, its port is what is raised: the bridge follows.
ip link add br0 type bridge && ip link set br0 up && ip addr del 192.0.2.1/24 dev v0 &&
	ip link set v0 master br0 && ip addr add 192.0.2.1/24 dev br0 &&
	ip route add default via 192.0.2.254 || exit 1
printf '[net]\ndevices=v0\nmtu=9000\n' >"$work/port.ini"
out=$("$NODEFIT" apply --profile "$work/port.ini" --confirm 2 2>/dev/null)
equal "a port's MTU is proven by its bridge's gateway" 1 $?
holds "which does not get that far" 'packets of 9000 bytes do not come back' "$out"
equal "port and bridge are as before" "1500 1500" \
	"$(cat /sys/class/net/v0/mtu) $(cat /sys/class/net/br0/mtu)"
ip link del br0 && ip addr add 192.0.2.1/24 dev v0 && ip route add default via 192.0.2.254 || exit 1

# Every default route counts: the second next hop, and the other family's.
for routes in "nexthop dev lo nexthop via 192.0.2.254 dev v0" "6"; do
	ip route del default
	if [ "$routes" = 6 ]; then
		ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up &&
			ip route add default dev d0 &&
			in_peer ip -6 addr add fd00:9::fe/64 dev v1 nodad &&
			ip -6 addr add fd00:9::1/64 dev v0 nodad &&
			ip -6 route add default via fd00:9::fe || exit 1
		name="the IPv6 default route"
	else
		# shellcheck disable=SC2086
		ip route add default $routes || exit 1
		name="a second next hop"
	fi
	out=$("$NODEFIT" apply --profile "$work/port.ini" 2>/dev/null)
	equal "$name is watched over without being asked" 1 $?
	holds "$name: put back" 'put back as it was' "$out"
done
ip link del d0 && ip -6 addr flush dev v0 scope global && ip route add default via 192.0.2.254 || exit 1

# A change that does no harm stays, and needs no waiting.
printf '[net]\ndevices=@node-ip\nmtu=1400\nchannels=rx 2 tx 2\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >"$work/out"
equal "a harmless change is confirmed" 0 $?
mtu_is 1400
ok $? "and stays"
"$NODEFIT" rollback >/dev/null

# Killed while it waits: all of its process group, as a closing session or a service manager would.
printf '[net]\ndevices=@node-ip\nmtu=9000\nchannels=rx 2 tx 2\n' >"$profile"
setsid "$NODEFIT" apply --profile "$profile" --confirm 30 >/dev/null 2>&1 &
victim=$!
within 10 mtu_is 9000
ok $? "the change is in force while it waits"
out=$("$NODEFIT" apply --profile "$profile" 2>&1)
holds "meanwhile no other nodefit may change anything" 'another nodefit is at work' "$out"
kill -9 -$victim
within 5 mtu_is 1500
ok $? "after kill -9 the change comes back by itself"
within 5 journal_is_empty
ok $? "and the journal knows it"
equal "the channels too" 8 "$(find /sys/class/net/v0/queues -mindepth 1 -maxdepth 1 | wc -l)"

# The guard is killed, or can't be started.
guard_of() { # PID
	pgrep -P "$1"
}
setsid "$NODEFIT" apply --profile "$profile" --confirm 4 >"$work/out" 2>"$work/err" &
victim=$!
within 10 mtu_is 9000
kill -9 "$(guard_of $victim)"
wait $victim
equal "nodefit outlives its guard: exit code 1" 1 $?
holds "and tells of it" 'put back as it was' "$(cat "$work/out")"
mtu_is 1500
ok $? "it puts the changes back itself"
journal_is_empty
ok $? "and keeps nothing in the journal"
printf '[sysctl]\nnet.ipv4.tcp_fin_timeout=31\n' | cat - "$profile" >"$work/both.ini"
out=$(strace -f -o "$work/trace" -e trace=clone,clone3 -e inject=clone,clone3:error=EAGAIN \
	"$NODEFIT" apply --profile "$work/both.ini" --confirm 4 2>"$work/err")
equal "without a guard no link is changed: exit code 1" 1 $?
holds "what was changed before is told" 'tcp_fin_timeout: 60 -> 31' "$out"
holds "and what was not" "can't be watched over" "$out"
mtu_is 1500
ok $? "the MTU is as it was"
"$NODEFIT" rollback >/dev/null

# In a container nodefit is the first process: who kills it kills its guard as well. The guard is
# stopped before, for it may be faster than the kernel: the dead one's files are closed first.
unshare -p -f --kill-child "$NODEFIT" apply --profile "$profile" --confirm 30 >/dev/null 2>&1 &
container=$!
within 10 mtu_is 9000
kill -STOP "$(guard_of "$(pgrep -P $container)")"
kill -9 $container
wait $container 2>/dev/null
sleep 0.5
mtu_is 9000
ok $? "killed with its guard, it leaves the change in force"
printf '[net]\ndevices=@node-ip\ntxqueuelen=2000\n' >"$work/next.ini"
err=$("$NODEFIT" apply --profile "$work/next.ini" 2>&1 >"$work/out")
holds "the next apply finds it unconfirmed" 'v0/mtu: .*killed before it could be confirmed: back to 1500' "$err"
mtu_is 1500
ok $? "and puts it back first"
"$NODEFIT" rollback >/dev/null
equal "rollback has all of both" "1500 1000" \
	"$(cat /sys/class/net/v0/mtu) $(cat /sys/class/net/v0/tx_queue_len)"

# Its terminal goes away: script(1) is that terminal. Who runs the tests may ignore SIGHUP (nohup).
env --default-signal=HUP script -qfc "$NODEFIT apply --profile $profile --confirm 30" /dev/null </dev/null >/dev/null 2>&1 &
terminal=$!
within 10 mtu_is 9000
ok $? "on a terminal it waits as well"
kill -9 $terminal
within 5 mtu_is 1500
ok $? "when the terminal closes the change comes back by itself"
within 5 journal_is_empty
ok $? "and the journal knows it, too"

# The peer disappears just then: nothing answers any more, whoever is to blame.
# The delays leave time for that between the change and the questions after it.
printf '[net]\ndevices=@node-ip\nmtu=1400\n' >"$profile"
strace -f -o "$work/trace" -e trace=sendmsg -e inject=sendmsg:delay_enter=150000 \
	"$NODEFIT" apply --profile "$profile" --confirm 3 >"$work/out" 2>&1 &
applying=$!
within 10 mtu_is 1400
in_peer ip link set v1 down
wait $applying
equal "a peer that goes away during the change: exit code 1" 1 $?
mtu_is 1500
ok $? "the change is put back"
in_peer ip link set v1 up
within 5 carrier_returns

# A server that must take connections: on the far end's port 6443, and only one of them.
in_peer ip addr add 198.51.100.1/32 dev lo
in_peer ip link set lo up
serve_once() {
	in_peer /usr/bin/python3 -c '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("198.51.100.1", 6443)); s.listen(1)
c, _ = s.accept(); c.close(); s.close()
import time; time.sleep(60)' &
	server=$!
	within 5 listens
}
listens() {
	in_peer sh -c 'grep -q ":192B .* 0A " /proc/net/tcp'
}
serve_once
printf '[net]\ndevices=v0\nmtu=1400\nconfirm=198.51.100.1:6443\n' >"$profile"
out=$("$NODEFIT" apply --profile "$profile" --confirm 2 2>/dev/null)
equal "a server of confirm= that takes no second connection: exit code 1" 1 $?
holds "it is named" '198.51.100.1 port 6443 takes no connection any more' "$out"
mtu_is 1500
ok $? "and the change is put back"
kill $server 2>/dev/null
out=$("$NODEFIT" apply --profile "$profile" --confirm 2 2>&1)
equal "one that answered nothing before is no reason to put anything back" 0 $?
"$NODEFIT" rollback >/dev/null

# Without a default route a server is reason enough to confirm. What follows goes back to what it
# was before this run, not before an earlier one.
ip route del default && ip addr del 192.0.2.1/24 dev v0 && ip link add br0 type bridge &&
	ip link set br0 up && ip link set v0 master br0 && ip addr add 192.0.2.1/24 dev br0 &&
	ip route add 198.51.100.1 via 192.0.2.254 || exit 1
printf '[net]\ndevices=v0\nmtu=1400\n' >"$work/low.ini"
"$NODEFIT" apply --profile "$work/low.ini" >/dev/null
equal "the bridge follows its port" 1400 "$(cat /sys/class/net/br0/mtu)"
serve_once
printf '[net]\ndevices=v0\nmtu=1300\nconfirm=198.51.100.1:6443\n' >"$work/low.ini"
out=$("$NODEFIT" apply --profile "$work/low.ini" 2>/dev/null)
equal "without a default route a server is reason enough to confirm" 1 $?
equal "port and bridge are as the earlier run left them" "1400 1400" \
	"$(cat /sys/class/net/v0/mtu) $(cat /sys/class/net/br0/mtu)"
kill $server 2>/dev/null
"$NODEFIT" rollback >/dev/null
equal "rollback goes back to the first" "1500 1500" \
	"$(cat /sys/class/net/v0/mtu) $(cat /sys/class/net/br0/mtu)"
ip link del br0

# Nothing was ever up in there, so that there is not even a routing table.
printf '[net]\ndevices=w0\nmtu=1400\n' >"$work/bare.ini"
# shellcheck disable=SC2016
out=$(unshare -n sh -c 'ip link add w0 type veth peer name w1 && mount -t sysfs none /sys &&
	"$1" apply --profile "$2"; umount /sys' sh "$NODEFIT" "$work/bare.ini" 2>&1)
holds "without a routing table a link is changed all the same" '1 changed' "$out"

ip link del v0
finish
