#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: the checks on an NVMe disk with ext4, and the verdict on a whole machine.
# shellcheck source=guest.sh
. /tests/vm/guest.sh
# Standard error goes to a file: on a terminal it shows progress, which would swallow lines of TAP.

gateway
ok $? "the gateway answers"
host link-down
ok $? "the host takes the wire away"
! gateway
ok $? "then it does not answer"
host link-up
gateway || gateway
ok $? "with the wire back it does"

# An emulated disk on an emulated processor has no speed of its own: any verdict will do.
printf '[check.fsync]\npath=/mnt/etcd\nlongest=5s\n' >"$work/fsync.ini"
out=$("$NODEFIT" check fsync --json --profile "$work/fsync.ini" 2>"$work/err")
code=$?
verdict=$(printf '%s\n' "$out" | sed -n '/"checks"/,$p' | sed -n 's/.*"verdict": "\(.*\)".*/\1/p')
case $verdict in
pass | warn | fail) true ;;
*) false ;;
esac
ok $? "the fsync of an NVMe disk is measured and judged" "$out"
[ "$verdict" = fail ] && wanted=1 || wanted=0
equal "the exit code is the verdict's" "$wanted" $code
equal "the device is named" nvme0n1 "$(json device "$out")"
equal "so is its file system" ext4 "$(json filesystem "$out")"
equal "nothing is left on the disk" lost+found "$(ls -A /mnt)"

snapshot_all >"$work/before"
out=$("$NODEFIT" preflight --quick --json 2>"$work/err")
code=$?
case $code in
0 | 1 | 3) true ;;
*) false ;;
esac
ok $? "preflight ends with a verdict" "exit code $code: $out"
holds "it names the hypervisor" '"virt": "(qemu|kvm|tcg)"' "$out"
holds "it tells of steal" '"name": "steal"' "$out"
[ ! -e /var/lib/nodefit/journal ]
ok $? "it writes no journal"
same "it changes no sysctl"
finish
