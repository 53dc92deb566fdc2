"""A stand-in for the command `novabox`, a program of its own: `python stub.py FOLDER doctor …`.

Its machine is a file in FOLDER: what is broken, what was mended, whether a cloud is up.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

MACHINE: dict[str, Any] = {
    "broken": ["br_netfilter"], "mended": [], "hopeless": [], "has_state": False, "is_up": False,
    "fails": [], "slow_s": 0.0,
}  # fmt: skip
SERVICES = ("object", "api", "image", "scheduler", "network", "volume", "compute")
STORY = (
    ("build ami-tiny", "4.2 s", "16.0 MiB"),
    ("log in", "41.2 ms", "as demo"),
    ("image ami-tiny-kernel", "1.31 s", "9.0 MiB"),
    ("image ami-tiny-ramdisk", "310 us", "1.0 MiB"),
    ("image ami-tiny", "1.31 s", "16.0 MiB"),
    ("image ami-tiny-disk", "1.31 s", "16.0 MiB"),
    ("key pair test", "12.0 ms", "made"),
    ("security group default", "12.0 ms", "opened"),
    ("request to ACTIVE", "2.10 s", "24 hops"),
    ("boot to ssh login", "1 m 05 s", "root@10.78.0.3"),
)
# as the doctor and then the teller of the demo write it
DEMO = "\n".join([
    "● privilege        root", *(f"● {name:<30} {took:>9}  {note}" for name, took, note in STORY)
])  # fmt: skip


def main(folder: Path, verb: str, *options: str) -> int:
    """Do as `novabox` would; the exit status."""
    with (folder / "called").open("a") as called:
        print(verb, *options, file=called)
    file = folder / "machine.json"
    machine = MACHINE | (json.loads(file.read_text()) if file.exists() else {})
    if verb in machine["fails"]:
        print(f"novabox: {verb} failed: no such luck", file=sys.stderr)
        return 1
    status = int(COMMANDS[verb](machine, *options) or 0)
    file.write_text(json.dumps(machine))
    return status


def _doctor(machine: dict[str, Any], *options: str) -> int:
    name = options[1] if len(options) > 1 else ""
    if options[0] == "--fix":
        machine["broken"].remove(name)
        machine["mended"].append(name)
    if options[0] == "--undo":
        machine["mended"].remove(name)
        machine["broken"].append(name)
        print(f"{name}: taken back: modprobe -r {name}")
        return 0
    checks = [{"name": "memory", "status": "ok", "finding": "15,600 of 16,000 MiB available"}]
    for one in sorted({*machine["broken"], *machine["mended"]}):
        is_broken = one in machine["broken"]
        checks.append({
            "name": one, "status": "fail" if is_broken else "ok",
            "finding": "not loaded" if is_broken else "bridged packets reach the rules",
            "fix": f"modprobe {one}" if is_broken else "", "is_fixable": is_broken,
            "is_fixed": not is_broken, "undo": f"modprobe -r {one}", "of_another_version": 1,
        })  # fmt: skip
    checks += [
        {"name": one, "status": "fail", "finding": "not root", "fix": "run it with sudo"}
        for one in machine["hopeless"]
    ]
    is_ready = all(check["status"] == "ok" for check in checks)
    print(json.dumps({
        "is_ready": is_ready, "has_state": machine["has_state"], "checks": checks}))  # fmt: skip
    return int(not is_ready)


def _up(machine: dict[str, Any], *_: str) -> None:
    for number, name in enumerate(SERVICES, 1):
        time.sleep(machine["slow_s"])
        print(f"● {name:<10} up after {number / 10:4.1f} s", flush=True)
    machine["is_up"] = machine["has_state"] = True


def _demo(machine: dict[str, Any]) -> None:
    print(DEMO)


def _env(machine: dict[str, Any], *options: str) -> None:
    user = options[options.index("--user") + 1]
    print(json.dumps({
        "OS_AUTH_URL": "http://cloud.test:8774/identity/v3", "OS_USERNAME": user,
        "OS_PASSWORD": "secret", "OS_PROJECT_NAME": user}))  # fmt: skip


def _down(machine: dict[str, Any]) -> None:
    machine["is_up"] = False


def _reset(machine: dict[str, Any], *_: str) -> None:
    machine["has_state"] = machine["is_up"] = False


COMMANDS = {
    "doctor": _doctor, "up": _up, "demo": _demo, "env": _env, "down": _down, "reset": _reset,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
