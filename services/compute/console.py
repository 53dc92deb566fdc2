"""The kept console log of a guest: its last lines, its boots, and a bound on it. Knows only files.

A byte of the log keeps its place for as long as there is the file: what is too old is punched out
of its front, not cut off. So a place names the same byte for every reader, whoever is restarted.
"""

import ctypes
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import clock

NAME: Final = "console.log"  # in the instance's folder
ANSWER_BYTES_MAX: Final = 1 << 20  # of one answer; the API cuts it to lines
SHOWN_BYTES: Final = 1 << 20  # what whoever comes is shown of what was printed before
KEPT_BYTES_MAX: Final = 2 << 20  # a guest that prints without end must not fill the host's disk
TAIL_BYTES: Final = 64 << 10  # what stays where no hole can be punched; more than that is worth one

_LINE_BYTES_MAX: Final = 4 << 10  # in which the end of a first, broken line is looked for
_MARK: Final = "=== novabox: boot {} ===\r\n"
_MARKS: Final = re.compile(rb"^=== novabox: boot \d{4}-\S{1,40} ===\r?$", re.MULTILINE)

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # linux/falloc.h
_BLOCK_BYTES: Final = 4096  # holes are whole blocks of the file system
_STAT_BYTES: Final = 512  # stat(2) counts in these, whatever the file system's are


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What there is to show of a log: the places of its first byte, behind its last, and of the
    line that marks the newest boot, if that is among them.
    """

    start: int
    end: int
    boot: int | None


def tail(path: Path, *, lines: int | None = None, size_bytes: int = ANSWER_BYTES_MAX) -> str:
    """The last `lines` lines (all, if None) within the last `size_bytes` of the log.

    No log yet is an empty text. Bytes that are not UTF-8 become U+FFFD.
    """
    try:
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(0, end - size_bytes))
            text = log.read(size_bytes).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    if lines is None:
        return text
    pieces = text.split("\n")  # not splitlines: a guest prints form feeds and worse
    kept = lines + text.endswith("\n")
    return "\n".join(pieces[-kept:]) if lines > 0 else ""


def mark_boot(path: Path) -> None:
    """Write into the log that the guest starts now; the log is made if it is missing."""
    with path.open("ab") as log:
        is_new_line = log.tell() == 0
        log.write(b"" if is_new_line else b"\r\n")
        log.write(_MARK.format(clock.stamp()).encode())


def kept(fd: int) -> Kept:
    """What there is to show of the open log; it begins with a whole line, if lines are short."""
    end = os.fstat(fd).st_size
    start = max(0, end - SHOWN_BYTES)
    text = os.pread(fd, end - start, start)
    if start:
        skipped = text.find(b"\n", 0, _LINE_BYTES_MAX) + 1
        start, text = start + skipped, text[skipped:]
    boot = None
    for found in _MARKS.finditer(text):
        boot = start + found.start()
    return Kept(start=start, end=end, boot=boot)


def read(fd: int, place: int, size_bytes: int) -> bytes | None:
    """Up to `size_bytes` from `place` of the open log: none at its end, and None for bytes that
    are not kept any more: the reader is too slow, or the log is another one now.
    """
    data = os.pread(fd, size_bytes, place)
    end = os.fstat(fd).st_size  # looked at after the bytes: they were there still
    return data if end - KEPT_BYTES_MAX <= place <= end else None


def is_over(fd: int) -> bool:
    """Whether the log is deleted, or put aside under another name, as virtlogd does at 2 MiB."""
    if os.fstat(fd).st_nlink == 0:
        return True
    return Path(f"/proc/self/fd/{fd}").readlink().name != NAME


def trim(path: Path) -> bool:
    """Let go of all but the last KEPT_BYTES_MAX of a log, in place; True if there was much more.

    QEMU holds the file open for appending, so the file must stay the same one. On a file system
    that has no holes only TAIL_BYTES stay, all places change, and what the guest prints between
    our read and our write is lost.
    """
    try:
        with path.open("r+b") as log:
            now = os.fstat(log.fileno())
            if now.st_blocks * _STAT_BYTES <= KEPT_BYTES_MAX + TAIL_BYTES:
                return False  # most of what is old is punched out already
            excess_bytes = (now.st_size - KEPT_BYTES_MAX) // _BLOCK_BYTES * _BLOCK_BYTES
            if excess_bytes > 0 and not _punch(log.fileno(), excess_bytes):
                rest = tail(path, size_bytes=TAIL_BYTES).encode()
                log.truncate(0)
                log.write(rest)
    except FileNotFoundError:
        return False
    return True


def _punch(fd: int, size_bytes: int) -> bool:
    """Give the first bytes of a file back to the file system; False where it cannot."""
    mode, start, length = _KEEP_SIZE | _PUNCH_HOLE, ctypes.c_int64(0), ctypes.c_int64(size_bytes)
    if _LIBC.fallocate(fd, mode, start, length) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EOPNOTSUPP, errno.ENOSYS):
        return False
    raise OSError(code, os.strerror(code))
