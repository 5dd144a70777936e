#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The pps check on the real stack: it has figures, bounds, and leaves nothing behind.
# It runs alone: it measures a core.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
own_sysfs

printf '[check.pps]\nwindow=500ms\n' >"$work/p.ini"
check() { # COMMAND...: under which to run
	out=$("$@" "$NODEFIT" check pps --json --profile "$work/p.ini" 2>"$work/err")
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
figure() { # FILTER: is it true of the figures?
	[ "$(printf '%s' "$out" | jq -r ".checks[0].figures | map_values(.value) | $1" 2>/dev/null)" = true ]
}
network() {
	ip -d link
	ip -4 addr
	ip route
	ls /sys/class/net
}

ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
	ip addr add 192.0.2.1/24 dev v0 || exit 1 # its own addresses, outside
before=$(network)
# A busy machine may leave the core no time once.
seen=1
for _ in 1 2 3; do
	check env
	[ "$(said '.verdict + " " + .reason')" = "pass StackMeasured" ] && seen=0 && break
done
ok $seen "it measures, and judges nothing unasked" "$(said '.verdict + " " + .reason + " " + .message')"
equal "no link, address or route is left" "$before" "$(network)"
for gro in gro_off gro_on; do
	figure ".[\"$gro.rate\"] > 100 and .[\"$gro.packets\"] > 0 and .[\"$gro.per_packet\"] > 10"
	ok $? "$gro: packets are counted" "$(said '.figures | tostring')"
	figure "(.[\"$gro.rate\"] * .[\"$gro.per_packet\"] / 1e9 - 1) | . < 0.01 and . > -0.01"
	ok $? "$gro: the cost of one is what the rate says"
	figure ".[\"$gro.softirq\"] >= 0 and .[\"$gro.softirq\"] <= 100"
	ok $? "$gro: the share of softirqs is one"
done

printf '[check.pps]\nwindow=500ms\nwant=1000000000\n' >"$work/p.ini"
check env
holds "below want= it warns" '^(warn StackSlow|unknown StackUnmeasured)$' "$(said '.verdict + " " + .reason')"
printf '[check.pps]\nwindow=500ms\nwant=1000000000\nneed=1000000000\n' >"$work/p.ini"
check env
holds "below need= it fails" '^(fail StackSlow|unknown StackUnmeasured)$' "$(said '.verdict + " " + .reason')"
printf '[check.pps]\nwindow=3s\n' >"$work/p.ini"
"$NODEFIT" check pps --profile "$work/p.ini" >"$work/out" 2>&1
equal "both windows stay below 5 s: more is refused" 2 $?

# Without the right to a namespace.
printf '[check.pps]\nwindow=500ms\n' >"$work/p.ini"
check setpriv --bounding-set -sys_admin --inh-caps -sys_admin
equal "without CAP_SYS_ADMIN the answer is unknown" "unknown StackUnmeasured" "$(said '.verdict + " " + .reason')"
holds "and it says what it takes" 'CAP_SYS_ADMIN' "$(said .advice)"
equal "then, too, nothing is left" "$before" "$(network)"

# Only who asks for it gets it.
out=$("$NODEFIT" check --help)
holds "the help says that it runs on request" 'pps .*\(on request only\)' "$out"
# Killed in the middle, its links go with it.
"$NODEFIT" check pps >/dev/null 2>&1 &
nodefit=$!
sleep 1
kill -9 $nodefit
wait $nodefit 2>/dev/null
unchanged() {
	[ "$(network)" = "$before" ]
}
within 10 unchanged
ok $? "killed, it leaves nothing either" "$(network)"
finish
