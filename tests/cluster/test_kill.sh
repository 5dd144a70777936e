#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Agent and reporter are killed at random, again and again, under load: the cluster sees each true
# transition once, and nothing else; no file is left. KILLS=20 makes it shorter.
# shellcheck source=../kernel/lib.sh
. "$(dirname "$0")/../kernel/lib.sh"
enter "$@"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-200}
rig_start || exit 1
kubectl apply -f "$(dirname "$0")/../../packaging/kustomize/base/rbac.yaml" >/dev/null && node_create n1 &&
	token_create "$work/token" || exit 1
kubeconfig_token "$work/account" "$work/token"
# Everything that becomes of the node, as its watchers see it.
curl -sN --cacert "$pki/ca.pem" --cert "$pki/admin.pem" --key "$pki/admin.key" \
	"$server/api/v1/nodes?watch=1&fieldSelector=metadata.name=n1" >"$work/watch" &
pids="$pids $!"
configure n1 account
agent_start
reporter_start n1 account
within 30 is_told n1 True AllChecksPass || exit 1
sh -c 'while :; do :; done' &
pids="$pids $!"

files() {
	find /run/nodefit /var/lib/nodefit | LC_ALL=C sort
}
random() { # LIMIT
	echo $(($(od -An -N2 -tu2 /dev/urandom) % $1))
}
again() {
	sleep "0.$(random 10)$(random 10)"
	victim=$(random 3)
	if [ "$victim" != 1 ]; then
		kill -9 "$agent"
		wait "$agent" 2>/dev/null
		agent_start
	fi
	if [ "$victim" != 0 ]; then
		kill -9 "$reporter"
		wait "$reporter" 2>/dev/null
		reporter_begin
	fi
}
before=$(files)
lost=0
wanted=True
n=0
state=True
while [ $n -lt "$kills" ]; do
	if [ $((n % 20)) = 10 ]; then
		case $state in
		True) state=False && fault_begin ;;
		False) state=True && fault_end ;;
		esac
		wanted="$wanted $state"
	fi
	again
	n=$((n + 1))
	# Half a minute of kills without pause is longer than any agent needs to measure.
	if [ $((n % 20)) = 0 ]; then
		within 30 is_status $state || lost=$((lost + 1))
	fi
done
[ $state = True ] || { fault_end && wanted="$wanted True"; }
within 30 is_status True || lost=$((lost + 1))
equal "no transition is lost" 0 $lost
# What the node was told before the first measurement is not meant.
told() { # FILTER: of the condition, without repetitions
	jq -r ".object.status.conditions[]? | select(.type == \"NodeFit\") | $1" "$work/watch" | uniq |
		sed -n '/^True/,$p'
}
equal "the cluster has seen each transition once, and nothing else" "$wanted" \
	"$(told .status | tr '\n' ' ' | sed 's/ $//')"
equal "the transition time has changed with the status alone" \
	"$(told .status | wc -l)" "$(told '.status + .lastTransitionTime' | wc -l)"
within 30 reported fit
as_before() {
	[ "$(files)" = "$before" ]
}
within 10 as_before # one may be just being replaced
equal "no file is left" "$before" "$(files)"
two() {
	[ "$(processes)" = 2 ]
}
within 60 two # a check may still be at work
ok $? "no process either" "$(pgrep -a --ns $$ --nslist net '^nodefit')"
rig_stop
finish
