"""What a file that somebody uploaded is, before QEMU may open it. Knows no image row and no QEMU.

Its format is what its image says, never what its bytes suggest; one that would make QEMU open
another file of the host is refused.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from storage.images import qcow2

FORMATS: Final = {"qcow2": "qcow2", "raw": "raw", "ami": "raw"}  # Glance's word: QEMU's word


class Refused(Exception):  # what happened to the file
    """The file is not what its image says, or not safe to be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A disk in a file, inspected: safe to be opened as `format`."""

    path: Path
    format: str
    virtual_size_bytes: int


def inspect(path: Path, *, disk_format: str) -> Disk:
    """The disk in `path`, which an image row calls `disk_format`.

    Raises Refused if it is not that, or points at another file, or is encrypted.
    """
    kind = FORMATS.get(disk_format)
    if kind is None:
        known = ", ".join(sorted(FORMATS))
        raise _refused(path, f"disk_format {disk_format} does not boot here; known: {known}")
    if kind == "raw":
        return Disk(path=path, format=kind, virtual_size_bytes=path.stat().st_size)
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
    return Disk(path=path, format=kind, virtual_size_bytes=header.virtual_size_bytes)


def _refused(path: Path, why: str) -> Refused:
    return Refused(f"image file {path.name} refused: {why}")
