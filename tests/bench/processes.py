# SPDX-License-Identifier: Apache-2.0
"""Whole processes side by side, from spawning to the end, in mount and network namespaces of the
run's own."""
import ctypes
import errno
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import stats

MEMORY_RUNS = 5
JOURNAL = Path("/var/lib/nodefit/journal")


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def guard(disk):
    """Makes everything that a peer might write private to this process, or ends it."""
    for kind in ("mnt", "net"):
        if os.readlink(f"/proc/self/ns/{kind}") == os.readlink(f"/proc/{os.getppid()}/ns/{kind}"):
            sys.exit("the benchmark works in namespaces of its own only: start bench.py")
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
    sys.exit("/proc/sys could not be made read-only; nothing was measured")


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
    """A program, or several in turn, that do the same work. `before` makes it necessary, `holds`
    tells whether it was done."""

    def __init__(self, name, *commands, every=1, before=None, holds=None):
        self.name, self.commands, self.every = name, commands, every
        self.before, self.holds = before, holds
        self.ms, self.kb = [], []

    def run(self, measure, add):
        if self.before:
            self.before()
        figure = add(measure(command) for command in self.commands)
        if self.holds and not self.holds():
            raise RuntimeError(f"{self.name} did not set everything")
        return figure


def measure_all(peers, rounds):
    """Rounds of all peers, in an order drawn anew each time."""
    dice = random.Random(2)
    for peer in peers:  # warms the page cache up
        peer.run(wall_time, sum)
        peer.kb = [peer.run(peak_memory, max) for _ in range(MEMORY_RUNS)]
    for i in range(rounds):
        turn = [peer for peer in peers if i % peer.every == 0]
        dice.shuffle(turn)
        for peer in turn:
            peer.ms.append(peer.run(wall_time, sum))


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


def run(compare, *args):
    """Runs a comparison; a failed one is told, and is exit code 1."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    try:
        compare(*args)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"not measured: {error}")
        return 1
    return 0
