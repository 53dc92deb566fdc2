"""One boot of the machine: runs one command on it, and has its output and exit status.

QEMU emulates the processor (TCG), so it runs wherever QEMU does; the host's own root file system is
the machine's, read-only, under a layer in the machine's memory: nothing done there outlives it.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.vm.kernel import Boot

EXCHANGE: Final = Path("/run/nbx-vm")  # the one folder that machine and host both write
ROOT: Final = Path(__file__).parents[2]
MEMORY_MIB: Final = 1536
# More than five times what is needed where nothing else runs.
BOOT_S: Final = 150.0
RUN_S: Final = 1200.0
TAIL_LINES: Final = 40
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT: Final[dict[str, str]] = {
    "PATH": _PATH, "HOME": "/root", "LC_ALL": "C.UTF-8",
    "DM_DISABLE_UDEV": "1",  # none runs there: lvm makes its nodes itself
}  # fmt: skip
_PROGRAMS: Final = (
    "qemu-system-x86_64", "busybox", "setpriv", "dpkg-deb", "depmod", "zstd",
    "lvm", "thin_check", "libvirtd", "qemu-io",  # there they are the host's own
)  # fmt: skip


class Broken(Exception):
    """The machine did not boot, or went before its command ended."""


def missing() -> str:
    """What this host lacks for the machine, as a reason to skip; empty when nothing."""
    if os.geteuid() != 0:
        return "root is missing"
    lacking = [name for name in _PROGRAMS if not shutil.which(name, path=_PATH)]
    return f"missing programs: {', '.join(lacking)}" if lacking else ""


class Machine:
    """A machine that runs `argv` in the checkout; on leaving the context it is gone."""

    def __init__(
        self, boot: Boot, argv: Sequence[str], *, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nbx-vm-", dir="/var/tmp"))  # there: EXCHANGE
        self._console = self.folder / "console"
        self._began = time.monotonic()
        pairs = [f"{name}={value}" for name, value in (_ENVIRONMENT | (environment or {})).items()]
        command = shlex.join(["exec", "env", "-i", *pairs, *argv])
        (self.folder / "command").write_text(f"cd {shlex.quote(str(ROOT))} && {command}\n")
        self._qemu = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self._arguments(boot)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def age_s(self) -> float:
        """Seconds since it was switched on."""
        return time.monotonic() - self._began

    @property
    def is_up(self) -> bool:
        """Whether it booted and started the command."""
        return (self.folder / "started").exists()

    @property
    def output(self) -> str:
        """What the command printed until now."""
        path = self.folder / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def poll(self) -> int | None:
        """The command's exit status, None while it runs. Raises Broken, with what was last seen."""
        is_on = self._qemu.poll() is None
        text = self._status()
        if text:
            return int(text)
        if not is_on:
            raise self._broken(f"went off: {self._qemu.stderr.read() if self._qemu.stderr else ''}")
        if not self.is_up and self.age_s > BOOT_S:
            raise self._broken(f"is not up after {BOOT_S:g} s")
        if self.age_s > RUN_S:
            raise self._broken(f"is not done after {RUN_S:g} s")
        return None

    def close(self) -> None:
        """Switch it off, and remove what it left."""
        self._qemu.kill()
        self._qemu.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _status(self) -> str:
        path = self.folder / "status"
        return path.read_text().strip() if path.exists() else ""

    def _broken(self, what: str) -> Broken:
        console = self._console.read_text(errors="replace") if self._console.exists() else ""
        tail = "\n".join((console + self.output).splitlines()[-TAIL_LINES:])
        return Broken(f"the machine {what.strip()}\n--- its console and output end so:\n{tail}")

    def _arguments(self, boot: Boot) -> list[str]:
        return [
            "qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot",
            "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max",
            "-m", str(MEMORY_MIB), "-smp", "2",
            "-kernel", str(boot.kernel), "-initrd", str(boot.ramdisk),
            # loglevel: at more the kernel's words on an emulated serial line cost seconds
            "-append", "console=ttyS0 quiet loglevel=1 mitigations=off panic=-1 nokaslr"
            " cryptomgr.notests tsc=reliable",
            "-serial", f"file:{self._console}",
            *_share("root", Path("/"), "readonly=on"),
            *_share("exchange", self.folder, "readonly=off"),
        ]  # fmt: skip


def _share(tag: str, path: Path, mode: str) -> list[str]:
    return [
        "-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap,{mode}",
        "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}",
    ]  # fmt: skip
