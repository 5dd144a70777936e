#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The reporter needs every verb that is shipped, and no other: with all of them nothing is refused,
# and without any one of them something does not happen, and is told.
# shellcheck source=../kernel/lib.sh
. "$(dirname "$0")/../kernel/lib.sh"
enter "$@"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
shipped="$(dirname "$0")/../../packaging/kustomize"
rig_start || exit 1
# Nobody writes the report again: it must not grow stale.
configure() { # NODE CREDENTIALS
	cat >"$work/agent.conf" <<END
[reporter]
node=$1
kubeconfig=$work/$2
start_within=0s
heartbeat=lease
heartbeat_interval=10s
startup_taint=nodefit/unmeasured
stale_after=1h
END
}
mkdir -p /run/nodefit
account=system:serviceaccount:nodefit:nodefit
grant() {
	kubectl apply -f "$shipped/base/rbac.yaml" -f "$shipped/gate/rbac.yaml" \
		-f "$shipped/lease/rbac.yaml" >/dev/null 2>&1
}
grant || exit 1
token_create "$work/token" && kubeconfig_token "$work/account" "$work/token" || exit 1

report() { # VERDICT: as the agent would
	reason=AllChecksPass
	[ "$1" = fit ] || reason=SysctlDeviates
	printf '{"schema":"nodefit/v1","node":{"name":"n","boot_id":"%s"},"profile":"p",
		"started":"2026-11-23T12:00:00Z","verdict":"%s","reason":"%s","message":"m",
		"tuning":[],"checks":[]}' "$(cat /proc/sys/kernel/random/boot_id)" "$1" "$reason" >/run/nodefit/.new
	mv /run/nodefit/.new /run/nodefit/report.json
}
events() { # NODE: how often it became unfit, by the event that counts the most
	kubectl get events -n default -o json | jq --arg node "$1" \
		'[.items[] | select(.involvedObject.name == $node and .reason == "SysctlDeviates") | .count] | max // 0'
}
has_events() { # NODE NUMBER
	[ "$(events "$1")" = "$2" ]
}
# All that the reporter can ever ask for: a taint to take away, both states, an event twice, a lease.
life() { # NODE
	node_create "$1" && kubectl patch node "$1" --type=merge \
		-p '{"spec": {"taints": [{"key": "nodefit/unmeasured", "effect": "NoSchedule"}]}}' >/dev/null || return 1
	report fit
	reporter_start "$1" account
}
changes() { # NODE
	for verdict in unfit fit unfit; do
		report $verdict
		wanted=True
		[ $verdict = fit ] || wanted=False
		within 10 is_so "$1" $wanted || return 1
	done
}
is_so() { # NODE STATUS
	[ "$(condition "$1" NodeFit .status)" = "$2" ]
}
refused() { # how many requests
	jq -s '[.[] | select(.userAgent | startswith("nodefit-net")) | select(.responseStatus.code == 403)] | length' \
		"$work/audit.log"
}

life whole && within 10 is_so whole True && within 10 taints_are whole "" && changes whole
ok $? "with what is shipped a condition is told, and a taint goes" "$(cat "$work/reporter.log")"
within 10 has_events whole 2
ok $? "an event is made, and counted up"
within 20 has_lease whole
ok $? "a lease is made"
renewed=$(lease whole)
within 20 renewed_after whole "$renewed"
ok $? "and renewed"
equal "and nothing is refused" 0 "$(refused)"
reporter_stop

# without KIND NAME NAMESPACE RESOURCE VERB: takes that verb of that rule away, and waits until it is so.
without() {
	kubectl get "$1" "$2" ${3:+-n "$3"} -o json |
		jq --arg resource "$4" --arg verb "$5" \
			'(.rules[] | select(.resources == [$resource]) | .verbs) -= [$verb] | .rules |= map(select(.verbs != []))' |
		kubectl replace -f - >/dev/null && within 20 may_not "$5" "$4" "$3"
}
may_not() { # VERB RESOURCE NAMESPACE
	case $2 in
	*/*) subresource=--subresource=${2#*/} ;;
	*) subresource= ;;
	esac
	[ "$(kubectl auth can-i "$1" "${2%/*}" ${3:+-n "$3"} --as "$account" ${subresource:+"$subresource"} 2>/dev/null)" = no ]
}
again() {
	reporter_stop
	grant && within 20 may patch nodes && within 20 may get nodes
}
may() { # VERB RESOURCE
	[ "$(kubectl auth can-i "$1" "$2" --as "$account" 2>/dev/null)" = yes ]
}

without clusterrole nodefit-reporter "" nodes get && life n1 && within 20 logged 'reading the condition back: .*\["nodes"\], verbs: \["get"\]'
ok $? "without get nodes: the condition is not read back" "$(cat "$work/reporter.log")"
again

without clusterrole nodefit-reporter "" nodes/status patch && life n2 && within 20 logged 'publishing: .*\["nodes/status"\], verbs: \["patch"\]'
ok $? "without patch nodes/status: it is told" "$(cat "$work/reporter.log")"
equal "and there is no condition" "" "$(condition n2 NodeFit .status)"
again

without role nodefit-events default events create && life n3 && within 10 is_so n3 True && changes n3 &&
	within 10 logged 'events: .*\["events"\]'
ok $? "without create events: it is told" "$(cat "$work/reporter.log")"
equal "and there is no event" 0 "$(events n3)"
again

without role nodefit-events default events patch && life n4 && within 10 is_so n4 True && changes n4 &&
	within 10 logged 'events: .*\["events"\]'
ok $? "without patch events: it is told" "$(cat "$work/reporter.log")"
equal "and no event is counted up" 1 "$(events n4)"
again

without role nodefit-heartbeat nodefit leases create && life n5 && within 20 logged 'renewing the lease: .*\["leases"\]'
ok $? "without create leases: it is told" "$(cat "$work/reporter.log")"
has_lease n5
equal "and there is no lease" 1 $?
again

without role nodefit-heartbeat nodefit leases patch && life n6 && within 20 logged 'renewing the lease: .*\["leases"\]'
ok $? "without patch leases: it is told" "$(cat "$work/reporter.log")"
has_lease n6
equal "and there is no lease" 1 $?
again

without clusterrole nodefit-gate "" nodes patch && life n7 && within 20 logged 'startup taint .*\["nodes"\], verbs: \["patch"\]'
ok $? "without patch nodes: it is told" "$(cat "$work/reporter.log")"
equal "and the taint stays" nodefit/unmeasured "$(taints n7)"
again

# Every verb of every rule has had its turn above.
equal "there are seven verbs" 7 "$(for file in base gate lease; do
	kubectl create --dry-run=client -o json -f "$shipped/$file/rbac.yaml"
done | jq -s '[.[] | if .kind == "List" then .items[] else . end | .rules[]? | .verbs[]] | length')"
finish
