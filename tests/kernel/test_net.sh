#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The net tuner on real veths: applied, read back from /sys, rolled back, never written twice.
. "$(dirname "$0")/lib.sh"
enter "$@"
own_sysfs
profile=$work/net.ini

queues() { # LINK
	find "/sys/class/net/$1/queues" -mindepth 1 -maxdepth 1 | wc -l
}

mtu() { # LINK
	cat "/sys/class/net/$1/mtu"
}

# What a trace of nodefit's messages changes: SETs of the ethtool family (12, 16, 18 and 20 in
# linux/ethtool_netlink.h) and of rtnetlink, and any ioctl.
sets() { # TRACE
	grep -E 'nlmsg_type=ethtool.*"\\x(0c|10|12|14)|RTM_(SET|NEW)LINK|SIOCETHTOOL' "$1"
}

ip link add v0 numrxqueues 4 numtxqueues 4 type veth peer name v1 numrxqueues 4 numtxqueues 4
ip link set v0 up
ip link set v1 up
ip addr add 192.0.2.1/24 dev v0
before=$(ip -d link show v0; ethtool -k v0; ethtool -l v0)

cat >"$profile" <<X
[net]
devices=v0
mtu=1400
channels=rx 2 tx 2
features=tso off gro on
txqueuelen=2000
X
strace -f -o "$work/first" -e trace=sendmsg,ioctl "$NODEFIT" apply --profile "$profile" >"$work/out" 2>&1
code=$?
equal "channels, MTU, features and the queue length of a veth are applied" 0 "$code"
equal "/sys shows two queues each way" 4 "$(queues v0)"
equal "/sys shows the MTU" 1400 "$(mtu v0)"
equal "/sys shows the queue length" 2000 "$(cat /sys/class/net/v0/tx_queue_len)"
holds "an older name of a feature stands for all its members" \
	'v0/features/tx-tcp6-segmentation: on -> off' "$(cat "$work/out")"
sets "$work/first" >/dev/null
ok $? "the trace shows what the first apply set"
strace -f -o "$work/second" -e trace=sendmsg,ioctl "$NODEFIT" apply --profile "$profile" >"$work/out" 2>&1
equal "a second apply sends no SET" "" "$(sets "$work/second")"
holds "and says that all is unchanged" '^[0-9]+ unchanged$' "$(cat "$work/out")"
out=$("$NODEFIT" explain v0/channels --profile "$profile")
holds "explain tells a link's setting" '^Now: rx 2 tx 2$' "$out"
holds "and what the profile wants, by file and line" \
	'^Wanted by net: = rx 2 tx 2 \(.*net.ini:4\), unchanged$' "$out"

"$NODEFIT" rollback >"$work/out"
equal "rollback succeeds" 0 $?
equal "rollback puts every setting back" "$before" "$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"
[ ! -e /var/lib/nodefit/journal ]
ok $? "the journal is empty after it"

# What a feature is asked for is as much its setting as what it does.
features() {
	printf '[net]\ndevices=v0\nfeatures=%s\n' "$1" >"$profile"
	"$NODEFIT" apply --profile "$profile" >"$work/out"
}
ethtool -K v0 sg off >/dev/null
asked=$(ethtool -k v0)
features 'tso on'
equal "a feature without what it needs is refused" 1 $?
holds "in words" 'needs tx-scatter-gather, which is off' "$(cat "$work/out")"
equal "and stays asked for" "$asked" "$(ethtool -k v0)"
features 'tso off'
equal "a feature that is asked for only can be taken off" 0 $?
equal "and is asked for no more" "" "$(ethtool -k v0 | grep -E 'tcp.*requested on')"
"$NODEFIT" rollback >/dev/null
equal "rollback asks for it again" "$asked" "$(ethtool -k v0)"
features 'tso on sg on'
equal "both at once are written in the order of their needs" 0 $?
"$NODEFIT" rollback >/dev/null
ethtool -K v0 sg on >/dev/null
features 'sg off tso off'
equal "or of their reverse" 0 $?
"$NODEFIT" rollback >/dev/null
equal "with all back in one rollback" "$before" "$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"
features 'sg off tso on'
equal "what can't be had together is refused" 1 $?
holds "before anything is written, in the first run" 'refused *v0/features/tx-tcp-segmentation' "$(cat "$work/out")"
"$NODEFIT" apply --profile "$profile" >"$work/again"
equal "and the second run finds the same, without failures" "" "$(grep failed "$work/again")"
"$NODEFIT" rollback >/dev/null

