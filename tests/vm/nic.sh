#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: the NIC tuner and the NIC's checks. eth0 has 4 queues (2 are used: as many as CPUs), rings of at most
# 1024 and 256, and a host that allows an MTU of 1450; eth1 may have any MTU.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

profile() { # DEVICE SETTING...
	printf '[net]\ndevices=%s\n' "$1" >"$work/nic.ini"
	shift
	printf '%s\n' "$@" >>"$work/nic.ini"
}
apply() { # sets $out and $code
	out=$("$NODEFIT" apply --profile "$work/nic.ini" 2>&1)
	code=$?
}
# restored NAME WANTED: after a rollback
restored() {
	"$NODEFIT" rollback >/dev/null
	ok $? "$1: rollback succeeds"
	equal "$1: as before" "$2" "$(state eth0)"
}

# irqs: interrupts that eth0's second receive queue has had, of all CPUs
irqs() {
	awk '$NF == "virtio0-input.1" {n = $2 + $3} END {print n + 0}' /proc/interrupts
}
# The second CPU sends by the second queue, and the host's tap answers a flow by the queue it came by.
second_queue_answers() {
	taskset 2 ping -c 1 -W 2 10.9.0.1 >/dev/null && [ "$(irqs)" -gt "$idle" ]
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
idle=$(irqs)
within 10 second_queue_answers
ok $? "and by the second one" "interrupts before: $idle, now: $(irqs)"
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
equal "a ring of 300 is no error" 0 $code
holds "it is rounded, and that is told" 'rx 300 is no power of two: rounded up to 512' "$out"
equal "and so it is" "1 512 256 1450" "$(state eth0)"
gateway
ok $? "the gateway answers over it"
restored "the odd ring" "$before"

profile eth0 "ring=rx 512 tx 512"
apply
equal "a ring above the device's maximum is no error" 0 $code
holds "it is told, with the maximum" "tx 512 is above the device's maximum: 256 it will be" "$out"
equal "and has the maximum" "1 512 256 1450" "$(state eth0)"
restored "the large ring" "$before"

profile eth0 "mtu=9000"
apply
equal "an MTU above the host's makes apply exit with 1" 1 $code
holds "it is refused in words, with the greatest possible" \
	"above the device's maximum of 1450 bytes" "$out"
equal "and nothing is set" "$before" "$(state eth0)"
no_journal
ok $? "nor journalled"

profile eth1 "mtu=9000"
apply
equal "an MTU of 9000 succeeds where the host allows it" 0 $code
equal "it is set" 9000 "$(cat /sys/class/net/eth1/mtu)"
"$NODEFIT" rollback >/dev/null
equal "and put back" 1500 "$(cat /sys/class/net/eth1/mtu)"

profile eth0 "channels=combined max" "ring=rx 512 tx 128" "mtu=1400"
apply
equal "all together succeed" 0 $code
equal "all together are set" "2 512 128 1400" "$(state eth0)"
cp /var/lib/nodefit/journal "$work/journal"
apply
equal "a second apply succeeds" 0 $code
holds "and finds all unchanged" '^[0-9]+ unchanged$' "$out"
cmp "$work/journal" /var/lib/nodefit/journal
ok $? "and keeps the journal byte for byte"
restored "all together" "$before"
no_journal
ok $? "no journal is left"

# The same NIC before the checks' eyes.
cat >"$work/nic.ini" <<'P'
[net]
devices=eth0
channels=combined max
[check.link]
window=1s
P
# check NAME: sets $out, $code and $one, that check's own object
check() {
	out=$("$NODEFIT" check "$1" --json --profile "$work/nic.ini" 2>"$work/err")
	code=$?
	one=$(printf '%s\n' "$out" | sed -n '/^ "checks"/,$p')
}
figure() { # NAME
	printf '%s\n' "$one" | sed -n '/^ *"'"$1"'": {/,/}/s/^ *"value": \([^,]*\),*$/\1/p'
}
figures() { # NAME...
	for f in "$@"; do figure "$f"; done | xargs
}
check queues
equal "one channel for two CPUs: check queues warns" "warn 0" "$(json verdict "$one") $code"
equal "it knows why" QueuesUnused "$(json reason "$one")"
holds "and what helps" 'channels=combined max.*ethtool -L eth0 combined 2' "$one"
equal "its figures are ethtool's" "2 1 4 1024 256" \
	"$(figures cpus channels channels_max ring_rx ring_tx)"
check net
equal "check net warns of the same" "warn 0" "$(json verdict "$one") $code"
holds "and names it" 'eth0/channels' "$one"
ping -c 60 -i 0.1 10.9.0.1 >/dev/null 2>&1 &
pings=$!
check link
kill $pings 2>/dev/null
equal "check link finds nothing wrong" "pass 0" "$(json verdict "$one") $code"
equal "and sees the traffic" 1 "$(figures rx_packets tx_packets | awk '{print ($1 > 0 && $2 > 0)}')"
out=$("$NODEFIT" preflight --quick --profile "$work/nic.ini" 2>"$work/err")
holds "preflight tells of the idle channel" '^ *warn +queues +eth0: 1 channel for 2 CPUs' "$out"
holds "of the setting" '^ *warn +net ' "$out"
holds "and of the link" '^ *pass +link +eth0: carrier' "$out"
equal "all that changed nothing" "$before" "$(state eth0)"
apply
check queues
equal "with the profile applied check queues passes" "pass 0" "$(json verdict "$one") $code"
check net
equal "so does check net" "pass 0" "$(json verdict "$one") $code"
restored "the checks' channels" "$before"
finish
