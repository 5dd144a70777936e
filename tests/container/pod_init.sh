#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# The first process of test_pod.sh's node: starts the pod's two containers, looks, and puts back.
# The serial line is the only way out; "GUEST-RC n" is its last word.
/bin/busybox --install -s /bin
export PATH=/bin TERM=dumb NODEFIT_WORK=/tmp/work
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /run
mount -t tmpfs none /tmp
mount -t cgroup2 none /sys/fs/cgroup
exec </dev/ttyS0 >/dev/ttyS0 2>&1
mount -o remount,rw /
hostname node-7
modprobe virtio_net
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
mkdir -p /tmp/work /run/cloud-init /run/cilium /run/nodefit
# shellcheck source=../kernel/lib.sh
. /tests/kernel/lib.sh

key() {
	tr '\t' ' ' <"/proc/sys/$(echo "$1" | tr . /)"
}
keys="kernel.panic vm.overcommit_memory fs.inotify.max_user_instances net.core.somaxconn net.ipv4.ip_forward"
values() {
	for k in $keys; do
		printf '%s ' "$(key "$k")"
	done
}
start() { # CONTAINER
	runc run -d --bundle "/pods/$1" "$1" >"/tmp/$1.log" 2>&1 </dev/null
}
pid_of() {
	runc state "$1" | sed -n 's/^ *"pid": \([0-9]*\).*/\1/p'
}
status() { # CONTAINER FIELD
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$(pid_of "$1")/status"
}

end() {
	echo "1..$tests_run"
	sync
	mount -o remount,ro /
	echo "GUEST-RC $([ "$tests_failed" = 0 ] && echo 0 || echo 1)"
	poweroff -f
}

before=$(values)
start agent
ok $? "the agent's container starts, as root and privileged" "$(cat /tmp/agent.log)"
[ "$tests_failed" = 0 ] || end
tuned() {
	[ "$(values)" = "10 1 8192 32768 1 " ]
}
within 60 tuned
ok $? "it sets the node's own sysctls, global ones too" "$(values) $(cat /tmp/agent.log)"
measured() {
	[ -s /run/nodefit/report.json ] && ! grep -q '"Measuring"' /run/nodefit/report.json
}
within 150 measured
ok $? "every check has an answer" "$(cat /run/nodefit/report.json /tmp/agent.log)"
# Under emulation nothing reports steal, and the disk may be slow.
said=$(tr -d '\n' </run/nodefit/report.json)
for what in '"name": *"node-7"' eth0 nvme0n1; do
	holds "the node is what it sees: $what" "$what" "$said"
done
equal "nothing is read-only to it, nothing is forbidden" "" "$(grep -ihE 'EROFS|read-only|EPERM|not permitted' /tmp/agent.log /run/nodefit/report.json)"
[ -s /var/lib/nodefit/journal ]
ok $? "what it found is in the node's journal"
echo 0 >/proc/sys/kernel/panic
within 90 tuned
ok $? "what somebody changes is put back" "$(values) $(cat /tmp/agent.log)"

start reporter
ok $? "the reporter's container starts" "$(cat /tmp/reporter.log)"
answers() {
	wget -q -O /tmp/metrics http://127.0.0.1:9753/metrics && grep -q '^nodefit_verdict' /tmp/metrics
}
within 60 answers
ok $? "it reads the agent's report, and answers on the node's loopback" "$(cat /tmp/reporter.log)"
equal "as its own user, without a capability and with no way to one" "60753 0000000000000000 0000000000000000 1" \
	"$(status reporter Uid) $(status reporter CapEff) $(status reporter CapBnd) $(status reporter NoNewPrivs)"

# --- uninstalling, as README says ---
sed -i 's/^\[agent\].*/&\ndrift=report/' /pods/config/agent.conf
runc kill agent TERM
gone() {
	! [ -d "/proc/$agent_pid" ]
}
agent_pid=$(pid_of agent)
within 20 gone
runc delete agent
start agent
out=$(runc exec agent nodefit rollback 2>&1)
ok $? "the agent rests, and a rollback in its container succeeds" "$out"
equal "every value is what it was" "$before" "$(values)"
sleep 35
equal "and stays so" "$before" "$(values)"
end
