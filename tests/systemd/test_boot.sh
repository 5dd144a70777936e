#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What an administrator of a Debian with systemd lives through: installed, booted, hung, rebooted,
# gated, upgraded, removed, purged.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

# What is on the disk but for what each boot and each dpkg run leaves by themselves.
listing() {
	(cd "$root" && find . -xdev \( -path ./var/log -o -path ./var/lib/dpkg -o -path ./var/cache \
		-o -path ./var/lib/systemd -o -path ./root -o -path ./run -o -path ./tmp -o -path ./var/tmp \
		-o -path ./proc -o -path ./sys -o -path ./dev \) -prune -o -print | LC_ALL=C sort)
	(cd "$root" && find var/lib/systemd var/log run tmp -name '*nodefit*')
}

somaxconn() {
	inside cat /proc/sys/net/core/somaxconn
}

# --- before and after installing ---
cp "$here/kubelet.service" "$root/etc/systemd/system/"
in_image systemctl enable kubelet.service 2>/dev/null
# What systemd itself makes at its first boot is there before we are.
boot && end_boot
ok $? "the image boots without nodefit"
rm -f "$root/var/kubelet-saw"
listing >"$work/bare"
mkdir "$root/root/debs"
for package in nodefit nodefit-net; do
	cp "$tree/build/deb/${package}_"*.deb "$root/root/debs/"
done
out=$(in_image sh -c 'dpkg -i /root/debs/*.deb' 2>&1)
ok $? "both packages install where their dependencies are" "$out"
enabled() {
	in_image systemctl is-enabled "nodefit-$1.service" 2>&1 | tr -d '\r'
}
equal "apply and agent are enabled for the next boot" "enabled enabled" "$(enabled apply) $(enabled agent)"
equal "the reporter and the gate wait to be asked for" "disabled disabled" "$(enabled report) $(enabled preflight)"

# The site's profile: global keys are not this container's to set, and there is no NIC. No "at least":
# in a container a unit and we see different boot ids, and so not the same journal.
cat >"$root/etc/nodefit/profiles/site.ini" <<-EOF
	[sysctl]
	net.core.somaxconn = 32768
	net.ipv4.ip_forward = 1
	[check.steal]
	window=2s
	[verdict]
	tolerate_unknown=steal fsync queues link mtu
EOF
sed 's/^#profile=.*/profile=site/; s/^#kubeconfig=/kubeconfig=/' "$tree/packaging/agent.conf" >"$work/agent.conf"
cat "$work/agent.conf" >"$root/etc/nodefit/agent.conf"

# --- the first boot ---
boot
ok $? "it boots"
equal "apply is done, and the agent runs" "active active" \
	"$(inside systemctl is-active nodefit-apply nodefit-agent | tr '\n' ' ' | sed 's/ $//')"
equal "the agent tells systemd when it is ready" notify "$(shows nodefit-agent Type)"
equal "and is watched" 30s "$(shows nodefit-agent WatchdogUSec)"
holds "its status says what the node is" '^(fit|degraded|unknown)' "$(shows nodefit-agent StatusText)"
equal "kubelet waited for the settings" 32768 "$(cat "$root/var/kubelet-saw")"
holds "because of its drop-in" 'kubelet.service.d/10-nodefit.conf' "$(shows kubelet DropInPaths)"
equal "no unit failed" "" "$(inside systemctl list-units --failed --plain --no-legend)"
equal "what others have written is read by nodefit-net as nobody, in the sandbox too" "0" \
	"$(inside systemd-run -q --wait --pipe -p "$(grep -h ^CapabilityBoundingSet= "$tree/packaging/systemd/nodefit-apply.service")" \
		-p NoNewPrivileges=yes -p SystemCallFilter=@system-service /usr/bin/nodefit-net yaml >/dev/null 2>&1; echo $?)"

# --- the sandbox keeps nothing from the checks ---
reasons() { # of unknown answers
	jq -r '.checks[] | select(.verdict == "unknown") | .name + " " + .reason' | LC_ALL=C sort
}
measured() {
	inside cat /run/nodefit/report.json >"$work/report.json" &&
		[ "$(jq '[.checks[] | select(.reason == "NotMeasured")] | length' "$work/report.json")" = 0 ]
}
within 60 measured
ok $? "every check has an answer" "$(cat "$work/report.json")"
equal "none but those that are unknown without the sandbox, too" \
	"$(inside nodefit check --config /etc/nodefit/agent.conf --json | reasons)" "$(reasons <"$work/report.json")"

