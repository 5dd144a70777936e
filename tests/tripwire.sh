#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints what no test may change: every sysctl that holds still by itself, the NICs, the mounts,
# and the places where nodefit writes.
# These change by themselves: counters, random numbers, what RAM and load decide, and whether the
# kernel has warned, as it may once when channels go that a packet is still on the way to.
moving='/random/|dentry-state|inode-nr|inode-state|file-nr|aio-nr|/ns_last_pid|nf_conntrack_count'
moving="$moving|/sched_domain/|pty/nr|/fs/quota/|dirty_background_bytes_now|/kernel/cad_pid|nr_hugepages_now|kernel/tainted"
# Reading these does something, or takes long.
find /proc/sys -type f -perm -0400 2>/dev/null | grep -vE "$moving|stat_refresh|net/ipv6/conf/.*/stable_secret" |
	LC_ALL=C sort | while read -r key; do
	printf '%s=' "$key"
	tr '\n' ' ' 2>/dev/null <"$key"
	echo
done
for nic in /sys/class/net/*; do
	printf '%s mtu %s queues ' "$nic" "$(cat "$nic/mtu" 2>/dev/null)"
	printf '%s ' "$nic"/queues/*
	echo
done
LC_ALL=C sort /proc/mounts
ls -ld /var/lib/nodefit /etc/sysctl.d/95-nodefit.conf /run/nodefit 2>/dev/null
ip netns list 2>/dev/null
exit 0
