#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of a build and counts them. usage: tests/run.sh BUILD_DIR [unit|FOLDER]
# FOLDER: kernel, cluster, systemd, container or cloud. ONLY=test_net runs that one script of it.
# Every test prints TAP lines ("ok 1 - what it protects"); a skip says why, and fails under CI.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(realpath "$1") which=${2:-all}
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
# A code that no verdict has, so that a sanitizer's finding is never taken for one.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
export NODEFIT="$build/nodefit" PROGRAMS="${PROGRAMS:-$PWD/build/cluster}" CMOCKA_MESSAGE_OUTPUT=TAP
: >"$out/log"
crashed=0

run() { # NAME COMMAND...
	echo "# $1"
	shift
	"$@" >"$out/one" 2>&1
	code=$?
	if [ $code -ne 0 ] || grep -q '^not ok' "$out/one"; then
		cat "$out/one"
		# A program that ends badly without naming a failed test is a failure itself.
		grep -q '^not ok' "$out/one" || { crashed=$((crashed + 1)); echo "not ok - exit code $code"; }
	else
		grep -E '^ok|^#' "$out/one"
	fi
	cat "$out/one" >>"$out/log"
}

tests/tripwire.sh >"$out/before"
if [ "$which" = all ] || [ "$which" = unit ]; then
	for t in "$build"/tests/unit/test_*; do
		case $t in *.d) continue ;; esac
		[ -x "$t" ] && run "$(basename "$t")" "$t"
	done
	for t in tests/unit/test_*.sh; do
		run "$t" sh "$t"
	done
fi
folder=kernel
[ "$which" = all ] || folder=$which
if [ "$which" != unit ]; then
	for t in tests/$folder/${ONLY:-test_*}.sh; do
		if [ "$(id -u)" = 0 ]; then
			run "$t" sh "$t"
		else
			echo "ok - $t # SKIP needs root: run \"sudo make test\"" | tee -a "$out/log"
		fi
	done
fi
tests/tripwire.sh >"$out/after"
if diff "$out/before" "$out/after"; then
	echo "ok - the tests left the machine's sysctls, NICs and mounts alone" | tee -a "$out/log"
else
	echo "not ok - the tests changed the machine" | tee -a "$out/log"
fi

skipped=$(grep -c '^ok.*# SKIP' "$out/log")
passed=$(($(grep -c '^ok' "$out/log") - skipped))
failed=$(($(grep -c '^not ok' "$out/log") + crashed))
if [ "$skipped" != 0 ]; then
	echo "# skipped:"
	grep '^ok.*# SKIP' "$out/log"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ] && { [ "$skipped" = 0 ] || [ -z "${CI:-}" ]; }
