# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by every test that runs in the guest, where no key needs to be protected.
# shellcheck source=../kernel/lib.sh
. /tests/kernel/lib.sh

# Every sysctl that can be read and written, byte for byte. Left out is what moves by itself or
# does something when it is read: the last process's number, random numbers, statistics.
snapshot_all() {
	find /proc/sys -type f -perm -0600 2>/dev/null |
		grep -vE '/ns_last_pid$|/random/|/stat_refresh$|/stable_secret$' |
		sort | xargs head -v -c 65536 2>/dev/null
}

# same NAME: has every sysctl the value that "$work/before" tells?
same() {
	snapshot_all >"$work/now"
	cmp -s "$work/before" "$work/now"
	ok $? "$1" "$(diff "$work/before" "$work/now" | head -n 20)"
}

# key NAME: a sysctl's value, with single blanks
key() {
	tr '\t' ' ' <"/proc/sys/$(echo "$1" | tr . /)"
}

# json NAME TEXT: the first string or number of that name; the guest has no jq.
json() {
	printf '%s\n' "$2" | sed -n 's/^ *"'"$1"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' | head -n 1
}

# host WHAT: the host does it to the wire (link-down, link-up, carrier-off, carrier-on).
host() {
	echo "HOST: $1"
	answer=$(timeout 10 head -n 1)
	[ "$answer" = "done" ]
}

gateway() {
	ping -c 1 -W 2 10.9.0.1 >/dev/null 2>&1
}

# state DEVICE: "COMBINED RX TX MTU", as ethtool and sysfs tell it
state() {
	ethtool -l "$1" | awk '/^Combined:/ {n = $2} END {printf "%s ", n}'
	ethtool -g "$1" | awk '/^RX:/ {rx = $2} /^TX:/ {tx = $2} END {printf "%s %s ", rx, tx}'
	cat "/sys/class/net/$1/mtu"
}

no_journal() {
	[ ! -e /var/lib/nodefit/journal ]
}
