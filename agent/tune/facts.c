/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <fnmatch.h>
#include <string.h>

#define IP_SYSCTL "kernel: Documentation/networking/ip-sysctl.rst"
#define NET_DOC   "kernel: Documentation/admin-guide/sysctl/net.rst"
#define FS_DOC    "kernel: Documentation/admin-guide/sysctl/fs.rst"
#define VM_DOC    "kernel: Documentation/admin-guide/sysctl/vm.rst"
#define KERN_DOC  "kernel: Documentation/admin-guide/sysctl/kernel.rst"
#define CT_DOC    "kernel: Documentation/networking/nf_conntrack-sysctl.rst"
#define KUBELET   "Kubernetes: pkg/kubelet/cm (setupKernelTunables)"

/* clang-format off */
static const struct sysctl_fact rows[] = {
	{.pattern = "net/ipv4/ip_local_port_range", .flags = FACT_NETNS, .fallback = "32768 60999",
	 .what = "The ports that outgoing connections get.",
	 .danger = "A range that reaches NodePorts (30000-32767), kubelet (10250), etcd (2379-2381) or the API server (6443) lets an outgoing connection take their port first: reserve them in net.ipv4.ip_local_reserved_ports. Cilium stops when NodePorts overlap it unreserved.",
	 .source = IP_SYSCTL},
	{.pattern = "net/ipv4/ip_local_reserved_ports", .flags = FACT_NETNS, .writers = "Cilium", .fallback = "empty",
	 .what = "Ports that outgoing connections never get by themselves; a program that asks for one by number still may.",
	 .danger = "A write replaces the whole list: nodefit reads, merges and writes (\"=+\"). Who writes it plainly deletes the ranges of others, Cilium's among them.",
	 .source = IP_SYSCTL},
	{.pattern = "net/core/somaxconn", .flags = FACT_LIMIT | FACT_NETNS, .fallback = "4096 (128 before Linux 5.4)",
	 .what = "The ceiling for a listener's backlog of accepted connections.",
	 .danger = "It counts at listen(): running listeners must restart to gain. A pod has its own, which begins at the default.",
	 .source = NET_DOC},
	{.pattern = "net/ipv4/tcp_tw_reuse", .flags = FACT_NETNS, .fallback = "2 (loopback only)",
	 .what = "Outgoing connections may take over a port in TIME-WAIT after a second.",
	 .danger = "Works by TCP timestamps: with net.ipv4.tcp_timestamps=0 it does nothing. It never concerns incoming connections.",
	 .source = IP_SYSCTL},
	{.pattern = "net/ipv4/tcp_timestamps", .flags = FACT_NETNS, .fallback = "1",
	 .what = "RFC 7323 timestamps: 1 with a random offset per connection, 2 without, 0 off.",
	 .danger = "0 disables PAWS and tcp_tw_reuse.", .source = IP_SYSCTL},
	{.pattern = "net/ipv4/tcp_max_syn_backlog", .flags = FACT_LIMIT | FACT_NETNS, .fallback = "at least 128, by memory",
	 .what = "Connections that may wait half-open, for each listener.", .source = IP_SYSCTL},
	{.pattern = "net/ipv4/tcp_[rw]mem", .flags = FACT_LIMIT | FACT_NETNS, .fallback = "the last number is 4 or 6 MB, 32 MB on recent kernels",
	 .what = "Minimum, default and maximum of a TCP socket's buffer, in bytes.",
	 .danger = "A constant from an old guide is below the default of a recent kernel: use \"=>\".", .source = IP_SYSCTL},
	{.pattern = "net/core/[rw]mem_max", .flags = FACT_LIMIT | FACT_HOST_NET, .fallback = "212992, 4194304 on recent kernels",
	 .what = "The largest socket buffer that a program may ask for, in bytes.",
	 .danger = "A constant from an old guide is below the default of a recent kernel: use \"=>\".", .source = NET_DOC},
	{.pattern = "net/core/netdev_max_backlog", .flags = FACT_LIMIT | FACT_HOST_NET, .fallback = "1000",
	 .what = "Packets that may wait for a CPU between the driver and the stack.",
	 .danger = "Raise it only when column 2 of /proc/net/softnet_stat (drops) grows.", .source = NET_DOC},
	{.pattern = "net/ipv4/ip_forward", .flags = FACT_NETNS, .writers = "kube-proxy (IPVS mode), CNI plugins", .fallback = "0",
	 .flips = "net/ipv4/conf/*/forwarding net/ipv4/conf/all/accept_redirects",
	 .what = "The node routes IPv4 between its interfaces. Pods need it; kubeadm's preflight demands 1.",
	 .danger = "A change flips every interface's forwarding and all.accept_redirects with it, and turns LRO off. Set to 0 on a running node it cuts off all pods.",
	 .source = IP_SYSCTL},
	{.pattern = "net/ipv4/conf/all/forwarding", .flags = FACT_NETNS, .fallback = "0",
	 .flips = "net/ipv4/conf/*/forwarding net/ipv4/conf/all/accept_redirects net/ipv4/ip_forward",
	 .what = "The same switch as net.ipv4.ip_forward.", .source = IP_SYSCTL},
	{.pattern = "net/ipv6/conf/all/forwarding", .flags = FACT_NETNS, .writers = "CNI plugins", .fallback = "0",
	 .flips = "net/ipv6/conf/*/forwarding",
	 .what = "The node routes IPv6 between its interfaces.",
	 .danger = "With 1 an interface takes no router advertisements unless accept_ra is 2: a node that gets its default route so loses it.",
	 .source = IP_SYSCTL},
	{.pattern = "net/bridge/bridge-nf-call-*", .flags = FACT_NETNS, .module = "br_netfilter", .fallback = "1 once br_netfilter is loaded",
	 .what = "Frames that cross a Linux bridge pass iptables too.",
	 .danger = "Needed only by network plugins that use a Linux bridge (flannel, the bridge plugin).",
	 .source = IP_SYSCTL " (bridge-nf-call)"},
	{.pattern = "net/ipv4/conf/*/rp_filter", .flags = FACT_NETNS, .writers = "Cilium, Calico, distributions", .fallback = "0; distributions set 1 or 2",
	 .what = "Reverse-path check; the greater of all's and the interface's holds.",
	 .danger = "1 drops pods' packets under Cilium, which writes all=0 and puts it back: leave it to the plugin.", .source = IP_SYSCTL},
	{.pattern = "net/ipv4/fib_multipath_use_neigh", .flags = FACT_NETNS, .writers = "Cilium", .fallback = "0",
	 .what = "Multipath routes avoid neighbours that are known to be dead.", .source = IP_SYSCTL},
	{.pattern = "net/netfilter/nf_conntrack_max", .flags = FACT_LIMIT | FACT_HOST_NET, .module = "nf_conntrack",
	 .writers = "kube-proxy", .fallback = "the number of buckets; 262144 above 4 GiB of memory", .flips = "net/nf_conntrack_max",
	 .what = "How many connections may be tracked.",
	 .danger = "kube-proxy raises it to max(32768 x cores, 131072) at its start. nodefit's profiles leave it to kube-proxy.", .source = CT_DOC},
	{.pattern = "net/netfilter/nf_conntrack_tcp_timeout_*", .flags = FACT_NETNS, .module = "nf_conntrack", .writers = "kube-proxy", .fallback = "established: 432000 s",
	 .what = "How long an idle tracked TCP connection is remembered, in seconds.",
	 .danger = "kube-proxy writes established=86400 and close_wait=3600. nodefit's profiles leave it to kube-proxy.", .source = CT_DOC},
	{.pattern = "net/netfilter/*", .module = "nf_conntrack", .fallback = "see the source", .what = "Connection tracking.", .source = CT_DOC},
	{.pattern = "net/ipv4/vs/*", .flags = FACT_NETNS, .module = "ip_vs", .writers = "kube-proxy (IPVS mode)", .fallback = "see the source",
	 .what = "IPVS. nodefit's profiles leave it to kube-proxy.", .source = "kernel: Documentation/networking/ipvs-sysctl.rst"},
	{.pattern = "net/ipv[46]/neigh/default/gc_thresh[123]", .flags = FACT_LIMIT | FACT_HOST_NET, .fallback = "128, 512, 1024",
	 .what = "Size of the neighbour table: below 1 nothing is collected, above 2 after 5 s, 3 is the hard end.",
	 .danger = "One table serves the node and all its pods. A full one shows as \"neighbour: arp_cache: neighbor table overflow!\" and lost packets.",
	 .source = IP_SYSCTL},
	{.pattern = "net/core/bpf_jit_enable", .flags = FACT_HOST_NET, .writers = "Cilium", .fallback = "1 in most builds",
	 .what = "BPF programs are compiled.", .source = NET_DOC},
	{.pattern = "kernel/unprivileged_bpf_disabled", .writers = "Cilium", .fallback = "2 in most builds",
	 .what = "Who may call bpf(2).", .danger = "1 can't be changed back until reboot.", .source = KERN_DOC},
	{.pattern = "kernel/timer_migration", .writers = "Cilium", .fallback = "1", .what = "Timers may move away from idle CPUs.", .source = KERN_DOC},
	{.pattern = "fs/file-max", .flags = FACT_LIMIT, .fallback = "a tenth of the memory in KiB; systemd raises it to 9223372036854775807",
	 .what = "Open files of the whole machine.",
	 .danger = "2097152 from old guides lowers it wherever systemd is process 1, and above about 20 GiB of memory everywhere: use \"=>\".",
	 .source = FS_DOC "; systemd: src/core/main.c (bump_file_max_and_nr_open)"},
	{.pattern = "fs/nr_open", .flags = FACT_LIMIT, .fallback = "1048576; systemd raises it", .what = "The ceiling for one process's open files.", .source = FS_DOC},
	{.pattern = "fs/inotify/max_user_instances", .flags = FACT_LIMIT, .fallback = "128",
	 .what = "inotify instances for each user; all containers that run as root share one count.",
	 .danger = "Used up it shows as \"too many open files\" from kubectl logs -f and log shippers.", .source = "inotify(7)"},
	{.pattern = "fs/inotify/max_user_watches", .flags = FACT_LIMIT, .fallback = "1% of memory, between 8192 and 1048576",
	 .what = "inotify watches for each user; all containers that run as root share one count.", .source = "inotify(7)"},
	{.pattern = "vm/max_map_count", .flags = FACT_LIMIT, .fallback = "65530; some distributions 1048576",
	 .what = "Memory mappings for each process. Elasticsearch and other mmap-heavy pods demand 262144.", .source = VM_DOC},
	{.pattern = "vm/overcommit_memory", .writers = "kubelet", .fallback = "0",
	 .what = "1: memory is never refused, the OOM killer decides by Kubernetes' QoS classes. kubelet sets it, or with protectKernelDefaults insists on it.", .source = VM_DOC "; " KUBELET},
	{.pattern = "vm/panic_on_oom", .writers = "kubelet", .fallback = "0",
	 .what = "0: a process is killed when memory runs out, not the machine. kubelet sets it, or insists on it.", .source = VM_DOC "; " KUBELET},
	{.pattern = "vm/dirty_ratio", .flips = "vm/dirty_bytes", .fallback = "20", .what = "Share of memory that may be dirty before writers wait, in percent.", .danger = "Setting it zeroes vm.dirty_bytes.", .source = VM_DOC},
	{.pattern = "vm/dirty_bytes", .flips = "vm/dirty_ratio", .fallback = "0", .what = "The same in bytes.", .danger = "Setting it zeroes vm.dirty_ratio.", .source = VM_DOC},
	{.pattern = "vm/dirty_background_ratio", .flips = "vm/dirty_background_bytes", .fallback = "10", .what = "Share of memory that may be dirty before write-back starts, in percent.", .danger = "Setting it zeroes vm.dirty_background_bytes.", .source = VM_DOC},
	{.pattern = "vm/dirty_background_bytes", .flips = "vm/dirty_background_ratio", .fallback = "0", .what = "The same in bytes.", .danger = "Setting it zeroes vm.dirty_background_ratio.", .source = VM_DOC},
	{.pattern = "vm/overcommit_ratio", .flips = "vm/overcommit_kbytes", .fallback = "50", .what = "Used when vm.overcommit_memory is 2.", .danger = "Setting it zeroes vm.overcommit_kbytes.", .source = VM_DOC},
	{.pattern = "vm/overcommit_kbytes", .flips = "vm/overcommit_ratio", .fallback = "0", .what = "Used when vm.overcommit_memory is 2.", .danger = "Setting it zeroes vm.overcommit_ratio.", .source = VM_DOC},
	{.pattern = "kernel/panic", .writers = "kubelet", .fallback = "0",
	 .what = "Seconds until a panicked machine reboots; 0 waits for ever. kubelet sets 10, or insists on it.", .source = KERN_DOC "; " KUBELET},
	{.pattern = "kernel/panic_on_oops", .writers = "kubelet", .fallback = "0",
	 .what = "1: a kernel bug panics (and so reboots) the machine instead of leaving it half alive. kubelet sets it, or insists on it.", .source = KERN_DOC "; " KUBELET},
	{.pattern = "kernel/keys/root_max*", .writers = "kubelet", .flags = FACT_LIMIT, .fallback = "1000000 keys, 25000000 bytes",
	 .what = "Keys that root may hold; each container takes some. kubelet sets it, or insists on it.", .source = "kernel: Documentation/security/keys/core.rst; " KUBELET},
	{.pattern = "kernel/pid_max", .flags = FACT_LIMIT, .fallback = "1024 for each CPU, at least 32768; systemd ships 4194304",
	 .what = "Process ids, and so threads, of the whole machine.", .source = KERN_DOC},
};
/* clang-format on */

const struct sysctl_fact *fact_find(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (fnmatch(rows[i].pattern, path, FNM_PATHNAME) == 0)
			return &rows[i];
	return NULL;
}
