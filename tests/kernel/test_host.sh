#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The host check on this kernel: real processes, sockets, limits and file systems in namespaces of
# their own; files stand for what is the whole machine's (swap, control groups).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
own_pids=yes enter "$@"

check() { # PARAMETER...
	# What others do to this machine meanwhile is not asked.
	printf '%s\n' '[check.host]' io_stall_warn=100% memory_stall_warn=100% \
		memory_stall_fail=100% "$@" >"$work/p.ini"
	"$NODEFIT" check host --json --profile "$work/p.ini" 2>"$work/err"
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
# told PATTERN: does the message or one of the other findings say so?
told() {
	printf '%s' "$out" | jq -r '.checks[0] | .message, .facts[]?' | grep -Eq -- "$1"
}
# listen_as NAME PORT: a program of that name takes the port; $last is its process.
listen_as() {
	/usr/bin/python3 -c '
import socket, sys, time
open("/proc/self/comm", "w").write(sys.argv[1])
s = socket.create_server(("0.0.0.0", int(sys.argv[2])))
print("ready", flush=True)
time.sleep(600)' "$1" "$2" >"$work/listener" 2>&1 &
	last=$!
	within 20 grep -q ready "$work/listener"
}
end() {
	kill "$last" && wait "$last" 2>/dev/null
}

# This machine may run without a time server or with control groups of version 1: warnings.
mkdir "$work/cgroup" && echo "cpuset cpu io memory pids" >"$work/cgroup/cgroup.controllers" &&
	mount --bind "$work/cgroup" /sys/fs/cgroup || exit 1
swaps() {
	printf 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n%s' "$*" >"$work/swaps"
}
swaps
mount --bind "$work/swaps" /proc/swaps || exit 1

out=$(check)
code=$?
holds "a machine as it stands is not failed" '^(pass|warn)$' "$(said .verdict)"
equal "and may be used" 0 $code
equal "its CPUs are counted" "$(grep -c '^cpu[0-9]' /proc/stat)" "$(said .figures.cpus.value)"
equal "and its memory" "$(awk '/^MemTotal/ { printf "%d", $2 / 1024 }' /proc/meminfo)" \
	"$(said '.figures.memory.value | floor')"
if [ "$(cat /proc/pressure/io 2>/dev/null)" ]; then
	holds "pressure is read where the kernel counts it" '^[0-9.]+$' "$(said '.figures["io.full"].value')"
else
	equal "pressure that is switched off is no figure" null "$(said '.figures["io.full"]')"
fi

# --- swap ---
swaps "/dev/vdz                                partition	1048576	0	-2
"
out=$(check)
code=$?
equal "swap fails" "fail SwapOn 1" "$(said '.verdict + " " + .reason') $code"
mkdir -p /var/lib/kubelet && printf 'kind: KubeletConfiguration\nfailSwapOn: false\n' >/var/lib/kubelet/config.yaml
out=$(check)
! told 'swap is on'
ok $? "unless kubelet's configuration takes it" "$out"
rm -r /var/lib/kubelet
out=$(check swap=allow)
! told 'swap is on'
ok $? "or the profile does"
swaps

# --- control groups ---
echo "cpuset cpu io pids" >"$work/cgroup/cgroup.controllers"
out=$(check)
equal "a controller that is missing fails" "fail NoController" "$(said '.verdict + " " + .reason')"
rm "$work/cgroup/cgroup.controllers" && mkdir "$work/cgroup/memory"
out=$(check)
told 'version 1'
ok $? "version 1 warns"
holds "and does not fail" '^warn$' "$(said .verdict)"
echo "cpuset cpu io memory pids" >"$work/cgroup/cgroup.controllers"

# --- the disk under kubelet ---
mkdir /var/lib/kubelet && mount -t tmpfs -o size=1m,nr_inodes=100 none /var/lib/kubelet || exit 1
head -c 880k /dev/zero >/var/lib/kubelet/data
out=$(check)
told '/var/lib/kubelet, with kubelet.s own files, is 8[0-9.]+% full'
ok $? "a disk that fills up warns" "$out"
head -c 1000k /dev/zero >/var/lib/kubelet/data
out=$(check)
equal "a full one fails" "fail DiskFull" "$(said '.verdict + " " + .reason')"
rm /var/lib/kubelet/data
for i in $(seq 97); do : >"/var/lib/kubelet/f$i"; done
out=$(check)
equal "no inodes left fails" "fail InodesFull" "$(said '.verdict + " " + .reason')"
umount /var/lib/kubelet
mkdir /var/lib/containerd && mount -t tmpfs -o size=1m none /var/lib/containerd || exit 1
head -c 900k /dev/zero >/var/lib/containerd/image
out=$(check)
equal "images have limits of their own" "fail DiskFull" "$(said '.verdict + " " + .reason')"
holds "and are named" '^/var/lib/containerd, with the images, is 8[0-9.]+% full' "$(said .message)"
umount /var/lib/containerd

# --- the runtime ---
ln -s "$(command -v sleep)" "$work/containerd"
prlimit --nofile=4096:4096 "$work/containerd" 600 &
last=$!
within 20 grep -q containerd "/proc/$last/comm"
out=$(check)
told 'containerd may have 4096 files open'
ok $? "a runtime with few open files warns" "$out"
end

# --- ports ---
listen_as webserver 10250 || exit 1
out=$(check)
code=$?
equal "another program on kubelet's port fails" "fail PortTaken 1" "$(said '.verdict + " " + .reason') $code"
holds "with its name and number" "^port 10250, kubelet, is taken by webserver \\($last\\)" "$(said .message)"
end
listen_as webserver 10250 || exit 1
out=$(strace -f -o "$work/trace" -e inject=socket:error=EPROTONOSUPPORT "$NODEFIT" check host --json \
	--profile "$work/p.ini" 2>/dev/null)
holds "also where the kernel tells listeners in /proc only" "^port 10250, kubelet, is taken by webserver \\($last\\)" "$(said .message)"
grep -q 'socket(AF_NETLINK.*INJECTED' "$work/trace"
ok $? "which it was asked for" "$(tail -n 5 "$work/trace")"
end
listen_as kubelet 10250 || exit 1
out=$(check)
! told 'port 10250'
ok $? "kubelet itself does not" "$out"
end
listen_as webserver 6443 || exit 1
out=$(check)
! told 'port 6443'
ok $? "the API server's port does not matter on a worker" "$out"
out=$(check role=control-plane)
equal "but on a control plane" "fail PortTaken" "$(said '.verdict + " " + .reason')"
end

# --- the size ---
out=$(check cpus=4096)
equal "too few CPUs fail" "fail TooFewCpus" "$(said '.verdict + " " + .reason')"
out=$(check memory=100000G)
equal "too little memory fails" "fail TooLittleMemory" "$(said '.verdict + " " + .reason')"
finish
