# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by what boots containers as another user: they need cgroups of that user's.

within() { # SECONDS COMMAND...: until it succeeds
	tries=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}

# nspawn makes cgroups beside its own, and leaves them: they go into one that is ours. Named
# hierarchies (v1), the one (v2), or both.
cgroups() {
	for c in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
		[ ! -e "$c/cgroup.procs" ] || echo "$c/nodefit-test.$$"
	done
}

own_cgroup() {
	for c in $(cgroups); do
		mkdir "$c" && sh -c 'echo $PPID' >"$c/cgroup.procs" || exit 1
	done
}

# With whatever still runs in there.
remove_cgroup() {
	for c in $(cgroups); do
		find "$c" -name cgroup.procs -exec cat {} + 2>/dev/null | while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done
		# What has just died is still there for a moment.
		within 10 find "$c" -depth -type d -exec rmdir {} +
	done
}
