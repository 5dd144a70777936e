# SPDX-License-Identifier: Apache-2.0
"""`nodefit check fsync` beside fio with etcd's known command, on the same disk and folder."""
import json
import os
import statistics
import subprocess
import time

import stats


def timed(command, folder):
    """The JSON that the command prints, and the seconds it took."""
    start = time.perf_counter_ns()
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          check=False)
    seconds = (time.perf_counter_ns() - start) / 1e9
    return json.loads(done.stdout), seconds


def run_nodefit(nodefit, folder):
    report, seconds = timed([nodefit, "check", "fsync", "--profile", "./bench.ini", "--json"],
                            folder)
    check = report["checks"][0]
    if "p50" not in check["figures"]:
        raise RuntimeError(f"nodefit could not measure: {check['message']}")
    figures = {name: figure["value"] for name, figure in check["figures"].items()}
    return {"p50": figures["p50"], "p99": figures["p99"], "low": figures["p99_low"],
            "high": figures.get("p99_high", float("inf")), "n": figures["samples"],
            "seconds": seconds}


def run_fio(folder):
    report, seconds = timed(
        ["fio", "--name=x", f"--directory={folder}", "--rw=write", "--ioengine=sync",
         "--fdatasync=1", "--size=22m", "--bs=2300", "--output-format=json"], folder)
    for name in os.listdir(folder):
        if name.startswith("x."):
            os.unlink(os.path.join(folder, name))
    job = report["jobs"][0]
    percentile = job["sync"]["lat_ns"]["percentile"]
    return {"p50": percentile["50.000000"] / 1e6, "p99": percentile["99.000000"] / 1e6,
            "n": job["write"]["total_ios"], "seconds": seconds}


def measure(nodefit, pairs, folder):
    """fio between two runs of nodefit: a drift of the disk's speed cancels out."""
    ours, theirs = [], []
    with open(os.path.join(folder, "bench.ini"), "w", encoding="utf-8") as profile:
        profile.write(f"[check.fsync]\npath={folder}\n")
    for _ in range(pairs):
        before = run_nodefit(nodefit, folder)
        theirs.append(run_fio(folder))
        ours.append((before, run_nodefit(nodefit, folder)))
    return ours, theirs


def table(ours, theirs):
    runs = [run for both in ours for run in both]
    counts = [run["n"] for run in runs]
    inside = sum(run["low"] <= peer["p99"] <= run["high"]
                 for both, peer in zip(ours, theirs) for run in both)
    print(f"{'':<16}{'nodefit':>10}{'fio':>10}  {'nodefit / fio':<22}goal")
    for label, name, unit, low, high, goal in (
            ("p50", "p50", "ms", 0.97, 1.03, "0.97 to 1.03"),
            ("p99", "p99", "ms", None, None, ""),
            ("time to verdict", "seconds", "s", 0, 1 / 3, "1/3 at most")):
        means = [statistics.geometric_mean(run[name] for run in both) for both in ours]
        peers = [peer[name] for peer in theirs]
        ratio, (least, most) = stats.median_of_ratios(means, peers)
        if goal:
            goal += ": " + stats.verdict(ratio, (least, most), low, high)
        print(f"{label:<16}{statistics.median(run[name] for run in runs):>7.3f} {unit:<2}"
              f"{statistics.median(peers):>7.3f} {unit:<2}  "
              f"{ratio:<6.3f}{f'[{least:.3f}, {most:.3f}]':<16}{goal}".rstrip())
    print(f"syncs: nodefit {min(counts):.0f} to {max(counts):.0f}, median "
          f"{statistics.median(counts):.0f}; fio {theirs[0]['n']}. fio's p99 lies in nodefit's "
          f"own 95% interval in {inside} of {len(runs)} cases.")


def run(nodefit, pairs, folder):
    print(f"\nfsync: {pairs} times nodefit, fio, nodefit; the median of the ratios of nodefit's "
          "geometric mean to fio", flush=True)
    try:
        table(*measure(nodefit, pairs, folder))
    except (RuntimeError, ValueError, KeyError, IndexError, OSError) as error:
        print(f"not measured: {error}")
        return 1
    return 0
