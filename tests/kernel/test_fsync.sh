#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The fsync check on a real disk: slow, failing, killed, and beside a real etcd.
# It runs alone: it measures the disk.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
own_pids=yes enter "$@"

disk=$(dirname "$NODEFIT")/fsync-test
rm -rf "$disk"
mkdir -p "$disk" || exit 1
trap 'rm -rf "$disk"' EXIT
profile() { # PARAMETERS...: a profile that measures in $disk
	printf '[check.fsync]\npath=%s\n' "$disk" >"$work/p.ini"
	[ $# = 0 ] || printf '%s\n' "$@" >>"$work/p.ini"
}
check() { # TOOL...: the check's JSON, run under TOOL
	"$@" "$NODEFIT" check fsync --json --profile "$work/p.ini" 2>"$work/err"
}
verdict() {
	printf '%s' "$1" | jq -r '.checks[0].verdict'
}
text() {
	printf '%s' "$1" | jq -r '.checks[0] | .reason + ": " + .message'
}

case $(stat -f -c %T "$disk") in
tmpfs | overlayfs | fuseblk | nfs | 9p)
	skip "the fsync check" "the tree lies on $(stat -f -c %T "$disk"): it takes a disk"
	finish
	;;
esac

profile
out=$(check env)
code=$?
case $(verdict "$out") in
pass | warn | fail) true ;;
*) false ;;
esac
ok $? "a disk is measured and judged" "$(text "$out")"
[ "$(verdict "$out")" = fail ] && wanted=1 || wanted=0
equal "the exit code is the verdict's" "$wanted" $code
printf '%s' "$out" | jq -e '.checks[0].figures as $f | $f.samples.value >= 100 and
	$f.p50.value > 0 and $f.p50.value <= $f.p90.value and $f.p90.value <= $f.p99.value and
	$f.p99.value <= $f["p99.9"].value and $f["p99.9"].value <= $f.max.value and
	$f.p99_low.value <= $f.p99.value and $f.p99.value <= ($f.p99_high.value // 1e9)' >/dev/null
ok $? "p50 to max rise, and p99 lies within its interval"
equal "the histogram holds every sample" \
	"$(printf '%s' "$out" | jq '.checks[0].figures.samples.value')" \
	"$(printf '%s' "$out" | jq '[.checks[0].histogram[].count]|add')"
printf '%s' "$out" | jq -e '.checks[0].facts | .device != "unknown" and .filesystem != "unknown"' >/dev/null
ok $? "device and file system are named" "$(printf '%s' "$out" | jq -c '.checks[0].facts')"
equal "nothing is left in the folder" "" "$(ls -A "$disk")"

out=$(check strace -f -o /dev/null -e inject=fdatasync:delay_exit=20000)
case $(verdict "$out") in
warn | fail) true ;;
*) false ;;
esac
ok $? "20 ms more for each fdatasync are not passed" "$(text "$out")"
seconds=$(printf '%s' "$out" | jq '.checks[0].figures.measured.value')
printf '%s' "$out" | jq -e '.checks[0].figures.measured.value < 10' >/dev/null
ok $? "and it is decided long before the 30 s are over" "measured for $seconds s"
out=$(check strace -f -o /dev/null -e inject=fdatasync:delay_exit=80000)
equal "80 ms make it fail" fail "$(verdict "$out")"
profile worst=warn
out=$(check strace -f -o /dev/null -e inject=fdatasync:delay_exit=80000)
equal "80 ms only warn where worst=warn" warn "$(verdict "$out")"
profile

for call in fdatasync:error=EIO fallocate:error=ENOSPC fallocate:error=EIO; do
	out=$(check strace -f -o /dev/null -e inject="$call")
	equal "$call: the answer is unknown" unknown "$(verdict "$out")"
	case $call in
	*EIO) holds "$call: said in words" 'Input/output error.*failing' "$(text "$out")" ;;
	*) holds "$call: said in words" 'No space left' "$(text "$out")" ;;
	esac
	equal "$call: nothing is left in the folder" "" "$(ls -A "$disk")"
