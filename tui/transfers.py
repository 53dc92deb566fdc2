"""Bytes between the cloud and this machine: downloads, uploads, checksums; draws nothing.

A download is a file of its own name only when all of it has come.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn

from tui.client import openstack
from tui.client.call import Call
from tui.client.errors import ClientError, CutOff
from tui.client.nouns import Entry, Image
from tui.client.verbs import image, object_store

if TYPE_CHECKING:
    from tui.client.session import Session

At = Callable[[int], None]
"""Is told how many bytes went, each time some did."""
_PIECE_BYTES: Final = 256 * 1024
_SILENCE_S: Final = 60.0  # a store that checks a large object on a slow disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What reading all bytes came to; ``known`` is empty where nothing was written down."""

    algorithm: str
    computed: str
    known: str

    @property
    def is_right(self) -> bool:
        """Whether both are the same."""
        return bool(self.known) and self.computed == self.known


def content_of(noun: Image | Entry) -> Call:
    """Return the call that reads the bytes of an image or an object."""
    if isinstance(noun, Image):
        return image.download_image(noun.id)
    return object_store.get_object(noun.container, noun.name)


async def read(
    session: Session, call: Call, *, first: int | None = None, last: int | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of ``call``, or those from ``first`` to ``last``. Raises ClientError."""
    headers: Mapping[str, str] = {} if first is None else {"Range": f"bytes={first}-{last}"}
    async with session.stream(
        call.service, call.path, headers=headers, silence_s=_SILENCE_S
    ) as response:
        async for piece in response.aiter_raw(_PIECE_BYTES):
            yield piece


async def download(
    session: Session, noun: Image | Entry, path: Path, *, size_bytes: int | None, at: At
) -> None:
    """Write the bytes to ``path``, which must not be there. Raises ClientError, OSError."""
    part = path.with_name(f".{path.name}.part")
    file = part.open("xb")  # not in a thread: a wait that is cancelled would lose the open file
    try:
        with file:
            got = await _fill(file, read(session, content_of(noun)), at=at)
        if size_bytes is not None and got != size_bytes:
            _cut_off(path, got, size_bytes)
        await asyncio.to_thread(path.hardlink_to, part)  # fails where there is one already
    finally:
        await asyncio.to_thread(part.unlink)


async def upload(session: Session, call: Call, path: Path, *, at: At) -> None:
    """Send the file as the body of ``call``. Raises ClientError, OSError."""
    with path.open("rb") as file:  # not in a thread, as above
        await session.upload(call, _pieces(file, at))


async def verify(session: Session, noun: Image | Entry, *, at: At) -> Verdict:
    """Read all bytes and sum them. Raises ClientError."""
    if isinstance(noun, Image):
        return await _verify_image(session, noun, at=at)
    told = await session.send(object_store.head(noun.container, noun.name))
    known = told.headers.get("etag", "").strip('"')
    if told.headers.get("x-static-large-object", "").lower() == "true":
        return await _verify_segments(session, noun, known, at=at)
    return Verdict(
        algorithm="md5", known=known,
        computed=await _sum(session, content_of(noun), "md5", at=at),
    )  # fmt: skip


async def segments(session: Session, entry: Entry) -> Sequence[Entry]:
    """Return the segments of a large object; none of another one. Raises ClientError."""
    told = await session.send(object_store.head(entry.container, entry.name))
    if told.headers.get("x-static-large-object", "").lower() != "true":
        return []
    return await session.fetch(
        object_store.manifest(entry.container, entry.name), openstack.segments
    )


async def _verify_image(session: Session, noun: Image, *, at: At) -> Verdict:
    told = (await session.send(image.image(noun.id))).body
    algorithm, known = told.get("os_hash_algo"), told.get("os_hash_value")
    if not known:
        algorithm, known = "md5", told.get("checksum") or ""
    computed = await _sum(session, content_of(noun), algorithm, at=at)
    return Verdict(algorithm=algorithm, computed=computed, known=known)


async def _verify_segments(session: Session, entry: Entry, known: str, *, at: At) -> Verdict:
    """A large object's etag is the MD5 of its segments' (Swift, "Static Large Objects")."""
    whole = hashlib.md5(usedforsecurity=False)
    for segment in await segments(session, entry):
        computed = await _sum(session, content_of(segment), "md5", at=at)
        if computed != segment.etag:
            return Verdict(algorithm="md5", computed=computed, known=f"{segment.etag} of "
                           f"{segment.key}")  # fmt: skip
        whole.update(computed.encode())
    return Verdict(algorithm="md5 of segments", computed=whole.hexdigest(), known=known)


async def _sum(session: Session, call: Call, algorithm: str, *, at: At) -> str:
    if algorithm not in hashlib.algorithms_available:
        raise ClientError(f"{algorithm} cannot be computed here")
    total = hashlib.new(algorithm, usedforsecurity=False)
    async with contextlib.aclosing(read(session, call)) as pieces:
        async for piece in pieces:
            await asyncio.to_thread(total.update, piece)
            at(len(piece))
    return total.hexdigest()


async def _pieces(file: BinaryIO, at: At) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
        yield piece
        at(len(piece))


async def _fill(file: BinaryIO, source: AsyncGenerator[bytes, None], *, at: At) -> int:
    got = 0
    async with contextlib.aclosing(source) as pieces:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
            got += len(piece)
            at(len(piece))
    return got


def _cut_off(path: Path, got: int, size_bytes: int) -> NoReturn:
    raise CutOff(f"{path.name}: {got} of {size_bytes} bytes came", what="download")
