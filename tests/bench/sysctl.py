# SPDX-License-Identifier: Apache-2.0
"""`nodefit apply` beside sysctl, systemd-sysctl and TuneD on the same keys: whole processes, from
spawning to the end. Started by bench.py in mount and network namespaces of its own, and refuses to
work in its parent's."""
import ctypes
import errno
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
import stats  # noqa: E402

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
MEMORY_RUNS = 5
SYSTEMD_SYSCTL = "/lib/systemd/systemd-sysctl"
JOURNAL = Path("/var/lib/nodefit/journal")


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def guard(disk):
    """Makes everything that a peer might write private to this process, or ends it."""
    for kind in ("mnt", "net"):
        if os.readlink(f"/proc/self/ns/{kind}") == os.readlink(f"/proc/{os.getppid()}/ns/{kind}"):
            sys.exit("sysctl.py works in namespaces of its own only: start bench.py")
    mount("--make-rprivate", "/")
    mount("--bind", "/proc/sys", "/proc/sys")
    mount("--bind", "/proc/sys/net", "/proc/sys/net")
    mount("-o", "remount,ro,bind", "/proc/sys")
    mount("--rbind", "/sys", "/sys")
    mount("-o", "remount,ro,bind", "/sys")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    os.mkdir("/run/disk")
    mount("--bind", disk, "/run/disk")
    for folder in ("/var/lib", "/var/log", "/etc/sysctl.d", "/etc/tuned"):
        mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder)
    # The journal lies on a disk in life, and its fsync counts.
    os.mkdir("/var/lib/nodefit")
    mount("--bind", "/run/disk", "/var/lib/nodefit")
    if os.path.exists("/etc/sysctl.conf"):
        mount("--bind", "/dev/null", "/etc/sysctl.conf")
    try:
        os.close(os.open("/proc/sys/vm/swappiness", os.O_WRONLY))
    except OSError as error:
        if error.errno == errno.EROFS:
            return
    sys.exit("sysctl.py: /proc/sys could not be made read-only; nothing was measured")


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


NULL_FILES = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]


def wall_time(command):
    """Milliseconds from spawning to the end."""
    start = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=NULL_FILES)
    status = os.wait4(pid, 0)[1]
    ms = (time.perf_counter_ns() - start) / 1e6
    if status:
        raise RuntimeError(f"{' '.join(command)}: wait status {status}")
    return ms


def peak_memory(command):
    """Peak resident kB. A process spawned by Python begins with Python's own peak, so a small
    shell starts the command, ends at once, and the orphan comes to us as the subreaper."""
    shell = os.posix_spawn("/bin/sh", ["sh", "-c", '"$@" &', "sh", *command], os.environ,
                           file_actions=NULL_FILES)
    peak, seen = 0, False
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        if pid != shell:
            peak, seen = max(peak, usage.ru_maxrss), seen or status == 0
    if not seen:
        raise RuntimeError(f"{' '.join(command)} failed")
    return peak


class Peer:
    def __init__(self, name, command, every=1, applies=True, before=None):
        self.name, self.command, self.every = name, command, every
        self.applies, self.before = applies, before
        self.ms, self.kb = [], []

    def run(self, measure, changes):
        if changes:
            set_others()
        if self.before:
            self.before()
        figure = measure(self.command)
        if self.applies and not is_applied():
            raise RuntimeError(f"{self.name} did not set every key")
        return figure


def measure_all(peers, rounds, changes):
    """Rounds of all peers, in an order drawn anew each time."""
    dice = random.Random(2)
    for peer in peers:  # warms the page cache up
        peer.run(wall_time, changes)
        peer.kb = [peer.run(peak_memory, changes) for _ in range(MEMORY_RUNS)]
    for i in range(rounds):
        turn = [peer for peer in peers if i % peer.every == 0]
        dice.shuffle(turn)
        for peer in turn:
            peer.ms.append(peer.run(wall_time, changes))


def table(title, peers, goals):
    ours = next(peer for peer in peers if peer.name == "nodefit")
    print(f"\n{title}\n{'':<24}{'runs':>5}{'median':>12}{'peak':>10}  "
          f"{'nodefit / this':<26}goal")
    for peer in peers:
        line = (f"{peer.name:<24}{len(peer.ms):>5}{statistics.median(peer.ms):>9.2f} ms"
                f"{statistics.median(peer.kb):>7.0f} kB")
        if peer is not ours:
            ratio, bounds = stats.ratio_of_medians(ours.ms, peer.ms)
            line += f"  {ratio:<8.4f}[{bounds[0]:.4f}, {bounds[1]:.4f}]"
            if peer.name in goals:
                text, most = goals[peer.name]
                line += f"  {text}: {stats.verdict(ratio, bounds, 0, most)}"
        print(line, flush=True)


def peers_of(nodefit, rounds, changes):
    apply = [nodefit, "apply", "--profile", "/run/bench.ini"]
    peers = [Peer("nodefit", apply),
             Peer("sysctl -p", [shutil.which("sysctl"), "-p", "/run/bench.conf"]),
             Peer("systemd-sysctl", [SYSTEMD_SYSCTL, "/run/bench.conf"]),
             Peer("TuneD, one shot", [shutil.which("tuned"), "--no-dbus", "--no-socket",
                                      "--profile", "bench"], max(1, rounds // TUNED_RUNS)),
             Peer("(an empty program)", [shutil.which("true")], applies=False)]
    if changes:
        peers[0].before = lambda: JOURNAL.unlink(missing_ok=True)
        peers.append(Peer("nodefit, journal kept", apply))
    return peers


def compare(nodefit, rounds):
    peers = peers_of(nodefit, rounds, False)
    measure_all(peers, rounds, False)
    table(f"sysctl: apply {len(KEYS)} keys, nothing to do", peers,
          {"sysctl -p": ("2 at most", 2), "TuneD, one shot": ("1/50 at most", 1 / 50)})
    peers = peers_of(nodefit, rounds, True)
    measure_all(peers, rounds, True)
    changed = sum(1 for _, other in KEYS.values() if other)
    table(f"sysctl: apply {len(KEYS)} keys, {changed} of them changed. nodefit has no journal "
          "yet, as on a\nfirst run: it makes one durable on a disk before it writes", peers, {})


def main():
    nodefit, rounds, disk = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    tuned_main = Path("/etc/tuned/tuned-main.conf").read_text("utf-8")
    guard(disk)
    write_files(tuned_main)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    try:
        compare(nodefit, rounds)
    except (RuntimeError, OSError) as error:
        print(f"not measured: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
