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

# Without a confirm time nobody looks.
"$NODEFIT" apply --profile "$profile" --confirm 0 >/dev/null
mtu_is 9000
ok $? "--confirm 0 leaves even that"
"$NODEFIT" rollback >/dev/null
mtu_is 1500
ok $? "rollback puts it back"

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

# Its terminal goes away: script(1) is that terminal.
script -qfc "$NODEFIT apply --profile $profile --confirm 30" /dev/null </dev/null >/dev/null 2>&1 &
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

# A server that must take connections: on the far end's port 6443, until the filter drops it.
in_peer ip addr add 198.51.100.1/32 dev lo
in_peer ip link set lo up
in_peer /usr/bin/python3 -c '
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("198.51.100.1", 6443)); s.listen(1)
c, _ = s.accept(); c.close(); s.close()
import time; time.sleep(60)' &
server=$!
listens() {
	in_peer sh -c 'grep -q ":192B " /proc/net/tcp'
}
within 5 listens
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

ip link del v0
finish
