# SPDX-License-Identifier: Apache-2.0
"""Prints the peak resident kB of a command and of those that it waits for. A process that Python
starts begins with Python's own peak: a shell starts it, ends, and leaves it to us."""
import ctypes
import os
import sys

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
shell = os.posix_spawn("/bin/sh", ["sh", "-c", '"$@" &', "sh", *sys.argv[1:]], os.environ,
                       file_actions=quiet)
peak = 0
while True:
    try:
        pid, _, usage = os.wait4(-1, 0)
    except ChildProcessError:
        break
    if pid != shell:
        peak = max(peak, usage.ru_maxrss)
print(peak)
