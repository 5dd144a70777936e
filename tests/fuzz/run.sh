#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gives every fuzzer RUNS runs from its seeds. usage: tests/fuzz/run.sh BUILD_DIR RUNS
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1 runs=$2 passed=0 failed=0
# In memory where possible: some fuzzers write, and fsync, a file in every run.
out=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
export TMPDIR="$out"
# A leak of any single run is a finding, whatever the caller has set.
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	mkdir -p "$out/seeds/$name"
	cp tests/fuzz/seeds/"${name#fuzz_}"/* "$out/seeds/$name"
	# The seed is fixed, so that a finding can be had again.
	if "$build/tests/fuzz/$name" -runs="$runs" -seed=1 -max_len=4096 -timeout=10 \
		-detect_leaks=1 -artifact_prefix="$out/" "$out/seeds/$name" >"$out/log" 2>&1; then
		echo "ok - $name, $runs runs without a finding"
		passed=$((passed + 1))
	else
		tail -n 40 "$out/log"
		for input in "$out"/crash-* "$out"/leak-* "$out"/timeout-* "$out"/oom-*; do
			[ ! -e "$input" ] || { echo "# ${input##*/}:" && od -An -c "$input" && rm "$input"; }
		done
		echo "not ok - $name"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
