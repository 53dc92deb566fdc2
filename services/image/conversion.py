"""Disks in formats that no guest of ours boots, made into one that they do, by `qemu-img convert`.

The program reads what a stranger wrote: it runs with limits of memory, time and file size, is told
the format (it never guesses), and gets files that were inspected before.
"""

import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance import config, errors

# Glance's word → QEMU's, of formats that are converted
FORMATS: Final = {"vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx"}
_PERCENT: Final = re.compile(rb"\((\d+(?:\.\d+)?)/100%\)")


def is_due(disk_format: str | None, settings: config.Image) -> bool:
    """Whether an image of that format is imported as another."""
    return bool(settings.convert_to) and disk_format in FORMATS


def convert(
    source: Path,
    target: Path,
    *,
    disk_format: str,
    settings: config.Image,
    tell: Callable[[float], None],
) -> None:
    """Write `target` in `settings.convert_to`; `tell` hears how much of it is done, 0 to 1.

    Raises StoreError with what the program said; `target` is not there then.
    """
    argv = [
        "qemu-img", "convert", "-p", "-f", FORMATS[disk_format], "-O", settings.convert_to,
        str(source), str(target),
    ]  # fmt: skip
    try:
        program = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with program:
            _limit(program.pid, settings)
            _follow(program, tell)
            said = program.stderr.read() if program.stderr else b""
            status = program.wait()
    except OSError as error:
        raise errors.StoreError(f"qemu-img: {error.strerror or error}") from error
    if status:
        target.unlink(missing_ok=True)
        raise errors.StoreError(
            f"qemu-img convert from {disk_format} ended with {status}: "
            f"{said.decode('utf-8', 'replace').strip()[-500:]}"
        )


def _limit(pid: int, settings: config.Image) -> None:
    """Bound what the program may use; it has read nothing yet that could make it use much."""
    memory_bytes, seconds = settings.convert_memory_mib << 20, int(settings.convert_timeout_s)
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, settings.virtual_size_bytes_max),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.prlimit(pid, kind, (limit, limit))


def _follow(program: "subprocess.Popen[bytes]", tell: Callable[[float], None]) -> None:
    """Pass on what `-p` prints: `    (12.34/100%)`, each over the last."""
    assert program.stdout is not None  # noqa: S101  # it is a pipe: said at its start
    rest = b""
    while data := os.read(program.stdout.fileno(), 4096):
        found = _PERCENT.findall(rest + data)
        if found:
            tell(float(found[-1]) / 100)
        rest = (rest + data)[-32:]
