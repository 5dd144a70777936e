#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jitter check on the real scheduler: what this machine does to it itself is not the host's.
# It runs alone: it measures what others take.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
# shellcheck source=quota.sh
. "$(dirname "$0")/quota.sh"
spinners=
finally() {
	# shellcheck disable=SC2086
	[ -z "$spinners" ] || kill $spinners 2>/dev/null
	quota_remove
}
trap finally EXIT

# Thresholds that no host passes: the verdict is of what is lost, which this test is not about.
cat >"$work/p.ini" <<'P'
[check.jitter]
window=3s
share=100%
warn=100%
fail=100%
worst_warn=100%
worst_fail=100%
P
check() { # COMMAND...: under which to run
	out=$("$@" "$NODEFIT" check jitter --json --profile "$work/p.ini" 2>"$work/err")
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
figure() { # FILTER: is it true of the figures?
	[ "$(printf '%s' "$out" | jq -r ".checks[0].figures | map_values(.value) | $1" 2>/dev/null)" = true ]
}

cpus=$(nproc)
online=$(grep -c '^cpu[0-9]' /proc/stat)
check env
case $(said .verdict) in
pass) true ;;
unknown) [ "$(said .reason)" = CpusBusy ] ;;
*) false ;;
esac
ok $? "it has an answer" "$(said '.verdict + " " + .message')"
equal "all CPUs that it may use are measured" "$cpus of $online" \
	"$(said '.figures | "\(.cpus.value) of \(.cpus_online.value)"')"
figure '([.stolen, .worst, .reported, .hidden, .waited, .throttled, .interrupts] | min >= 0 and max <= 100)'
ok $? "every share is one" "$(said '.figures | tostring')"
figure '.spun > 0.5 and .spun <= 7 and .window >= .spun and .bursts >= 3'
ok $? "it spins no longer than it shall" "$(said '.figures | tostring')"
figure '.gaps >= .gaps_1ms and .worst_gap >= 0 and .sum >= 0'
ok $? "gaps are counted"
equal "the histogram holds them all" true \
	"$(said '([.histogram[].count] | add) == .figures.gaps.value')"
printf '[check.jitter]\nshare=10%%\nwarn=100%%\nfail=100%%\nworst_warn=100%%\nworst_fail=100%%\n' >"$work/little.ini"
out=$("$NODEFIT" check jitter --json --profile "$work/little.ini" 2>/dev/null)
figure '.spun <= 0.2 * .window'
ok $? "share= bounds the spinning" "$(said '.figures | tostring')"

# A limited set of CPUs.
one=$(taskset -cp $$ | sed 's/.*[:, -]//')
check taskset -c "$one"
equal "in a cpuset only its CPUs are measured, and it says so" "1 of $online, cpu$one" \
	"$(said '.figures | "\(.cpus.value) of \(.cpus_online.value), " + (keys | map(select(test("^cpu[0-9]+[.]stolen$"))) | join(" ") | sub("[.]stolen"; ""))')"

# Others want the CPU, too. This may be a noisy machine: only the shares are compared.
for _ in 1 2; do
	taskset -c "$one" sh -c 'while :; do :; done' &
	spinners="$spinners $!"
done
seen=1
for _ in 1 2 3; do
	check taskset -c "$one"
	figure '.waited > 25 and .waited > 3 * .stolen' && seen=0 && break
done
ok $seen "the time that other tasks had is waiting, and not stolen" "$(said '.figures | tostring')"
# Kernels without a count of waiting leave the thread's own clock.
seen=1
for _ in 1 2 3; do
	check strace -f -o "$work/trace" -P /proc/thread-self/schedstat -e inject=openat:error=ENOENT \
		taskset -c "$one"
	figure '.waited > 25 and .waited > 3 * .stolen' && seen=0 && break
done
ok $seen "without schedstat, too" "$(said '.figures | tostring')"
holds "and it says so" 'not counted' "$(said .facts.waiting)"
equal "then reported steal can't be told from waiting, and is not" null "$(said .figures.reported)"
# shellcheck disable=SC2086
kill $spinners
spinners=

if quota_make; then
	quota_set 30 || exit 1
	seen=1
	for _ in 1 2 3; do
		check in_quota
		figure '.throttled > 20 and .throttled > 3 * .stolen' && seen=0 && break
	done
	ok $seen "a quota of its own control group is told as such, and not as stolen" "$(said '.figures | tostring')"
	equal "and which group's" "$quota_group" "$(said .facts.throttled_by)"
	case "$(said '.verdict + " " + .reason')" in
	"pass OwnQuota" | "unknown CpusBusy") true ;;
	*) false ;;
	esac
	ok $? "it is no fault of the machine" "$(said '.verdict + " " + .reason')"
	quota_set 2 || exit 1
	check in_quota
	equal "with next to nothing it says that it can't tell" "unknown CpusBusy" "$(said '.verdict + " " + .reason')"
	# Of the groups above, too.
	quota_set 30 && mkdir "$quota_group/below" || exit 1
	[ -n "$quota_old" ] || echo +cpu >"$quota_group/cgroup.subtree_control"
	seen=1
	for _ in 1 2 3; do
		check in_group "$quota_group/below"
		figure '.throttled > 20 and .throttled > 3 * .stolen' && seen=0 && break
	done
	ok $seen "nor is the quota of a group above it" "$(said '.figures | tostring')"
	equal "which is named" "$quota_group" "$(said .facts.throttled_by)"
	rmdir "$quota_group/below"
	quota_remove
else
	skip "a quota of its own control group" "$quota_why"
fi

# Another root's CPUs are not these.
mkdir -p "$work/root/proc"
cp /proc/stat "$work/root/proc"
out=$("$NODEFIT" check jitter --root "$work/root" --json 2>/dev/null)
equal "of another root it knows nothing" "unknown CpusElsewhere" "$(said '.verdict + " " + .reason')"
finish
