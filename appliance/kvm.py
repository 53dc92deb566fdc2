"""Whether 64-bit guests really run under KVM on this host, and why not.

/dev/kvm being there is no proof: under a KVM that does without the processor's help the firmware
comes up, and no stock kernel gets into long mode. So a machine is started, with 142 bytes
(kvm_probe.S) in the place of its firmware, and must come to its last letter.
"""

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final, Literal

from appliance import config, errors

VirtType = Literal["kvm", "qemu"]
VIRT_TYPES: Final[tuple[VirtType, ...]] = ("kvm", "qemu")
DEADLINE_S: Final = 2.5  # under KVM 0.1 s
PROBE: Final = bytes.fromhex(
    "fab031e6e931c08ed866c70600100320000066c70600200330000066c70600308300000066b80010"
    "00000f22d866b8200000000f22e066b9800000c00f320d00010f302e660f01168800b032e6e966b8"
    "010000800f22c066ea5f000f000800b033e6e9b9002d3101ffc975fcb04be6e9f4ebfd0f1f440000"
    "000000000000000000000000009a20000f0078000f00"
)
_ROM_BYTES: Final = 1 << 16
_RESET_VECTOR: Final = 0xFFF0
_JUMP_TO_START: Final = bytes.fromhex("ea000000f0")  # ljmp 0xf000:0
_LAST_LETTER: Final = b"K"
_ENDED_BY_LETTER: Final = {
    b"": "before its first instruction",
    b"1": "on the way to long mode",
    b"2": "where paging is switched on",
    b"3": "in long mode, counting",
}

_QEMU: Final = "qemu-system-x86_64"
_KVM: Final = Path("/dev/kvm")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_CPUINFO: Final = Path("/proc/cpuinfo")
_MODULES: Final = Path("/sys/module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The virt_type guests get, and the sentence that says why."""

    virt_type: VirtType
    reason: str


def choose(settings: config.Settings) -> Verdict:
    """The configured virt_type; for `auto`, what a look at this host found since its boot.

    Raises ConfigError when the setting is no virt_type.
    """
    configured = settings.compute.virt_type
    if configured != "auto":
        return Verdict(virt_type=_named(configured), reason="compute.virt_type says so")
    kept = settings.run_dir / "kvm.json"
    known = _known(kept)
    if known:
        return known
    verdict = look()
    with contextlib.suppress(PermissionError):  # a user may ask the doctor; root's worker keeps it
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(verdict) | {"boot_id": boot()}))
        fresh.replace(kept)
    return verdict


def boot() -> str:
    """Id of the host's present boot."""
    return _BOOT_ID.read_text().strip()


def look() -> Verdict:
    """Start a machine under KVM and see; takes up to DEADLINE_S."""
    if not _KVM.exists():
        return Verdict(virt_type="qemu", reason=f"there is no /dev/kvm: {_processor()}")
    if shutil.which(_QEMU) is None:
        return Verdict(virt_type="qemu", reason=f"{_QEMU} is not installed")
    said, complaint = probe("kvm")
    if said.endswith(_LAST_LETTER):
        return Verdict(virt_type="kvm", reason="a machine gets into long mode under KVM")
    if "Permission denied" in complaint:
        return Verdict(virt_type="qemu", reason="/dev/kvm is there, but not for this user")
    ended = _ENDED_BY_LETTER.get(said[-1:], f"with {said!r}")
    return Verdict(
        virt_type="qemu",
        reason=f"/dev/kvm is there, but a machine under it ends {ended}: {_processor()}",
    )


def probe(accelerator: str) -> tuple[bytes, str]:
    """What the machine says on its debug port up to the last letter, and what QEMU complains of."""
    rom = bytearray(_ROM_BYTES)
    rom[: len(PROBE)] = PROBE
    rom[_RESET_VECTOR : _RESET_VECTOR + len(_JUMP_TO_START)] = _JUMP_TO_START
    # a file without a name: nothing of it is left, whoever kills us
    with open(os.memfd_create("nbx-probe"), "wb") as file:  # noqa: PTH123 - it has no path
        file.write(rom)
        file.flush()
        argv = [
            # a machine that hangs must not outlive us, whoever kills us
            "setpriv", "--pdeathsig", "KILL",
            _QEMU, "-accel", accelerator, "-m", "16", "-nodefaults", "-no-user-config",
            "-display", "none", "-bios", f"/proc/self/fd/{file.fileno()}",
            "-chardev", "stdio,id=said,signal=off",
            "-device", "isa-debugcon,iobase=0xe9,chardev=said",
        ]  # fmt: skip
        process = subprocess.Popen(
            argv, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=(file.fileno(),),
        )  # fmt: skip
        with process:
            said = _listen(process.stdout) if process.stdout else b""
            process.kill()
            complaint = process.stderr.read() if process.stderr else b""
    return said, complaint.decode(errors="replace")


def _named(name: str) -> VirtType:
    for known in VIRT_TYPES:
        if name == known:
            return known
    raise errors.ConfigError(f"compute.virt_type is auto, kvm or qemu, not {name!r}")


def _known(kept: Path) -> Verdict | None:
    """What was found since the host's boot; None for nothing, or nothing that can be read."""
    try:
        document = json.loads(kept.read_text())
        if document["boot_id"] != boot():
            return None
        return Verdict(virt_type=_named(document["virt_type"]), reason=str(document["reason"]))
    except (OSError, ValueError, KeyError, TypeError, errors.ConfigError):
        return None


def _processor() -> str:
    """What the processor offers, and which KVM the kernel has loaded."""
    flags = set(_CPUINFO.read_text().split())
    helps = sorted(flags & {"vmx", "svm"})
    offers = f"the processor offers {helps[0]}" if helps else "the processor offers no vmx or svm"
    modules = sorted(path.name for path in _MODULES.glob("kvm_*"))
    return f"{offers} (modules: {', '.join(modules) or 'no kvm_intel, no kvm_amd'})"


def _listen(out: IO[bytes]) -> bytes:
    said = b""
    deadline = time.monotonic() + DEADLINE_S
    with selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        while not said.endswith(_LAST_LETTER) and (left_s := deadline - time.monotonic()) > 0:
            if selector.select(left_s):
                chunk = out.read(65536)
                if not chunk:
                    break
                said += chunk
    return said
