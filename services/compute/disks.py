"""Disk files of one guest: the qcow2 overlay on a cached base. Knows no image and no libvirt.

A base is somebody's upload: its format is what its image says, never what its bytes suggest, and
one that would make QEMU open another file of the host is refused.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import command
from appliance.errors import HypervisorError
from services.compute import qcow2

_PRLIMIT: Final = ("prlimit", "--as=1073741824", "--cpu=30", "--")  # Nova's, for qemu-img
_FORMATS: Final = {"qcow2": "qcow2", "raw": "raw", "ami": "raw"}  # Glance's word: QEMU's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A cached image file, inspected: safe to be opened as `format`."""

    path: Path
    format: str
    virtual_size_bytes: int


def inspect(path: Path, *, disk_format: str) -> Base:
    """The base in `path`, which an image row calls `disk_format`.

    Raises HypervisorError if it is not that, or points at another file, or is encrypted.
    """
    kind = _FORMATS.get(disk_format)
    if kind is None:
        known = ", ".join(sorted(_FORMATS))
        raise _refused(path, f"disk_format {disk_format} does not boot here; known: {known}")
    if kind == "raw":
        return Base(path=path, format=kind, virtual_size_bytes=path.stat().st_size)
    with path.open("rb") as image:
        head = image.read(qcow2.HEADER_BYTES)
    try:
        header = qcow2.parse(head)
    except ValueError as error:
        raise _refused(path, str(error)) from error
    if header.has_backing_file or header.has_data_file:
        raise _refused(path, "it points at another file of the host")
    if header.is_encrypted:
        raise _refused(path, "it is encrypted")
    return Base(path=path, format=kind, virtual_size_bytes=header.virtual_size_bytes)


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


def _refused(path: Path, why: str) -> HypervisorError:
    return HypervisorError(f"image file {path.name} refused: {why}")
