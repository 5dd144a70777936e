# SPDX-License-Identifier: Apache-2.0
"""Compares what the chart renders with what kustomize does, object by object: it prints every
difference, and exits 1 then. What only says who made an object is left out: Helm's labels, the
hash in a generated ConfigMap's name and the checksum of it, comments in agent.conf.
usage: compare.py KUSTOMIZED CHART"""
import re
import sys

import yaml


def plain(thing):
    """An object without what is its maker's."""
    if thing["kind"] == "ConfigMap":
        thing["data"] = {name: "\n".join(line.strip() for line in text.splitlines()
                                         if line.strip() and not line.startswith("#"))
                         for name, text in thing["data"].items()}
    meta = thing["metadata"]
    meta["name"] = re.sub("^nodefit-[0-9a-z]{10}$", "nodefit", meta["name"]) \
        if thing["kind"] == "ConfigMap" else meta["name"]
    if thing["kind"] != "Namespace":
        meta.pop("labels", None)
    if thing["kind"] == "DaemonSet":
        thing["spec"]["template"]["metadata"]["annotations"].pop("checksum/config", None)
        # A kustomize patch may put them in another order.
        thing["spec"]["template"]["spec"]["containers"].sort(key=lambda c: c["name"])
        for volume in thing["spec"]["template"]["spec"]["volumes"]:
            if "configMap" in volume:
                volume["configMap"]["name"] = re.sub("^nodefit-[0-9a-z]{10}$", "nodefit",
                                                     volume["configMap"]["name"])
    return thing


def read(path):
    with open(path, encoding="utf-8") as f:
        things = [plain(t) for t in yaml.safe_load_all(f) if t]
    found = {(t["kind"], t["metadata"].get("namespace"), t["metadata"]["name"]): t for t in things}
    if len(found) != len(things):
        sys.exit(f"{path}: two objects of one name")
    return found


def differences(a, b, where):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            if key not in a or key not in b:
                yield f"{where}.{key}: only in the {'chart' if key in b else 'kustomization'}"
            else:
                yield from differences(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{where}[{i}]")
    elif a != b:
        yield f"{where}: {a!r} in the kustomization, {b!r} in the chart"


kustomized, chart = read(sys.argv[1]), read(sys.argv[2])
told = [f"{key}: only in the {'chart' if key in chart else 'kustomization'}"
        for key in sorted(set(kustomized) ^ set(chart), key=str)]
for key in sorted(set(kustomized) & set(chart), key=str):
    told += differences(kustomized[key], chart[key], "/".join(k for k in key if k))
print("\n".join(told))
sys.exit(1 if told or not kustomized else 0)
