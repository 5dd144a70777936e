#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The DaemonSet's pod as its manifest says, privileged agent and all, by runc in a virtual machine (TCG):
# only there may it write global sysctls. IMAGE is the image's archive.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "$(uname -m)" != x86_64 ]; then
	echo "ok 1 - the DaemonSet's pod in a virtual machine # SKIP needs x86_64"
	exit 0
fi
# shellcheck source=../vm/image.sh
. tests/vm/image.sh
kernel=$(pwd)/build/vm/kernel
: "${IMAGE:=$(pwd)/build/nodefit-image.tar}"
mkdir -p build/vm && fetch_kernel "$kernel" || exit 1
if [ -z "${NODEFIT_INSIDE:-}" ]; then
	NODEFIT_INSIDE=1 exec unshare -m -n -p --fork --kill-child --mount-proc sh "$0"
fi
work=$(mktemp -d "${TMPDIR:-/var/tmp}/nodefit-pod.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
root=$work/root
engine() { # its store is the test's
	podman --root "$work/store" --runroot "$work/state" --tmpdir "$work/tmp" --storage-driver vfs "$@"
}

# --- the disk: a node with nothing but runc ---
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/etc/cni/net.d" "$root/boot" \
	"$root/var/lib" "$root/image" "$root/pods/config" "$root/tests/kernel" || exit 1
cp "$(command -v busybox)" "$root/bin/busybox" && ln -s busybox "$root/bin/sh" &&
	install tests/container/pod_init.sh "$root/init" && cp tests/kernel/lib.sh "$root/tests/kernel/" &&
	take "$root" "$(command -v runc)" /bin/runc && take "$root" "$(command -v ip)" /bin/ip &&
	take_modules "$kernel" "$root" virtio_net br_netfilter nf_conntrack &&
	cp "$kernel"/boot/config-* "$root/boot/" || exit 1
engine load -q -i "$IMAGE" >/dev/null && engine create --name files nodefit >/dev/null &&
	engine export files | tar -C "$root/image" -xf - || exit 1
engine rm files >/dev/null
for name in agent reporter; do
	mkdir "$root/pods/$name" && /usr/bin/python3 tests/container/bundle.py packaging/kustomize/base/daemonset.yaml \
		$name /image /pods >"$root/pods/$name/config.json" || exit 1
done
cp packaging/kustomize/base/agent.conf "$root/pods/config/" || exit 1
# The token's volume. Nobody answers where the API server would be.
mkdir "$root/pods/token" && echo token >"$root/pods/token/token" && echo nodefit >"$root/pods/token/namespace" &&
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
		-keyout "$work/ca.key" -out "$root/pods/token/ca.crt" 2>/dev/null || exit 1
truncate -s 512M "$work/disk" && mke2fs -q -t ext4 -d "$root" "$work/disk" && rm -rf "$root" || exit 1
pack_disk_initrd "$kernel" "$work" || exit 1

# --- the boot ---
timeout -k 5 400 qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu max -smp 2 -m 768 \
	-nodefaults -display none -monitor none -serial stdio -no-reboot \
	-kernel "$kernel"/boot/vmlinuz-* -initrd "$work/initrd" \
	-append "console=ttyS0 quiet loglevel=1 panic=-1 net.ifnames=0 START=/init" \
	-netdev user,id=n0,restrict=on -device virtio-net-pci,netdev=n0,mq=on \
	-drive file="$work/disk",if=none,id=d0,format=raw,cache=writeback -device nvme,drive=d0,serial=nodefit-test \
	</dev/null 2>&1 | tr -d '\r' >"$work/console"
grep -E '^(ok|not ok|# |1\.\.)' "$work/console"
rc=$(sed -n 's/^GUEST-RC //p' "$work/console")
if [ -z "$rc" ]; then
	echo "not ok - the guest ended without a word; its last lines:"
	tail -n 30 "$work/console" | sed 's/^/# /'
fi
exit "${rc:-1}"
