# SPDX-License-Identifier: Apache-2.0
"""Creates the nodes of a fleet, each with 50 images and the condition that its reporter holds true,
and their leases. usage: fleet_nodes.py https://HOST:PORT PKI-FOLDER NUMBER"""
import http.client
import json
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

server, pki, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
THREADS = 8
IMAGES = [{"names": [f"registry.example.org/team/application-{i:02}@sha256:{i:064x}",
                     f"registry.example.org/team/application-{i:02}:v1.{i}.0"],
           "sizeBytes": 50_000_000 + i} for i in range(50)]
STAMP = "2026-01-01T00:00:00Z"


def condition(kind, reason, message):
    return {"type": kind, "status": "True", "reason": reason, "message": message,
            "lastHeartbeatTime": STAMP, "lastTransitionTime": STAMP}


def create(share):
    context = ssl.create_default_context(cafile=f"{pki}/ca.pem")
    context.load_cert_chain(f"{pki}/admin.pem", f"{pki}/admin.key")
    connection = http.client.HTTPSConnection(urlsplit(server).netloc, context=context)
    for i in range(share, number, THREADS):
        name = f"fleet-{i}"
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {
            "images": IMAGES, "conditions": [
                condition("Ready", "KubeletReady", "kubelet is posting ready status"),
                condition("NodeFit", "AllChecksPass", "all checks pass")]}}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                 "metadata": {"name": name}, "spec": {"holderIdentity": name}}
        for path, body in (("/api/v1/nodes", node),
                           ("/apis/coordination.k8s.io/v1/namespaces/nodefit/leases", lease)):
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read().decode()
            if reply.status != 201:
                raise SystemExit(f"{path}: {reply.status} {text[:200]}")


with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(create, range(THREADS)))
