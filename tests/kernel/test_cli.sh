#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line: exit codes, the JSON contract, and errors that say what to do.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

# exits NAME CODE COMMAND...: output in $out
exits() {
	name=$1 wanted=$2
	shift 2
	out=$("$@" 2>&1 </dev/null)
	equal "$name" "$wanted" $?
}

# The keys that this namespace hides stay out, so that the verdict is about the rest.
cat >"$work/p.ini" <<'P'
[main]
summary=for this test
[sysctl]
net.core.somaxconn => 32768
net.ipv4.ip_forward = 1
[verdict]
tolerate_unknown=steal fsync queues link mtu jitter
P
printf '[check.fsync]\npath=%s\nworst=warn\n' "$(dirname "$NODEFIT")" >>"$work/p.ini"
printf '[check.steal]\nwarn=99%%\nfail=100%%\nworst_warn=99%%\nworst_fail=100%%\n' >>"$work/p.ini"

json=$("$NODEFIT" preflight --quick --json --profile "$work/p.ini")
code=$?
printf '%s' "$json" | jq -e '.schema=="nodefit/v1" and (.checks|length>=3)' >/dev/null
ok $? "preflight --json is a nodefit/v1 with at least three checks"
printf '%s' "$json" | jq -e '(.node|.name and .kernel and .boot_id and .cpus>0 and .virt and .machine)
	and .profile=="p" and (.started|test("^20..-..-..T..:..:..Z$")) and .duration_s>0
	and (.reason|test("^[A-Z][A-Za-z]+$")) and (.message|length>0)
	and ([.tuning[]|.tuner=="sysctl" and (.origin|test("p.ini:[0-9]+$")) and (.contested_by|type=="array")]|all)
	and ([.checks[]|.name and .verdict and .reason and (.figures|type=="object")
	      and (.thresholds|type=="object") and .duration_s>=0]|all)' >/dev/null
ok $? "every field of the contract is there" "$json"
printf '%s' "$json" | jq -e '[.checks[].figures[]|has("value") and has("unit")]|all' >/dev/null
ok $? "every figure has a value and a unit"
case $(printf '%s' "$json" | jq -r .verdict) in
fit | degraded) wanted=0 ;;
unfit) wanted=1 ;;
*) wanted=3 ;;
esac
equal "the exit code agrees with the verdict" $wanted $code

# A verdict of each kind, by the sysctl check alone.
exits "a deviation is degraded: exit code 0" 0 "$NODEFIT" check sysctl --profile "$work/p.ini"
holds "and degraded is what it says" '^degraded: 2 of 2 keys' "$out"
exits "--strict makes degraded 1" 1 "$NODEFIT" check sysctl --strict --profile "$work/p.ini"
printf '[check.sysctl]\ndeviates=fail\n' | cat "$work/p.ini" - >"$work/fail.ini"
exits "deviates=fail makes it unfit: exit code 1" 1 "$NODEFIT" check sysctl --profile "$work/fail.ini"
printf '[check.fsync]\npath=/var/lib\n' >"$work/memory.ini" # a tmpfs in here
exits "a path that can't be measured is unknown: exit code 3" 3 \
	"$NODEFIT" check fsync --profile "$work/memory.ini"
exits "apply, then nothing deviates" 0 "$NODEFIT" apply --profile "$work/p.ini"
exits "fit: exit code 0 with --strict too" 0 "$NODEFIT" check sysctl --strict --profile "$work/fail.ini"
"$NODEFIT" rollback >/dev/null
exits "preflight --apply applies, then judges" 0 \
	"$NODEFIT" preflight --apply --quick --profile "$work/p.ini"
equal "what it applied is live" 1 "$(cat /proc/sys/net/ipv4/ip_forward)"
"$NODEFIT" rollback >/dev/null

# Wrong usage.
exits "no verb: exit code 2" 2 "$NODEFIT"
exits "an unknown verb: exit code 2" 2 "$NODEFIT" tune
exits "an unknown option: exit code 2" 2 "$NODEFIT" apply --frobnicate
holds "and it is named" 'frobnicate' "$out"
exits "an option of another verb: exit code 2" 2 "$NODEFIT" diff --persist
exits "an unknown check: exit code 2" 2 "$NODEFIT" check nonsense
holds "and the real ones are listed" 'fsync' "$out"
exits "an unknown profile: exit code 2" 2 "$NODEFIT" diff --profile nonsense
holds "with what to do" 'nodefit profile list' "$out"
exits "--help: exit code 0" 0 "$NODEFIT" --help
exits "a verb's --help: exit code 0" 0 "$NODEFIT" apply --help
"$NODEFIT" diff --profile "$work/p.ini" >/dev/full 2>"$work/err"
equal "an answer that can't be written is no success" 3 $?

