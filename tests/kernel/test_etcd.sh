#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The etcd check beside a real etcd under load: healthy, with a disk that is slowed down, silent.
# It runs alone: it measures the disk under an etcd.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
own_pids=yes enter "$@"
# shellcheck source=agent.sh
. "$(dirname "$0")/agent.sh"

data=$(dirname "$NODEFIT")/etcd-test
etcd='' load=''
etcd_stop() {
	for pid in $load $etcd; do
		# strace waits for what it has started, and an etcd under load takes its time.
		# shellcheck disable=SC2046
		kill -KILL "$pid" $(pgrep -P "$pid") 2>/dev/null && wait "$pid" 2>/dev/null
	done
	etcd='' load=''
}
trap 'etcd_stop; rm -rf "$data"; finally' EXIT

# Not etcd's own guidance: any disk and any neighbour shall pass, and 300 ms more shall fail.
profile() { # PARAMETERS...
	printf '[check.etcd]\nwal_warn=200ms\nwal_fail=200ms\ncommit_warn=10s\ncommit_fail=10s\nleast=10\nlate=100%%\n' >"$work/p.ini"
	[ $# = 0 ] || printf '%s\n' "$@" >>"$work/p.ini"
}
check() { # OPTIONS...
	"$NODEFIT" check etcd --json --profile "$work/p.ini" "$@" 2>"$work/err"
}
told() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
up() {
	curl -s -o "$work/metrics" http://127.0.0.1:2381/metrics && grep -q '^etcd_server_has_leader 1' "$work/metrics"
}
counted() { # N: so many syncs since its start
	up && [ "$(sed -n 's/^etcd_disk_wal_fsync_duration_seconds_count //p' "$work/metrics")" -ge "$1" ]
}
etcd_start() { # TOOL...: an etcd under it, as kubeadm's but for TLS
	etcd_stop
	rm -rf "$data"
	"$@" etcd --data-dir "$data" --listen-client-urls http://127.0.0.1:2379 \
		--advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
		--initial-advertise-peer-urls http://127.0.0.1:2380 \
		--initial-cluster default=http://127.0.0.1:2380 \
		--listen-metrics-urls http://127.0.0.1:2381 >"$work/etcd.log" 2>&1 &
	etcd=$!
	within 60 up
}
load() {
	(
		i=0
		while :; do
			i=$((i + 1))
			ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 put "key$i" "$i" >/dev/null 2>&1
		done
	) &
	load="$load $!"
}

profile
out=$(check)
code=$?
equal "where no etcd lives it is skipped" "skipped NoEtcd 0" "$(told '.verdict + " " + .reason') $code"

# --- healthy ---
etcd_start env || exit 1
load
within 60 counted 60
out=$(check --quick)
code=$?
equal "a healthy etcd under load passes" "pass EtcdFast 0" "$(told '.verdict + " " + .reason') $code"
holds "by how long its fsyncs took" 'WAL fsync takes (at most|about) [0-9.]+ ms at p99 \(n [0-9]+\)' "$(told .message)"
equal "it is found by its process, and asked where that says" "127.0.0.1:2381" "$(told .facts.metrics)"
holds "who it is" '^etcd, process [0-9]+$' "$(told .facts.etcd)"
printf '%s' "$out" | jq -e '.checks[0].figures as $f | ($f["wal_fsync.n"].value >= 10) and
	$f["wal_fsync.p99_low"].value < $f["wal_fsync.p99_high"].value and
	$f["wal_fsync.p99"].value <= $f["wal_fsync.p99_high"].value' >/dev/null
ok $? "p99 lies between its bucket's edges" "$(told '.figures|tostring')"
equal "the histogram holds them all" "$(told '.figures["wal_fsync.n"].value')" "$(told '[.histogram[].count]|add')"
equal "what was written between two readings is judged" "what was written between two readings" "$(told .facts.judged)"
printf '[check.fsync]\npath=%s\n' "$data" >"$work/fsync.ini"
out=$("$NODEFIT" check fsync --json --profile "$work/fsync.ini" 2>/dev/null)
holds "the fsync check leaves it alone, and says who knows" 'nodefit check etcd' "$(told '.advice')"

# --- the agent's readings ---
profile interval=2s window=1s
cat >>"$work/p.ini" <<END
[check.fsync]
interval=off
[check.steal]
interval=off
[check.link]
interval=off
END
configure for=0s recover_for=0s drift=report
listen || exit 1
start_under env
within 30 says '[.checks[] | select(.name == "etcd") | .verdict] == ["pass"]'
ok $? "the agent says so too" "$(said '.checks[] | select(.name == "etcd")')"
victim=$etcd
kill -STOP "$victim"
within 30 says '[.checks[] | select(.name == "etcd") | .reason] == ["EtcdSilent"]'
ok $? "and, once it hangs, that it tells nothing" "$(said '.checks[] | select(.name == "etcd")')"
kill -CONT "$victim"
within 30 says '[.checks[] | select(.name == "etcd") | .verdict] == ["pass"]'
ok $? "until it goes on" "$(said '.checks[] | select(.name == "etcd")')"
kill "$agent" && wait "$agent" 2>/dev/null

# --- slow ---
profile
etcd_start env strace -f -o /dev/null -e inject=fdatasync:delay_exit=300000 || exit 1
load
load
within 120 counted 12
out=$(check)
code=$?
equal "300 ms more for each fdatasync fail" "fail EtcdWalSlow 1" "$(told '.verdict + " " + .reason') $code"
holds "in words" "etcd's WAL fsync takes 256 to 512 ms at p99|takes (512|1024|2048) to" "$(told .message)"
holds "and what to do" 'a disk of its own' "$(told .advice)"

finish
