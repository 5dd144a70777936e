# SPDX-License-Identifier: Apache-2.0
"""What a container runtime makes of one container of the DaemonSet's pod, for runc: its config.json.
Volumes that are not the node's own folders lie in PODS/VOLUME.
usage: bundle.py DAEMONSET.YAML CONTAINER ROOTFS PODS >config.json"""
import json
import sys
from pathlib import Path

import yaml

# Linux's capabilities, by their bits (capability.h): all of them is what privileged means.
CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()]
UNITS = {"Mi": 1 << 20}

manifest, name, rootfs, pods = sys.argv[1:]
pod = yaml.safe_load(Path(manifest).read_text("utf-8"))["spec"]["template"]["spec"]
container = next(c for c in pod["containers"] if c["name"] == name)
volumes = {v["name"]: v for v in pod["volumes"]}
security = container["securityContext"]
privileged = security.get("privileged", False)
held = CAPABILITIES if privileged else []
assert pod["hostNetwork"] and pod["hostPID"] and (privileged or security["capabilities"]["drop"] == ["ALL"])


def bind(mount):
    volume = volumes[mount["name"]]
    source = volume["hostPath"]["path"] if "hostPath" in volume else f"{pods}/{mount['name']}"
    return {"destination": mount["mountPath"], "type": "bind", "source": source,
            "options": ["rbind", "ro" if mount.get("readOnly") else "rw",
                        "rslave" if mount.get("mountPropagation") == "HostToContainer" else "rprivate"]}


quiet = ["nosuid", "noexec", "nodev"]
mounts = [{"destination": "/proc", "type": "proc", "source": "proc", "options": quiet},
          {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
          {"destination": "/sys", "type": "sysfs", "source": "sysfs",
           "options": quiet + ["rw" if privileged else "ro"]},
          {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
           "options": quiet + ["rw" if privileged else "ro"]}]
memory = container["resources"]["limits"]["memory"]
json.dump({
    "ociVersion": "1.0.2",
    "root": {"path": rootfs, "readonly": security["readOnlyRootFilesystem"]},
    "process": {
        "args": container["command"], "cwd": "/",
        # The API server's address is kubelet's doing, too.
        "env": ["PATH=/usr/bin:/bin", "KUBERNETES_SERVICE_HOST=10.0.2.2", "KUBERNETES_SERVICE_PORT=6443"] +
               [f"{e['name']}=node-7" for e in container.get("env", [])],
        "user": {"uid": security["runAsUser"], "gid": security["runAsGroup"]},
        "capabilities": {kind: held for kind in ("bounding", "effective", "permitted")},
        "noNewPrivileges": not security.get("allowPrivilegeEscalation", privileged)},
    "mounts": mounts + [bind(m) for m in container["volumeMounts"]],
    "linux": {
        "cgroupsPath": f"/pod/{name}",
        # The node's network, processes and name are the pod's.
        "namespaces": [{"type": "mount"}, {"type": "ipc"}],
        "resources": {"devices": [{"allow": privileged, "access": "rwm"}],
                      "memory": {"limit": int(memory[:-2]) * UNITS[memory[-2:]]}},
        "maskedPaths": [] if privileged else ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
        "readonlyPaths": [] if privileged else ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                "/proc/sysrq-trigger"]}}, sys.stdout, indent=1)