"$NODEFIT" apply --profile "$work/p.ini" >&- 2>&- <&-
jq -e .schema /var/lib/nodefit/journal >/dev/null
ok $? "closed standard streams don't mix the answer into the journal"
"$NODEFIT" rollback >/dev/null

# All errors of a profile in one run, each with its line.
cat >"$work/bad.ini" <<'P'
[sysctl]
net.core.somaxconn => lots
../../etc/passwd = 1
net.ipv4.ip_local_reserved_ports =+ 70000
[check.steal]
warn=200%
colour=red
[nonsense]
x=1
P
exits "a bad profile: exit code 2" 2 "$NODEFIT" apply --profile "$work/bad.ini"
for line in 2 3 4 8; do
	holds "its line $line is reported in the same run" "bad.ini:$line: " "$out"
done
equal "nothing was applied" 0 "$(cat /proc/sys/net/ipv4/ip_forward)"
[ ! -e /var/lib/nodefit/journal ]
ok $? "and no journal begun"
printf '[check.steal]\nwarn=200%%\ncolour=red\nfail=3\n' >"$work/bad2.ini"
exits "a check's parameters are validated: exit code 2" 2 "$NODEFIT" profile validate "$work/bad2.ini"
holds "out of range" 'bad2.ini:2: warn' "$out"
holds "unknown" 'bad2.ini:3: .*colour' "$out"
exits "the shipped profiles are valid" 0 "$NODEFIT" profile validate kube-node control-plane article
exits "profile show gives each value's origin" 0 "$NODEFIT" profile show control-plane
holds "of the included file as well" 'net.core.somaxconn => 32768 +# .*kube-node.ini:[0-9]+' "$out"
exits "profile list names the shipped ones" 0 "$NODEFIT" profile list
holds "with their summary" 'kube-node +every Kubernetes node' "$out"

# explain
exits "explain a key" 0 "$NODEFIT" explain net.core.somaxconn
holds "its scope" 'Scope: each network namespace' "$out"
exits "explain a check" 0 "$NODEFIT" explain fsync
holds "its parameters" 'reserve' "$out"
exits "explain nonsense: exit code 2" 2 "$NODEFIT" explain nonsense
for key in $("$NODEFIT" diff --all --json | jq -r '.tuning[].key'); do
	"$NODEFIT" explain "$key" | grep -q '^Source: ' || echo "$key"
done >"$work/unexplained"
equal "every key of kube-node is explained" "" "$(cat "$work/unexplained")"

# Faces
equal "no colour off a terminal" "" "$("$NODEFIT" diff --profile "$work/p.ini" | grep -c "$(printf '\033')" | grep -v '^0$')"
out=$(TERM=xterm script -qec "$NODEFIT check sysctl --profile $work/p.ini" /dev/null 2>/dev/null)
holds "colour on a terminal" "$(printf '\033')\\[33m" "$out"
out=$(TERM=xterm NO_COLOR=1 script -qec "$NODEFIT check sysctl --profile $work/p.ini" /dev/null 2>/dev/null)
! printf '%s' "$out" | grep -q "$(printf '\033')\\[3"
ok $? "NO_COLOR is honoured"
out=$("$NODEFIT" diff --profile nonsense 2>&1 >/dev/null)
holds "errors carry the journal's priority prefix off a terminal" '^<3>' "$out"

# Without privileges it still judges.
printf '[sysctl]\nnet.core.somaxconn => 1\n' >"$work/plain.ini"
chmod 755 "$work" && chmod 644 "$work/plain.ini"
cp "$NODEFIT" "$work/nodefit"
exits "check sysctl without root" 0 setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$work/nodefit" check sysctl --profile "$work/plain.ini"
exits "apply without root fails: exit code 1" 1 setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$work/nodefit" apply --profile "$work/p.ini"
holds "and says why" 'Permission denied' "$out"
finish
