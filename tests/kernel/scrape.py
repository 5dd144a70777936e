# SPDX-License-Identifier: Apache-2.0
"""False servers for `nodefit-net scrape`, and a parent that hands a socket over.

scrape.py serve MODE HOST PORT|unix PATH   until killed; prints "ready", then a line a request
scrape.py run PROGRAM WHAT [PATH]          its exit code, its peak memory in kB, its output
"""
import os
import socket
import subprocess
import sys
import time

HEALTH = (b'{"cilium":{"state":"Ok","msg":"1.16.3 (v1.16.3-f2217191)"},'
          b'"kube-proxy-replacement":{"mode":"True","features":{}}}')


def metrics():
    lines = [b"# HELP etcd_server_has_leader whether or not a leader exists"]
    for metric, labels in ((b"etcd_disk_wal_fsync_duration_seconds", b""),
                           (b"etcd_disk_backend_commit_duration_seconds", b""),
                           (b"etcd_network_peer_round_trip_time_seconds", b'To="8e9e05c52164694d",')):
        for le, n in ((b"0.001", 10), (b"0.002", 990), (b"+Inf", 1000)):
            lines.append(b'%s_bucket{%sle="%s"} %d' % (metric, labels, le, n))
    lines += [b"etcd_server_has_leader 1", b"process_start_time_seconds 1.79593246261e+09",
              b'etcd_server_version{server_version="3.5.9"} 1']
    return b"\n".join(lines) + b"\n"


def head(status, length=None, more=b""):
    size = b"" if length is None else b"Content-Length: %d\r\n" % length
    return b"HTTP/1.1 %s\r\n%s%sConnection: close\r\n\r\n" % (status, size, more)


def flood(c, piece):
    try:
        for _ in range(100 * 1024 * 1024 // len(piece)):
            c.sendall(piece)
    except OSError:
        pass


def answer(mode, c, body):
    if mode == "right":
        c.sendall(head(b"200 OK", len(body)) + body)
    elif mode == "status":
        c.sendall(head(b"500 Internal Server Error", len(body)) + body)
    elif mode == "redirect":
        c.sendall(head(b"302 Found", 0, b"Location: http://127.0.0.1:7001/proxyMode\r\n"))
    elif mode == "truncated":
        c.sendall(head(b"200 OK", len(body) + 100) + body)
    elif mode == "rubbish":
        c.sendall(os.urandom(4096))
    elif mode == "html":
        c.sendall(head(b"200 OK", 20) + b"<html>\nmode=x</html>")
    elif mode == "silent":
        time.sleep(600)
    elif mode == "drips":
        for b in head(b"200 OK", len(body)) + body:
            c.sendall(bytes([b]))
            time.sleep(0.5)
    elif mode == "flood":
        c.sendall(head(b"200 OK", 100 * 1024 * 1024))
        flood(c, b"has_leader 1\n" * 1024)
    elif mode == "endless-line":
        c.sendall(head(b"200 OK"))
        flood(c, b"x" * 65536)
    elif mode == "headers":
        c.sendall(b"HTTP/1.1 200 OK\r\n")
        flood(c, b"X-Header: y\r\n" * 1024)


def serve(mode, family, address):
    s = socket.socket(family)
    if family == socket.AF_UNIX:
        if os.path.exists(address):
            os.unlink(address)
    else:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    s.listen(16)
    print("ready", flush=True)
    while True:
        c, _ = s.accept()
        try:
            path = c.recv(4096).split(b" ")[1:2]
            print((path or [b"?"])[0].decode(), flush=True)
            body = {b"/metrics": metrics(), b"/v1/healthz": HEALTH}.get((path or [b""])[0], b"ipvs")
            answer(mode, c, body)
        except OSError:
            pass
        c.close()


def run(program, what, path):
    fds = []
    if path:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        os.dup2(s.fileno(), 3)
        fds = [3]
    child = subprocess.Popen([program, "scrape", what], stdin=sys.stdin, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, pass_fds=fds, env=dict(os.environ))
    out = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
    print(out, end="")


if sys.argv[1] == "serve":
    if sys.argv[3] == "unix":
        serve(sys.argv[2], socket.AF_UNIX, sys.argv[4])
    else:
        host = sys.argv[3]
        serve(sys.argv[2], socket.AF_INET6 if ":" in host else socket.AF_INET,
              (host, int(sys.argv[4])))
else:
    run(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else None)
