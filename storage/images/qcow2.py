"""The header of a qcow2 file, read without QEMU. Pure; knows no image and no policy.

Source: QEMU, docs/interop/qcow2.txt, "Header".
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

HEADER_BYTES: Final = 104
_MAGIC: Final = b"QFI\xfb"
_FIXED = struct.Struct(">4sIQIIQI")  # magic version backing_offset backing_size bits size crypt
_INCOMPATIBLE_OFFSET: Final = 72
_EXTERNAL_DATA: Final = 1 << 2
_NAME_BYTES_MAX: Final = 1023  # of a backing file


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What decides whether a foreign qcow2 may be opened at all."""

    virtual_size_bytes: int
    has_backing_file: bool
    has_data_file: bool
    is_encrypted: bool


def backing_file(disk: BinaryIO) -> str:
    """The name of the file that an open qcow2 is laid over, "" for none. Raises ValueError."""
    head = disk.read(HEADER_BYTES)
    parse(head)
    _, _, offset, size, *_ = _FIXED.unpack_from(head)
    if size > _NAME_BYTES_MAX:
        raise ValueError(f"a backing file's name of {size} bytes")
    disk.seek(offset)
    return disk.read(size).decode(errors="replace") if offset else ""


def parse(head: bytes) -> Header:
    """The header in the first HEADER_BYTES of a file. Raises ValueError if it is no qcow2."""
    if len(head) < HEADER_BYTES or not head.startswith(_MAGIC):
        raise ValueError("no qcow2 header")
    _, version, backing_offset, _, _, size, crypt = _FIXED.unpack_from(head)
    if version not in (2, 3):
        raise ValueError(f"qcow2 version {version} is unknown")
    incompatible = 0
    if version == 3:
        (incompatible,) = struct.unpack_from(">Q", head, _INCOMPATIBLE_OFFSET)
    return Header(
        virtual_size_bytes=size,
        has_backing_file=backing_offset != 0,
        has_data_file=bool(incompatible & _EXTERNAL_DATA),
        is_encrypted=crypt != 0,
    )
