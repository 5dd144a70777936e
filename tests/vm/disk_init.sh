#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# The first process of a virtual machine that has its system on a disk: finds it, and hands over to
# START of the kernel's command line, else to systemd.
/bin/busybox --install -s /bin
export PATH=/sbin:/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in nvme ext4 virtio_pci virtio_net; do
	modprobe $module
done
tries=0
until [ -b /dev/nvme0n1 ] || [ $tries = 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
mount -t ext4 /dev/nvme0n1 /root
umount /proc /sys
mount --move /dev /root/dev
exec switch_root /root "${START:-/lib/systemd/systemd}"
