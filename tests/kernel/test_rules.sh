#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The census of the packet filter on the real kernel: its counts are those of iptables-legacy-save
# and of nft, and it makes nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
# shellcheck source=rules.sh
. "$(dirname "$0")/rules.sh"

check() {
	out=$("$NODEFIT" check rules --json 2>"$work/err")
	code=$?
}
said() { # FILTER: of the check in $out
	printf '%s' "$out" | jq -r ".checks[0] | $1"
}
figures() { # NAME...
	for name; do
		said ".figures[\"$name\"].value // \"none\""
	done | paste -sd ' '
}
verdict() {
	said '.verdict + " " + .reason'
}
legacy() { # 4 or 6: rules and chains by iptables-legacy-save, all tables
	[ "$1" = 4 ] && save=iptables-legacy-save || save=ip6tables-legacy-save
	$save | awk '/^-A/ { rules++ } /^:/ { chains++ } END { print rules + 0, chains + 0 }'
}
by_nft() { # all rules and chains
	nft -j list ruleset | jq -r '[.nftables[] | keys[0]] |
		"\(map(select(. == "rule")) | length) \(map(select(. == "chain")) | length)"'
}
names() {
	cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null
}
for tool in iptables-legacy-restore iptables-nft-restore nft; do
	command -v $tool >/dev/null || {
		skip "the census equals the tools' own" "no $tool here"
		finish
	}
done

# --- nothing ---
check
equal "where there is no rule it passes" "pass NoRules 0" "$(verdict) $code"
equal "and has made no legacy table" "" "$(names)"
equal "nor one of nf_tables" "" "$(nft list tables)"

# --- kubelet's own chains ---
iptables-nft -t mangle -N KUBE-IPTABLES-HINT && iptables-nft -t nat -N KUBE-KUBELET-CANARY || exit 1
check
equal "chains without rules are no backend in use" "pass RulesFew" "$(verdict)"
equal "and no Service" "0 0" "$(figures service_chains service_walk)"

# --- what is lost on the way ---
iptables-nft -A INPUT -s 192.0.2.1 -j DROP || exit 1
wanted=$(by_nft)
for when in 1 2 9; do
	out=$(strace -f -o /dev/null -e trace=recvfrom -e "inject=recvfrom:error=ENOBUFS:when=$when" \
		"$NODEFIT" check rules --json 2>/dev/null)
	equal "after a lost part ($when) it begins again" "$wanted" "$(figures rules chains)"
done
out=$(strace -f -o /dev/null -e trace=recvfrom -e inject=recvfrom:error=ENOBUFS \
	"$NODEFIT" check rules --json 2>/dev/null)
equal "but not for ever" "unknown RulesUnreadable" "$(verdict)"
iptables-nft -F INPUT || exit 1

# --- without the right ---
out=$(setpriv --bounding-set -net_admin --inh-caps -net_admin "$NODEFIT" check rules --json 2>/dev/null)
code=$?
equal "without CAP_NET_ADMIN the answer is unknown" "unknown RulesUnreadable 3" "$(verdict) $code"
holds "and says what it takes" CAP_NET_ADMIN "$(said .advice)"
# --- iptables' nft backend ---
kube_iptables 4995 15000 >"$work/rules"
iptables-nft-restore <"$work/rules" || exit 1
before=$(nft list ruleset | cksum)
check
equal "iptables-nft, 15,000 rules: as nft counts them" "$(by_nft)" "$(figures rules chains)"
equal "of the table, too" "15000 9996" \
	"$(figures iptables-nft.ip.nat.rules iptables-nft.ip.nat.chains)"
equal "Services are told apart, and the way along them" "4995 4995" \
	"$(figures service_chains service_walk)"
equal "fewer than 5,000 pass" "pass RulesFew" "$(verdict)"
equal "the rules are as they were" "$before" "$(nft list ruleset | cksum)"
equal "and no legacy table was made" "" "$(names)"

# --- while it changes ---
(while nft add chain ip nat churn && nft delete chain ip nat churn; do :; done) 2>/dev/null &
churn=$!
check
equal "rules that change while they are counted are counted all the same" "pass RulesFew" \
	"$(verdict)"
kill $churn
wait $churn 2>/dev/null
nft flush ruleset || exit 1

# --- iptables' legacy backend ---
kube_iptables 5000 15000 >"$work/rules"
iptables-legacy-restore <"$work/rules" || exit 1
listed=$(names)
check
equal "legacy, 15,000 rules: as iptables-legacy-save has them" "$(legacy 4)" \
	"$(figures legacy.rules legacy.chains)"
equal "and of its table" "15000 10006" "$(figures legacy.ip.nat.rules legacy.ip.nat.chains)"
equal "5,000 Services in iptables warn" "warn ManyServices 0" "$(verdict) $code"
holds "with the reason in words" \
	'^5000 Services.* first packet of a connection walks along up to 5000 rules' "$(said .message)"
equal "the longest chain is named" "KUBE-SERVICES (legacy ip nat), 5000 rules" \
	"$(said .facts.longest_chain)"
