"""Disk files of one guest: the qcow2 overlay on a cached base. Knows no image and no libvirt."""

from pathlib import Path
from typing import Final

from appliance import command
from appliance.errors import HypervisorError
from storage.images import inspect as inspection

_PRLIMIT: Final = ("prlimit", "--as=1073741824", "--cpu=30", "--")  # Nova's, for qemu-img
Base = inspection.Disk  # a cached image file, inspected: safe to be opened as its `format`


def inspect(path: Path, *, disk_format: str) -> Base:
    """The base in `path`, which an image row calls `disk_format`.

    Raises HypervisorError if it is not that, or points at another file, or is encrypted.
    """
    try:
        return inspection.inspect(path, disk_format=disk_format)
    except inspection.Refused as error:
        raise HypervisorError(str(error)) from error


def overlay(path: Path, *, base: Base, size_gib: int) -> None:
    """Make `path`, a disk of `size_gib` (0: the base's size) that shows the base until written to.

    An overlay that is there already is kept: a guest may have written to it. Raises
    HypervisorError if the base is larger; on failure no file is left.
    """
    size_bytes = (size_gib << 30) or base.virtual_size_bytes
    if base.virtual_size_bytes > size_bytes:
        raise HypervisorError(
            f"disk {path}: the image needs {base.virtual_size_bytes} bytes and the flavor has "
            f"{size_gib} GiB; take a larger flavor"
        )
    if path.exists():
        return
    fresh = path.with_name(path.name + ".new")
    command.run(
        # -u: the base is inspected and its size known, so it need not be opened
        [*_PRLIMIT, "qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", base.format,
         "-b", str(base.path), str(fresh), str(size_bytes)],
        failing_as=HypervisorError,
    )  # fmt: skip
    fresh.chmod(0o600)  # libvirt gives it to QEMU's user, and nobody else is to read it
    fresh.rename(path)
