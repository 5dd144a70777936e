#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: SIGKILL in the middle of apply and rollback of all of kube-node.
# tests/kernel/test_kill.sh kills at every system call; here it is the global keys that count.
# shellcheck source=guest.sh
. /tests/vm/guest.sh

# killed CALL NTH COMMAND...: is it killed there?
killed() {
	inject=$1:signal=SIGKILL:when=$2
	shift 2
	strace -o /dev/null -e inject="$inject" "$@" >/dev/null 2>&1
	[ $? = 137 ]
}

# half: is the first key of kube-node set, and its last one not? rollback goes the other way.
half() {
	[ "$(key net.ipv4.ip_local_port_range)" = "10240 65535" ] && [ "$(key kernel.panic_on_oops)" = 0 ]
}

echo 0 >/proc/sys/kernel/panic_on_oops
snapshot_all >"$work/before"
# The first write is the journal's, then there is one for each key.
for nth in 1 4 9 14; do
	killed write $nth "$NODEFIT" apply --profile kube-node
	ok $? "apply is killed at its write no. $nth"
	if [ $nth != 1 ]; then
		half
		ok $? "that is half way"
	fi
	"$NODEFIT" rollback >/dev/null
	ok $? "rollback succeeds after that"
	same "every sysctl is back"
done
for nth in 2 7 12; do
	"$NODEFIT" apply --profile kube-node >/dev/null
	killed write $nth "$NODEFIT" rollback
	ok $? "rollback is killed at its write no. $nth"
	half
	ok $? "that is half way"
	"$NODEFIT" rollback >/dev/null
	ok $? "a second rollback succeeds after that"
	same "every sysctl is back"
done
[ ! -e /var/lib/nodefit/journal ]
ok $? "no journal is left" "$(ls -A /var/lib/nodefit)"
finish
