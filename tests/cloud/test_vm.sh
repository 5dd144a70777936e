#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same first boot in a virtual machine (TCG, a whole Debian on an NVMe disk, a virtio NIC of several
# queues): here the shipped profile's global sysctls are written, too, and the NIC gets its MTU from
# network-config.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "$(uname -m)" != x86_64 ] || [ ! -c /dev/net/tun ]; then
	echo "ok 1 - a first boot in a virtual machine # SKIP needs x86_64 and /dev/net/tun"
	exit 0
fi
# shellcheck source=../vm/image.sh
. tests/vm/image.sh
kernel=$(pwd)/build/vm/kernel
mkdir -p build/vm && fetch_kernel "$kernel" || exit 1
# The wire is a network namespace's.
if [ -z "${NODEFIT_INSIDE:-}" ]; then
	NODEFIT_INSIDE=1 exec unshare -m -n -p --fork --kill-child --mount-proc sh "$0"
fi
# shellcheck source=lib.sh
. tests/cloud/lib.sh
release=$(ls "$kernel/lib/modules")

# --- the disk ---
# Under emulation nothing reports steal, which a profile must accept; and all else is as shipped.
printf '[main]\nsummary=a virtual machine\ninclude=kube-node\n[verdict]\ntolerate_unknown=steal\n' >"$work/vm.ini"
prepare vm "$work/vm.ini" || exit 1
root=$work/vm
# There is no DHCP server on this wire.
sed 's|<\(.*\)>|\1|; s|^    dhcp4: true|    addresses: [10.9.0.2/24]\n    gateway4: 10.9.0.1|; /dhcp4-overrides/,$d' cloud-init/network-config \
	>"$root/var/lib/cloud/seed/nocloud/network-config"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/lib/modules/$release"
ln -s /lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
echo '/dev/nvme0n1 / ext4 rw 0 1' >"$root/etc/fstab"
truncate -s 2G "$work/disk" && mke2fs -q -t ext4 -d "$root" "$work/disk" && rm -rf "$root" || exit 1

pack_disk_initrd "$kernel" "$work" || exit 1

# --- the boot ---
ip tuntap add tq0 mode tap multi_queue && ip link set tq0 up && ip addr add 10.9.0.1/24 dev tq0 || exit 1
timeout -k 5 900 qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu max -smp 2 -m 1024 \
	-nodefaults -display none -monitor none -serial stdio -no-reboot \
	-kernel "$kernel"/boot/vmlinuz-* -initrd "$work/initrd" -append "console=ttyS0 panic=-1 net.ifnames=0" \
	-netdev tap,id=n0,ifname=tq0,script=no,downscript=no,queues=4,vhost=off \
	-device virtio-net-pci,netdev=n0,mac=52:54:00:12:34:56,mq=on,vectors=10,rx_queue_size=1024 \
	-drive file="$work/disk",if=none,id=d0,format=raw,cache=writeback -device nvme,drive=d0,serial=nodefit-test \
	</dev/null >"$work/console" 2>&1
e2fsck -p "$work/disk" >/dev/null # what is in its journal
of() { # FILE: on the disk
	debugfs -R "cat $1" "$work/disk" 2>/dev/null
}
[ -n "$(of /var/lib/test.cloud)" ]
ok $? "a whole Debian boots with the shipped user-data, and cloud-init comes to its end" "$(tail -n 40 "$work/console")"
[ "$(of /var/lib/test.sysctls | head -n 1)" = 32768 ]
ok $? "the profile is applied on the first boot" "$(of /var/log/cloud-init-output.log)"
for line in 'vm.max_map_count *= *262144' 'kernel.panic *= *10' 'net.core.somaxconn *= *32768'; do
	of /etc/sysctl.d/95-nodefit.conf | grep -q "$line"
	ok $? "persisted: $line" "$(of /etc/sysctl.d/95-nodefit.conf)"
done
of /var/log/nodefit-preflight.log | grep -q '^ *pass *sysctl'
ok $? "every one of its keys, global ones too, is as the profile wants it" "$(of /var/log/nodefit-preflight.log)"
of /var/log/nodefit-preflight.log | grep -q 'fsync .*nvme0n1, ext4'
ok $? "the NVMe disk is measured" "$(of /var/log/nodefit-preflight.log)"
of /var/log/nodefit-preflight.log | grep -q 'eth0: MTU 1450'
ok $? "the NIC has network-config's MTU" "$(of /var/log/nodefit-preflight.log)"
[ "$(of /var/lib/kubeadm.called)" = "join --config /etc/kubernetes/join.yaml" ]
ok $? "kubeadm join is called, once" "$(of /var/log/cloud-init-output.log)"
echo "1..$count"
exit $failed