equal "no other legacy table was made" "$listed" "$(names)"
sed 's,10\.96\.\([0-9]*\)\.\([0-9]*\)/32,fd00::\1:\2/128,
	s,10\.244\.\([0-9]*\)\.\([0-9]*\):80,[fd01::\1:\2]:80,' "$work/rules" |
	ip6tables-legacy-restore || exit 1
iptables-legacy -A INPUT -s 192.0.2.1 -j DROP || exit 1
check
equal "IPv6's table, too" "$(legacy 6)" "$(figures legacy.ip6.nat.rules legacy.ip6.nat.chains)"
equal "and the filter's" "1 3" "$(figures legacy.ip.filter.rules legacy.ip.filter.chains)"
equal "a Service of both families is one" 5000 "$(figures service_chains)"

# --- both backends ---
iptables-nft -A INPUT -s 192.0.2.2 -j DROP || exit 1
printf '[check.rules]\nservices_warn=100000\nservices_fail=100000\n' >"$work/p.ini"
out=$("$NODEFIT" check rules --json --profile "$work/p.ini" 2>/dev/null)
equal "rules in both backends are a finding" "warn TwoBackends" "$(verdict)"
nft flush ruleset

# --- a table of nft's own that has a name of iptables' ---
nft -f - <<END || exit 1
table ip filter {
	chain mine { counter; }
	chain input { type filter hook input priority 0; jump mine; }
}
END
out=$("$NODEFIT" check rules --json --profile "$work/p.ini" 2>/dev/null)
equal "rules by hand in a table filter are not iptables'" "pass RulesFew 0 2" \
	"$(verdict) $(figures iptables-nft.rules nftables.rules)"
nft flush ruleset

# --- kube-proxy's nftables mode: a namespace without the rest ---
kube_nftables 5000 15000 >"$work/rules"
cat >"$work/inside" <<END
nft -f "$work/rules" && "$NODEFIT" check rules --json 2>/dev/null
nft -j list ruleset >"$work/ruleset"
cat /proc/net/ip_tables_names
END
out=$(unshare -n sh "$work/inside")
equal "nftables, 15,000 rules: as nft counts them" \
	"$(jq -r '[.nftables[] | keys[0]] |
		"\(map(select(. == "rule")) | length) \(map(select(. == "chain")) | length)"' \
		"$work/ruleset")" "$(figures rules chains)"
equal "that is, of its table" "15000 10002" \
	"$(figures nftables.ip.kube-proxy.rules nftables.ip.kube-proxy.chains)"
equal "Services are the elements of service-ips" "5000 0" \
	"$(figures service_elements service_chains)"
equal "which are looked up, and pass" "pass RulesFew" "$(verdict)"

# --- only the second family has the map ---
cat >"$work/rules" <<END
table ip kube-proxy {
}
table ip6 kube-proxy {
	map service-ips {
		type ipv6_addr . inet_proto . inet_service : verdict
		elements = { fd00::1 . tcp . 80 : accept, fd00::2 . tcp . 80 : drop }
	}
}
END
out=$(unshare -n sh "$work/inside")
equal "a map of IPv6 alone is counted" 2 "$(figures service_elements)"

# --- a chain that is too long to be listed: 20,000 rules, and jumps of all kinds to it ---
awk 'BEGIN {
	print "table inet t { chain long { }\nchain other { jump long; ip saddr 192.0.2.1 goto long; }"
	print "map m { type ipv4_addr : verdict; elements = { 192.0.2.2 : jump long, 192.0.2.3 : accept } }"
	print "chain base { type filter hook input priority 0; ip saddr vmap { 192.0.2.4 : goto long, 192.0.2.5 : jump other }; ip saddr vmap @m; }"
	print "chain long {"
	for (i = 0; i < 20000; i++)
		printf "ip daddr 10.0.%d.%d accept\n", i / 256, i % 256
	print "}\n}"
}' >"$work/rules"
out=$(unshare -n sh "$work/inside")
equal "jumps to a long chain are not taken for its rules" "20004 3" \
	"$(figures nftables.inet.t.rules nftables.inet.t.chains)"
equal "it is named with its own" "long (nftables inet t), 20000 rules" \
	"$(said .facts.longest_chain)"

# --- its memory ---
case $NODEFIT in
*/asan/*) ;; # the sanitizer has its own
*)
	kube_nftables 5000 100000 >"$work/rules"
	cat >"$work/inside" <<END
nft -f "$work/rules" && "$NODEFIT" check rules --json 2>/dev/null
/usr/bin/python3 "$(dirname "$0")/peak.py" "$NODEFIT" check rules >"$work/peak"
END
	out=$(unshare -n sh "$work/inside")
	equal "100,000 rules of nf_tables are counted" 100000 "$(figures rules)"
	[ "$(cat "$work/peak")" -le 8192 ]
	ok $? "and take 8 MB at the most" "$(cat "$work/peak") kB"
	;;
esac
finish
