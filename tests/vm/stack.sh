#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: links on links, of kinds that a container host's kernel may not have.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

# busybox's shell takes its own ip first, which knows no bonds.
ip() {
	/sbin/ip "$@"
}
mtus() { # LINK...
	for link in "$@"; do
		cat "/sys/class/net/$link/mtu"
	done | tr '\n' ' '
}
profile() { # DEVICE MTU
	printf '[net]\ndevices=%s\nmtu=%s\n' "$1" "$2" >"$work/stack.ini"
}
for module in 8021q macvlan bonding veth; do
	modprobe $module
	ok $? "module $module"
done

ip link add link eth1 name eth1.100 type vlan id 100 && ip link set eth1.100 up &&
	ip link add link eth1.100 name on100 type macvlan && ip link set on100 up
ok $? "a macvlan on a VLAN"
profile eth1 1400
"$NODEFIT" apply --profile "$work/stack.ini" >"$work/out" 2>&1
equal "both follow the NIC down" "1400 1400 1400 " "$(mtus eth1 eth1.100 on100)"
"$NODEFIT" rollback >"$work/out" 2>&1
equal "rollback succeeds" 0 $?
equal "and all are as before" "1500 1500 1500 " "$(mtus eth1 eth1.100 on100)"

# The same without confirmation: the guard puts the stack back, from below.
profile eth1 1400
strace -f -o "$work/trace" -e trace=poll -e inject=poll:delay_enter=1000000 \
	"$NODEFIT" apply --profile "$work/stack.ini" --confirm 20 >"$work/out" 2>&1 &
tracer=$!
tries=0
while [ $tries -lt 100 ] && [ "$(mtus on100)" != "1400 " ]; do
	usleep 50000
	tries=$((tries + 1))
done
[ $tries -lt 100 ]
ok $? "the change is in force"
kill -9 $tracer "$(pidof nodefit | tr ' ' '\n' | sort -n | head -n 1)"
tries=0
while [ $tries -lt 200 ] && [ "$(mtus on100)" != "1500 " ]; do
	usleep 50000
	tries=$((tries + 1))
done
equal "killed, its guard puts the whole stack back" "1500 1500 1500 " "$(mtus eth1 eth1.100 on100)"
tries=0
while [ $tries -lt 100 ] && pidof nodefit >/dev/null; do
	usleep 50000
	tries=$((tries + 1))
done
"$NODEFIT" rollback >/dev/null 2>&1
ip link del eth1.100

ip link add bond9 type bond && ip link add p0 type veth peer name p1 && ip link set p1 master bond9
ok $? "a bond with a port"
profile bond9 1400
"$NODEFIT" apply --profile "$work/stack.ini" >"$work/out" 2>&1
equal "a bond's port follows" "1400 1400 " "$(mtus bond9 p1)"
"$NODEFIT" rollback >"$work/out" 2>&1
equal "and comes back" "1500 1500 " "$(mtus bond9 p1)"
ip link del bond9
ip link del p0
finish
