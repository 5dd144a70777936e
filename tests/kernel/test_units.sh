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
	equal "systemd-analyze has nothing to say about $(basename "$unit")" "" \
		"$(systemd-analyze verify "/run/systemd/system/$(basename "$unit")" 2>&1 | grep nodefit)"
done
holds "kubelet waits for the settings" '^Before=.*kubelet.service' "$(cat "$units/nodefit-agent.service")"
holds "READY comes from the agent itself" '^Type=notify' "$(cat "$units/nodefit-agent.service")"
holds "the reporter has no capability" '^CapabilityBoundingSet=$' "$(cat "$units/nodefit-report.service")"
for unit in "$units"/*.service; do
	holds "whoever kills $(basename "$unit") by whatever signal, it comes back" '^Restart=always' "$(cat "$unit")"
done
finish
