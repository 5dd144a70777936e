#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# apply --persist keeps links' settings in .link files that udev's own net_setup_link obeys; who else
# sets an MTU is told by file and line.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
own_sysfs
# udev's database and the administrator's files in memory.
mount -t tmpfs none /run && mount -t tmpfs none /etc/systemd || exit 1
net=/etc/systemd/network
ours=$net/98-nodefit-v0.link
profile=$work/net.ini
mkdir -p /run/udev/data $net

ip link add v0 numrxqueues 4 numtxqueues 4 type veth peer name v1 numrxqueues 4 numtxqueues 4
ip link set v0 up
ip link set v1 up

cat >$net/99-default.link <<'X'
[Match]
OriginalName=*
[Link]
NamePolicy=path
X
db=/run/udev/data/n$(cat /sys/class/net/v0/ifindex)
cat >"$db" <<X
E:ID_PATH=pci-0000:00:03.0
E:ID_NET_NAME_PATH=enp0s3
E:ID_NET_DRIVER=veth
E:ID_NET_LINK_FILE=$net/99-default.link
X
cp "$db" "$work/db"

files() { # everything of ours or anybody's that a boot would read, with what tells a rewrite
	find $net /etc/sysctl.d -type f -exec stat -c '%n %i %y %s' {} + | LC_ALL=C sort
}
foreign=$(files)
settings=$(ip -d link show v0; ethtool -k v0; ethtool -l v0)

cat >"$profile" <<'X'
[sysctl]
net.core.somaxconn = 5000
[net]
devices=v0
mtu=1400
channels=rx 2 tx 2
features=gro on tx off sg off
txqueuelen=2000
X
out=$("$NODEFIT" apply --dry-run --persist --profile "$profile")
equal "a dry run succeeds" 0 $?
holds "and names the files" "^for the next boots: /etc/sysctl.d/95-nodefit.conf, $ours\$" "$out"
equal "which it does not write" "$foreign" "$(files)"

out=$("$NODEFIT" apply --persist --profile "$profile")
equal "apply --persist succeeds" 0 $?
holds "it names the files" "^for the next boots: .*$ours\$" "$out"
holds "what systemd.link has no name for is told" \
	'not persisted: systemd.link has no name for features/tx-scatter-gather' "$out"
equal "the file says what was changed, and what was well already" \
	"MTUBytes=1400
GenericReceiveOffload=yes
TransmitChecksumOffload=no
RxChannels=2
TxChannels=2
TransmitQueueLength=2000" "$(sed '1,/nodefit/d' $ours | sed -n '/^\[Link\]/,$p' | sed -n '/^MTUBytes/,$p')"
holds "and a copy of the governing one" '^NamePolicy=path$' "$(cat $ours)"
entries() { # of links, by jq's condition
	jq -r ".entries[]|select(.tuner==\"net\" and .flip_of==null and $1).key" /var/lib/nodefit/journal
}
equal "the journal knows which of its entries a file sets" "v0/mtu v0/channels v0/txqueuelen" \
	"$(entries .persisted | grep -v features | tr '\n' ' ' | sed 's/ $//')"
equal "and which not" "" "$(entries '(.persisted|not)' | grep -v v0/features/tx-scatter-gather)"
first=$(files)
"$NODEFIT" apply --persist --profile "$profile" >"$work/out"
equal "a second apply --persist succeeds" 0 $?
equal "and writes no file again" "$first" "$(files)"
equal "JSON has the file by row" "$ours" "$("$NODEFIT" apply --persist --profile "$profile" --json |
	jq -r '.tuning[]|select(.key=="v0/mtu").persisted_in')"

if command -v udevadm >/dev/null; then
	properties=$(udevadm test-builtin net_setup_link /sys/class/net/v0 2>/dev/null)
	holds "udev picks our file" "^ID_NET_LINK_FILE=$ours\$" "$properties"
	holds "and keeps the name" '^ID_NET_NAME=enp0s3$' "$properties"
	cp "$work/db" "$db"
	printf '%s\n' "$properties" | grep '^ID_NET_' | sed 's/^/E:/' >>"$db"
	sed -i '/99-default.link$/d' "$db"
	"$NODEFIT" apply --persist --profile "$profile" >"$work/out"
	equal "after the boot it governs, and says the same" "$first" "$(files)"
else
	skip "udev picks our file" "udev is not installed"
fi

out=$("$NODEFIT" rollback)
holds "rollback tells that the file stays" "^$ours stays and sets its values at the next boot" "$out"
[ -e $ours ]
ok $? "and it does"
"$NODEFIT" rollback --persist >"$work/out"
equal "rollback --persist succeeds" 0 $?
equal "and leaves no file" "$foreign" "$(files)"
equal "nor a setting" "$settings" "$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"
[ ! -e /var/lib/nodefit/journal ]
ok $? "nor an entry in the journal"
"$NODEFIT" apply --persist --profile "$profile" >/dev/null
[ -e $ours ]
ok $? "without a reboot it can be persisted again"
"$NODEFIT" rollback --persist >/dev/null
equal "and taken back again" "$foreign" "$(files)"
cp "$work/db" "$db"