cat >"$profile" <<X
[net]
devices=v0
ring=rx 512
channels=max
coalesce=rx-usecs 8
mtu=1300
X
out=$("$NODEFIT" apply --profile "$profile")
equal "what a driver can't do is exit code 1" 1 $?
holds "rings: not supported by veth" 'not supported by veth' "$(echo "$out" | grep -A1 'refused *v0/ring')"
holds "coalescing: not supported by veth" 'not supported by veth' "$(echo "$out" | grep -A1 'refused *v0/coalesce')"
equal "and the run goes on" 1300 "$(mtu v0)"
cpus=$(nproc)
[ "$cpus" -lt 4 ] || cpus=4
equal "max is the lesser of CPUs and the device's maximum" $((2 * cpus)) "$(queues v0)"
"$NODEFIT" rollback >/dev/null
equal "rollback after a partial apply" "$before" "$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"

refused() { # NAME SETTING PATTERN
	printf '[net]\ndevices=v0\n%s\n' "$2" >"$profile"
	out=$("$NODEFIT" apply --profile "$profile")
	code=$?
	equal "$1: exit code 1" 1 $code
	holds "$1: said in words" "$3" "$out"
}
refused "combined channels of a veth" "channels=combined 2" 'veth has no combined channels; it has: rx 4 tx 4'
refused "no channels at all" "channels=rx 0" 'rx 0 would leave v0 without one'
refused "a fixed feature" "features=rxhash on" 'fixed by veth'
refused "an unknown feature" "features=warp-drive on" 'no feature of that name'
refused "an MTU below 1280" "mtu=1200" 'below 1280 bytes there is no IPv6 on v0; --force does it'
refused "an MTU above the peer's" "mtu=9000" 'above the 1500 bytes that its peer v1 carries'
refused "max where the driver names no limit" "mtu=max" 'veth names no maximum MTU'
equal "refusals change nothing" "$before" "$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"

printf '[net]\ndevices=v0\nmtu=1200\n' >"$profile"
"$NODEFIT" apply --profile "$profile" --force >/dev/null
equal "--force sets an MTU below 1280" 1200 "$(mtu v0)"
"$NODEFIT" rollback >/dev/null
ip addr add 2001:db8::1/64 dev v0 nodad
out=$("$NODEFIT" apply --profile "$profile" --force)
holds "not even --force takes an IPv6 address away" '2001:db8::1 would not come back' "$out"
ip addr del 2001:db8::1/64 dev v0

printf '[net]\ndevices=*\nmtu=1300\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >"$work/out"
equal "a pattern never reaches virtual links" 1500 "$(mtu v0)"
printf '[net]\ndevices=v*,!v1,v0,v1\nmtu=1300\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >"$work/out"
equal "a plain name does" 1300 "$(mtu v0)"
equal "but not past an exclusion" 1500 "$(mtu v1)"
"$NODEFIT" rollback >/dev/null
printf '[net.late]\ndevices=late0\nmtu=1300\n' >"$profile"
holds "a link that is not there yet is pending" 'pending *late0/mtu' "$("$NODEFIT" apply --profile "$profile" --all)"

printf '[net.a]\ndevices=v0\nmtu=1300\nchannels=rx 2\n[net.b]\ndevices=v0,v1\nmtu=1350\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >"$work/out"
equal "of two sections that name a link the later one wins" "1350 1350" "$(mtu v0) $(mtu v1)"
equal "attribute by attribute" 6 "$(queues v0)"
ip link set v0 mtu 1320
out=$("$NODEFIT" rollback)
equal "rollback leaves alone what somebody else has set since" 1 $?
holds "and says so" 'refused *v0/mtu' "$out"
"$NODEFIT" rollback --force >/dev/null
equal "--force puts it back" 1500 "$(mtu v0)"

# A device on top follows its MTU down, and comes back with it.
ip link add top link v0 type macvlan
printf '[net]\ndevices=v0\nmtu=1400\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >/dev/null
equal "a macvlan follows the link below" 1400 "$(mtu top)"
"$NODEFIT" rollback >/dev/null
equal "and comes back with it" "1500 1500" "$(mtu v0) $(mtu top)"
ip link del top

# So do those that stand on a follower.
ip link add br0 type bridge
ip link set v0 master br0
ip link add top link br0 type macvlan
ip link add br1 type bridge
ip link set top master br1
ip link add top1 link br1 type macvlan
mtus() {
	for link in "$@"; do mtu "$link"; done | paste -s -d ' '
}
"$NODEFIT" apply --profile "$profile" >/dev/null
equal "followers of followers follow" "1400 1400 1400 1400 1400" "$(mtus v0 br0 top br1 top1)"
"$NODEFIT" rollback >"$work/out"
equal "rollback puts all back" 0 $?
equal "however many" "1500 1500 1500 1500 1500" "$(mtus v0 br0 top br1 top1)"
"$NODEFIT" apply --profile "$profile" >/dev/null
ip link set br1 mtu 1350
out=$("$NODEFIT" rollback)
equal "a follower that somebody else has set since is left alone" 1 $?
holds "and that is said" 'refused *br1/mtu' "$out"
equal "the others come back" "1500 1500 1500 1350" "$(mtus v0 br0 top br1)"
"$NODEFIT" rollback --force >/dev/null
equal "--force puts it back" "1500 1500" "$(mtus br1 top1)"
ip addr add 2001:db8::1/64 dev top1 nodad
printf '[net]\ndevices=v0\nmtu=1200\n' >"$profile"
out=$("$NODEFIT" apply --profile "$profile" --force)
holds "not even --force takes an IPv6 address off a follower" 'IPv6 off top1, and 2001:db8::1' "$out"
equal "nothing was written" "1500 1500" "$(mtus v0 top1)"
ip link del br0
ip link del br1

