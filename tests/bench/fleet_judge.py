# SPDX-License-Identifier: Apache-2.0
"""What a fleet's run says. usage: fleet_judge.py KIND REPORTERS HEARTBEAT RUN ETCD-BYTES WATCH-FILE
A request counts in a thirtieth of the heartbeat, which stands for ten seconds of its five minutes.
The exit code is 0 whenever it measured and no request failed: a timing is never an assertion."""
import statistics
import sys
from pathlib import Path

kind, reporters, heartbeat = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
lines = Path(sys.argv[4]).read_text("ascii").splitlines()
etcd, watch = int(sys.argv[5]), Path(sys.argv[6])
seconds = [int(n) for n in lines[0].split()]
failures, read_by = [int(n) for n in lines[1].split()]
size = max(heartbeat // 30, 1)
windows = [sum(seconds[i:i + size]) / size for i in range(0, len(seconds) - size + 1, size)]
peak, mean = max(windows), statistics.mean(windows)
# Each has read its node once; the rest are heartbeats.
beats = sum(seconds) - reporters
with watch.open("rb") as f:
    events = sum(1 for _ in f)
print(f"heartbeat={kind}: {reporters} reporters, started at once, a heartbeat in {heartbeat} s, "
      f"{len(seconds)} s")
print(f"  {mean:.0f} requests/s on average, at the most {peak:.0f} in {size} s = {peak / mean:.2f} "
      f"of it; goal 2: {'reached' if peak <= 2 * mean else 'missed'}")
print(f"  every node is read back within {read_by + 1} s; failures: {failures}")
print(f"  a heartbeat: {etcd / max(beats, 1) / 1000:.2f} kB to etcd; "
      f"{watch.stat().st_size / max(events, 1) / 1000:.2f} kB of each watch ({events} events)")
sys.exit(failures > 0 or beats <= 0)