# Another boot: the journal's entries of persisted settings live on.
printf '[net]\ndevices=v0\nmtu=1400\ntxqueuelen=2000\n' >"$work/boot.ini"
"$NODEFIT" apply --persist --profile "$work/boot.ini" >/dev/null
echo 00000000-0000-4000-8000-000000000000 >"$work/boot_id"
mount --bind "$work/boot_id" /proc/sys/kernel/random/boot_id
"$NODEFIT" rollback --persist >"$work/out"
equal "what a file set at boot is put back after it" "$settings" \
	"$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"
equal "and the files are gone" "$foreign" "$(files)"
umount /proc/sys/kernel/random/boot_id

# A later profile without the link.
"$NODEFIT" apply --persist --profile "$profile" >/dev/null
printf '[sysctl]\nnet.core.somaxconn = 5000\n' >"$work/other.ini"
"$NODEFIT" apply --persist --profile "$work/other.ini" >/dev/null
[ ! -e $ours ]
ok $? "a profile that wants nothing of the link takes its file away"
"$NODEFIT" rollback --persist >/dev/null

# A link that can't be had now keeps what a boot shall do with it.
"$NODEFIT" apply --persist --profile "$profile" >/dev/null
rm "$db"
out=$("$NODEFIT" apply --persist --profile "$profile")
holds "a link that has gone from udev's database is told" 'not persisted: .* governs v0' "$out"
[ -e $ours ]
ok $? "and its file stays"
cp "$work/db" "$db"
"$NODEFIT" rollback --persist >/dev/null

# v1 is not in udev's database, as in a container.
printf '[net]\ndevices=v1\nmtu=1400\n[net.late]\ndevices=late0\nmtu=1400\n' >"$work/v1.ini"
out=$("$NODEFIT" apply --persist --profile "$work/v1.ini")
equal "a link that udev does not know is no failure" 0 $?
equal "it is set all the same" 1400 "$(cat /sys/class/net/v1/mtu)"
holds "and told in words" "not persisted: udev's database .* does not say which .link file governs v1" "$out"
holds "so is a link that is not there" 'not persisted: which .link file governs a link is known when it is there' "$out"
"$NODEFIT" rollback --persist >/dev/null

# Foreign files of our names.
printf '# by hand\n[Match]\nOriginalName=v0\n' >$ours
foreign=$(files)
err=$("$NODEFIT" apply --persist --profile "$profile" 2>&1)
equal "a foreign file of our name is refused" 1 $?
holds "by its name" "$ours was not written by nodefit" "$err"
equal "with nothing written" "$foreign" "$(files)"
equal "and nothing changed" "$settings" "$(ip -d link show v0; ethtool -k v0; ethtool -l v0)"
[ ! -e /var/lib/nodefit/journal ]
ok $? "nor journalled"
"$NODEFIT" apply --dry-run --persist --profile "$profile" >/dev/null 2>&1
equal "a dry run refuses it too" 1 $?
rm $ours
"$NODEFIT" apply --persist --profile "$profile" >/dev/null
sed -i '1s/.*/# by hand/' $ours
foreign=$(files)
err=$("$NODEFIT" rollback --persist 2>&1)
equal "rollback --persist refuses it" 1 $?
holds "by its name" "$ours was not written by nodefit" "$err"
equal "before anything is put back" 1400 "$(cat /sys/class/net/v0/mtu)"
equal "or removed, 95-nodefit.conf neither" "$foreign" "$(files)"
"$NODEFIT" rollback --persist --force >/dev/null
[ ! -e $ours ] && [ "$(cat /sys/class/net/v0/mtu)" = 1500 ]
ok $? "--force removes it and puts all back"

# Links alone.
printf '[net]\ndevices=v0\nmtu=1400\n' >"$work/alone.ini"
"$NODEFIT" apply --persist --profile "$work/alone.ini" >/dev/null
[ -e $ours ] && [ ! -e /etc/sysctl.d/95-nodefit.conf ]
ok $? "without a sysctl there is no sysctl.d file"
"$NODEFIT" rollback --persist >/dev/null

# Killed before the file had its name: the rollback finds what was left.
for n in 1 2; do
	strace -f -o "$work/trace" -e inject=renameat:signal=SIGKILL:when=$n \
		"$NODEFIT" apply --persist --profile "$work/alone.ini" >/dev/null 2>&1
	[ $n = 1 ] || [ -e $net/.98-nodefit-v0.link.new ]
	ok $? "killed at rename $n"
	"$NODEFIT" rollback --persist >/dev/null
	equal "nothing is left of it" "" "$(find $net /etc/sysctl.d /var/lib/nodefit -type f -name '*nodefit*' -o -type f -name '*.new')"
done

