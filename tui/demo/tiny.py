"""Building ami-tiny by the command one is given, and what its files are uploaded as."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.demo.failure import DemoFailed

_BUILD_S: Final = 900.0  # a kernel is downloaded once; the build itself takes seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFile:
    """A file and the image it becomes; ``checksum`` is the MD5 that Image v2 shows."""

    path: Path
    name: str
    disk_format: str
    container_format: str
    checksum: str
    size_bytes: int


async def build(command: Sequence[str], folder: Path) -> None:
    """Run ``command --out folder``; it finds out by itself that nothing is to be done.

    Its own progress goes to our standard error. Raises DemoFailed.
    """
    argv = [*command, "--out", str(folder)]
    try:
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)
    except OSError as error:
        raise DemoFailed(f"cannot run {argv[0]}: {error}") from error
    try:
        status = await asyncio.wait_for(process.wait(), _BUILD_S)
    except TimeoutError as error:
        raise DemoFailed(f"{' '.join(argv)} took more than {_BUILD_S:.0f} s") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
    if status != 0:
        raise DemoFailed(f"{' '.join(argv)} ended with status {status}: its reason is above")


def files(folder: Path) -> list[ImageFile]:
    """Return kernel, ramdisk, disk and bootable disk, in the order in which they are uploaded.

    Raises DemoFailed when one is not there.
    """
    return [
        _file(folder / "ami-tiny.vmlinuz", "ami-tiny-kernel", "aki", "aki"),
        _file(folder / "ami-tiny.initrd", "ami-tiny-ramdisk", "ari", "ari"),
        _file(folder / "ami-tiny.img", "ami-tiny", "ami", "ami"),
        _file(folder / "ami-tiny.qcow2", "ami-tiny-disk", "qcow2", "bare"),
    ]


def command_line(folder: Path) -> str:
    """Return the kernel's command line as the build's manifest says, or an empty text."""
    manifest = folder / "ami-tiny.json"
    if not manifest.is_file():
        return ""
    return str(json.loads(manifest.read_text()).get("kernel_command_line", ""))


def _file(path: Path, name: str, disk_format: str, container_format: str) -> ImageFile:
    try:
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    except OSError as error:
        raise DemoFailed(f"{path}: {error.strerror}; was ami-tiny built?") from error
    return ImageFile(
        path=path,
        name=name,
        disk_format=disk_format,
        container_format=container_format,
        checksum=checksum.hexdigest(),
        size_bytes=path.stat().st_size,
    )
