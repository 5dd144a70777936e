# SPDX-License-Identifier: Apache-2.0
"""A false kube-proxy or Cilium: false_proxy.py http MODE [PORT] answers /proxyMode on loopback,
false_proxy.py cilium SOCKET MODE answers /v1/healthz, with MODE "silent" nothing ever."""
import json
import socket
import sys
import time


def serve(listener, path, kind, body):
    while True:
        peer, _ = listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            part = peer.recv(4096)
            if not part:
                break
            request += part
        found = request.split(b" ")[1:2] == [path.encode()]
        text = body.encode() if found else b"not found"
        peer.sendall(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
                     b"Connection: close\r\n\r\n" % (b"200 OK" if found else b"404 Not Found",
                                                     kind.encode(), len(text)) + text)
        peer.close()


if sys.argv[1] == "http":
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 10249))
    listener.listen()
    serve(listener, "/proxyMode", "text/plain", sys.argv[2])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen()
if sys.argv[3] == "silent":
    time.sleep(600)
serve(listener, "/v1/healthz", "application/json",
      json.dumps({"cilium": {"state": "Ok", "msg": "1.16.3 (v1.16.3-f2217191)"},
                  "kube-proxy-replacement": {"mode": sys.argv[3]}}))
