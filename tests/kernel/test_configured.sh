#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the units do: verbs that take the profile from agent.conf, as the agent does.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
key=/proc/sys/net/ipv4/tcp_fin_timeout
echo 60 >$key
printf '[sysctl]\nnet.ipv4.tcp_fin_timeout=41\n' >"$work/site.ini"
printf '[agent]\nprofile=%s\n' "$work/site.ini" >"$work/agent.conf"
printf '[agent]\nprofile=%s\ndrift=report\n' "$work/site.ini" >"$work/report.conf"

out=$("$NODEFIT" apply --config "$work/report.conf")
equal "drift=report is kept: apply only shows" "0 60" "$? $(cat $key)"
holds "and says what it would do" 'tcp_fin_timeout' "$out"
"$NODEFIT" apply --config "$work/agent.conf" >/dev/null
equal "apply takes the profile that agent.conf names" "0 41" "$? $(cat $key)"
equal "so does preflight" site \
	"$("$NODEFIT" check sysctl --config "$work/agent.conf" --json | jq -r .profile)"
printf '[sysctl]\nnet.ipv4.tcp_fin_timeout=42\n' >"$work/other.ini"
"$NODEFIT" apply --profile "$work/other.ini" --config "$work/agent.conf" >/dev/null
equal "--profile says more than agent.conf" 42 "$(cat $key)"
err=$("$NODEFIT" apply --config "$work/none.conf" 2>&1)
equal "a file that is named must be there" 2 $?
holds "and the error names it" 'none.conf' "$err"
mkdir -p "$work/root/proc"
"$NODEFIT" apply --root "$work/root" --config /etc/nodefit/agent.conf --dry-run >/dev/null 2>"$work/err"
equal "but for the usual one, as for the agent" "" "$(grep agent.conf "$work/err")"
finish
