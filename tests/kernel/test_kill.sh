#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SIGKILL at every single system call of apply, then rollback: the originals are back each time.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

# Keys that differ in kind: a number, a list, a set, and the one that flips others.
cat >"$work/p.ini" <<'P'
[sysctl]
net.core.somaxconn = 5000
net.ipv4.ip_local_port_range = 10240 65535
net.ipv4.ip_local_reserved_ports =+ 30000-32767
net.ipv4.ip_forward = 1
fs.file-max = 4000000
P
cat >"$work/q.ini" <<'P'
[sysctl]
net.core.somaxconn = 6000
net.ipv4.tcp_fin_timeout = 33
P
ip link add v0 type veth peer name v1
echo 1 >/proc/sys/net/ipv4/conf/v0/forwarding

# The keys that these profiles touch or flip; the whole tree is compared at the end.
values() {
	cd /proc/sys/net/ipv4 && cat ip_local_port_range ip_local_reserved_ports ip_forward \
		tcp_fin_timeout conf/*/forwarding conf/all/accept_redirects ../core/somaxconn \
		../../fs/file-max
	cd "$OLDPWD" || exit 1
}
snapshot >"$work/before"
values >"$work/values"

# calls COMMAND...: every system call that it makes, as "name occurrence". The count that strace
# injects at is each call's own.
calls() {
	strace -o "$work/trace" "$@" >/dev/null 2>&1
	sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$work/trace" | awk '$1 != "execve" {print $1, ++n[$1]}'
}

# kill_at NAME OCCURRENCE COMMAND...: is it killed there?
kill_at() {
	inject=$1:signal=SIGKILL:when=$2
	shift 2
	strace -o /dev/null -e inject="$inject" "$@" >/dev/null 2>&1
	[ $? = 137 ]
}

# Puts back and compares; counts what is wrong.
put_back() {
	values | cmp -s "$work/values" - || half=$((half + 1))
	"$NODEFIT" rollback --persist >/dev/null || bad=$((bad + 1))
	if ! values | cmp -s "$work/values" - || [ -e /var/lib/nodefit/journal ] ||
		[ -e /etc/sysctl.d/95-nodefit.conf ]; then
		bad=$((bad + 1))
		echo "# after a kill at $at:"
		values | diff "$work/values" - | sed 's/^/# /'
	fi
}

# sweep NAME EVERY BEFORE COMMAND...: kills COMMAND at every EVERYth call, each time after BEFORE.
sweep() {
	name=$1 every=$2 setup=$3
	shift 3
	half=0 bad=0 killed=0 lived=0
	$setup
	calls "$@" | awk "NR % $every == 0" >"$work/calls"
	"$NODEFIT" rollback --persist >/dev/null
	while read -r call nth; do
		at="$call, occurrence $nth"
		$setup
		# shellcheck disable=SC2086
		if kill_at "$call" "$nth" "$@" </dev/null; then
			killed=$((killed + 1))
		else
			lived=$((lived + 1))
		fi
		put_back
	done <"$work/calls"
	[ "$bad" = 0 ] && [ "$killed" -gt 20 ] && [ "$lived" -le 2 ]
	ok $? "$name: killed at $killed system calls, put back each time" "$bad bad, $lived lived"
	# Else the kills came too early or too late to prove anything.
	[ "$half" -ge 5 ]
	ok $? "$name: $half of the kills left keys changed, so that rollback had work"
}

fresh() {
	rm -rf /var/lib/nodefit
}

applied() {
	"$NODEFIT" apply --profile "$work/p.ini" >/dev/null
}

sweep "apply" 1 fresh "$NODEFIT" apply --profile "$work/p.ini"
sweep "apply --persist" 2 fresh "$NODEFIT" apply --persist --profile "$work/p.ini"
sweep "a second apply with other values" 2 applied "$NODEFIT" apply --profile "$work/q.ini"
sweep "rollback itself" 2 applied "$NODEFIT" rollback
snapshot >"$work/now"
cmp -s "$work/before" "$work/now"
ok $? "no other key below /proc/sys/net has changed" "$(diff "$work/before" "$work/now")"
finish
