# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the tests of the packages. enter() runs the script again in a mount namespace of its
# own, with a Debian of its own in $root; boot() boots that by systemd-nspawn in a network namespace
# of its own.
#
# Its root is another user than this machine's: to the kernel the global sysctls (vm, fs, kernel) are
# another's files. A read-only /proc/sys alone would protect nothing: a unit's ProtectSystem=strict
# makes it writable again for the unit.
set -u
# shellcheck source=cgroup.sh
. "$(dirname "$0")/../systemd/cgroup.sh"
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
work=${NODEFIT_WORK:-}
root=$work/root
leader=
nspawn=
tests_run=0
tests_failed=0

enter() {
	if [ -z "${NODEFIT_INSIDE:-}" ]; then
		work=$(mktemp -d "${TMPDIR:-/var/tmp}/nodefit-systemd.XXXXXX") || exit 1
		(
			own_cgroup
			NODEFIT_WORK=$work NODEFIT_INSIDE=1 exec unshare -m sh "$0" "$@"
		)
		code=$?
		remove_cgroup
		rm -rf "$work"
		exit $code
	fi
	mount --make-rprivate / || exit 1
	# What nspawn leaves below /run goes with this namespace.
	mkdir -p /run/systemd/nspawn && mount -t tmpfs none /run/systemd/nspawn || exit 1
	mkdir "$root" && unpack || exit 1
	trap end_boot EXIT
	guard
}

# Another rig has another one.
unpack() {
	tar -C "$root" -xf "$tree/build/systemd/debian-12.tar"
}

ok() { # CODE NAME [DETAIL]
	tests_run=$((tests_run + 1))
	if [ "$1" = 0 ]; then
		printf 'ok %s - %s\n' "$tests_run" "$2"
	else
		tests_failed=$((tests_failed + 1))
		printf 'not ok %s - %s\n' "$tests_run" "$2"
		[ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
	fi
}

equal() { # NAME WANTED FOUND
	[ "$2" = "$3" ]
	ok $? "$1" "wanted: $2
found: $3"
}

holds() { # NAME PATTERN TEXT: TEXT has a line that matches the extended regular expression
	printf '%s\n' "$3" | grep -Eq -- "$2"
	ok $? "$1" "no /$2/ in: $3"
}

finish() {
	echo "1..$tests_run"
	[ "$tests_failed" = 0 ]
	exit
}

# In a shell of its own, which it becomes. nspawn's own filter would keep units from reading how well
# the clock is kept, which needs no right; setting it is another user's.
container() {
	exec systemd-nspawn -q --register=no --keep-unit --private-network --private-users=524288:65536 \
		--system-call-filter="adjtimex clock_adjtime" \
		--private-users-ownership=chown -M nodefit-test -D "$root" "$@"
}

# Nothing is installed or booted before it is sure that what runs in there can't change this machine.
guard() {
	# shellcheck disable=SC2016
	in_image sh -c '
	mount -o remount,rw,bind /proc/sys
	mount -t proc again /mnt && sys=/mnt/sys || sys=/proc/sys
	for key in vm/swappiness kernel/panic fs/file-max; do
		for s in /proc/sys $sys; do
			! cat $s/$key >$s/$key || exit 1
		done
	done' >/dev/null 2>&1 && return 0
	echo "not ok - the guard over /proc/sys does not hold"
	exit 1
}

# Runs a command in the image, which is not booted.
in_image() {
	(container --pipe env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@")
}

# Runs a command in the booted one.
inside() {
	[ -n "$leader" ] || return 125
	nsenter -t "$leader" -U -m -u -i -n -p -r -w -S 0 -G 0 env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 SYSTEMD_PAGER='' "$@" </dev/null
}

# Its init, which must be elsewhere: whatever inside() runs is for there.
find_leader() {
	leader=
	child=$(cut -d' ' -f1 "/proc/$nspawn/task/$nspawn/children")
	[ -n "$child" ] || return 1
	for ns in pid mnt user uts net; do
		[ "$(readlink "/proc/$child/ns/$ns")" != "$(readlink "/proc/$$/ns/$ns")" ] || return 1
	done
	[ "$(cat "/proc/$child/comm")" = systemd ] && leader=$child
}

is_up() {
	case $(inside systemctl is-system-running) in
	running | degraded) ;;
	*) return 1 ;;
	esac
}

boot() {
	container -b </dev/null >>"$work/console" 2>&1 &
	nspawn=$!
	if within 20 find_leader && within 120 is_up; then
		return 0
	fi
	sed 's/^/# /' "$work/console" | tail -50
	return 1
}

end_boot() {
	[ -n "$nspawn" ] || return 0
	inside systemctl poweroff >/dev/null 2>&1
	if ! within 60 is_down; then
		kill -KILL ${leader:+"$leader"} "$nspawn" 2>/dev/null
	fi
	wait "$nspawn" 2>/dev/null
	nspawn='' leader=''
}

is_down() {
	! kill -0 "$nspawn" 2>/dev/null || grep -q '^State:.Z' "/proc/$nspawn/status"
}

# A property of a unit.
shows() { # UNIT PROPERTY
	inside systemctl show -p "$2" --value "$1"
}
