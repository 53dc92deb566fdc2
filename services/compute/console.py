"""The kept console log of a guest: its last lines, and a bound on its size. Knows only files."""

import os
from pathlib import Path
from typing import Final

TAIL_BYTES: Final = 64 << 10  # what stays of a log that grew too long
ANSWER_BYTES_MAX: Final = 1 << 20  # of one answer; the API cuts it to lines
KEPT_BYTES_MAX: Final = 2 << 20  # a guest that prints without end must not fill the host's disk


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


def trim(path: Path) -> bool:
    """Cut a log above KEPT_BYTES_MAX down to its last TAIL_BYTES, in place; True if it was cut.

    QEMU holds the file open for appending, so the file must stay the same one: what the guest
    prints between our read and our write is lost.
    """
    try:
        if path.stat().st_size <= KEPT_BYTES_MAX:
            return False
    except FileNotFoundError:
        return False
    kept = tail(path, size_bytes=TAIL_BYTES).encode()
    with path.open("r+b") as log:
        log.truncate(0)
        log.write(kept)
    return True