# The machine has changed since udev looked.
refused() { # NAME WORDS
	out=$("$NODEFIT" apply --persist --profile "$work/alone.ini")
	holds "$1" "not persisted: $2" "$out"
	equal "no file is written then" "" "$(find $net -name '*nodefit*')"
	"$NODEFIT" rollback --persist >/dev/null
}
printf '[Match]\nOriginalName=v0\n[Link]\nName=v0\n' >$net/50-new.link
refused "a new file that comes first is not passed over" '.*/50-new.link is new and may govern v0'
printf '[Match]\nDriver=virtio_net\n' >$net/50-new.link
out=$("$NODEFIT" apply --persist --profile "$work/alone.ini")
equal "one that is certainly about another device is" "" "$(printf '%s\n' "$out" | grep 'not persisted')"
"$NODEFIT" rollback --persist >/dev/null
rm $net/50-new.link
mkdir -p /run/systemd/network
printf '[Match]\nDriver=veth\n[Link]\nName=lan0\n' >/run/systemd/network/10-netplan-x.link
sed "s|^E:ID_NET_LINK_FILE=.*|E:ID_NET_LINK_FILE=/run/systemd/network/10-netplan-x.link|" "$work/db" >"$db"
refused "what is generated at boot is not copied" '.*10-netplan-x.link is made anew at every boot'
rm /run/systemd/network/10-netplan-x.link
cp "$work/db" "$db"
cp $net/99-default.link $net/80-base.link
sed "s|^E:ID_NET_LINK_FILE=.*|E:ID_NET_LINK_FILE=$net/80-base.link|" "$work/db" >"$db"
"$NODEFIT" apply --persist --profile "$work/alone.ini" >/dev/null
rm $net/80-base.link
sed "s|^E:ID_NET_LINK_FILE=.*|E:ID_NET_LINK_FILE=$net/79-nodefit-v0.link|" "$work/db" >"$db"
out=$("$NODEFIT" apply --persist --profile "$work/alone.ini")
holds "a copy whose original is gone is told, with what to do" \
	'80-base.link, which .* stands for, is gone: run .nodefit rollback --persist. and reboot' "$out"
"$NODEFIT" rollback --persist >/dev/null
cp "$work/db" "$db"

# One file a device, whatever it is called.
"$NODEFIT" apply --persist --profile "$work/alone.ini" >/dev/null
ip link set v0 down && ip link set v0 name v9 && ip link set v9 up
printf '[net]\ndevices=v9\nmtu=1400\n[net.late]\ndevices=late0\nmtu=1400\n' >"$work/renamed.ini"
"$NODEFIT" apply --persist --profile "$work/renamed.ini" >/dev/null
equal "a renamed device leaves no file of its old name" 98-nodefit-v9.link \
	"$(find $net -name '*nodefit*' -printf '%f\n')"
"$NODEFIT" rollback --persist --force >/dev/null
ip link set v9 down && ip link set v9 name v0 mtu 1500 && ip link set v0 up

# Every name that we translate to, with the least value of its kind, to systemd's parser.
version=$(udevadm --version 2>/dev/null)
if [ "${version%%[!0-9]*}" -ge 252 ] 2>/dev/null; then
	{
		printf '[Match]\nOriginalName=v1\n[Link]\nBogus=1\n'
		sed -n 's/^\t{"[a-z]*", "[a-z0-9-]*", "\([A-Za-z0-9]*\)"}.*/\1/p' \
			"$(dirname "$0")/../../agent/persist/link_settings.c" | while read -r name; do
			case $name in
			*Sec) echo "$name=0us" ;;
			*Offload | *Acceleration | *Filter | UseAdaptive*) echo "$name=no" ;;
			*Frames) echo "$name=0" ;;
			MTUBytes) echo "$name=1400" ;;
			*) echo "$name=1" ;;
			esac
		done
	} >$net/10-all.link
	equal "all names of the table are tried" 32 "$(sed 1,4d $net/10-all.link | grep -c =)"
	equal "systemd takes them all, and would tell what it does not" \
		"$net/10-all.link:4: Unknown key 'Bogus' in section [Link], ignoring." \
		"$(udevadm test-builtin net_setup_link /sys/class/net/v1 2>&1 | grep -F "$net/10-all.link:")"
	rm $net/10-all.link
else
	skip "systemd takes all our names" "it takes systemd 252, which knows coalescing"
fi

# Who else sets the MTU.
mkdir /run/netplan
cat >/run/netplan/50-cloud-init.yaml <<'X'
network:
  version: 2
  ethernets:
    v0:
      dhcp4: true
      mtu: 1480
X
printf '[net]\ndevices=v0\nmtu=1500\n' >"$profile"
out=$("$NODEFIT" diff --profile "$profile")
holds "an unchanged MTU that netplan will change is told by file and line" \
	'contested: /run/netplan/50-cloud-init.yaml:6: netplan sets MTU 1480 on v0' "$out"
equal "JSON has the place" /run/netplan/50-cloud-init.yaml:6 \
	"$("$NODEFIT" diff --profile "$profile" --json | jq -r '.tuning[0].contested_by[]')"
equal "so has the check" /run/netplan/50-cloud-init.yaml:6 \
	"$("$NODEFIT" check net --profile "$profile" --json | jq -r '.tuning[0].contested_by[]')"
sed -i 's/1480/1500/' /run/netplan/50-cloud-init.yaml
out=$("$NODEFIT" diff --profile "$profile")
equal "one that agrees is no contest" "" "$(printf '%s\n' "$out" | grep contested)"
ip link del v0
finish
