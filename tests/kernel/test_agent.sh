#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agent on real sysctls and links: it keeps them, gives in to who insists, and tells the truth.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
# shellcheck source=agent.sh
. "$(dirname "$0")/agent.sh"
trap finally EXIT
forward=/proc/sys/net/ipv4/ip_forward

ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
	ip addr add 192.0.2.1/24 dev v0 && ip route add default via 192.0.2.254 || exit 1
cat >"$work/p.ini" <<END
[sysctl]
net.core.somaxconn=>32768
net.ipv4.ip_forward=1
net.ipv4.conf.late0.forwarding=1
[net]
devices=v0 late0
txqueuelen=2000
[check.fsync]
path=$(dirname "$NODEFIT")
warn=10s
fail=10s
[check.link]
window=1s
backlog_warn=1000000000
backlog_fail=1000000000
squeeze_warn=1000000000
[check.conntrack]
window=100ms
$(off etcd host)
[check.steal]
interval=2s
warn=100%
fail=100%
worst_warn=100%
worst_fail=100%
[verdict]
tolerate_unknown=steal link queues mtu
END
listen || exit 1

# --- a wrong configuration ---
printf '[agent]\ndrift=fight\n[sysctl]\n' >"$work/agent.conf"
err=$("$NODEFIT" agent --config "$work/agent.conf" 2>&1)
equal "a wrong agent.conf: exit code 2" 2 $?
holds "the line and what is allowed" 'agent.conf:2: drift: one of: enforce report' "$err"
holds "all errors in one go" 'agent.conf:3: no such section' "$err"

# --- one round ---
configure for=0s recover_for=0s
out=$("$NODEFIT" agent --config "$work/agent.conf" --once 2>"$work/err")
code=$?
equal "one round: exit code 0" 0 $code
holds "it says what the node is" '^(fit|degraded):' "$out"
equal "and has applied" 1 "$(cat $forward)"
equal "and written the report" "nodefit/v1 p" "$(said '.schema + " " + .profile')"
"$NODEFIT" rollback >/dev/null
rm -f $report

# --- for good ---
configure for=0s recover_for=0s drift_interval=1s
start_under env WATCHDOG_USEC=2000000
within 10 notified 'READY=1'
ok $? "systemd is told when the settings have been seen to"
# Of an empty journal: nothing is put back.
# shellcheck disable=SC2016 # the inner shell expands it
out=$(unshare -m sh -c 'mount -t tmpfs none /var/lib/nodefit && exec "$1" rollback 2>&1' sh "$NODEFIT")
holds "a rollback meanwhile says that it will not last" 'the agent runs' "$out"
equal "they are in force by then" "1 2000" "$(cat $forward) $(cat /sys/class/net/v0/tx_queue_len)"
equal "the report is there for everybody to read" 644 "$(stat -c %a $report)"
within 20 says '.verdict == "fit" or .verdict == "degraded"'
ok $? "once all is measured there is a verdict"
holds "systemd shows it" 'STATUS=(fit|degraded): ' "$(cat "$work/notified")"
equal "every check has its answer" "conntrack ebpf fsync link locality mtu net proxy queues rtt rules steal sysctl" \
	"$(said '[.checks[].name] | sort | join(" ")')"
equal "what is not there yet is pending" pending \
	"$(said '.tuning[] | select(.key == "net.ipv4.conf.late0.forwarding").outcome')"
err=$("$NODEFIT" agent --config "$work/agent.conf" 2>&1)
equal "a second agent: exit code 3" 3 $?
holds "it says why" 'another agent is at work' "$err"

echo 0 >$forward
within 10 holds_value $forward 1
ok $? "a sysctl that somebody changes is set again"
ip link set v0 txqueuelen 500
within 10 holds_value /sys/class/net/v0/tx_queue_len 2000
ok $? "a link's setting, too"
ip link add late0 type veth peer name late1
within 10 holds_value /sys/class/net/late0/tx_queue_len 2000
ok $? "a link that comes later gets its settings"
within 10 holds_value /proc/sys/net/ipv4/conf/late0/forwarding 1
ok $? "and its sysctls"
ip link del late0
within 10 says '[.tuning[] | select(.key | test("late0")).outcome] | unique == ["pending"]'
ok $? "when it goes they are pending again"

