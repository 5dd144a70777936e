#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program is built with the hardening that a root program owes.
set -u
: "${NODEFIT:?the program under test}"
n=0
holds() { # NAME PATTERN TEXT
	n=$((n + 1))
	if printf '%s\n' "$3" | grep -Eq -- "$2"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
	fi
}
headers=$(readelf -hlW "$NODEFIT")
dynamic=$(readelf -dW "$NODEFIT")
symbols=$(readelf -sW --dyn-syms "$NODEFIT")
holds "it is position-independent" 'Type: +DYN .*Position-Independent' "$headers"
holds "relocations become read-only" 'GNU_RELRO' "$headers"
holds "all symbols are bound at start (full RELRO)" 'BIND_NOW|NOW' "$dynamic"
holds "the stack is not executable" 'GNU_STACK +[0-9a-fx ]+ RW ' "$headers"
holds "stacks are protected" '__stack_chk_fail' "$symbols"
n=$((n + 1))
libraries=$(ldd "$NODEFIT")
foreign=$(printf '%s\n' "$libraries" | grep -Eo 'lib(curl|ssl|microhttpd|yaml)[^ ]*' | sort -u)
# An ldd that can't tell is no proof.
case $libraries in *libc.so*) ;; *) foreign="what ldd can't tell" ;; esac
if [ -z "$foreign" ]; then
	echo "ok $n - nothing that speaks HTTP or YAML is in the program with the privileges"
else
	echo "not ok $n - the program with the privileges has $foreign"
fi
case $NODEFIT in
*/asan/*) ;; # the sanitizers take FORTIFY's place
*)
	holds "library calls are fortified" '__[a-z]+_chk' "$symbols"
	if [ "$(uname -m)" = x86_64 ]; then
		object=$(dirname "$NODEFIT")/agent/nodefit.o
		holds "indirect branches are tracked (CET)" 'IBT, SHSTK' "$(readelf -nW "$object")"
	fi
	;;
esac
echo "1..$n"
