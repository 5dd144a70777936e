# SPDX-License-Identifier: Apache-2.0
"""`nodefit check rules` beside the tools that print all rules. Started by bench.py."""
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from processes import Peer, guard, measure_all, run, table  # noqa: E402


def nftables(services, rules):
    """kube-proxy's nftables mode: two chains for each Service, and a map to the first of them."""
    at = [f"{i >> 8}.{i & 255}" for i in range(services)]
    yield "table ip kube-proxy {\n"
    for i in range(services):
        yield f"chain service-{i} {{ }}\nchain endpoint-{i} {{ }}\n"
    yield "map service-ips { type ipv4_addr . inet_proto . inet_service : verdict\nelements = {\n"
    for i in range(services):
        yield f"10.96.{at[i]} . tcp . 80 : goto service-{i},\n"
    yield "}\n}\nchain services { ip daddr . ip protocol . th dport vmap @service-ips; }\n"
    for i in range(services):
        yield f"chain service-{i} {{ ip daddr 10.96.{at[i]} counter goto endpoint-{i}; }}\n"
    for n in range(rules - services - 1):
        yield (f"chain endpoint-{n % services} "
               f"{{ ip saddr 10.244.{n >> 8 & 255}.{n & 255} counter return; }}\n")
    yield "}\n"


def iptables(services, rules):
    yield "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n"
    for i in range(services):
        yield f":KUBE-SVC-{i:016X} - [0:0]\n:KUBE-SEP-{i:016X} - [0:0]\n"
    for i in range(services):
        yield (f"-A KUBE-SERVICES -d 10.96.{i >> 8}.{i & 255}/32 -p tcp -m tcp --dport 80 "
               f"-j KUBE-SVC-{i:016X}\n-A KUBE-SVC-{i:016X} -j KUBE-SEP-{i:016X}\n")
    for n in range(rules - 2 * services):
        yield (f"-A KUBE-SEP-{n % services:016X} -p tcp -j DNAT "
               f"--to-destination 10.244.{n >> 8 & 255}.{n & 255}:80\n")
    yield "COMMIT\n"


def load(command, lines):
    subprocess.run(command, input="".join(lines).encode("ascii"), check=True)


def side_by_side(nodefit, rounds, title, command, goals):
    name = " ".join(command)
    command = [shutil.which(command[0]), *command[1:]]
    peers = [Peer("nodefit", [nodefit, "check", "rules"]),
             Peer(f"{name} | wc -l", ["/bin/sh", "-c", " ".join(command) + " | wc -l"])]
    measure_all(peers, rounds)
    table(title, peers, {f"{name} | wc -l": goals} if goals else {})
    return peers[0]


def compare(nodefit, rounds):
    load([shutil.which("nft"), "-f", "-"], nftables(5000, 100000))
    ours = side_by_side(nodefit, rounds, "rules: 100,000 rules of nf_tables in 10,001 chains",
                        ["nft", "list", "ruleset"], ("1/10 at most", 1 / 10))
    reached = "reached" if max(ours.kb) <= 8192 else "missed"
    print(f"  goal: peak at most 8 MiB: {reached} ({max(ours.kb)} kB)")
    subprocess.run([shutil.which("nft"), "flush", "ruleset"], check=True)
    if shutil.which("iptables-legacy-restore"):
        load([shutil.which("iptables-legacy-restore")], iptables(4999, 15000))
        side_by_side(nodefit, rounds, "rules: 15,000 rules of iptables' legacy backend",
                     ["iptables-legacy-save"], None)


def main():
    nodefit, rounds, disk = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    guard(disk)
    return run(compare, nodefit, rounds)


if __name__ == "__main__":
    sys.exit(main())
