"""The files of this machine's object store, without HTTP between: the asking end of a hand-over.

`services/object/handover.py` describes the messages. Where nobody listens, or an object is not to
be had as files, the answer is None, and its bytes are to be had over HTTP as ever.
"""

import contextlib
import json
import operator
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import xxhash

from storage import blobs
from storage.images import store
from storage.images.pieces import Summed
from storage.objects import sums

TIMEOUT_S: Final = 150.0  # the store syncs a whole segment before it answers
_FILES_MAX: Final = 253  # with one message: the kernel's limit
_MESSAGE_BYTES_MAX: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file, and which of its bytes belong to the object; `blocks` are the sums of the file's, and
    of one that is a single block there is only `xxh3`.
    """

    fd: int
    offset: int
    size_bytes: int
    xxh3: str
    blocks: bytes

    def is_good(self, index: int, block: bytes) -> bool:
        """Whether that is the block of this number as it was stored."""
        if self.blocks:
            return sums.is_block(block, self.blocks, index)
        return sums.whole(block) == self.xxh3


class Handover:
    """The socket of one object store; `trace` says under which request it is asked."""

    def __init__(self, run_dir: Path, *, trace: Callable[[], str]) -> None:
        self._path = run_dir / "object.handover"
        self._trace = trace

    def write(self, name: tuple[str, str, str], reader: Summed) -> store.Stored | None:
        """Write an object (account, container and name) with what `reader` gives; None, when
        nobody gives a file for it, and nothing is read then.

        Raises StoreFull, StoreUnreachable, ImageStoreError and what `reader` raises; there is no
        part of the object then.
        """
        with contextlib.ExitStack() as opened:
            asked = self._ask(opened, "write", name, hint_bytes=operator.length_hint(reader))
            if asked is None:
                return None
            peer, _, (fd, *_) = asked
            size_bytes, xxh3, blocks = _copy(reader, fd)
            said = {"size_bytes": size_bytes, "etag": reader.md5, "xxh3": xxh3}
            with _reaching(name):
                told = blobs.in_memory(blocks)
                opened.callback(os.close, told)
                socket.send_fds(peer, [json.dumps(said).encode()], [told])
                _check(name, json.loads(peer.recv(_MESSAGE_BYTES_MAX) or b"{}"))
        return store.Stored(size_bytes=size_bytes, etag=reader.md5)

    def read(
        self, name: tuple[str, str, str], *, offset: int, length: int | None
    ) -> "Chunks | None":
        """The bytes of an object from `offset`, `length` of them or all; None, when nobody gives
        its files. Raises DataNotFound, StoreUnreachable.
        """
        with contextlib.ExitStack() as opened:
            asked = self._ask(opened, "open", name)
            if asked is None:
                return None
            _, said, (told, *fds) = asked
            parts = list(_parts(told, fds, said["parts"]))
            return Chunks(opened.pop_all(), name, list(_cut(parts, offset, length)))

    def _ask(
        self,
        opened: contextlib.ExitStack,
        verb: str,
        name: tuple[str, str, str],
        *,
        hint_bytes: int = 0,
    ) -> tuple[socket.socket, dict[str, Any], list[int]] | None:
        """The connection, the answer and its files, which last as long as `opened`."""
        peer = self._connect(opened)
        if peer is None:
            return None
        account, container, key = name
        asked = {
            "verb": verb, "account": account, "container": container, "name": key,
            "trace": self._trace(), "hint_bytes": hint_bytes,
        }  # fmt: skip
        with _reaching(name):
            peer.send(json.dumps(asked).encode())
            data, fds, _, _ = socket.recv_fds(peer, _MESSAGE_BYTES_MAX, _FILES_MAX)
        for fd in fds:
            opened.callback(os.close, fd)
        if not data:
            return None  # too many at once
        said = json.loads(data)
        if said["status"] == HTTPStatus.CONFLICT:
            return None
        _check(name, said)
        return peer, said, fds

    def _connect(self, opened: contextlib.ExitStack) -> socket.socket | None:
        peer = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        peer.settimeout(TIMEOUT_S)
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return None
        try:  # sun_path holds 107 bytes, whatever the folder is
            peer.connect(f"/proc/self/fd/{folder}/{self._path.name}")
        except OSError:
            return None
        finally:
            os.close(folder)
        return peer


class Chunks(Iterator[bytes]):
    """The bytes of parts, each block of them as it was stored; `opened` is closed in the end,
    whatever happens.
    """

    def __init__(
        self, opened: contextlib.ExitStack, name: tuple[str, str, str], parts: list[Part]
    ) -> None:
        self._opened = opened
        self._name = name
        self._parts = parts
        self._place = 0  # in the first of the parts

    def __next__(self) -> bytes:
        while self._parts and self._place == self._parts[0].size_bytes:
            self._parts.pop(0)
            self._place = 0
        if not self._parts:
            self.close()
            raise StopIteration
        part = self._parts[0]
        index, start = divmod(part.offset + self._place, sums.BLOCK_BYTES)
        block = self._block(part, index)
        data = block if not start else block[start:]
        left = part.size_bytes - self._place
        data = data if len(data) <= left else data[:left]
        self._place += len(data)
        return data

    def _block(self, part: Part, index: int) -> bytes:
        try:
            block = os.pread(part.fd, sums.BLOCK_BYTES, index * sums.BLOCK_BYTES)
        except OSError as error:
            self.close()
            raise store.StoreUnreachable(f"{self._what}: {error.strerror}") from error
        if not block or not part.is_good(index, block):
            self.close()
            raise store.StoreUnreachable(f"{self._what}: block {index} is not what was stored")
        return block

    def close(self) -> None:
        """Let go of the files."""
        self._parts = []
        self._opened.close()

    @property
    def _what(self) -> str:
        return "object " + "/".join(self._name)


def _copy(reader: store.Reader, fd: int) -> tuple[int, str, bytes]:
    """Write all that `reader` gives; how many bytes, their xxh3, and the sums of their blocks."""
    size_bytes, flushed_bytes, xxh3, blocks = 0, 0, xxhash.xxh3_128(), sums.Blocks()
    while chunk := reader.read(store.CHUNK_BYTES):
        xxh3.update(chunk)
        blocks.update(chunk)
        size_bytes += len(chunk)
        try:
            blobs.write_all(fd, chunk)
        except OSError as error:
            raise store.failed(error, "a draft of the object store") from error
        if size_bytes - flushed_bytes >= blobs.FLUSH_BYTES:
            blobs.begin_writing(fd, flushed_bytes, size_bytes - flushed_bytes)
            flushed_bytes = size_bytes
    return size_bytes, xxh3.hexdigest(), blocks.digest()


def _parts(told: int, fds: list[int], said: list[dict[str, Any]]) -> Iterator[Part]:
    """The parts as they were described; `told` is the file with the sums of their blocks."""
    at = 0
    for fd, one in zip(fds, said, strict=True):
        count = one["blocks_bytes"]
        yield Part(
            fd=fd, offset=one["offset"], size_bytes=one["size_bytes"], xxh3=one["xxh3"],
            blocks=os.pread(told, count, at),
        )  # fmt: skip
        at += count


def _cut(parts: list[Part], offset: int, length: int | None) -> Iterator[Part]:
    """Those of the parts, or what is left of them, that have the bytes from `offset`."""
    at, stop = 0, float("inf") if length is None else offset + length
    for part in parts:
        first, last = max(offset - at, 0), int(min(stop - at, part.size_bytes))
        at += part.size_bytes
        if first < last:
            yield replace(part, offset=part.offset + first, size_bytes=last - first)


def _check(name: tuple[str, str, str], said: dict[str, Any]) -> None:
    """Raise what an answer that is none means."""
    status = said.get("status", HTTPStatus.SERVICE_UNAVAILABLE)
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return
    message = f"object {'/'.join(name)}: {status}: {said.get('reason', 'the store went away')}"
    if status == HTTPStatus.NOT_FOUND:
        raise store.DataNotFound(message)
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        raise store.StoreFull(message)
    raise store.StoreUnreachable(message)


@contextlib.contextmanager
def _reaching(name: tuple[str, str, str]) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise store.StoreUnreachable(f"object {'/'.join(name)}: {error!r}") from error
