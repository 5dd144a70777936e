#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jitter check in a guest whose emulator is throttled from outside: the guest's own /proc/stat
# knows of no steal. usage: tests/vm/jitter.sh BUILD_DIR (as root). VERBOSE=1 shows what the guest says.
#
# The truth is what the emulated CPU's thread on the host did not get: its run delay, which includes
# the time that its control group was throttled, and which a busy host adds to.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath "$1") kernel=$(pwd)/build/vm/kernel
# shellcheck source=image.sh
. tests/vm/image.sh
# shellcheck source=../kernel/lib.sh
. tests/kernel/lib.sh
# shellcheck source=../kernel/quota.sh
. tests/kernel/quota.sh

close_down() {
	[ -z "${emulator:-}" ] || kill -KILL "$emulator" 2>/dev/null
	[ -z "${emulator:-}" ] || wait "$emulator" 2>/dev/null
	quota_remove
	rm -rf "$work"
}

why=
[ "$(id -u)" = 0 ] || why="it needs root: run \"sudo make test-vm\""
[ "$(uname -m)" = x86_64 ] || why="only x86_64 has this rig"
command -v apt-get >/dev/null || why="its kernel comes from Debian's packages"
for program in qemu-system-x86_64 busybox cpio taskset; do
	command -v $program >/dev/null || why="$program is missing: run \"sudo make test-vm\""
done
[ -n "$why" ] || quota_make || why=$quota_why
if [ -n "$why" ]; then
	skip "steal that is hidden, in a virtual machine" "$why"
	[ -z "${CI:-}" ]
	exit
fi
work=$(mktemp -d) || exit 2
trap close_down EXIT
trap 'exit 130' INT TERM HUP
fetch_kernel "$kernel"
ok $? "Debian's cloud kernel is here"

root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" && cp "$(command -v busybox)" "$root/bin/busybox" &&
	install tests/vm/jitter_init.sh "$root/init" &&
	take "$root" "$build/nodefit" /usr/bin/nodefit && pack "$root" >"$work/initrd" &&
	mkfifo "$work/in" "$work/out" || exit 2
# One emulated CPU, and all of the emulator on one CPU of the host, so that its group is throttled
# as a whole and no time counts twice.
last=$(taskset -cp $$ | sed 's/.*[:, -]//')
in_quota taskset -c "$last" timeout -k 5 "${TIMEOUT:-240}" qemu-system-x86_64 -name nodefit,debug-threads=on \
	-accel tcg,thread=multi -machine q35 -cpu max -smp 1 -m 256 -nodefaults -nic none -display none \
	-monitor none -serial stdio -no-reboot -kernel "$kernel"/boot/vmlinuz-* -initrd "$work/initrd" \
	-append "console=ttyS0 quiet loglevel=1 panic=-1" <>"$work/in" >"$work/out" 2>&1 &
emulator=$!
exec 4<"$work/out"

# hear WORD: reads up to the guest's line of that word; the rest of it is in $line.
hear() {
	while IFS= read -r line <&4; do
		line=$(printf '%s' "$line" | tr -d '\r')
		[ -z "${VERBOSE:-}" ] || printf '> %s\n' "$line"
		case $line in
		"GUEST $1"*) line=${line#"GUEST $1"} && return 0 ;;
		esac
	done
	return 1
}
# The thread that emulates the CPU.
thread() {
	for comm in /proc/[0-9]*/task/*/comm; do
		[ "$(cat "$comm" 2>/dev/null)" = "CPU 0/TCG" ] || continue
		grep -qx "$(echo "$comm" | cut -d/ -f5)" "$quota_group"/cgroup.threads "$quota_group"/tasks 2>/dev/null &&
			echo "${comm%/comm}"
	done
}
# In ms: since boot, throttled, and the thread's on a CPU and waiting for one.
clock() {
	echo "$(awk '{printf "%.0f", $1 * 1e3}' /proc/uptime) $(quota_throttled_ms)" \
		"$(awk '{printf "%.0f %.0f", $1 / 1e6, $2 / 1e6}' "$vcpu/schedstat")"
}
# measure [quota]: sets found (the guest's words) and wall, throttled, ran, waited in ms.
measure() {
	echo "${1:-measure}" >"$work/in"
	hear begins || return 1
	before=$(clock)
	hear ends || return 1
	after=$(clock)
	hear found || return 1
	found=$line
	# shellcheck disable=SC2046,SC2086
	set -- $before $after
	wall=$(($5 - $1)) throttled=$(($6 - $2)) ran=$(($7 - $3)) waited=$(($8 - $4))
}
said() { # NAME: of the guest
	printf '%s' "$found" | sed -n "s/.* $1=\([^ ]*\).*/\1/p"
}
# near PERCENT: is what the guest calls stolen within so much of what its CPU waited?
near() {
	awk -v stolen="$(said stolen)" -v window="$(said window)" -v truth="$waited" -v most="$1" 'BEGIN {
		found = stolen / 100 * window * 1e3
		off = 100 * (found - truth) / truth
		printf "# guest: %.0f ms stolen of %.1f s; host: CPU thread waited %.0f ms: %+.1f%%\n", found, window, truth, off
		exit !(off <= most && off >= -most)
	}'
}
own_most() {
	awk -v own="$(said throttled)" -v stolen="$(said stolen)" 'BEGIN {exit !(own > 20 && own > 3 * stolen)}'
}
tell() {
	echo "# host: wall $wall ms, throttled $throttled ms, CPU thread ran $ran ms and waited $waited ms"
	echo "# guest:$found"
}

hear ready
ok $? "the guest is there"
vcpu=$(thread)
[ -d "$vcpu" ]
ok $? "the thread of its CPU is found" "$vcpu"

measure
ok $? "it measures while nothing throttles it"
tell
free=$(said stolen)

# A quota inside, of control groups of version 2 and another kernel than this one.
for _ in 1 2 3; do
	measure quota || break
	tell
	own_most && break
done
own_most
ok $? "a quota in the guest is its own, and not the host's" "$found"
equal "and the group above that sets it is named" /sys/fs/cgroup/pod "$(said by)"

quota_set 50 || exit 2
# A loaded host moves both figures, not always at once.
for _ in 1 2 3; do
	measure || break
	tell
	near 20 && [ "$throttled" -gt $((waited / 2)) ] && break
done
near 20 >/dev/null
ok $? "throttled to 50% of a CPU: it finds what the host took, within 20%"
[ "$throttled" -gt $((waited / 2)) ]
ok $? "most of that was the throttling" "throttled $throttled of $waited ms"
equal "while its own /proc/stat says that nothing was stolen" 0 "$(said steal)"
case $(said said) in warn | fail) true ;; *) false ;; esac
ok $? "which is a finding" "$found"
awk -v free="$free" -v bound="$(said stolen)" 'BEGIN {exit !(bound > free + 20)}'
ok $? "and was not there before" "$free% before, $(said stolen)% after"
quota_set none
echo end >"$work/in"
finish
