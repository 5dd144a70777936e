#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Debian with systemd and cloud-init boots for the first time with the shipped user-data (NoCloud,
# in nspawn, in a network namespace of its own): kubeadm is called when the machine is fit, and not
# when it is unfit. The packages are those of DEB, else a stand-in made by `make install`. In the container only
# net.* can be written; the profile is one for that.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d "${TMPDIR:-/var/tmp}/nodefit-cloud.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0
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
	systemctl is-active nodefit-agent >/var/lib/test.agent'
ExecStopPost=/bin/systemctl --no-block exit 42
END
	mkdir -p "$root/etc/systemd/system/cloud-init.target.wants"
	ln -s ../test-end.service "$root/etc/systemd/system/cloud-init.target.wants/"
}
nspawn() { # NAME OPTION...: only its own net.* can be written in it
	name=$1
	shift
	SYSTEMD_NSPAWN_API_VFS_WRITABLE=network timeout 300 systemd-nspawn -q --register=no --keep-unit --private-network \
		--console=read-only -M "$name" -D "$work/$name" "$@"
}
boot() { # NAME: its console goes to NAME.console
	nspawn "$1" -b </dev/null >"$work/$1.console" 2>&1
	[ $? = 42 ]
}

cat >"$work/fit.ini" <<'END'
[main]
summary=a container
[sysctl]
net.core.somaxconn => 32768
net.ipv4.ip_local_reserved_ports =+ 30000-32767
[check.steal]
warn=100%
fail=100%
worst_warn=100%
worst_fail=100%
[check.fsync]
warn=9s
fail=10s
[verdict]
tolerate_unknown=steal fsync queues link mtu
END
# A container can't set this one: its host's kernel would have to.
sed 's/^\[check.steal\]/kernel.panic=42\n[check.sysctl]\ndeviates=fail\n&/' "$work/fit.ini" >"$work/unfit.ini"

prepare fit "$work/fit.ini" || exit 1
for key in vm/swappiness kernel/panic; do
	# shellcheck disable=SC2016
	if nspawn fit sh -c ': >>"$1"' sh /proc/sys/$key 2>/dev/null; then
		echo "not ok - the guard does not hold: $key could be written"
		exit 1
	fi
done
ok 0 "in the container no global sysctl can be written"

# --- a fit machine ---
root=$work/fit
boot fit
ok $? "it boots, and cloud-init comes to its end" "$(cat "$work/fit.console" "$root/var/log/cloud-init-output.log")"
# The image has no sshd, no keys for it, and no locales.
troubles=$(grep -E 'WARNING|ERROR|CRITICAL' "$root/var/log/cloud-init.log" | grep -viE 'ssh|locale')
[ -s "$root/var/lib/test.cloud" ] && [ -z "$troubles" ]
ok $? "without an error" "$(cat "$root/var/lib/test.cloud") $troubles"
[ "$(head -n 1 "$root/var/lib/test.sysctls")" = 32768 ] && grep -q 30000-32767 "$root/var/lib/test.sysctls"
ok $? "the profile is applied on the first boot" "$(cat "$root/var/lib/test.sysctls")"
grep -q 'net.core.somaxconn *= *32768' "$root/etc/sysctl.d/95-nodefit.conf"
ok $? "and persisted" "$(cat "$root/var/log/cloud-init-output.log")"
[ "$(cat "$root/var/lib/kubeadm.called" 2>/dev/null)" = "join --config /etc/kubernetes/join.yaml" ]
ok $? "kubeadm join is called, once" "$(cat "$root/var/log/cloud-init-output.log")"
[ "$(cat "$root/var/lib/kubeadm.saw" 2>/dev/null)" = 32768 ]
ok $? "on a machine that is tuned by then"
grep -q '^degraded\|^fit' "$root/var/log/nodefit-preflight.log"
ok $? "the verdict is in the log" "$(cat "$root/var/log/nodefit-preflight.log")"
[ "$(stat -c %a "$root/etc/kubernetes/join.yaml")" = 600 ]
ok $? "the token is root's alone"
[ "$(cat "$root/var/lib/test.agent")" = active ]
ok $? "the agent is at work" "$(cat "$root/var/lib/test.agent")"
boot fit
ok $? "it boots again" "$(tail -n 40 "$work/fit.console")"
[ "$(wc -l <"$root/var/lib/kubeadm.called")" = 1 ]
ok $? "and does not join again"
[ "$(grep -c ', at boot$' "$root/var/log/nodefit-preflight.log")" = 2 ]
ok $? "but is judged at each boot" "$(cat "$root/var/log/nodefit-preflight.log")"
[ "$(head -n 1 "$root/var/lib/test.sysctls")" = 32768 ]
ok $? "and keeps its settings" "$(cat "$root/var/lib/test.sysctls")"
rm -rf "$root"

# --- an unfit one ---
root=$work/unfit
prepare unfit "$work/unfit.ini" || exit 1
boot unfit
ok $? "an unfit machine boots, too" "$(cat "$work/unfit.console")"
[ ! -e "$root/var/lib/kubeadm.called" ]
ok $? "and does not join" "$(cat "$root/var/log/cloud-init-output.log")"
grep -q 'is unfit to be a node: "kubeadm join" was NOT run' "$work/unfit.console"
ok $? "the console says so" "$(cat "$work/unfit.console")"
grep -q 'fail  *sysctl' "$work/unfit.console"
ok $? "and why" "$(cat "$work/unfit.console")"
grep -q '^ *fail *sysctl' "$root/var/log/nodefit-preflight.log" && grep -q 'was NOT run' "$root/var/log/nodefit-preflight.log"
ok $? "and so does the log" "$(cat "$root/var/log/nodefit-preflight.log")"
echo "1..$count"
exit $failed