done
check strace -f -o /dev/null -e inject=fdatasync:error=EIO >/dev/null
equal "an unknown check makes the exit code 3" 3 $?

out=$(check strace -f -o /dev/null -e inject=fallocate:error=EOPNOTSUPP)
case $(verdict "$out") in
pass | warn | fail) true ;;
*) false ;;
esac
ok $? "a file system without fallocate is measured all the same" "$(text "$out")"

# SIGKILL in the middle.
"$NODEFIT" check fsync --profile "$work/p.ini" >/dev/null 2>&1 &
parent=$!
sleep 0.3
worker=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null || pgrep -P $parent)
kill -KILL $parent
wait $parent 2>/dev/null
tries=0
while [ $tries -lt 20 ] && kill -0 "${worker:-999999999}" 2>/dev/null; do
	sleep 0.1
	tries=$((tries + 1))
done
[ -n "$worker" ] && ! kill -0 "$worker" 2>/dev/null
ok $? "a killed nodefit takes its worker along"
equal "and leaves nothing in the folder" "" "$(ls -A "$disk")"

profile reserve=900000G
out=$(check env)
equal "too little space is unknown" unknown "$(verdict "$out")"
holds "and said in words" 'TooLittleSpace: .* MB free' "$(text "$out")"
mkdir "$work/memory"
mount -t tmpfs none "$work/memory"
printf '[check.fsync]\npath=%s\n' "$work/memory/not/there" >"$work/p.ini"
out=$(check env)
equal "tmpfs is unknown, never fast" unknown "$(verdict "$out")"
holds "and said in words" 'UnsuitableFileSystem: .*tmpfs is memory' "$(text "$out")"
mkdir "$work/memory/upper" "$work/memory/work" "$work/memory/merged"
if mount -t overlay -o "lowerdir=$disk,upperdir=$work/memory/upper,workdir=$work/memory/work" \
	none "$work/memory/merged" 2>/dev/null; then
	printf '[check.fsync]\npath=%s\n' "$work/memory/merged" >"$work/p.ini"
	out=$(check env)
	holds "overlay is refused in words" 'UnsuitableFileSystem: .*overlay' "$(text "$out")"
else
	skip "overlay is refused in words" "this kernel mounts no overlay here"
fi

# Beside a real etcd.
if command -v etcd >/dev/null; then
	profile
	printf '[check.fsync]\npath=%s\n' "$disk/etcd" >"$work/p.ini"
	etcd --data-dir "$disk/etcd" --listen-client-urls http://127.0.0.1:12379 \
		--advertise-client-urls http://127.0.0.1:12379 \
		--listen-peer-urls http://127.0.0.1:12380 \
		--initial-advertise-peer-urls http://127.0.0.1:12380 \
		--initial-cluster default=http://127.0.0.1:12380 >"$work/etcd.log" 2>&1 &
	etcd=$!
	tries=0
	while [ $tries -lt 100 ] && [ ! -e "$disk/etcd/member/snap/db" ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	sleep 0.5
	strace -f -o "$work/trace" -e trace=fdatasync,fallocate "$NODEFIT" check fsync --json \
		--profile "$work/p.ini" >"$work/out"
	out=$(cat "$work/out")
	equal "beside a live etcd nothing is measured" skipped "$(verdict "$out")"
	holds "and the process is named" "EtcdIsLive: a live etcd \\(etcd, process $etcd\\)" "$(text "$out")"
	# By name: strace notes a worker that is killed as "???(".
	! grep -qE '(fdatasync|fallocate)\(' "$work/trace"
	ok $? "not one fdatasync or fallocate was called" "$(cat "$work/trace")"
	kill $etcd
	wait $etcd 2>/dev/null
	out=$(check env)
	case $(verdict "$out") in
	pass | warn | fail) true ;;
	*) false ;;
	esac
	ok $? "with etcd stopped its data directory is measured" "$(text "$out")"
	[ -z "$(find "$disk/etcd" -maxdepth 1 -name '.nodefit*')" ]
	ok $? "nothing is left in etcd's directory"
else
	skip "beside a live etcd nothing is measured" "etcd is not installed"
fi
finish
