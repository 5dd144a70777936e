#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a build of nodefit in a virtual machine, where it may write global sysctls and has a NIC
# with queues and rings, and an NVMe disk. usage: tests/vm/run.sh BUILD_DIR (as root)
# TESTS=kill,nic runs only these. VERBOSE=1 shows all that the guest says.
set -u
cd "$(dirname "$0")/../.." || exit 2
kernel=$(pwd)/build/vm/kernel work=$(pwd)/build/vm/run
# shellcheck source=image.sh
. tests/vm/image.sh

# Outside. Everything that a run makes lies in namespaces and in memory, and dies with them.
outside() {
	why=
	[ "$(id -u)" = 0 ] || why="it needs root: run \"sudo make test-vm\""
	[ "$(uname -m)" = x86_64 ] || why="only x86_64 has this rig"
	command -v apt-get >/dev/null || why="its kernel comes from Debian's packages"
	for program in qemu-system-x86_64 busybox cpio mke2fs ip ethtool strace; do
		command -v $program >/dev/null || why="$program is missing: run \"sudo make test-vm\""
	done
	[ -c /dev/net/tun ] || why="there is no /dev/net/tun"
	if [ -n "$why" ]; then
		echo "ok - nodefit in a virtual machine # SKIP $why"
		echo "0 passed, 0 failed, 1 skipped"
		[ -z "${CI:-}" ]
		exit
	fi
	if ! fetch_kernel "$kernel"; then
		echo "not ok - Debian's cloud kernel can't be fetched"
		exit 1
	fi
	mkdir -p "$work"
	before=$(tests/tripwire.sh)
	# The log has no name any more once it is open.
	log=$(mktemp) && exec 3<>"$log" && rm "$log" || exit 2
	NODEFIT_VM=1 setpriv --pdeathsig KILL \
		unshare -m -n -p --fork --kill-child --mount-proc sh tests/vm/run.sh "$build" </dev/null &
	child=$!
	trap 'kill -KILL $child; wait $child 2>/dev/null; exit 130' INT TERM HUP
	wait $child
	code=$?
	if [ "$before" = "$(tests/tripwire.sh)" ]; then
		say "ok - the machine's own sysctls, NICs and mounts were left alone"
	else
		say "not ok - the tests changed the machine"
	fi
	skipped=$(grep -c '^ok.*# SKIP' /dev/fd/3)
	passed=$(($(grep -c '^ok' /dev/fd/3) - skipped))
	failed=$(grep -c '^not ok' /dev/fd/3)
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $code = 0 ] && [ "$failed" = 0 ] && { [ "$skipped" = 0 ] || [ -z "${CI:-}" ]; }
	exit
}

say() {
	printf '%s\n' "$1"
	printf '%s\n' "$1" >&3
}

# act WHAT: what the guest asks for is done to its first NIC's wire, and answered.
act() {
	case $1 in
	link-down) ip link set tq0 down ;;
	link-up) ip link set tq0 up ;;
	carrier-off) echo "set_link nic0 off" >"$work/monitor.in" ;;
	carrier-on) echo "set_link nic0 on" >"$work/monitor.in" ;;
	*) false ;;
	esac && echo "done" >"$work/answers"
}

start() {
	for tap in tq0 tq1; do
		ip tuntap add "$tap" mode tap multi_queue && ip link set "$tap" up || return 1
	done
	ip addr add 10.9.0.1/24 dev tq0 || return 1
	mkfifo "$work/answers" "$work/serial" "$work/monitor.in" "$work/monitor.out" || return 1
	# Unknown NAME=VALUE words become the environment of the guest's first process.
	# KVM is never used, so that every machine runs the same; 4 queues are more than its 2 CPUs.
	timeout -k 5 "${TIMEOUT:-400}" qemu-system-x86_64 -accel tcg,thread=multi -machine q35 \
		-cpu max -smp 2 -m 768 -nodefaults -display none -serial stdio -no-reboot \
		-chardev pipe,id=monitor,path="$work/monitor" -mon chardev=monitor \
		-kernel "$kernel"/boot/vmlinuz-* -initrd "$work/initrd" \
		-append "console=ttyS0 quiet loglevel=1 panic=-1 TESTS=${TESTS:-sysctl,kill,checks,mtu,stack,nic,confirm,reach}" \
		-netdev tap,id=n0,ifname=tq0,script=no,downscript=no,queues=4,vhost=off \
		-device virtio-net-pci,id=nic0,netdev=n0,addr=3,mq=on,vectors=10,rx_queue_size=1024,host_mtu=1450 \
		-netdev tap,id=n1,ifname=tq1,script=no,downscript=no,queues=2,vhost=off \
		-device virtio-net-pci,id=nic1,netdev=n1,addr=4,mq=on,vectors=6 \
		-drive file="$work/nvme.img",if=none,id=d0,format=raw,cache=writeback \
		-device nvme,drive=d0,serial=nodefit-test \
		<>"$work/answers" >"$work/serial" 2>&1 &
}

# Inside: the first process of its own process, mount and network namespaces.
inside() {
	mount -t tmpfs none "$work" || exit 1
	make_image "$kernel" "$build/nodefit" "$work" || { say "not ok - the image can't be made"; exit 1; }
	start || { say "not ok - the virtual machine can't be started"; exit 1; }
	rc='' planned=0 seen=0 cr=$(printf '\r')
	while IFS= read -r line; do
		line=${line%"$cr"}
		printf '%s\n' "$line" >>"$work/log"
		[ -z "${VERBOSE:-}" ] || printf '> %s\n' "$line"
		case $line in
		"ok "* | "not ok "*) seen=$((seen + 1)) && say "$line" ;;
		"#"*) say "$line" ;;
		"1.."*) planned=$((planned + ${line#1..})) ;;
		"HOST: "*) act "${line#HOST: }" ;;
		"GUEST-RC "*) rc=${line#GUEST-RC } ;;
		esac
	done <"$work/serial"
	if [ -z "$rc" ]; then
		say "not ok - the guest ended without a word (GUEST-RC); its last lines:"
		tail -n 30 "$work/log" | sed 's/^/# /'
	elif [ $seen = 0 ] || [ $seen != $planned ]; then
		say "not ok - $planned tests ran, but $seen were seen"
	else
		say "ok - the guest ran all its $planned tests"
	fi
	exit "${rc:-1}"
}

build=$(realpath "$1")
if [ -z "${NODEFIT_VM:-}" ]; then
	outside
fi
inside
