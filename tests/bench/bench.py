# SPDX-License-Identifier: Apache-2.0
"""nodefit beside its peers, as ratios measured in one and the same run. Needs root; changes
nothing on the machine: sysctls are written in namespaces of the run's own.
The exit code is 0 whenever it measured: a timing is never an assertion."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import fsync  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodefit", help="the program, e.g. build/release/nodefit")
    parser.add_argument("--only", choices=("sysctl", "net", "rules", "steady", "fsync"))
    parser.add_argument("--rounds", type=int, default=400,
                        help="of sysctl and net, and an 80th of it of rules; TuneD takes part in 20 "
                        "(%(default)s)")
    parser.add_argument("--pairs", type=int, default=40,
                        help="of nodefit and fio (%(default)s, about 4 s each)")
    parser.add_argument("--seconds", type=int, default=300,
                        help="of steady, after a minute to warm up (%(default)s)")
    parser.add_argument("--folder", default="/var/tmp", help="on the disk to use (%(default)s)")
    args = parser.parse_args()
    nodefit = os.path.abspath(args.nodefit)
    needed = {"sysctl": ["unshare", "mount", "sysctl", "tuned"],
              "net": ["unshare", "mount", "ethtool", "ip"],
              "rules": ["unshare", "mount", "nft"],
              "steady": ["unshare", "mount", "ip", "openssl"], "fsync": ["fio"]}
    missing = [p for part in needed if args.only in (None, part)
               for p in needed[part] if not shutil.which(p)]
    if os.geteuid() != 0 or not os.access(nodefit, os.X_OK) or missing:
        sys.exit(f"bench needs root, {nodefit} and {', '.join(missing) or 'its peers'}; "
                 "`make bench` installs and builds what is missing")
    print(f"{os.cpu_count()} CPUs, kernel {os.uname().release}, load "
          f"{os.getloadavg()[0]:.1f} at the start. Ratios: median, [95% interval].", flush=True)
    folder = tempfile.mkdtemp(prefix="nodefit-bench-", dir=args.folder)
    code = 0
    try:
        rounds, seconds = max(2, args.rounds), max(2, args.seconds)
        for part, size in (("sysctl", rounds), ("net", rounds), ("rules", max(2, rounds // 80)),
                           ("steady", seconds)):
            if args.only not in (None, part):
                continue
            code = subprocess.run(
                ["unshare", "--mount", "--net", "--propagation", "private", sys.executable,
                 os.path.join(HERE, part + ".py"), nodefit, str(size), folder],
                check=False).returncode or code
        if args.only in (None, "fsync"):
            code = fsync.run(nodefit, max(2, args.pairs), folder) or code
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
