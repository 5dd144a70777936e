#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: the NIC tuner. eth0 has 4 queues (2 are used: as many as CPUs), rings of at most
# 1024 and 256, and a host that allows an MTU of 1450; eth1 may have any MTU.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

profile() { # DEVICE SETTING...
	printf '[net]\ndevices=%s\n' "$1" >"$work/nic.ini"
	shift
	printf '%s\n' "$@" >>"$work/nic.ini"
}
apply() { # OPTION...: sets $out and $code
	out=$("$NODEFIT" apply --profile "$work/nic.ini" "$@" 2>&1)
	code=$?
}
# state DEVICE: "COMBINED RX TX MTU", as ethtool and sysfs tell it
state() {
	ethtool -l "$1" | awk '/^Combined:/ {n = $2} END {printf "%s ", n}'
	ethtool -g "$1" | awk '/^RX:/ {rx = $2} /^TX:/ {tx = $2} END {printf "%s %s ", rx, tx}'
	cat "/sys/class/net/$1/mtu"
}
# restored NAME WANTED: after a rollback
restored() {
	"$NODEFIT" rollback >/dev/null
	ok $? "$1: rollback succeeds"
	equal "$1: as before" "$2" "$(state eth0)"
}

ethtool -L eth0 combined 1
before="1 1024 256 1450"
equal "a NIC to begin with: channels, rings, MTU" "$before" "$(state eth0)"

profile eth0 "channels=combined max"
apply
equal "channels=combined max succeeds" 0 $code
equal "as many channels as CPUs, not more" "2 1024 256 1450" "$(state eth0)"
gateway
ok $? "the gateway answers over the new channels"
restored "channels" "$before"

profile eth0 "ring=rx 512 tx 128"
apply
equal "ring=rx 512 tx 128 succeeds" 0 $code
equal "both rings have their size" "1 512 128 1450" "$(state eth0)"
gateway
ok $? "the gateway answers over the new rings"
restored "rings" "$before"

# virtio_net has no memory for a ring that is no power of two: "Cannot allocate memory" explains nothing.
profile eth0 "ring=rx 300"
apply
holds "a ring of 300 is rounded or refused in words" 'power of two' "$out"
case $(state eth0) in
"1 256 256 1450" | "1 512 256 1450" | "$before") true ;;
*) false ;;
esac
ok $? "and leaves a ring that works" "$(state eth0)"
restored "the odd ring" "$before"

profile eth0 "ring=rx 512 tx 512"
apply
holds "a ring above the device's maximum is told, with the maximum" '256' "$out"
case $(state eth0) in
"1 512 256 1450" | "$before") true ;;
*) false ;;
esac
ok $? "and does not leave half of it wrong" "$(state eth0)"
restored "the large ring" "$before"

profile eth0 "mtu=9000"
apply
equal "an MTU above the host's makes apply exit with 1" 1 $code
holds "it is refused with the greatest possible" '1450' "$out"
equal "and nothing is set" "$before" "$(state eth0)"

profile eth1 "mtu=9000"
apply
equal "where the host allows it the MTU is set" 9000 "$(cat /sys/class/net/eth1/mtu)"
"$NODEFIT" rollback >/dev/null
equal "and put back" 1500 "$(cat /sys/class/net/eth1/mtu)"

profile eth0 "channels=combined max" "ring=rx 512 tx 128" "mtu=1400"
apply
equal "all together succeed" 0 $code
equal "all together are set" "2 512 128 1400" "$(state eth0)"
journal=$(cat /var/lib/nodefit/journal)
apply
equal "a second apply succeeds" 0 $code
holds "and finds all unchanged" '^[0-9]+ unchanged$' "$out"
equal "and keeps the journal as it is" "$journal" "$(cat /var/lib/nodefit/journal)"
restored "all together" "$before"
[ ! -e /var/lib/nodefit/journal ]
ok $? "no journal is left"

# Confirm or revert. The gateway is what tells whether the node can still be reached.
profile eth0 "channels=combined max" "mtu=1400"
apply --confirm 5
equal "with the gateway there --confirm succeeds" 0 $code
equal "and what was set stays" "2 1024 256 1400" "$(state eth0)"
restored "confirmed" "$before"

# lost HOW: the wire is lost as soon as the change is seen.
lost() {
	"$NODEFIT" apply --profile "$work/nic.ini" --confirm 5 >"$work/out" 2>&1 &
	apply=$!
	tries=0
	while [ $tries -lt 50 ] && [ "$(cat /sys/class/net/eth0/mtu)" != 1400 ]; do
		usleep 20000
		tries=$((tries + 1))
	done
	[ $tries -lt 50 ] && host "$1-$2"
	ok $? "$1 $2: the wire is lost after the change"
	wait $apply
	code=$?
	equal "$1 $2: apply --confirm exits with 1" 1 $code
	holds "$1 $2: it says that all was put back" 'back' "$(cat "$work/out")"
	equal "$1 $2: and it was" "$before" "$(state eth0)"
	host "$1-$3"
	gateway || gateway
	ok $? "$1 $3: the gateway answers again"
}
lost link down up
lost carrier off on
equal "after a revert rollback has nothing to do" 0 \
	"$("$NODEFIT" rollback >/dev/null; echo $?)"
equal "and the NIC is as before" "$before" "$(state eth0)"
finish
