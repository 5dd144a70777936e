# SPDX-License-Identifier: Apache-2.0
"""A false API server for faults that the real one won't produce. It holds one Node, applies the
strategic merge patch of its conditions, and does what the file MODE in its folder says:
ok, 401 403 404 429 500, hang, slow (1.5 s), cut (half a reply), flood (100 MB), headers (as many),
drop (no reply), lost (a patch is done, and not answered), or readonly (500 to all but GET).
usage: false_api.py FOLDER, which has cert.pem, key.pem, token; it writes port and requests."""
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])
node = {"kind": "Node", "metadata": {"name": "n1"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


leases = set()


def merge(patch):
    conditions = node["status"]["conditions"]
    for new in patch["status"]["conditions"]:
        conditions[:] = [c for c in conditions if c["type"] != new["type"]]
        if new.get("$patch") != "delete":
            conditions.append(new)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"{}", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        mode = (folder / "mode").read_text().strip()
        token = (folder / "token").read_text().strip()
        with (folder / "requests").open("a") as f:
            f.write(json.dumps({"method": self.command, "path": self.path, "mode": mode,
                                "type": self.headers.get("Content-Type"), "at": time.time(),
                                "body": json.loads(body) if body else None}) + "\n")
        if self.headers.get("Authorization") != f"Bearer {token}":
            return self.reply(401)
        if mode == "hang":
            time.sleep(600)
            return None
        if mode == "drop":
            self.close_connection = True
            return None
        if mode == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"{")
            self.close_connection = True
            return None
        if mode == "flood":
            self.send_response(200)
            self.send_header("Content-Length", str(100 << 20))
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(b" " * (1 << 20))
            except OSError:
                self.close_connection = True
            return None
        if mode == "headers":
            self.close_connection = True
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for n in range(100 << 4):
                    self.wfile.write(b"X-%d: " % n + b"x" * (1 << 16) + b"\r\n")
            except OSError:
                pass
            return None
        if mode == "slow":
            time.sleep(1.5)
        if mode == "429":
            return self.reply(429, headers=[("Retry-After", "2")])
        if mode == "readonly" and self.command != "GET":
            return self.reply(500)
        if mode.isdigit():
            return self.reply(int(mode))
        if "/leases" in self.path:
            if self.command == "POST":
                leases.add(json.loads(body)["metadata"]["name"])
                return self.reply(201)
            return self.reply(200 if self.path.rsplit("/", 1)[1] in leases else 404)
        if "/events" in self.path:
            return self.reply(201 if self.command == "POST" else 200)
        if self.command == "PATCH":
            merge(json.loads(body))
        if mode == "lost" and self.command == "PATCH":
            (folder / "node").write_text(json.dumps(node))
            self.close_connection = True
            return None
        (folder / "node").write_text(json.dumps(node))
        return self.reply(200, json.dumps(node).encode())

    do_GET = do_PATCH = do_POST = do_PUT = handle_one


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
# Started again it is at the same place.
before = folder / "port"
port = int(before.read_text()) if before.exists() else 0
server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True)
(folder / "port").write_text(str(server.server_port))
server.serve_forever()
