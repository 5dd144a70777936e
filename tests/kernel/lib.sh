# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by every kernel test. enter() runs the script again in private mount and network
# namespaces where only net.* sysctls can be written; nodefit's own folders are memory there.
set -u
: "${NODEFIT:=$(cd "$(dirname "$0")/../.." && pwd)/build/release/nodefit}"
work=${NODEFIT_WORK:-}
tests_run=0
tests_failed=0

# Global keys of kube-node that a namespace can't protect: plain files stand for them.
fake_keys="fs/file-max fs/inotify/max_user_instances fs/inotify/max_user_watches vm/max_map_count
vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys
kernel/keys/root_maxbytes"

# The leak sanitizer needs ptrace, which strace has taken.
strace() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 command strace "$@"
}

# enter "$@": once inside, returns. "own_pids=yes enter" is for tests that look at processes: an etcd
# or a kubelet of this machine is not seen then, and nothing that the test started outlives it.
enter() {
	if [ -z "${NODEFIT_INSIDE:-}" ]; then
		work=$(mktemp -d) || exit 1
		NODEFIT_WORK=$work NODEFIT_INSIDE=1 unshare -m -n \
			${own_pids:+-p --fork --kill-child --mount-proc} sh "$0" "$@"
		code=$?
		rm -rf "$work"
		exit $code
	fi
	mount --make-rprivate / &&
		mount --bind /proc/sys /proc/sys &&
		mount --bind /proc/sys/net /proc/sys/net &&
		mount -o remount,ro,bind /proc/sys &&
		mount -o remount,rw,bind /proc/sys/net || exit 1
	ip link set lo up
	mkdir -p "$work/keys"
	for key in $fake_keys; do
		file=$work/keys/$(echo "$key" | tr / _)
		cp "/proc/sys/$key" "$file" && mount --bind "$file" "/proc/sys/$key" || exit 1
	done
	mount -t tmpfs none /var/lib && mount -t tmpfs none /etc/sysctl.d || exit 1
	if (echo 1 >/proc/sys/vm/swappiness) 2>/dev/null; then
		echo "not ok - the guard over /proc/sys does not hold"
		exit 1
	fi
}

ok() { # CONDITION'S-CODE NAME
	tests_run=$((tests_run + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests_run - $2"
	else
		tests_failed=$((tests_failed + 1))
		echo "not ok $tests_run - $2"
		[ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
	fi
}

# equal NAME WANTED FOUND
equal() {
	[ "$2" = "$3" ]
	ok $? "$1" "wanted: $2
found: $3"
}

# holds NAME PATTERN TEXT: TEXT has a line that matches the extended regular expression.
holds() {
	printf '%s\n' "$3" | grep -Eq -- "$2"
	ok $? "$1" "no /$2/ in: $3"
}

skip() { # NAME WHY
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

# All values that apply may touch, byte for byte.
snapshot() {
	find /proc/sys/net -type f -perm -0200 -perm -0400 ! -name stable_secret 2>/dev/null |
		LC_ALL=C sort | while read -r key; do
		printf '%s=' "$key"
		od -An -c "$key" 2>/dev/null
	done
	for key in $fake_keys; do
		# A plain file keeps the end of a longer text, where the kernel would not.
		printf '%s=%s\n' "$key" "$(head -n 1 "/proc/sys/$key")"
	done
}

finish() {
	echo "1..$tests_run"
	[ "$tests_failed" = 0 ]
	exit
}

# Lines of a profile that switch checks off.
off() { # CHECK...
	for check in "$@"; do
		printf '[check.%s]\ninterval=off\n' "$check"
	done
}

# Links of this namespace in /sys too.
own_sysfs() {
	mount -t sysfs nodefit /sys
}

# A second network namespace; "in_peer COMMAND..." runs in it, peer_stop ends it.
peer_start() {
	unshare -n sleep 600 &
	peer=$!
	trap peer_stop EXIT
	tries=0
	while [ "$(readlink "/proc/$peer/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.05
	done
}

in_peer() {
	nsenter -t "$peer" -n "$@"
}

peer_stop() {
	kill "$peer" 2>/dev/null
}

# within SECONDS COMMAND...: true as soon as the command is.
within() {
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.1
	done
}
