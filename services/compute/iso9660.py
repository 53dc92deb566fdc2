"""Pure: a tree of small files as an ISO 9660 image. Knows no config drive and no file of the host.

Source: ECMA-119; section numbers in brackets. Names are written as they are, in lower case and
longer than level 1 allows, as `mkisofs -relaxed-filenames -allow-lowercase` does: Linux and
Windows read them. No dates: the same tree always gives the same bytes.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SECTOR_BYTES: Final = 2048
_FIRST_SECTOR: Final = 16  # the system area before it is left empty
_TABLES_SECTOR: Final = _FIRST_SECTOR + 2  # after the descriptor and its terminator
_FOLDERS_SECTOR: Final = _TABLES_SECTOR + 2  # after the path table in both byte orders
_PAD_SECTORS: Final = 150  # as mkisofs: probes of labels read 68 KiB and want to get them
_IS_FOLDER: Final = 2  # file flag [9.1.6]
_NO_DATE: Final = b"0" * 16 + b"\0"


@dataclass(slots=True)
class _Folder:
    name: str
    parent: "_Folder | None" = None
    number: int = 1  # in the path table
    sector: int = 0
    folders: dict[str, "_Folder"] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    file_sectors: dict[str, int] = field(default_factory=dict)


def image(files: Mapping[str, bytes], *, label: str) -> bytes:
    """The image; `files` maps paths like `ec2/latest/user-data` to contents.

    Raises ValueError for a folder with more entries than one sector holds (about 40).
    """
    folders = _walk(_tree(files))
    end = _FOLDERS_SECTOR + len(folders)
    for number, folder in enumerate(folders, start=1):
        folder.number, folder.sector = number, _FOLDERS_SECTOR + number - 1
        for name, content in folder.files.items():
            folder.file_sectors[name] = end
            end += -(-len(content) // SECTOR_BYTES)
    end += _PAD_SECTORS
    tables = [_path_table(folders, "<"), _path_table(folders, ">")]
    parts = [
        bytes(_FIRST_SECTOR * SECTOR_BYTES),
        _descriptor(folders[0], label=label, sectors=end, table_bytes=len(tables[0])),
        _sectors(b"\xffCD001\x01"),
        *map(_sectors, tables),
        *(_directory(folder) for folder in folders),
        *(_sectors(content) for folder in folders for content in folder.files.values()),
        bytes(_PAD_SECTORS * SECTOR_BYTES),
    ]
    return b"".join(parts)


def _tree(files: Mapping[str, bytes]) -> _Folder:
    root = _Folder("\0")
    for path, content in sorted(files.items()):
        *above, name = path.split("/")
        folder = root
        for part in above:
            folder = folder.folders.setdefault(part, _Folder(part, parent=folder))
        folder.files[name] = content
    return root


def _walk(root: _Folder) -> list[_Folder]:
    """All folders, level by level: the order of the path table [6.9.1]."""
    found = [root]
    for folder in found:
        found.extend(folder.folders.values())
    return found


def _descriptor(root: _Folder, *, label: str, sectors: int, table_bytes: int) -> bytes:
    """The primary volume descriptor [8.4]."""
    parts = [
        b"\x01CD001\x01\0", b" " * 32, label.encode().ljust(32), bytes(8), _both(sectors, "I"),
        bytes(32), _both(1, "H"), _both(1, "H"), _both(SECTOR_BYTES, "H"), _both(table_bytes, "I"),
        struct.pack("<II", _TABLES_SECTOR, 0), struct.pack(">II", _TABLES_SECTOR + 1, 0),
        _record("\0", root.sector, SECTOR_BYTES, flags=_IS_FOLDER),
        b" " * (4 * 128 + 3 * 37), _NO_DATE * 4, b"\x01",
    ]  # fmt: skip
    return _sectors(b"".join(parts))


def _path_table(folders: list[_Folder], order: str) -> bytes:
    rows = []
    for folder in folders:
        name = folder.name.encode()
        parent = folder.parent.number if folder.parent else 1
        row = struct.pack(f"{order}BBIH", len(name), 0, folder.sector, parent) + name
        rows.append(row + bytes(len(row) % 2))
    return b"".join(rows)


def _directory(folder: _Folder) -> bytes:
    records = b"".join(_records(folder))
    if len(records) > SECTOR_BYTES:
        raise ValueError(f"folder {folder.name}: too many entries for one sector")
    return _sectors(records)


def _records(folder: _Folder) -> Iterator[bytes]:
    parent = folder.parent or folder
    yield _record("\0", folder.sector, SECTOR_BYTES, flags=_IS_FOLDER)
    yield _record("\1", parent.sector, SECTOR_BYTES, flags=_IS_FOLDER)
    for name in sorted([*folder.folders, *folder.files]):
        if name in folder.folders:
            yield _record(name, folder.folders[name].sector, SECTOR_BYTES, flags=_IS_FOLDER)
        else:
            size_bytes = len(folder.files[name])
            yield _record(f"{name};1", folder.file_sectors[name], size_bytes, flags=0)


def _record(name: str, sector: int, size_bytes: int, *, flags: int) -> bytes:
    """A directory record [9.1]."""
    raw = name.encode()
    body = _both(sector, "I") + _both(size_bytes, "I") + bytes(7)  # no recording date
    body += struct.pack("BBB", flags, 0, 0) + _both(1, "H") + struct.pack("B", len(raw)) + raw
    body += bytes(len(body) % 2)  # a record, its two length bytes included, is even
    return struct.pack("BB", len(body) + 2, 0) + body


def _both(number: int, kind: str) -> bytes:
    """A number in both byte orders [7.2.3, 7.3.3]."""
    return struct.pack(f"<{kind}", number) + struct.pack(f">{kind}", number)


def _sectors(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR_BYTES)
