#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The .link files that nodefit writes, judged by udev's own net_setup_link.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"

writer=$(dirname "$NODEFIT")/tests/unit/test_linkfile
if ! command -v udevadm >/dev/null || [ ! -x "$writer" ]; then
	skip "udev applies our .link file to one device and keeps its name" \
		"udev is not installed, or the unit tests are not built"
	finish
fi
net=/etc/systemd/network
# A sysfs of this network namespace; udev's database and the administrator's files in memory.
mount -t sysfs none /sys && mount -t tmpfs none /run && mount -t tmpfs none /etc/systemd || exit 1
mkdir -p /run/udev/data $net
ip link add v0 type veth peer name v1
ip link add v2 type veth peer name v3

# What udevd would do: run the builtin, and keep its properties with the device's others.
setup_link() { # DEVICE PROPERTY...
	nic=$1
	shift
	db=/run/udev/data/n$(cat "/sys/class/net/$nic/ifindex")
	if [ $# != 0 ]; then
		printf 'E:%s\n' "$@" >"$db"
	fi
	properties=$(udevadm test-builtin net_setup_link "/sys/class/net/$nic" 2>/dev/null |
		grep '^ID_NET_')
	grep -v '^E:ID_NET_\(LINK_FILE\|NAME\|DRIVER\)=' "$db" >"$db.new"
	printf '%s\n' "$properties" | sed 's/^/E:/' >>"$db.new"
	mv "$db.new" "$db"
}
property() { # NAME
	printf '%s\n' "$properties" | sed -n "s/^$1=//p"
}
mtu() { # DEVICE
	cat "/sys/class/net/$1/mtu"
}
write() { # DEVICE MAC|- SETTING...
	nic=$1
	shift
	"$writer" write "$nic" "$(cat "/sys/class/net/$nic/ifindex")" "$@"
}

# A distribution's file for all that renames, as 99-default.link does at boot.
cat >$net/99-default.link <<'END'
[Match]
OriginalName=*
[Link]
NamePolicy=path
AlternativeNamesPolicy=slot
END
path=ID_PATH=pci-0000:00:03.0
setup_link v0 $path ID_NET_NAME_PATH=enp0s3 ID_NET_NAME_SLOT=ens3
equal "the default file governs first" "$net/99-default.link enp0s3" \
	"$(property ID_NET_LINK_FILE) $(property ID_NET_NAME)"
setup_link v2 ID_NET_NAME_PATH=enp0s4
equal "and another device too" "$net/99-default.link enp0s4" \
	"$(property ID_NET_LINK_FILE) $(property ID_NET_NAME)"

printf '[Match]\nOriginalName=v1\n[Link]\nMTUBytes=1400\n' >$net/01-probe.link
setup_link v1 X=
applies=$(mtu v1)
rm $net/01-probe.link

# The trap: a file of one's own without NamePolicy= takes the name away.
printf '[Match]\nOriginalName=v0\n[Link]\nMTUBytes=1450\n' >$net/98-naive.link
cp "/run/udev/data/n$(cat /sys/class/net/v0/ifindex)" "$work/db"
setup_link v0
equal "a careless file would rename the NIC" v0 "$(property ID_NET_NAME)"
rm $net/98-naive.link
cp "$work/db" "/run/udev/data/n$(cat /sys/class/net/v0/ifindex)"
ip link set v0 mtu 1500

equal "nodefit writes a neighbour of the default file" $net/98-nodefit-v0.link \
	"$(write v0 - MTUBytes=1450 TCPSegmentationOffload=no)"
setup_link v0
equal "it governs the NIC, whose name stays" "$net/98-nodefit-v0.link enp0s3" \
	"$(property ID_NET_LINK_FILE) $(property ID_NET_NAME)"
if [ "$applies" = 1400 ]; then
	equal "udev applies its MTU" 1450 "$(mtu v0)"
else
	skip "udev applies its MTU" "this version of udevadm only tells what it would do"
fi
holds "the alternative names come as well" 'altname ens3' "$(ip link show v0)"
setup_link v2
equal "another device stays with the default file" "$net/99-default.link enp0s4 1500" \
	"$(property ID_NET_LINK_FILE) $(property ID_NET_NAME) $(mtu v2)"

# What is stacked on it shares its address, but not its place on the bus.
ip link add mv0 link v0 address "$(cat /sys/class/net/v0/address)" type macvlan
setup_link mv0 X=
equal "nor is a macvlan with the same address taken in" $net/99-default.link \
	"$(property ID_NET_LINK_FILE)"

equal "written again with our file in place, it says the same" $net/98-nodefit-v0.link \
	"$(write v0 - MTUBytes=1460)"
setup_link v0
equal "and keeps the name again" "$net/98-nodefit-v0.link enp0s3" \
	"$(property ID_NET_LINK_FILE) $(property ID_NET_NAME)"
[ "$applies" != 1400 ] || equal "with the new MTU" 1460 "$(mtu v0)"

# Where no path names it, the permanent address would; a veth has none.
holds "a device without permanent address and path is refused in words" \
	'v2 has no permanent address and no ID_PATH' "$(write v2 - MTUBytes=1450)"

# A file for one device, as netplan writes it.
mkdir -p /run/systemd/network
printf '[Match]\nOriginalName=v3\n[Link]\nWakeOnLan=off\nName=lan0\n' \
	>/run/systemd/network/10-netplan-v3.link
setup_link v3 X=
equal "a file for one device gets a drop-in" $net/10-netplan-v3.link.d/95-nodefit.conf \
	"$(write v3 - MTUBytes=1440)"
setup_link v3
equal "and stays the governing one" "/run/systemd/network/10-netplan-v3.link lan0" \
	"$(property ID_NET_LINK_FILE) $(property ID_NET_NAME)"
[ "$applies" != 1400 ] || equal "the drop-in's MTU is applied" 1440 "$(mtu v3)"
finish