tells_clock() { # something of how well the clock is kept, good or bad
	jq '.checks[] | select(.name == "host") | tostring | test("clock[^s]")'
}
equal "the clock is judged there as well" "$(inside nodefit check host --json | tells_clock)" \
	"$(tells_clock <"$work/report.json")"

# --- the watchdog ---
inside sh -c 'mkdir -p /run/systemd/system/nodefit-agent.service.d &&
	printf "[Service]\nWatchdogSec=2\n" >/run/systemd/system/nodefit-agent.service.d/test.conf &&
	systemctl daemon-reload && systemctl restart nodefit-agent'
before=$(shows nodefit-agent MainPID)
inside kill -STOP "$before"
is_new() {
	now=$(shows nodefit-agent MainPID)
	[ "$now" != 0 ] && [ "$now" != "$before" ] && [ "$(shows nodefit-agent ActiveState)" = active ]
}
within 60 is_new
ok $? "an agent that hangs is started anew by the watchdog" "$(inside journalctl -b -u nodefit-agent --no-pager | tail -20)"
holds "systemd says why" 'Watchdog timeout' "$(inside journalctl -b -u nodefit-agent --no-pager)"
inside sh -c 'rm -r /run/systemd/system/nodefit-agent.service.d && systemctl daemon-reload && systemctl restart nodefit-agent'

# --- the reporter ---
inside sh -c 'mkdir -p /etc/kubernetes /var/lib/kubelet/pki && umask 077 &&
	echo none >/var/lib/kubelet/pki/kubelet-client-current.pem && cat >/etc/kubernetes/kubelet.conf <<EOF
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: {token: abc}}]
EOF'
inside systemctl enable --now nodefit-report 2>/dev/null
equal "the reporter runs, with kubelet's credentials handed over" active "$(inside systemctl is-active nodefit-report)"
pid=$(shows nodefit-report MainPID)
uid=$(inside sh -c "awk '/^Uid:/ {print \$2}' /proc/$pid/status")
[ "${uid:-0}" -ge 61184 ] && [ "$uid" -le 65519 ]
ok $? "as a user that exists only while it runs" "uid $uid"
equal "without a capability, and with no way to one" "0 1" \
	"$(inside sh -c "awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):/ {c = c \$2} /^NoNewPrivs:/ {n = \$2} END {print c ~ /^0+\$/ ? 0 : c, n}' /proc/$pid/status")"
metrics() {
	nsenter -t "$leader" -n curl -sf http://127.0.0.1:9753/metrics >"$work/metrics"
}
within 20 metrics
holds "it answers for the agent" '^nodefit_verdict|^nodefit_' "$(cat "$work/metrics")"

# --- a reboot ---
inside nodefit apply --config /etc/nodefit/agent.conf --persist >/dev/null
ok $? "settings are persisted"
holds "in sysctl.d" '^net.core.somaxconn = 32768' "$(cat "$root/etc/sysctl.d/95-nodefit.conf")"
end_boot
: >"$root/var/kubelet-saw"
# A container's units see this machine's boot id, which a reboot of theirs leaves as it is: to them
# the journal would be of this boot, and of another network namespace.
rm -f "$root/var/lib/nodefit/journal"
# Of nodefit itself nothing runs this time.
in_image systemctl disable nodefit-apply nodefit-agent nodefit-report 2>/dev/null
in_image systemctl mask nodefit-apply 2>/dev/null
boot
equal "a reboot keeps what was persisted, without nodefit's doing" 32768 "$(somaxconn)"
equal "who masks nodefit-apply has kubelet start without it" "active inactive" \
	"$(inside systemctl is-active kubelet) $(inside systemctl is-active nodefit-apply)"
inside systemctl unmask nodefit-apply 2>/dev/null
inside systemctl enable nodefit-apply nodefit-agent 2>/dev/null

