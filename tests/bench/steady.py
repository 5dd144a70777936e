# SPDX-License-Identifier: Apache-2.0
"""What the agent and the reporter cost while nothing happens, beside programs that only open the
same libraries. Default configuration, real checks, and an API server that takes everything. Started
by bench.py."""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
from processes import guard, mount, run  # noqa: E402

WARM_S = 60  # by then every check has its first answer
TICK = os.sysconf("SC_CLK_TCK")
API = Path(__file__).parent.parent / "cluster" / "false_api.py"


def command(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def status(pid):
    """Resident and anonymous kB."""
    fields = dict(line.split(":", 1) for line in
                  Path(f"/proc/{pid}/status").read_text("ascii").splitlines())
    return int(fields["VmRSS"].split()[0]), int(fields["RssAnon"].split()[0])


def cpu(pid):
    """Seconds of itself, to the nanosecond, and of the workers it has waited for, in ticks."""
    own = int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return own + (int(fields[13]) + int(fields[14])) / TICK


def requests(folder):
    text = (folder / "requests").read_text("utf-8") if (folder / "requests").exists() else ""
    return [json.loads(line)["method"] for line in text.splitlines()]


def make_machine(folder):
    mount("-t", "sysfs", "bench", "/sys")
    command("ip", "link", "set", "lo", "up")
    command("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    for end in ("v0", "v1"):
        command("ip", "link", "set", end, "up")
    command("ip", "address", "add", "192.0.2.1/24", "dev", "v0")
    command("ip", "route", "add", "default", "via", "192.0.2.254")
    folder.mkdir()
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    (folder / "token").write_text("token", "ascii")
    (folder / "mode").write_text("ok", "ascii")
    folder.chmod(0o755)
    (folder / "token").chmod(0o644)


def start_all(nodefit, folder, started):
    api = subprocess.Popen([sys.executable, str(API), str(folder)])
    started.append(api)
    while not (folder / "port").exists():
        time.sleep(0.05)
    port = (folder / "port").read_text("ascii")
    (folder / "kubeconfig").write_text(
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
        f'clusters: [{{name: k, cluster: {{server: "https://127.0.0.1:{port}", '
        f"certificate-authority: {folder}/cert.pem}}}}]\n"
        f"users: [{{name: u, user: {{tokenFile: {folder}/token}}}}]\n", "ascii")
    (folder / "agent.conf").write_text(
        f"[reporter]\nkubeconfig={folder}/kubeconfig\n", "ascii")
    os.mkdir("/run/nodefit")
    config = ("--config", str(folder / "agent.conf"))
    build = Path(nodefit).parent
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for name, words in (("agent", [nodefit, "agent", *config]),
                        ("reporter", [str(build / "nodefit-net"), "report", *config]),
                        ("bare", [str(build / "tests/bench/bare")]),
                        ("bare-net", [str(build / "tests/bench/bare-net")])):
        process = subprocess.Popen(words, **quiet)
        started.append(process)
        yield name, process.pid


def compare(nodefit, seconds, started):
    folder = Path("/run/bench")
    make_machine(folder)
    pids = dict(start_all(nodefit, folder, started))
    time.sleep(WARM_S)
    before, asked = {name: cpu(pid) for name, pid in pids.items()}, len(requests(folder))
    begin, memory = time.monotonic(), {name: (0, 0) for name in pids}
    while time.monotonic() - begin < seconds:
        time.sleep(1)
        for name, pid in pids.items():
            memory[name] = tuple(map(max, memory[name], status(pid)))
    whole = time.monotonic() - begin
    share = {name: 100 * (cpu(pid) - before[name]) / whole for name, pid in pids.items()}
    sent = requests(folder)[asked:]
    print(f"\nsteady: the default configuration over {whole:.0f} s, the greatest of each second\n"
          f"{'':<12}{'resident':>12}{'anonymous':>12}{'of one CPU':>12}"
          "  beside its libraries alone")
    for name, bare in (("agent", "bare"), ("reporter", "bare-net")):
        print(f"{name:<12}{memory[name][0]:>9} kB{memory[name][1]:>9} kB{share[name]:>11.4f}%  "
              f"{memory[name][0] / memory[bare][0]:.2f} of {memory[bare][0]} kB, "
              f"{memory[name][1] / memory[bare][1]:.2f} of {memory[bare][1]} kB")
    both = share["agent"] + share["reporter"]
    goals = ((f"agent at most 4 MiB and 1 MiB", memory["agent"][0] <= 4096 and
              memory["agent"][1] <= 1024),
             (f"reporter at most 13 MiB and 2.5 MiB", memory["reporter"][0] <= 13 * 1024 and
              memory["reporter"][1] <= 2560),
             (f"both {both:.4f}% of one CPU, at most 0.05%", both <= 0.05),
             (f"no GET to the API ({len(sent)} requests; {asked} at the start)",
              "GET" not in sent and asked > 0))
    for text, reached in goals:
        print(f"  goal: {text}: {'reached' if reached else 'missed'}")


def main():
    guard(sys.argv[3])
    started = []
    if not shutil.which("openssl"):
        print("not measured: openssl is missing")
        return 1
    try:
        return run(compare, sys.argv[1], float(sys.argv[2]), started)
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
