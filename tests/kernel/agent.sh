# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced after lib.sh and enter() by the tests of the agent.
own_sysfs
mount -t tmpfs none /run || exit 1
report=/run/nodefit/report.json
agent=
listener=

said() { # FILTER: of the report
	jq -r "$1" $report 2>/dev/null
}
says() { # FILTER: is it true of the report?
	[ "$(said "$1")" = true ]
}
holds_value() { # FILE VALUE
	[ "$(cat "$1")" = "$2" ]
}
logged() { # PATTERN
	grep -Eq -- "$1" "$work/log"
}
notified() { # PATTERN: was it told to systemd?
	grep -Eq -- "$1" "$work/notified"
}
# What systemd is told, a line a message.
listen() {
	/usr/bin/python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode().replace("\n", " "), flush=True)' "$work/notify" >"$work/notified" &
	listener=$!
	within 5 [ -S "$work/notify" ]
}
start_under() { # TOOL...
	: >"$work/log"
	NOTIFY_SOCKET=$work/notify "$@" "$NODEFIT" agent --config "$work/agent.conf" 2>>"$work/log" &
	agent=$!
}
start() {
	start_under env
}
stop() {
	kill "$agent"
	wait "$agent"
}
configure() { # LINE...: of agent.conf
	printf '[agent]\nprofile=%s\n' "$work/p.ini" >"$work/agent.conf"
	printf '%s\n' "$@" >>"$work/agent.conf"
}
finally() {
	kill "$agent" "$listener" 2>/dev/null
}