# Descriptors and workers come and go; none stays.
fds() { # the least of some moments: a worker has some meanwhile
	for _ in 1 2 3 4 5 6 7 8; do
		find "/proc/$agent/fd" -mindepth 1 | wc -l
		sleep 0.2
	done | sort -n | head -n 1
}
before=$(fds)
for _ in 1 2 3; do
	kill -HUP "$agent"
	sleep 2
done
as_before() {
	[ "$(fds)" = "$before" ]
}
within 30 as_before # what was begun again may still be at work
ok $? "no descriptor is leaked" "$before before, now $(fds)"
notified 'WATCHDOG=1'
ok $? "the watchdog is kept awake"

# --- who writes back three times ---
for _ in 1 2 3; do
	echo 0 >$forward
	within 10 holds_value $forward 1 || break
done
echo 0 >$forward
within 10 says '.checks[] | select(.name == "sysctl").reason == "Contested"'
ok $? "who writes back again and again wins, and the report says so"
holds "with suspects" 'contested: .* suspects: ' \
	"$(said '.tuning[] | select(.key == "net.ipv4.ip_forward").error')"
sleep 3
equal "the agent has stopped fighting" 0 "$(cat $forward)"
equal "it has told once" 1 "$(grep -c 'ip_forward contested' "$work/log")"

# --- reload ---
printf '[sysctl]\nno such key\n' >"$work/bad.ini"
cp "$work/p.ini" "$work/good.ini"
cp "$work/bad.ini" "$work/p.ini"
kill -HUP "$agent"
within 20 logged 'not reloaded'
ok $? "a profile with errors is refused at reload"
holds "with its line" 'p.ini:2: ' "$(cat "$work/log")"
equal "the old one stays" p "$(said .profile)"
sed 's/32768/40000/; s/^net.ipv4.ip_forward.*//' "$work/good.ini" >"$work/p.ini"
kill -HUP "$agent"
within 20 holds_value /proc/sys/net/core/somaxconn 40000
ok $? "a good one is taken at reload"
within 20 says '.verdict == "fit" or .verdict == "degraded"'
ok $? "and the verdict does not go through unknown"

# --- only numbers change ---
rests() { # five seconds without a new one, in which a check measures every two
	first=$(stat -c %Y.%i "$report")
	sleep 5
	[ "$(stat -c %Y.%i "$report")" = "$first" ]
}
within 30 rests
ok $? "while only numbers change the report is not written again"

# --- the end ---
stop
equal "SIGTERM ends it well" 0 $?
within 5 notified 'STOPPING=1'
ok $? "systemd is told"
equal "and leaves the settings in place" 40000 "$(cat /proc/sys/net/core/somaxconn)"

# --- a restart is no news ---
told='.verdict + .reason + ([.checks[] | .verdict + .reason + .message] | join(""))'
before=$(said "$told")
first=$(stat -c %i "$report")
is_new() {
	[ "$(stat -c %i "$report")" != "$first" ]
}
start
within 10 is_new
sleep 1
equal "after a restart the report says what it said" "$before" "$(said "$told")"
kill -9 "$agent"
wait "$agent" 2>/dev/null
first=$(stat -c %i "$report")
start
within 10 is_new
sleep 1
equal "after kill -9, too" "$before" "$(said "$told")"
stop
equal "the next agent was not kept out by a worker of the killed one" 0 $?

