# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by what starts virtual machines: fetches a kernel once, and packs a guest's root file system
# and disk.

# Modules that the guest needs or the tests load; their dependencies come along.
modules="virtio_pci virtio_net br_netfilter nf_conntrack vxlan geneve ipip sit ip_gre ip6_tunnel ip6_gre wireguard 8021q macvlan bonding veth sch_netem"
# What busybox lacks: an independent witness of the NIC, tunnels, and strace for kills.
programs="ethtool ip strace tc"

# fetch_kernel DIR: Debian's cloud kernel, unpacked; DIR appears only when all is there.
fetch_kernel() {
	[ ! -d "$1" ] || return 0
	new=$1.$$
	trap 'rm -rf "$new"; exit 130' INT TERM HUP
	# No lists, or lists so old that the package has gone: fetch them and try once more.
	mkdir -p "$new" && { download "$new" 2>/dev/null || { apt-get update -q >/dev/null && download "$new"; }; } &&
		dpkg-deb -x "$new"/*.deb "$new" && rm "$new"/*.deb &&
		depmod -b "$new" "$(ls "$new/lib/modules")" && mv -T "$new" "$1"
	rm -rf "$new"
	[ -d "$1" ]
}

download() {
	package=$(apt-cache depends linux-image-cloud-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p')
	[ -n "$package" ] || return 1
	# apt's own user can't write here.
	(cd "$1" && apt-get download -q -o APT::Sandbox::User=root "$package" >/dev/null)
}

# take ROOT PROGRAM NAME: copies a program and its shared libraries.
take() {
	install -D "$2" "$1$3" || return 1
	ldd "$2" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		[ -e "$1$library" ] || install -D "$library" "$1$library" || return 1
	done
}

pack() { # ROOT: as cpio on standard output
	(cd "$1" && find . | cpio -o -H newc --quiet)
}

take_modules() { # KERNEL ROOT MODULE...
	from=$1 to=$2 release=$(ls "$1/lib/modules")
	shift 2
	mkdir -p "$to/lib/modules/$release"
	for module; do
		modprobe -d "$from" -S "$release" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | sort -u | while read -r file; do
		install -D "$file" "$to${file#"$from"}" || return 1
	done
	# The index is made anew: one of all that was left out would mislead.
	cp "$from/lib/modules/$release"/modules.builtin* "$from/lib/modules/$release/modules.order" \
		"$to/lib/modules/$release/" && depmod -b "$to" "$release"
}

# pack_disk_initrd KERNEL OUT: OUT/initrd hands over to the system on an NVMe disk.
pack_disk_initrd() {
	base=$2/initrd.d
	mkdir -p "$base/bin" "$base/proc" "$base/sys" "$base/dev" "$base/root" &&
		cp "$(command -v busybox)" "$base/bin/busybox" && install tests/vm/disk_init.sh "$base/init" &&
		take_modules "$1" "$base" nvme ext4 virtio_pci virtio_net &&
		pack "$base" >"$2/initrd" && rm -rf "$base"
}

# make_image KERNEL NODEFIT OUT: OUT/initrd and OUT/nvme.img
make_image() {
	base=$3/base
	mkdir -p "$base/bin" "$base/proc" "$base/sys" "$base/dev" "$base/etc/sysctl.d" \
		"$base/tests/kernel" || return 1
	cp "$(command -v busybox)" "$base/bin/busybox" &&
		install tests/vm/init.sh "$base/init" &&
		cp -r tests/vm "$base/tests/" && cp tests/kernel/lib.sh "$base/tests/kernel/" || return 1
	for program in $programs; do
		take "$base" "$(command -v "$program")" "/sbin/$program" || return 1
	done
	# shellcheck disable=SC2086
	take_modules "$1" "$base" $modules || return 1
	# What is under test comes second: the kernel unpacks it over the first.
	take "$3/tested" "$2" /usr/bin/nodefit &&
		pack "$base" >"$3/initrd" && pack "$3/tested" >>"$3/initrd" || return 1
	rm -rf "$base" "$3/tested"
	truncate -s 320M "$3/nvme.img" && mke2fs -q -t ext4 "$3/nvme.img"
}
