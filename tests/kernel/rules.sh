# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced after lib.sh: rules as kube-proxy would make them.

# kube_iptables SERVICES RULES: what iptables-restore reads: for each Service's port a chain and one
# endpoint's, and rules until there are so many.
kube_iptables() {
	awk -v services="$1" -v rules="$2" '
	function rule(text) { if (n++ < rules) print text }
	function to(head, i) { return sprintf("%s%d.%d", head, i / 256, i % 256) }
	BEGIN {
		print "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]"
		print ":POSTROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-KUBELET-CANARY - [0:0]"
		for (i = 0; i < services; i++)
			printf ":KUBE-SVC-%016X - [0:0]\n:KUBE-SEP-%016X - [0:0]\n", i, i
		rule("-A PREROUTING -m comment --comment \"service portals\" -j KUBE-SERVICES")
		for (i = 0; i < services; i++)
			rule(sprintf("-A KUBE-SERVICES -d %s/32 -p tcp -m comment --comment \"ns/s%d:p\" " \
				"-m tcp --dport 80 -j KUBE-SVC-%016X", to("10.96.", i), i, i))
		for (i = 0; i < services; i++)
			rule(sprintf("-A KUBE-SVC-%016X -j KUBE-SEP-%016X", i, i))
		for (i = 0; n < rules; i++)
			rule(sprintf("-A KUBE-SEP-%016X -p tcp -m tcp -j DNAT --to-destination %s:80",
				i % services, to("10.244.", i)))
		print "COMMIT"
	}'
}

# kube_nftables SERVICES RULES: for nft -f: the table kube-proxy, two chains for each Service, and
# the map that leads to the first of them.
kube_nftables() {
	awk -v services="$1" -v rules="$2" '
	function rule(chain, text) { if (n++ < rules) printf "chain %s { %s; }\n", chain, text }
	BEGIN {
		print "table ip kube-proxy {"
		for (i = 0; i < services; i++)
			printf "chain service-%d { }\nchain endpoint-%d { }\n", i, i
		print "map service-ips { type ipv4_addr . inet_proto . inet_service : verdict"
		if (services)
			print "elements = {"
		for (i = 0; i < services; i++)
			printf "10.96.%d.%d . tcp . 80 : goto service-%d,\n", i / 256, i % 256, i
		print services ? "}\n}" : "}"
		rule("services", "ip daddr . ip protocol . th dport vmap @service-ips")
		rule("nat-prerouting", "type nat hook prerouting priority dstnat; jump services")
		for (i = 0; i < services; i++)
			rule("service-" i, "ip daddr 10.96.0.1 counter goto endpoint-" i)
		for (i = 0; n < rules; i++)
			rule("endpoint-" (i % services),
				sprintf("ip saddr 10.244.%d.%d counter return", i / 256 % 256, i % 256))
		print "}"
	}'
}
