"""What a disk holds after the power is cut: what was synced, and any part of what was not.

A program's system calls are recorded by strace, SQLite's too, and done again on a model of a disk.
The model promises no more than POSIX: a file's bytes are there after its fsync, its name after the
fsync of its folder; of everything else any part may be there, torn in sectors.
"""

import os
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = (
    "openat,close,write,pwrite64,fsync,fdatasync,rename,link,linkat,unlink,mkdir,ftruncate,"
    "fsetxattr,copy_file_range"
)
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+|\?)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')

Call = tuple[str, list[str | bytes], int]


def record(command: list[str], log: Path) -> list[Call]:
    """Run a program and return its successful calls, in order; strings as bytes."""
    options = ["-f", "-qq", "-xx", "-s", "9999999", "-o", str(log), "-e", f"trace={CALLS}"]
    done = subprocess.run(
        ["strace", *options, *command], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(_parsed(log.read_text().splitlines()))


def _parsed(lines: list[str]) -> Iterator[Call]:
    for line in lines:
        assert "unfinished" not in line, "the program is to have one thread"
        if (found := _LINE.match(line)) and int(found[3].replace("?", "0")) >= 0:
            strings: list[bytes] = []

            def keep(text: re.Match[str], strings: list[bytes] = strings) -> str:
                strings.append(bytes.fromhex(text[1].replace("\\x", "")))
                return f"${len(strings) - 1}"

            words = _STRING.sub(keep, found[2]).split(", ")
            arguments = [strings[int(w[1:])] if w.startswith("$") else w for w in words]
            yield found[1], arguments, int(found[3].replace("?", "0"))


@dataclass
class File:
    """One file: its bytes as programs see them, as they were synced, and the writes between."""

    seen: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    writes: list[tuple[int, bytes]] = field(default_factory=list)  # offset; −1 cuts at len(data)
    attributes: dict[bytes, bytes] = field(default_factory=dict)
    synced_attributes: dict[bytes, bytes] = field(default_factory=dict)

    def write(self, offset: int, data: bytes) -> None:
        self.writes.append((offset, data))
        _apply(self.seen, offset, data)

    def cut(self, size: int) -> None:
        self.writes.append((-1 - size, b""))
        _apply(self.seen, -1 - size, b"")

    def sync(self) -> None:
        self.synced, self.writes = bytes(self.seen), []
        self.synced_attributes = dict(self.attributes)

    def after_cut(self, chance: random.Random | None) -> tuple[bytes, dict[bytes, bytes]]:
        """Bytes and attributes that the disk may hold; without `chance` only what was synced."""
        held = bytearray(self.synced)
        if chance is None:
            return bytes(held), self.synced_attributes
        for offset, data in self.writes:
            if offset < 0:
                if chance.random() < 0.5:
                    _apply(held, offset, data)
                continue
            for start in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    _apply(held, offset + start, data[start : start + SECTOR])
        return bytes(held), chance.choice((self.attributes, self.synced_attributes))


@dataclass
class Disk:
    """The folders below `root`: names as programs see them, and as they were synced."""

    root: bytes
    names: dict[bytes, File | None] = field(default_factory=dict)  # None is a folder
    synced: dict[bytes, File | None] = field(default_factory=dict)
    open: dict[int, tuple[bytes, File | None]] = field(default_factory=dict)
    at: dict[int, int] = field(default_factory=dict)  # where a descriptor writes next

    def do(self, call: Call) -> None:
        """Do one call; whatever is not below the root is none of this disk's."""
        name, arguments, result = call
        handler = getattr(self, f"_{name}", None)
        if handler is not None:
            handler(arguments, result)

    def after_cut(self, target: Path, chance: random.Random | None = None) -> None:
        """Write what the disk holds when the power is cut now."""
        names = dict(self.synced)
        if chance is not None:
            for path in sorted(self.names.keys() ^ self.synced.keys()):
                if chance.random() < 0.5:
                    if path in self.names:
                        names[path] = self.names[path]
                    else:
                        del names[path]
        target.mkdir(parents=True)
        for path, file in sorted(names.items(), key=lambda item: item[0]):
            place = target / os.fsdecode(path.removeprefix(self.root).lstrip(b"/"))
            if not place.parent.is_dir():
                continue  # its folder was not synced
            if file is None:
                place.mkdir(exist_ok=True)
            elif not path.endswith(b"-shm"):  # memory that SQLite shares, and no file to it
                data, attributes = file.after_cut(chance)
                place.write_bytes(data)
                for attribute, value in attributes.items():
                    os.setxattr(place, attribute, value)

    def _is_ours(self, path: bytes) -> bool:
        return path.startswith(self.root + b"/") or path == self.root

    def _openat(self, arguments: list, result: int) -> None:
        path, flags = arguments[1], arguments[2]
        self.open.pop(result, None)
        if not self._is_ours(path):
            return
        if "O_TMPFILE" in flags:
            self.open[result] = (b"", File())
        elif path in self.names or path == self.root:
            self.open[result] = (path, self.names.get(path))
        elif "O_CREAT" in flags:
            self.names[path] = File()
            self.open[result] = (path, self.names[path])
        self.at[result] = 0

    def _close(self, arguments: list, _result: int) -> None:
        self.open.pop(int(arguments[0]), None)

    def _write(self, arguments: list, result: int) -> None:
        fd = int(arguments[0])
        if (file := self._file(fd)) is not None:
            file.write(self.at[fd], arguments[1][:result])
            self.at[fd] += result

    def _pwrite64(self, arguments: list, result: int) -> None:
        if (file := self._file(int(arguments[0]))) is not None:
            file.write(int(arguments[3]), arguments[1][:result])

    def _copy_file_range(self, arguments: list, result: int) -> None:
        source, target = self._file(int(arguments[0])), self._file(int(arguments[2]))
        if source is not None and target is not None:
            offset = int(str(arguments[1]).strip("[]"))
            target.write(len(target.seen), bytes(source.seen[offset : offset + result]))

    def _ftruncate(self, arguments: list, _result: int) -> None:
        if (file := self._file(int(arguments[0]))) is not None:
            file.cut(int(arguments[1]))

    def _fsetxattr(self, arguments: list, _result: int) -> None:
        if (file := self._file(int(arguments[0]))) is not None:
            file.attributes[arguments[1]] = arguments[2]

    def _fsync(self, arguments: list, _result: int) -> None:
        path, file = self.open.get(int(arguments[0]), (b"", None))
        if file is not None:
            file.sync()
        elif path:
            self._sync_folder(path)

    _fdatasync = _fsync

    def _mkdir(self, arguments: list, _result: int) -> None:
        if self._is_ours(arguments[0]):
            self.names[arguments[0]] = None

    def _linkat(self, arguments: list, _result: int) -> None:
        source = arguments[1]
        assert source.startswith(b"/proc/self/fd/")
        if self._is_ours(arguments[3]):
            self.names[arguments[3]] = self.open[int(source.rpartition(b"/")[2])][1]

    def _rename(self, arguments: list, _result: int) -> None:
        if self._is_ours(arguments[0]):
            self.names[arguments[1]] = self.names.pop(arguments[0])

    def _unlink(self, arguments: list, _result: int) -> None:
        self.names.pop(arguments[0], None)

    def _file(self, fd: int) -> File | None:
        return self.open.get(fd, (b"", None))[1]

    def _sync_folder(self, folder: bytes) -> None:
        for names in (self.synced, self.names):
            for path in [p for p in names if p.rpartition(b"/")[0] == folder]:
                if path in self.names:
                    self.synced[path] = self.names[path]
                else:
                    del self.synced[path]


def _apply(data: bytearray, offset: int, piece: bytes) -> None:
    if offset < 0:
        size = -1 - offset
        data[size:] = bytes(max(0, size - len(data)))
        return
    if offset > len(data):
        data += bytes(offset - len(data))
    data[offset : offset + len(piece)] = piece
