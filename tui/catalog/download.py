"""One file from its publisher onto the shelf: gone on with where it was cut off, never trusted.

Knows nothing of the cloud. What is on the shelf under its own name has the publisher's checksum;
until then it is a `.part`.
"""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tui import quantities
from tui.catalog import shelf
from tui.catalog.entries import Entry
from tui.catalog.failure import FetchFailed
from tui.catalog.progress import At, Teller
from tui.catalog.shelf import Shelf
from tui.client.errors import CutOff, NotServed
from tui.client.publisher import Publisher, Stream

PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_GAIN_BYTES: Final = 1 << 20  # a try that brought this much begins the count of failures anew
_SIZE_BYTES_MAX: Final = 64 << 30  # no publisher's cloud image comes near
_SPARE_BYTES: Final = 64 << 20  # left free for everybody else on that disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A publisher's server, and how long to wait between tries: one pause a failure in a row."""

    publisher: Publisher
    pauses_s: tuple[float, ...] = PAUSES_S


async def checksum_list(source: Source, entry: Entry, *, teller: Teller) -> str:
    """Return the list in which the publisher says what the file is. Raises FetchFailed."""
    pauses_s = list(source.pauses_s)
    while True:
        try:
            return await source.publisher.text(entry.checksums)
        except (NotServed, CutOff) as error:
            if isinstance(error, NotServed) or not pauses_s:
                raise FetchFailed(f"no checksums of {entry.name}: {error}") from error
            pause_s = pauses_s.pop(0)
            teller.say(f"{entry.name}: {error}; again in {pause_s:g} s", style="yellow")
            await asyncio.sleep(pause_s)


async def verified(
    source: Source, entry: Entry, expected: str, *, place: Shelf, teller: Teller
) -> Path:
    """Return the file, whole and with the checksum ``expected``; downloaded if it must be.

    Raises FetchFailed. A file that is not what its publisher says is removed; one that was cut
    off stays, and the next call goes on with it.
    """
    whole, part = place.whole(entry, expected), place.part(entry, expected)
    if whole.exists():
        if await _has(whole, entry, expected):
            teller.say(f"{entry.name}: downloaded before, {entry.algorithm} verified")
            return whole
        whole.unlink()
    place.drop_stale_parts(entry, expected)
    await _download(source, entry, part, place=place, teller=teller)
    if not await _has(part, entry, expected):
        part.unlink()
        raise FetchFailed(
            f"{entry.name}: what came from {entry.url} is not what the publisher says: its "
            f"{entry.algorithm} is not {expected[:16]}…. Nothing of it was kept; if a newer image "
            "is being published right now, try again in some minutes"
        )
    teller.say(f"{entry.name}: {entry.algorithm} verified")
    return part.rename(whole)


async def _has(path: Path, entry: Entry, expected: str) -> bool:
    def made() -> str:
        with path.open("rb") as file:
            return shelf.digest(file, entry.algorithm)

    return await asyncio.to_thread(made) == expected


async def _download(
    source: Source, entry: Entry, part: Path, *, place: Shelf, teller: Teller
) -> None:
    """Fill ``part`` to its end, in as many tries as bring something."""
    failures = 0
    with place.opened(part) as file:
        while (cut := await _try(source, entry, file, place=place, teller=teller)) is not None:
            error, gained_bytes = cut
            failures = 1 if gained_bytes >= _GAIN_BYTES else failures + 1
            await _wait(source, entry, error, failures=failures, file=file, teller=teller)


async def _try(
    source: Source, entry: Entry, file: BinaryIO, *, place: Shelf, teller: Teller
) -> tuple[CutOff, int] | None:
    """Go on from the end of ``file``; return how it was cut off and the bytes it brought, or None
    when all is there. Raises FetchFailed where another try would bring nothing.
    """
    before_bytes = _size(file)
    try:
        async with source.publisher.stream(entry.url, offset=before_bytes) as stream:
            before_bytes = stream.offset
            _begin(file, stream, entry, place=place, teller=teller)
            with teller.amount(entry.name, "downloading", total_bytes=stream.total_bytes) as at:
                await _pour(file, stream, entry, place=place, at=at)
    except NotServed as error:
        raise FetchFailed(
            f"{entry.name}: {error}. The publisher may have moved it: an own catalogue "
            "(--catalog) can name another url"
        ) from error
    except CutOff as error:
        if error.must_restart:
            os.truncate(file.fileno(), 0)
        return error, _size(file) - before_bytes
    return None


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _begin(file: BinaryIO, stream: Stream, entry: Entry, *, place: Shelf, teller: Teller) -> None:
    """Have the file ready for the stream's first byte, and say what comes. Raises FetchFailed."""
    if stream.offset != _size(file):  # a server that only gives all of it
        os.truncate(file.fileno(), stream.offset)
    total = stream.total_bytes
    if total is not None:
        if total > _SIZE_BYTES_MAX:
            raise FetchFailed(f"{entry.name}: {quantities.size(total)} is no cloud image's size")
        missing = total - stream.offset
        room = place.room_bytes() - _SPARE_BYTES
        if missing > room:
            raise _no_room(entry, place, f"{quantities.size(missing)} more")
    of = f"{quantities.size(total)} " if total is not None else ""
    verb = f"going on at {quantities.size(stream.offset)} of" if stream.offset else "downloading"
    teller.say(f"{entry.name}: {verb} {of}from {entry.host}")


async def _pour(file: BinaryIO, stream: Stream, entry: Entry, *, place: Shelf, at: At) -> None:
    done_bytes = stream.offset
    at(done_bytes)
    async for piece in stream.pieces:
        done_bytes += len(piece)
        if done_bytes > min(stream.total_bytes or _SIZE_BYTES_MAX, _SIZE_BYTES_MAX):
            raise FetchFailed(f"{entry.name}: {entry.host} sends more than it said")
        try:
            await asyncio.to_thread(_write, file, piece)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _no_room(entry, place, "more") from error
            raise FetchFailed(f"{entry.name}: {place.folder}: {error.strerror}") from error
        at(done_bytes)
    if stream.total_bytes is not None and done_bytes < stream.total_bytes:
        raise CutOff("the server ended too early", what=entry.url)


def _write(file: BinaryIO, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def _no_room(entry: Entry, place: Shelf, needed: str) -> FetchFailed:
    room = quantities.size(place.room_bytes())
    return FetchFailed(
        f"{entry.name}: no room: it needs {needed} in {place.folder}, where {room} are free; "
        "free some, or name another folder with --cache"
    )


async def _wait(
    source: Source, entry: Entry, error: CutOff, *, failures: int, file: BinaryIO, teller: Teller
) -> None:
    """Pause before the next try. Raises FetchFailed when there was one too many."""
    kept = quantities.size(_size(file))
    if failures > len(source.pauses_s):
        raise FetchFailed(
            f"{entry.name}: given up after {failures} tries that brought nothing: {error}. "
            f"{kept} are kept: the same command goes on from there"
        ) from error
    pause_s = source.pauses_s[failures - 1]
    teller.say(
        f"{entry.name}: cut off at {kept}: {error.reason}; again in {pause_s:g} s", style="yellow"
    )
    await asyncio.sleep(pause_s)