# --- the gate ---
inside systemctl stop kubelet
inside systemctl enable nodefit-preflight 2>/dev/null
inside systemctl start kubelet
ok $? "a fit machine passes the gate" "$(inside journalctl -b -u nodefit-preflight --no-pager)"
[ "$(inside systemctl is-active nodefit-apply)" = active ]
ok $? "kubelet's start has brought the settings along" "$(inside journalctl -b -u nodefit-apply --no-pager)"
inside systemctl stop kubelet nodefit-preflight
inside sh -c 'printf "[check.fsync]\nwarn=20us\nfail=30us\nlongest=3s\n[verdict]\ntolerate_unknown=steal queues link mtu\n" >>/etc/nodefit/profiles/unfit.ini &&
	sed -i s/^profile=.*/profile=unfit/ /etc/nodefit/agent.conf'
inside systemctl start kubelet 2>/dev/null
equal "an unfit one does not: kubelet is not started" inactive "$(inside systemctl is-active kubelet)"
holds "and the journal says why" 'unfit:' "$(inside journalctl -b -u nodefit-preflight --no-pager)"
cat "$work/agent.conf" >"$root/etc/nodefit/agent.conf"
rm "$root/etc/nodefit/profiles/unfit.ini"
inside systemctl disable nodefit-preflight 2>/dev/null
inside systemctl start kubelet nodefit-agent

# --- an upgrade ---
next=$work/next
for package in nodefit nodefit-net; do
	dpkg-deb -R "$tree/build/deb/${package}_"*.deb "$next"
	sed -i -E 's/^Version: .*/&+next/; s/\(= ([^)]*)\)/(= \1+next)/' "$next/DEBIAN/control"
	# The shipped agent.conf changes too, as it will.
	[ $package != nodefit ] || echo '# next' >>"$next/etc/nodefit/agent.conf"
	dpkg-deb --root-owner-group -b "$next" "$root/root/$package-next.deb" >/dev/null
	rm -r "$next"
done
before=$(shows nodefit-agent MainPID)
out=$(inside dpkg -i --force-confdef --force-confold /root/nodefit-next.deb /root/nodefit-net-next.deb 2>&1)
ok $? "the next version installs over it" "$out"
within 20 is_new
ok $? "the agent that ran is a new one"
equal "the administrator's agent.conf is kept" "$(cat "$work/agent.conf")" "$(cat "$root/etc/nodefit/agent.conf")"
equal "what was not running is not started" inactive "$(inside systemctl is-active nodefit-report)"

# --- removed, with the gate enabled ---
inside systemctl enable nodefit-preflight 2>/dev/null
inside systemctl restart kubelet
inside dpkg -r nodefit nodefit-net >/dev/null 2>&1
equal "kubelet runs on when the gate that it required is removed" active "$(inside systemctl is-active kubelet)"
inside systemctl restart kubelet
ok $? "and can be started without it"
equal "removing stops the agent" "" "$(inside sh -c 'grep -l ^nodefit /proc/[0-9]*/comm' 2>/dev/null)"
[ -e "$root/etc/nodefit/agent.conf" ] && [ -e "$root/etc/sysctl.d/95-nodefit.conf" ]
ok $? "and keeps the configuration and what was persisted"
equal "values stay as they are: a running node does not change" 32768 "$(somaxconn)"
inside dpkg -P nodefit nodefit-net >/dev/null 2>&1
[ ! -e "$root/etc/sysctl.d/95-nodefit.conf" ] && ! inside test -e /run/nodefit
ok $? "purging removes the persisted settings and /run/nodefit"

# --- removed with its settings, on request ---
inside sysctl -qw net.core.somaxconn=4096
inside sh -c 'dpkg -i /root/debs/*.deb' >/dev/null 2>&1
inside sh -c 'mkdir -p /etc/nodefit/profiles && printf "[sysctl]\nnet.core.somaxconn=>32768\n" >/etc/nodefit/profiles/site.ini'
inside nodefit apply --profile site --persist >/dev/null
equal "installing has started nothing" inactive "$(inside systemctl is-active nodefit-agent)"
inside touch /etc/nodefit/rollback-on-remove
out=$(inside dpkg -P nodefit nodefit-net 2>&1)
ok $? "purged on request with its settings" "$out"
equal "the running value is what it was" 4096 "$(somaxconn)"
inside rm -rf /etc/kubernetes /var/lib/kubelet
end_boot
rm -rf "$root/root/debs" "$root/root/"*.deb "$root/var/kubelet-saw"
listing >"$work/purged"
equal "nothing is left behind" "" "$(diff "$work/bare" "$work/purged")"
finish
