# SPDX-License-Identifier: Apache-2.0
"""`nodefit apply` of link settings beside ethtool and ip, on a veth with four queues. Started by
bench.py."""
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from processes import JOURNAL, Peer, guard, measure_all, mount, run, table  # noqa: E402

ETHTOOL, IP = shutil.which("ethtool"), shutil.which("ip")
LINK = Path("/sys/class/net/v0")


def command(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def make_link():
    queues = ("numrxqueues", "4", "numtxqueues", "4")
    command(IP, "link", "add", "v0", *queues, "type", "veth", "peer", "name", "v1", *queues)
    for end in ("v0", "v1"):
        command(IP, "link", "set", end, "up")


def undo():
    command(ETHTOOL, "-L", "v0", "rx", "4", "tx", "4")
    command(IP, "link", "set", "v0", "mtu", "1500")


def first_run():
    JOURNAL.unlink(missing_ok=True)
    undo()


def is_applied():
    return (len(list((LINK / "queues").iterdir())) == 4 and
            (LINK / "mtu").read_text("ascii").strip() == "1400")


def compare(nodefit, rounds):
    settings = "[net]\ndevices=v0\nmtu=1400\nchannels=rx 2 tx 2\n"
    Path("/run/all.ini").write_text(settings + "features=gro on tso off\n", "utf-8")
    Path("/run/two.ini").write_text(settings, "utf-8")
    peers = [Peer("nodefit", [nodefit, "apply", "--profile", "/run/all.ini"], holds=is_applied),
             Peer("ethtool -l, ip link show", [ETHTOOL, "-l", "v0"],
                  [IP, "link", "show", "v0"]),
             Peer("... and ethtool -k", [ETHTOOL, "-l", "v0"], [ETHTOOL, "-k", "v0"],
                  [IP, "link", "show", "v0"])]
    measure_all(peers, rounds)
    table("net: apply channels, MTU and features of a veth, nothing to do", peers,
          {"ethtool -l, ip link show": ("1 at most", 1)})
    apply = [nodefit, "apply", "--profile", "/run/two.ini"]
    peers = [Peer("nodefit", apply, before=first_run, holds=is_applied),
             Peer("ethtool -L, ip link set", [ETHTOOL, "-L", "v0", "rx", "2", "tx", "2"],
                  [IP, "link", "set", "v0", "mtu", "1400"], before=undo, holds=is_applied),
             Peer("nodefit, journal kept", apply, before=undo, holds=is_applied)]
    measure_all(peers, rounds)
    table("net: channels and MTU changed. nodefit also journals them on a disk and reads them "
          "back", peers, {})


def main():
    nodefit, rounds, disk = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    guard(disk)
    JOURNAL.unlink(missing_ok=True)  # of an earlier part, in another network namespace
    mount("-t", "sysfs", "nodefit", "/sys")
    make_link()
    return run(compare, nodefit, rounds)


if __name__ == "__main__":
    sys.exit(main())