# Both ends of a pair, and a link whose number is below that of what carries it, rise together.
ip link add base index 901 type veth peer name other
ip link add above index 900 link base type macvlan
printf '[net]\ndevices=base,other,above\nmtu=9000\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >"$work/out"
equal "a stack and both ends of a pair rise in one run" "0 9000 9000 9000" "$? $(mtus base other above)"
"$NODEFIT" rollback >"$work/out"
equal "and go back in one" "0 1500 1500 1500" "$? $(mtus base other above)"
ip link del base

# A tap has coalescing, of its received frames alone.
ip tuntap add tap9 mode tap
printf '[net]\ndevices=tap9\ncoalesce=rx-frames 16 tx-usecs 5\n' >"$profile"
out=$("$NODEFIT" apply --profile "$profile")
holds "coalescing that the driver has is set" 'changed *tap9/coalesce/rx-frames: 0 -> 16' "$out"
holds "what it has not is refused by name" 'tun has no tx-usecs coalesce' "$out"
holds "ethtool sees it" '^rx-frames:[[:space:]]*16' "$(ethtool -c tap9)"
"$NODEFIT" rollback >/dev/null
holds "and rollback puts it back" '^rx-frames:[[:space:]]*0' "$(ethtool -c tap9)"
ip link del tap9

# An XDP program, such as Cilium's, holds the queues.
mkdir "$work/bpf"
mount -t bpf none "$work/bpf" &&
	/usr/bin/python3 "$(dirname "$0")/xdp_pass.py" "$work/bpf/pass" &&
	ip link set v0 xdp pinned "$work/bpf/pass"
equal "an XDP program is loaded" 0 $?
refused "channels under an XDP program" "channels=rx 2 tx 2" 'an XDP program is loaded on v0'
ip link set v0 xdp off
umount "$work/bpf"

# The ioctl, where the family is missing.
printf '[net]\ndevices=v0\nchannels=rx 2 tx 2\nfeatures=tso off\n' >"$profile"
strace -f -o "$work/trace" -e trace=socket -e inject=socket:error=EPROTONOSUPPORT:when=2 \
	"$NODEFIT" diff --profile "$profile" >"$work/out"
holds "without the ethtool family the ioctl tells the channels" 'v0/channels: rx 4 tx 4 -> rx 2 tx 2' "$(cat "$work/out")"
holds "and the features" 'v0/features/tx-tcp-segmentation: on -> off' "$(cat "$work/out")"
holds "the family was made to miss" 'EPROTONOSUPPORT.*INJECTED' "$(cat "$work/trace")"

ip link del v0

# The gateway is asked, and its entry stays what the program that made it wants.
peer_start || exit 1
ip link add v0 type veth peer name v1
ip link set v1 netns "$peer"
ip link set v0 up
ip addr add 192.0.2.1/24 dev v0
ip route add default via 192.0.2.254
in_peer ip link set v1 up
in_peer ip addr add 192.0.2.254/24 dev v1
far=$(in_peer ip -o link show v1 | sed 's/.*ether //;s/ .*//')
within 5 ip neigh replace 192.0.2.254 dev v0 lladdr "$far" managed extern_learn
printf '[net]\ndevices=v0\nmtu=1400\n' >"$profile"
"$NODEFIT" apply --profile "$profile" >"$work/out"
equal "a link with the default route is applied" 0 $?
holds "the gateway's entry keeps its flags" 'managed extern_learn +REACHABLE' "$(ip neigh show 192.0.2.254)"
"$NODEFIT" rollback >/dev/null

# A sysfs of another network namespace may have hardware of that name and number.
mkdir -p "$work/devices/pci0/net/v0/device" "$work/drivers/virtio_net"
cat /sys/class/net/v0/ifindex >"$work/devices/pci0/net/v0/ifindex"
ln -s "$work/drivers/virtio_net" "$work/devices/pci0/net/v0/device/driver"
mount -t tmpfs none /sys/class/net
ln -s "$work/devices/pci0/net/v0" /sys/class/net/v0
printf '[net]\ndevices=*,@virtio\nmtu=1400\n' >"$profile"
"$NODEFIT" diff --profile "$profile" >"$work/out"
equal "a veth is no hardware, whatever sysfs says" "" "$(grep v0/mtu "$work/out")"
umount /sys/class/net

ip link del v0
finish
