# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by tests that need a control group with a CPU quota of their own, of version 1 or 2.
quota_group=
quota_old=
quota_why=

# quota_make: false where this machine grants none; quota_why says why.
quota_make() {
	top=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ {print $2; exit}' /proc/mounts)
	quota_old=yes
	if [ -z "$top" ]; then
		quota_old=
		top=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
	fi
	quota_why="no control groups are mounted"
	[ -n "$top" ] || return 1
	quota_group=$top/nodefit-test.$$
	quota_why="no control group can be made in $top"
	mkdir "$quota_group" 2>/dev/null || { quota_group= && return 1; }
	# shellcheck disable=SC2034 # for who sources this
	quota_why="$top does not hand the cpu controller down"
	if [ ! -e "$quota_group/cpu.max" ] && [ ! -e "$quota_group/cpu.cfs_quota_us" ]; then
		quota_remove
		return 1
	fi
	# So that the quota binds it, and not who else is busy on this machine.
	if [ -n "$quota_old" ]; then
		echo 200000 >"$quota_group/cpu.shares"
	else
		echo 10000 >"$quota_group/cpu.weight"
	fi
}

# quota_set PERCENT: of one CPU, in periods of 100 ms; or none.
quota_set() {
	if [ -n "$quota_old" ]; then
		[ "$1" = none ] && us=-1 || us=$(($1 * 1000))
		echo "$us" >"$quota_group/cpu.cfs_quota_us"
	else
		[ "$1" = none ] && us=max || us=$(($1 * 1000))
		echo "$us 100000" >"$quota_group/cpu.max"
	fi
}

# in_group FOLDER COMMAND...: runs in that group; in_quota COMMAND...: in ours.
in_group() {
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@"
}
in_quota() {
	in_group "$quota_group" "$@"
}

quota_throttled_ms() {
	awk '$1 == "throttled_time" {printf "%.0f", $2 / 1e6} $1 == "throttled_usec" {printf "%.0f", $2 / 1e3}' \
		"$quota_group/cpu.stat"
}

# A process that has ended leaves its group a moment later.
quota_remove() {
	[ -n "$quota_group" ] || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		rmdir "$quota_group" 2>/dev/null && break
		sleep 0.1
	done
	quota_group=
}
