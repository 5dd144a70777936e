#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# The guest's first process: makes it a machine, runs the tests, and tells how they ended.
# The serial line is the only way out; "GUEST-RC n" must be its last word.
/bin/busybox --install -s /bin
export PATH=/sbin:/bin:/usr/bin TERM=dumb
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /tmp/work /mnt /var/lib /run
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo # the host's answers would come back as lines of ours

code=0
# need WHAT COMMAND...
need() {
	what=$1
	shift
	"$@" && return
	echo "not ok - the guest: $what"
	code=1
}
need "the PCI driver" modprobe virtio_pci
need "the NIC's driver" modprobe virtio_net
need "the loopback" ip link set lo up
need "the first NIC's address" ip addr add 10.9.0.2/24 dev eth0
need "the first NIC" ip link set eth0 up
# The gateway is the host's end of the tap.
need "the way to the gateway" ip route add default via 10.9.0.1
need "the second NIC" ip link set eth1 up
need "the NVMe disk" mount -t ext4 /dev/nvme0n1 /mnt

export NODEFIT=/usr/bin/nodefit NODEFIT_WORK=/tmp/work
for t in $(echo "$TESTS" | tr , " "); do
	echo "# $t"
	sh "/tests/vm/$t.sh" || code=1
done
if [ $code != 0 ]; then
	dmesg | tail -n 20 | sed 's/^/# kernel: /'
fi
umount /mnt
echo "GUEST-RC $code"
poweroff -f
