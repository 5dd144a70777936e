#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped units are what systemd understands, and what people expect of them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
units=$(dirname "$0")/../../packaging/systemd
mount -t tmpfs none /run && mkdir -p /run/systemd/system || exit 1
for unit in "$units"/*.service; do
	# The manual is not installed here, and the programs lie elsewhere.
	sed "s|/usr/bin/|$(dirname "$NODEFIT")/|; /^Documentation=/d" "$unit" >"/run/systemd/system/$(basename "$unit")"
done
cp -r "$units/kubelet.service.d" /run/systemd/system/
printf '[Service]\nExecStart=/bin/true\n' >/run/systemd/system/kubelet.service
for unit in /run/systemd/system/*.service; do
	equal "systemd-analyze has nothing to say about $(basename "$unit")" "" \
		"$(systemd-analyze verify "$unit" 2>&1 | grep -E 'nodefit|kubelet')"
done

# How much of the machine each could touch, in tenths: 0 is nothing, 96 a unit that says nothing.
exposed() { # NAME MOST
	score=$(systemd-analyze security --offline=true "/run/systemd/system/$1.service" 2>/dev/null |
		sed -nE 's/.*exposure level for [^:]*: ([0-9]+)\.([0-9]+) .*/\1\2/p')
	[ -n "$score" ] && [ "$score" -le "$2" ]
	ok $? "$1: systemd-analyze security says ${score%?}.${score#"${score%?}"}, at most ${2%?}.${2#"${2%?}"}"
}
exposed nodefit-report 20
exposed nodefit-apply 38
exposed nodefit-preflight 40
exposed nodefit-agent 45

holds "kubelet waits for the settings" '^Before=.*kubelet.service' "$(cat "$units/nodefit-agent.service")"
for line in Wants After; do
	holds "kubelet's drop-in: $line" "^$line=nodefit-apply.service" "$(cat "$units/kubelet.service.d/10-nodefit.conf")"
done
holds "no refused setting keeps kubelet from starting" '^0$' \
	"$(grep -c '^Require' "$units/kubelet.service.d/10-nodefit.conf")"
holds "but the gate does, once it is enabled" '^RequiredBy=kubelet.service' "$(cat "$units/nodefit-preflight.service")"
holds "READY comes from the agent itself" '^Type=notify' "$(cat "$units/nodefit-agent.service")"
holds "the reporter has no capability" '^CapabilityBoundingSet=$' "$(cat "$units/nodefit-report.service")"
equal "the shipped agent.conf says nothing but the defaults" "" \
	"$(grep -vE '^(#|$|\[(agent|reporter)\]$)' "$units/../agent.conf")"
sed 's/^#\([a-z_]*=\)/\1/' "$units/../agent.conf" >"$work/agent.conf"
"$NODEFIT" check net --config "$work/agent.conf" >/dev/null
ok $? "and its examples are valid"
for unit in nodefit-agent nodefit-report; do
	holds "whoever kills $unit by whatever signal, it comes back" '^Restart=always' "$(cat "$units/$unit.service")"
done
finish
