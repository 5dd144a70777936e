#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# The first process of the guest that jitter.sh throttles: measures when it is told to, and prints
# what it found. The host's words come in on the serial line.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin TERM=dumb
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /tmp /var/lib /run
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo
# Version 2, as most nodes have it.
mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && echo +cpu >/sys/fs/cgroup/cgroup.subtree_control &&
	mkdir /sys/fs/cgroup/pod /sys/fs/cgroup/pod/own && echo "30000 100000" >/sys/fs/cgroup/pod/cpu.max
printf '[check.jitter]\nwindow=15s\nburst=250ms\nshare=100%%\n' >/tmp/p.ini

figure() { # NAME
	awk -v name="$1" '$1 == name {print $2 + 0}' /tmp/out
}
steal() {
	awk '$1 == "cpu" {print $9}' /proc/stat
}
echo "GUEST ready"
while read -r word && [ "$word" != end ]; do
	before=$(steal)
	[ "$word" = quota ] && group=/sys/fs/cgroup/pod/own || group=/sys/fs/cgroup
	echo $$ >"$group/cgroup.procs"
	echo "GUEST begins"
	nodefit check jitter --profile /tmp/p.ini >/tmp/out 2>/tmp/err
	echo "GUEST ends"
	echo $$ >/sys/fs/cgroup/cgroup.procs
	sed 's/^/# /' /tmp/out | head -n 12
	echo "GUEST found stolen=$(figure stolen) window=$(figure window) waited=$(figure waited)" \
		"throttled=$(figure throttled) interrupts=$(figure interrupts)" \
		"by=$(awk '$1 == "throttled_by" {print $2}' /tmp/out)" \
		"steal=$(($(steal) - before)) said=$(sed -n 's/^  \([a-z]*\) *jitter .*/\1/p' /tmp/out)"
done
poweroff -f
