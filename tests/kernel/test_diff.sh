#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# diff names dangers, and who else claims a key.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

echo 9223372036854775807 >"$work/keys/fs_file-max" # as under systemd
out=$("$NODEFIT" diff --profile article)
holds "article lowers fs.file-max: diff says from what to what" \
	'lowers the limit from 9223372036854775807 to 2097152' "$out"
holds "article's port range collides with NodePorts: diff says so" \
	'collides with NodePorts 30000-32767' "$out"
out=$("$NODEFIT" diff --profile kube-node)
! printf '%s\n' "$out" | grep -q 'collides\|lowers'
ok $? "kube-node neither lowers a limit nor hands out NodePorts"
! printf '%s\n' "$out" | grep -q 'file-max'
ok $? "\"at least\" leaves a greater fs.file-max alone"
holds "it says that pods have their own somaxconn" 'pods do not get: .*net.core.somaxconn' "$out"

printf '# a comment\n\nnet.core.somaxconn=128\n' >/etc/sysctl.d/99-local.conf
out=$("$NODEFIT" diff --profile kube-node)
holds "a later sysctl.d file is named with its line" '/etc/sysctl.d/99-local.conf:3 sets "128"' "$out"
holds "and that it wins over the persisted values" \
	'99-local.conf:3 .*wins at boot, also over 95-nodefit.conf' "$out"
out=$("$NODEFIT" diff --profile kube-node --json |
	jq -r '.tuning[]|select(.key=="net.core.somaxconn")|.contested_by[]')
equal "JSON has the same in contested_by" "/etc/sysctl.d/99-local.conf:3" "$out"

mv /etc/sysctl.d/99-local.conf /etc/sysctl.d/50-local.conf
out=$("$NODEFIT" diff --profile kube-node)
holds "an earlier file wins at boot only until --persist" \
	'50-local.conf:3 .*unless .nodefit apply --persist' "$out"
echo 'net.core.somaxconn=65535' >/etc/sysctl.d/60-more.conf
out=$("$NODEFIT" diff --profile kube-node)
holds "a file that loses anyway is told as overridden" '50-local.conf:3 .*overrides it' "$out"
! printf '%s\n' "$out" | grep -q '60-more.conf'
ok $? "a file that agrees is no contest"
rm /etc/sysctl.d/*.conf

# Where the real systemd-sysctl is there, its word is the oracle for who wins.
systemd_sysctl=/lib/systemd/systemd-sysctl
if [ -x $systemd_sysctl ]; then
	printf 'net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.v0.rp_filter\n' >/etc/sysctl.d/10-glob.conf
	printf 'net.ipv4.conf.v1.rp_filter = 1\n' >/etc/sysctl.d/05-named.conf
	# A line that repeats an earlier one keeps the earlier place: 30-glob.conf wins for lo.
	printf 'net.ipv4.conf.*.rp_filter = 0\n' >/etc/sysctl.d/20-glob.conf
	printf 'net.ipv4.conf.[l]o.rp_filter = 1\n' >/etc/sysctl.d/30-glob.conf
	printf 'net.ipv4.conf.*.rp_filter = 0\n' >/etc/sysctl.d/40-glob.conf
	ip link add v0 type veth peer name v1
	echo 2 >/proc/sys/net/ipv4/conf/v0/rp_filter
	$systemd_sysctl 2>/dev/null
	for nic in v0 v1 lo; do
		winner=$("$NODEFIT" explain "net.ipv4.conf.$nic.rp_filter" |
			sed -n 's/^Set in: .* to \([0-9]*\), wins at boot/\1/p')
		[ -n "$winner" ] || winner=2 # nobody: what it was
		equal "systemd-sysctl sets $nic as explain foretells" "$winner" \
			"$(cat /proc/sys/net/ipv4/conf/$nic/rp_filter)"
	done
else
	skip "systemd-sysctl sets what explain foretells" "systemd is not installed"
fi
finish
