#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of a build and counts them. usage: tests/run.sh BUILD_DIR [unit|FOLDER]
# FOLDER: kernel, cluster, systemd, container, cloud or fresh. ONLY=test_net runs that one script of it.
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
beside=

# Shows and counts what a test has printed into $out/one.
show() { # NAME CODE
	echo "# $1"
	if [ "$2" -ne 0 ] || grep -q '^not ok' "$out/one"; then
		cat "$out/one"
		# A program that ends badly without naming a failed test is a failure itself.
		grep -q '^not ok' "$out/one" || { crashed=$((crashed + 1)); echo "not ok - exit code $2"; }
	else
		grep -E '^ok|^#' "$out/one"
	fi
	cat "$out/one" >>"$out/log"
}

run() { # NAME COMMAND...
	name=$1
	shift
	"$@" >"$out/one" 2>&1
	show "$name" $?
}

# Kernel tests have namespaces of their own, and wait most of the time: some run side by side, but for
# those that say "It runs alone".
side_by_side() { # TEST...
	# shellcheck disable=SC2016 # the inner shell expands it
	printf '%s\n' "$@" | xargs -P "${JOBS:-3}" -I TEST sh -c '
		sh TEST >"$1/$(basename TEST).out" 2>&1
		echo $? >"$1/$(basename TEST).code"' sh "$out"
	for t in "$@"; do
		mv "$out/$(basename "$t").out" "$out/one"
		show "$t" "$(cat "$out/$(basename "$t").code")"
	done
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
		if [ "$(id -u)" != 0 ]; then
			echo "ok - $t # SKIP needs root: run \"sudo make test\"" | tee -a "$out/log"
		elif [ "$folder" = kernel ] && ! grep -q '^# It runs alone' "$t"; then
			beside="$beside $t"
		else
			run "$t" sh "$t"
		fi
	done
	# shellcheck disable=SC2086
	[ -z "$beside" ] || side_by_side $beside
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
