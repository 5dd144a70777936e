#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that are switched off in the agent, and on, and off again.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
# shellcheck source=agent.sh
. "$(dirname "$0")/agent.sh"
trap finally EXIT

ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
	ip addr add 192.0.2.1/24 dev v0 && ip route add default via 192.0.2.254 || exit 1
# profile JITTER QUEUES: their intervals
profile() {
	{
		printf '[sysctl]\nnet.core.somaxconn=>4096\n'
		off conntrack ebpf etcd fsync host link locality mtu proxy rtt rules steal
		printf '[check.queues]\ninterval=%s\n' "$2"
		printf '[check.jitter]\nwindow=1s\nwarn=100%%\nfail=100%%\nworst_warn=100%%\nworst_fail=100%%\n'
		[ -z "$1" ] || printf 'interval=%s\n' "$1"
	} >"$work/p.ini"
}
names() {
	said '[.checks[].name] | map(select(. == ("steal", "fsync", "link", "mtu", "queues", "jitter"))) | sort | join(" ")'
}
names_are() {
	[ "$(names)" = "$1" ]
}
reload() { # JITTER QUEUES
	profile "$1" "$2"
	n=$(grep -c reloaded "$work/log")
	kill -HUP "$agent"
	within 10 again
}
again() {
	[ "$(grep -c reloaded "$work/log")" -gt "$n" ]
}
ticks() { # of the agent and the workers that it has had
	awk '{print $14 + $15 + $16 + $17}' "/proc/$agent/stat"
}

profile "" off
configure for=0s recover_for=0s drift_interval=1m
"$NODEFIT" agent --config "$work/agent.conf" --once >"$work/out" 2>&1
equal "one round leaves out what is off" "net sysctl" "$(said '[.checks[].name] | sort | join(" ")')"
rm -f "$report"
start
within 10 says '.verdict == "fit" or .verdict == "degraded"'
ok $? "what is off is not waited for" "$(cat "$work/log" "$report")"
equal "nor told; jitter is off of itself" "" "$(names)"

reload 1s 1h
within 20 names_are "jitter queues"
ok $? "what is switched on by a reload is measured" "$(names)"
says '.checks[] | select(.name == "jitter") | .verdict == "pass" or .reason == "CpusBusy"'
ok $? "and has an answer" "$(said '.checks[] | select(.name == "jitter")')"
reload 2s 1h
reload "" off
within 10 names_are ""
ok $? "what is switched off is told no more" "$(names)"

# A change of links makes those checks measure at once that are on.
ip route replace default via 192.0.2.253
sleep 2
before=$(ticks)
sleep 3
used=$(($(ticks) - before))
[ $used -lt $(($(getconf CLK_TCK) / 4)) ]
ok $? "nothing is measured then" "$used ticks in 3 s"
equal "nor told" "" "$(names)"
reload 1s off
within 20 names_are jitter
ok $? "and it can be switched on again" "$(names)"
stop
equal "SIGTERM ends it well" 0 $?
finish
