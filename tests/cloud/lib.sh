# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the tests of a first boot: a Debian with systemd and cloud-init, the packages in a folder
# that apt takes for a mirror, and a machine that has never been booted. The packages are those of DEB
# (files), else a stand-in made by `make install`.
set -u
work=$(mktemp -d "${TMPDIR:-/var/tmp}/nodefit-cloud.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0
# shellcheck disable=SC2034 # the tests end with it
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=1
		echo "not ok $count - $2"
		[ -z "${3:-}" ] || printf '%s\n' "$3" | tail -n 60 | sed 's/^/# /'
	fi
}
image=$(pwd)/build/cloud-root.tar
if [ ! -s "$image" ]; then
	mkdir -p build
	# Beside systemd and cloud-init the libraries that the package depends on: there is no mirror inside.
	mmdebstrap --quiet --variant=minbase --format=tar --include="systemd,systemd-sysv,dbus,udev,iproute2,procps,cloud-init,$(
	)libinih1,libjansson4,libnl-3-200,libnl-genl-3-200,libyaml-0-2,libcurl4,libmicrohttpd12" bookworm "$image.new" || exit 1
	mv "$image.new" "$image"
fi

# --- the package, in a folder that apt takes for a mirror ---
mkdir -p "$work/repository" "$work/seed"
if [ -n "${DEB:-}" ]; then
	# shellcheck disable=SC2086
	cp $DEB "$work/repository/" || exit 1
else
	make -s install DESTDIR="$work/package" >/dev/null || exit 1
	mkdir "$work/package/DEBIAN"
	cat >"$work/package/DEBIAN/control" <<END
Package: nodefit
Version: 0.1.0
Architecture: $(dpkg --print-architecture)
Maintainer: nodefit <nodefit@localhost>
Depends: libinih1, libjansson4, libnl-3-200, libnl-genl-3-200, libsystemd0, libyaml-0-2, libcurl4, libmicrohttpd12
Provides: nodefit-net
Description: a stand-in
END
	dpkg-deb --root-owner-group --build "$work/package" "$work/repository" >/dev/null || exit 1
fi
(cd "$work/repository" && dpkg-scanpackages . >Packages 2>/dev/null) || exit 1

prepare() { # NAME PROFILE: a machine that has never been booted
	root=$work/$1
	mkdir "$root" && tar -C "$root" -xf "$image" || return 1
	: >"$root/etc/apt/sources.list"
	cp -r "$work/repository" "$root/srv/nodefit"
	: >"$root/etc/machine-id"
	seed=$root/var/lib/cloud/seed/nocloud
	mkdir -p "$seed" "$root/etc/cloud/cloud.cfg.d"
	echo 'datasource_list: [NoCloud, None]' >"$root/etc/cloud/cloud.cfg.d/90-test.cfg"
	printf 'instance-id: %s\nlocal-hostname: node-7\n' "$1" >"$seed/meta-data"
	/usr/bin/python3 tests/cloud/adapt.py cloud-init/user-data "$2" >"$work/seed/$1" || return 1
	cloud-init devel make-mime -a "$work/seed/$1:cloud-config" -a cloud-init/per-boot:x-shellscript-per-boot \
		>"$seed/user-data" 2>/dev/null || return 1
	cat >"$root/usr/local/bin/kubeadm" <<'END'
#!/bin/sh
echo "$*" >>/var/lib/kubeadm.called
cat /proc/sys/net/core/somaxconn >>/var/lib/kubeadm.saw
END
	chmod +x "$root/usr/local/bin/kubeadm"
	# When cloud-init is done: what is asked from outside, and the end.
	cat >"$root/etc/systemd/system/test-end.service" <<'END'
[Unit]
After=cloud-final.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sysctl -n net.core.somaxconn net.ipv4.ip_local_reserved_ports >/var/lib/test.sysctls; \
	cloud-init status >/var/lib/test.cloud; \
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
		systemctl is-active --quiet nodefit-agent && break; sleep 1; done; \
	systemctl is-active nodefit-agent >/var/lib/test.agent || true'
ExecStopPost=/bin/sh -c 'if systemd-detect-virt -qc; then systemctl --no-block exit 42; else systemctl --no-block poweroff; fi'
END
	mkdir -p "$root/etc/systemd/system/cloud-init.target.wants"
	ln -s ../test-end.service "$root/etc/systemd/system/cloud-init.target.wants/"
}
