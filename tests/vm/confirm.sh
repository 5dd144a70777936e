#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: a change of the NIC that cuts the node off comes back. The gateway, the host's end of
# the wire, is what tells whether the node can still be reached.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

cat >"$work/nic.ini" <<'P'
[net]
devices=eth0
channels=combined max
ring=rx 512 tx 128
mtu=1400
P
before="1 1024 256 1450"
wanted="2 512 128 1400"
is_before() {
	[ "$(state eth0)" = "$before" ]
}
no_nodefit() {
	! pidof nodefit >/dev/null
}
log_tells() {
	dmesg | grep -q 'nodefit: the link changes were not confirmed: they are put back'
}
uptime_s() {
	cut -d. -f1 /proc/uptime
}

ethtool -L eth0 combined 1
equal "a NIC to begin with: channels, rings, MTU" "$before" "$(state eth0)"
out=$("$NODEFIT" apply --profile "$work/nic.ini" --confirm 5 2>&1)
equal "with the gateway there --confirm succeeds" 0 $?
equal "and what was set stays" "$wanted" "$(state eth0)"
gateway
ok $? "the gateway still answers"
"$NODEFIT" rollback >/dev/null
equal "rollback puts it back" "$before" "$(state eth0)"

is_stopped() {
	grep -q 'stopped by SIGSTOP' "$work/trace"
}
# apply_and_stop SECONDS: apply --confirm, held between its change and its judgement of it. It pings
# the gateway before and after the change; the second ping's connect(2) is the place. With -D (and
# without lib.sh's function) $! is nodefit itself. A busy emulator may lose the answers before the
# change; then there is nothing to lose after it, and all begins anew.
apply_and_stop() {
	for _ in 1 2 3; do
		gateway
		: >"$work/trace"
		command strace -D -o "$work/trace" -e trace=connect \
			-e inject=connect:signal=SIGSTOP:when=2 \
			"$NODEFIT" apply --profile "$work/nic.ini" --confirm "$1" >"$work/out" 2>&1 &
		apply=$!
		within 20 is_stopped && break
		wait "$apply"
		"$NODEFIT" rollback >/dev/null
	done
	is_stopped
	ok $? "apply is held" "$(cat "$work/trace" "$work/out")"
	equal "by then the change is made" "$wanted" "$(state eth0)"
}

# lost HOW DOWN UP: the wire is lost right after the change.
lost() {
	apply_and_stop 4
	host "$1-$2"
	ok $? "$1 $2: the host takes the wire away"
	began=$(uptime_s)
	kill -CONT "$apply"
	wait "$apply"
	equal "$1 $2: apply --confirm exits with 1" 1 $?
	took=$(($(uptime_s) - began))
	# A last look of 2 s may begin when the time is up; the rest is what slow machines need.
	[ $took -le 12 ]
	ok $? "$1 $2: within the confirm time ($took s)"
	for key in mtu ring channels; do
		holds "$1 $2: it says that $key was put back, and why" \
			"eth0/$key: .*$4.*put back as it was" "$(tr -s '\n ' ' ' <"$work/out")"
	done
	equal "$1 $2: and all was" "$before" "$(state eth0)"
	no_journal
	ok $? "$1 $2: the journal knows it"
	host "$1-$3"
	within 20 gateway
	ok $? "$1 $3: the gateway answers again"
}
lost link down up 'gateway 10.9.0.1 answers no'
lost carrier off on 'eth0 lost its carrier'
out=$("$NODEFIT" rollback)
equal "after a revert rollback has nothing to do" "0 nothing to do" "$? $out"

# Nobody is left to judge the change but the guard, a process of its own.
apply_and_stop 60
host link-down
ok $? "the host takes the wire away"
kill -9 "$apply"
wait "$apply"
equal "nodefit is killed" 137 $?
within 20 is_before
ok $? "after kill -9 the change comes back by itself" "$(state eth0)"
within 10 no_journal
ok $? "the journal knows it"
within 10 log_tells
ok $? "and so does the kernel's log"
within 10 no_nodefit
ok $? "the guard has gone"
host link-up
within 20 gateway
ok $? "the gateway answers again"
equal "and the NIC is as before" "$before" "$(state eth0)"
finish
