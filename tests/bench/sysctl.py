# SPDX-License-Identifier: Apache-2.0
"""`nodefit apply` beside sysctl, systemd-sysctl and TuneD on the same keys. Started by bench.py."""
import os
import re
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from processes import JOURNAL, Peer, guard, measure_all, run, table  # noqa: E402

# Keys that a network namespace has of its own: what is wanted, and another value for those that
# the second case changes.
KEYS = {
    "net.ipv4.ip_forward": ("1", "0"),
    "net.core.somaxconn": ("32768", "4096"),
    "net.ipv4.ip_local_port_range": ("10240 65535", "32768 60999"),
    "net.ipv4.tcp_tw_reuse": ("1", "2"),
    "net.ipv4.ip_local_reserved_ports": ("2379-2381,6443,10248-10260,30000-32767", None),
    "net.ipv4.tcp_timestamps": ("1", None),
    "net.ipv4.tcp_fin_timeout": ("30", None),
}
TUNED_RUNS = 20  # it is slow
SYSTEMD_SYSCTL = "/lib/systemd/systemd-sysctl"


def write_files(tuned_main):
    """The same keys in each peer's own format."""
    lines = "".join(f"{key} = {wanted}\n" for key, (wanted, _) in KEYS.items())
    Path("/run/bench.conf").write_text(lines, "utf-8")
    Path("/run/bench.ini").write_text("[sysctl]\n" + lines, "utf-8")
    os.mkdir("/etc/tuned/bench")
    Path("/etc/tuned/bench/tuned.conf").write_text("[sysctl]\n" + lines, "utf-8")
    # One-shot mode: TuneD applies the profile and ends. All else stays as it is packaged.
    Path("/etc/tuned/tuned-main.conf").write_text(
        re.sub(r"(?m)^daemon\s*=.*", "daemon = 0", tuned_main), "utf-8")


def path_of(key):
    return Path("/proc/sys", key.replace(".", "/"))


def set_others():
    for key, (_, other) in KEYS.items():
        if other:
            path_of(key).write_text(other, "ascii")


def is_applied():
    return all(path_of(key).read_text("ascii").split() == wanted.split()
               for key, (wanted, _) in KEYS.items())


def peers_of(nodefit, rounds, before):
    apply = [nodefit, "apply", "--profile", "/run/bench.ini"]
    work = {"before": before, "holds": is_applied}
    return [Peer("nodefit", apply, **work),
            Peer("sysctl -p", [shutil.which("sysctl"), "-p", "/run/bench.conf"], **work),
            Peer("systemd-sysctl", [SYSTEMD_SYSCTL, "/run/bench.conf"], **work),
            Peer("TuneD, one shot", [shutil.which("tuned"), "--no-dbus", "--no-socket",
                                     "--profile", "bench"],
                 every=max(1, rounds // TUNED_RUNS), **work),
            Peer("(an empty program)", [shutil.which("true")])]


def first_run():
    JOURNAL.unlink(missing_ok=True)
    set_others()


def compare(nodefit, rounds):
    peers = peers_of(nodefit, rounds, None)
    measure_all(peers, rounds)
    table(f"sysctl: apply {len(KEYS)} keys, nothing to do", peers,
          {"sysctl -p": ("2 at most", 2), "TuneD, one shot": ("1/50 at most", 1 / 50)})
    peers = peers_of(nodefit, rounds, set_others)
    peers.append(Peer("nodefit, journal kept", *peers[0].commands, before=set_others,
                      holds=is_applied))
    peers[0].before = first_run
    measure_all(peers, rounds)
    changed = sum(1 for _, other in KEYS.values() if other)
    table(f"sysctl: apply {len(KEYS)} keys, {changed} of them changed. nodefit has no journal "
          "yet, as on a\nfirst run: it makes one durable on a disk before it writes", peers, {})


def main():
    nodefit, rounds, disk = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    tuned_main = Path("/etc/tuned/tuned-main.conf").read_text("utf-8")
    guard(disk)
    write_files(tuned_main)
    first_run()
    return run(compare, nodefit, rounds)


if __name__ == "__main__":
    sys.exit(main())
