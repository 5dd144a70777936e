# SPDX-License-Identifier: Apache-2.0
"""What a fleet's run says. usage: fleet_judge.py KIND REPORTERS HEARTBEAT RUN ETCD-BYTES WATCH-FILE
The start is told apart: there each reporter reads its node back once, by design. The exit code is 0
whenever it measured and no request failed: a timing is never an assertion."""
import statistics
import sys
from pathlib import Path

kind, reporters, heartbeat = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
lines = Path(sys.argv[4]).read_text().splitlines()
etcd, watch = int(sys.argv[5]), Path(sys.argv[6])
seconds = [int(n) for n in lines[0].split()]
failures, read_by = [int(n) for n in lines[1].split()]
start = read_by + 1
steady = seconds[start:]
beats = sum(seconds) - reporters
with watch.open("rb") as f:
    events = sum(1 for _ in f)
size = watch.stat().st_size
print(f"heartbeat={kind}: {reporters} reporters, started at once, one heartbeat in {heartbeat:g} s, "
      f"{len(seconds)} s")
print(f"  start: all have read their node within {start} s, at the most "
      f"{max(seconds[:start])} requests/s")
if len(steady) < 5 or sum(steady) == 0:
    print("  then: too short a time to judge by; this machine's API server was busy with the start")
else:
    peak, mean = max(steady), statistics.mean(steady)
    print(f"  then: {mean:.0f} requests/s on average, peak {peak} = {peak / mean:.2f} of it; "
          f"goal 2: {'reached' if peak <= 2 * mean else 'missed'}")
print(f"  failures: {failures}")
print(f"  a heartbeat: {etcd / max(beats, 1) / 1000:.2f} kB to etcd; "
      f"{size / max(events, 1) / 1000:.2f} kB of each watch ({events} events)")
sys.exit(failures > 0 or beats <= 0)
