#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Debian with systemd and cloud-init boots for the first time with the shipped user-data (NoCloud,
# in nspawn, in a network namespace of its own): kubeadm is called when the machine is fit, and not
# when it is unfit. In the container only net.* can be written; the profile is one for that.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../systemd/cgroup.sh
. tests/systemd/cgroup.sh
if [ -z "${NODEFIT_INSIDE:-}" ]; then
	(
		own_cgroup
		NODEFIT_INSIDE=1 exec sh "$0"
	)
	code=$?
	remove_cgroup
	exit $code
fi
# shellcheck source=lib.sh
. tests/cloud/lib.sh
# Only its own net.* can be written in it: its root is another user than this machine's. A read-only
# /proc/sys alone would protect nothing, for a unit's ProtectSystem=strict makes it writable again.
nspawn() { # NAME OPTION...
	name=$1
	shift
	timeout 300 systemd-nspawn -q --register=no --keep-unit --private-network --private-users=524288:65536 \
		--private-users-ownership=chown --system-call-filter="adjtimex clock_adjtime" \
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
# Not even where it mounts /proc anew. What is written is what is there.
# shellcheck disable=SC2016
if ! nspawn fit sh -c '
	mount -o remount,rw,bind /proc/sys
	mount -t proc again /mnt && sys=/mnt/sys || sys=/proc/sys
	for key in vm/swappiness kernel/panic fs/file-max; do
		for s in /proc/sys $sys; do
			! cat $s/$key >$s/$key || exit 1
		done
	done' >/dev/null 2>&1; then
	echo "not ok - the guard over /proc/sys does not hold"
	exit 1
fi
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
