"""Whether guests really boot under KVM on this host: `python -m services.compute.kvm` tells.

/dev/kvm being there is no proof: on some rented machines it opens, and each trap of the guest takes
so long that no stock guest boots. So a machine without a disk is started, and its firmware must
come to say so before it has used much processor time (not time: the host may be busy).
"""

import json
import selectors
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from appliance import config, processes

CPU_S: Final = 0.5  # the firmware is through after 0.06 s, KVM or not; where KVM fails, after 4 s
DEADLINE_S: Final = 10.0
_LOOK_S: Final = 0.05
_KVM: Final = Path("/dev/kvm")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_LAST_WORDS: Final = b"No bootable device"  # SeaBIOS, on its debug port
_ARGV: Final = (
    "qemu-system-x86_64", "-accel", "kvm", "-m", "32", "-nodefaults", "-no-user-config",
    "-display", "none", "-chardev", "stdio,id=said,signal=off",
    "-device", "isa-debugcon,iobase=0x402,chardev=said",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`virt_type` to use (kvm or qemu) and the sentence that says why."""

    virt_type: str
    reason: str


def choose(settings: config.Settings) -> Verdict:
    """The configured virt_type; for `auto`, what a look at this host found since its boot."""
    configured = settings.compute.virt_type
    if configured != "auto":
        return Verdict(virt_type=configured, reason="compute.virt_type says so")
    kept, boot_id = settings.home / "compute" / "kvm.json", boot()
    if kept.exists():
        document = json.loads(kept.read_text())
        if document.pop("boot_id") == boot_id:
            return Verdict(**document)
    verdict = look()
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(verdict) | {"boot_id": boot_id}))
    fresh.replace(kept)
    return verdict


def boot() -> str:
    """Id of the host's present boot."""
    return _BOOT_ID.read_text().strip()


def look() -> Verdict:
    """Start a machine under KVM and see; takes up to CPU_S of an idle processor."""
    if not _KVM.exists():
        return Verdict(virt_type="qemu", reason="this host has no /dev/kvm")
    try:
        process = subprocess.Popen(
            _ARGV, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    except FileNotFoundError:
        return Verdict(virt_type="qemu", reason="qemu-system-x86_64 is not installed")
    with process:
        said = _listen(process)
        process.kill()
    if _LAST_WORDS in said:
        return Verdict(virt_type="kvm", reason="a machine boots under KVM")
    last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing"]
    return Verdict(
        virt_type="qemu",
        reason=f"/dev/kvm is there, but no machine boots under it (its last word: {last[0]})",
    )


def _listen(process: subprocess.Popen[bytes]) -> bytes:
    """What the machine says until it is through, has used up its time, or ended."""
    said = b""
    out = process.stdout
    deadline = time.monotonic() + DEADLINE_S
    with selectors.DefaultSelector() as selector:
        if out:
            selector.register(out, selectors.EVENT_READ)
        while out and _LAST_WORDS not in said and time.monotonic() < deadline:
            if selector.select(_LOOK_S):
                chunk = out.read(65536)
                if not chunk:
                    break
                said += chunk
            spent = processes.cost("qemu", process.pid)
            if spent is None or spent.cpu_s > CPU_S:
                break
    return said


if __name__ == "__main__":
    print(json.dumps(asdict(choose(config.load()))))