# --- only to report ---
configure for=0s recover_for=0s drift=report drift_interval=1s
echo 100 >/proc/sys/net/core/somaxconn
start
within 10 says '.checks[] | select(.name == "sysctl").verdict == "warn"'
ok $? "drift=report tells what deviates"
sleep 2
equal "and changes nothing" 100 "$(cat /proc/sys/net/core/somaxconn)"
rm -r /run/nodefit
echo 200 >/proc/sys/net/core/somaxconn
within 20 says '.tuning[] | select(.key == "net.core.somaxconn").before == "200"'
ok $? "a folder of the report that somebody has taken away is made again"
echo 100 >/proc/sys/net/core/somaxconn
stop

# --- what can't be set ---
configure for=0s recover_for=0s drift_interval=1s
cp /var/lib/nodefit/journal "$work/journal"
echo damaged >/var/lib/nodefit/journal
start
within 10 says '.checks[] | select(.name == "sysctl").reason == "TuningFailed"'
ok $? "while the journal can't be used the settings are not said to be well" "$(cat "$work/log")"
sleep 7 # it has tried again
equal "it is told once" 1 "$(grep -c 'tuning: ' "$work/log")"
equal "nor are they written" 100 "$(cat /proc/sys/net/core/somaxconn)"
cp "$work/journal" /var/lib/nodefit/journal
within 90 holds_value /proc/sys/net/core/somaxconn 40000
ok $? "once it can they are kept again"
within 20 says '.checks[] | select(.name == "sysctl").reason == "SysctlConforms"'
ok $? "and said to be"

# --- the end in the middle of a change of links ---
err=$("$NODEFIT" agent --config "$work/agent.conf" --once 2>&1)
equal "a single round beside an agent: exit code 3" 3 $?
holds "it says why, and leaves the report alone" 'another agent is at work' "$err"
ip link set v0 txqueuelen 300
sleep 0.2
stop
equal "told to end while it sets a link, it ends well" 0 $?

# --- a disk that hangs ---
rm -f $report
configure for=0s recover_for=0s drift_interval=1s
: >"$work/notified"
WATCHDOG_USEC=2000000 start_under strace -f -o /dev/null -e trace=fdatasync \
	-e inject=fdatasync:delay_enter=60000000
within 20 notified 'READY=1'
echo 100 >/proc/sys/net/core/somaxconn
within 20 holds_value /proc/sys/net/core/somaxconn 40000
ok $? "while a disk hangs the settings are kept all the same"
fed() { # again and again
	[ "$(grep -ac WATCHDOG=1 "$work/notified")" -ge 2 ]
}
within 10 fed
ok $? "and the watchdog hears of it"
says '[.checks[].name] | contains(["sysctl", "net"])'
ok $? "the other checks have their answers"
kill "$(pgrep -o --ns $$ --nslist net -x nodefit)"
wait "$agent"

# --- a reload while a disk hangs, so that not even SIGKILL ends who waits for it ---
truncate -s 300M "$work/disk.img" && mkfs.ext4 -q "$work/disk.img" && mkdir "$work/disk" &&
	mount -o loop "$work/disk.img" "$work/disk"
ok $? "there is a disk of its own"
rm -f $report
sed -i "s|^path=.*|path=$work/disk\ninterval=1s\nreserve=1M|" "$work/p.ini"
fsync_reason() {
	said '.checks[] | select(.name == "fsync").reason'
}
is_fast() {
	[ "$(fsync_reason)" = FsyncFast ]
}
hangs() { # has somebody begun to wait?
	pgrep --ns $$ --nslist net -x -r D nodefit >/dev/null
}
trap 'fsfreeze -u "$work/disk"; finally' EXIT # whatever happens
start
within 30 is_fast
fsfreeze -f "$work/disk"
within 20 hangs
ok $? "it hangs"
kill -HUP "$agent"
within 20 logged reloaded
sleep 2
equal "what was ended by a reload is no answer" FsyncFast "$(fsync_reason)"
fsfreeze -u "$work/disk"
trap finally EXIT
stop
equal "the end is a good one all the same" 0 $?
within 20 umount "$work/disk"

ip link del v0
finish
