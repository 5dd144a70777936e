#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Analysers and formatters over the tree; prints nothing when all is well.
# usage: tests/lint.sh CPPFLAGS C_FILE... -- SHELL_SCRIPT...
set -u
cd "$(dirname "$0")/.." || exit 2
cppflags="$1 -DTEST_ROOT=\"\""
shift
files=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	files="$files $1"
	shift
done
[ $# = 0 ] || shift
# shellcheck disable=SC2086
sources=$(printf '%s\n' $files | grep '\.c$')
parts=$(printf '%s\n' "$sources" | grep -E '^(agent|checks)/')
bad=0
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT

# try COMMAND...: shows what it says and remembers when it fails or says anything.
try() {
	if ! "$@" >"$out" 2>&1 || [ -s "$out" ]; then
		cat "$out"
		bad=1
	fi
}

# each COMMAND: for every file on standard input, two at a time.
each() {
	xargs -P 2 -I FILE sh -c "$1" || return 1
}

tidy() {
	printf '%s\n' "$sources" |
		each "clang-tidy --quiet FILE -- -std=gnu11 $cppflags 2>/dev/null"
}
analyse() {
	# gcc 12 loses sight of a pointer that array_add() stores (leaks are LeakSanitizer's part),
	# and of the "= NULL" of a declaration's second variable (clang-tidy sees it).
	printf '%s\n' "$parts" |
		each "gcc -std=gnu11 -O2 -fanalyzer -Wno-analyzer-malloc-leak \
			-Wno-analyzer-use-of-uninitialized-value -Werror -Wall -Wextra $cppflags -c -o /dev/null FILE"
}
builds() {
	for cc in gcc clang; do
		make -s CC="$cc" VARIANT="lint-$cc" WERROR=-Werror all test-unit-programs >/dev/null ||
			return 1
	done
}

# groff, which most people's man is, warns of other things than mandoc does.
renders() {
	groff -ww -mandoc -Tutf8 -K utf8 "$1" >/dev/null
}

# shellcheck disable=SC2086
try clang-format --dry-run --Werror $files
try builds
try analyse
try tidy
# Neither cppcheck nor clang-tidy knows the cleanup attribute: to them it is a leak.
# shellcheck disable=SC2086
try cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppress=missingIncludeSystem --suppress=memleak --suppress=memleakOnRealloc --suppress=resourceLeak --std=c11 -j2 -Iinclude -D__x86_64__ $parts
try shellcheck -x -P SCRIPTDIR -e SC2317,SC2154 "$@" # SC2317, SC2154: functions and variables used elsewhere
for page in packaging/man/*; do
	[ ! -e "$page" ] || try mandoc -T lint -W warning "$page"
	[ ! -e "$page" ] || try renders "$page"
done
exit $bad
