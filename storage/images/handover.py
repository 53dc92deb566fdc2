"""The files of this machine's object store, without HTTP between: the asking end of a hand-over.

`services/object/handover.py` describes the messages. Where nobody listens, or an object is not to
be had as files, the answer is None, and its bytes are to be had over HTTP as ever.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import xxhash

from storage import blobs
from storage.images import store
from storage.images.pieces import Summed

TIMEOUT_S: Final = 150.0  # the store syncs a whole segment before it answers
PARTS_MAX: Final = 64
_MESSAGE_BYTES_MAX: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file, and which of its bytes belong to the object; `xxh3` is of all of the file's."""

    fd: int
    offset: int
    size_bytes: int
    whole_bytes: int
    xxh3: str


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
            asked = self._ask(opened, "write", name)
            if asked is None:
                return None
            peer, _, (fd, *_) = asked
            size_bytes, xxh3 = _copy(reader, fd)
            said = {"size_bytes": size_bytes, "etag": reader.md5, "xxh3": xxh3}
            with _reaching(name):
                peer.send(json.dumps(said).encode())
                _check(name, json.loads(peer.recv(_MESSAGE_BYTES_MAX) or b"{}"))
        return store.Stored(size_bytes=size_bytes, etag=reader.md5)

    def read(
        self, name: tuple[str, str, str], *, offset: int, length: int | None
    ) -> Iterator[bytes] | None:
        """The bytes of an object from `offset`, `length` of them or all; None, when nobody gives
        its files. Raises DataNotFound, StoreUnreachable.
        """
        with contextlib.ExitStack() as opened:
            asked = self._ask(opened, "open", name)
            if asked is None:
                return None
            _, said, fds = asked
            parts = [Part(fd=fd, **one) for fd, one in zip(fds, said["parts"], strict=True)]
            return _Chunks(opened.pop_all(), name, list(_cut(parts, offset, length)))

    def _ask(
        self, opened: contextlib.ExitStack, verb: str, name: tuple[str, str, str]
    ) -> tuple[socket.socket, dict[str, Any], list[int]] | None:
        """The connection, the answer and its files, which last as long as `opened`."""
        peer = self._connect(opened)
        if peer is None:
            return None
        account, container, key = name
        asked = {
            "verb": verb, "account": account, "container": container, "name": key,
            "trace": self._trace(),
        }  # fmt: skip
        with _reaching(name):
            peer.send(json.dumps(asked).encode())
            data, fds, _, _ = socket.recv_fds(peer, _MESSAGE_BYTES_MAX, PARTS_MAX)
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


class _Chunks(Iterator[bytes]):
    """The bytes of parts. A file that is read whole is summed, and its last chunk comes only when
    the sum is right; `opened` is closed in the end, whatever happens.
    """

    def __init__(
        self, opened: contextlib.ExitStack, name: tuple[str, str, str], parts: list[Part]
    ) -> None:
        self._opened = opened
        self._name = name
        self._parts = parts
        self._place = 0  # in the first of the parts
        self._xxh3 = xxhash.xxh3_128()

    def __next__(self) -> bytes:
        while self._parts and self._place == self._parts[0].size_bytes:
            self._parts.pop(0)
            self._place = 0
            self._xxh3.reset()
        if not self._parts:
            self.close()
            raise StopIteration
        part = self._parts[0]
        data = self._read(part, min(store.CHUNK_BYTES, part.size_bytes - self._place))
        self._place += len(data)
        is_whole = part.size_bytes == part.whole_bytes
        if is_whole and self._place == part.size_bytes and self._xxh3.hexdigest() != part.xxh3:
            self.close()
            raise store.StoreUnreachable(f"{self._what}: its bytes are not what was stored")
        return data

    def _read(self, part: Part, size_bytes: int) -> bytes:
        """The next bytes of a part, summed while they are in the processor's cache."""
        try:
            data = os.pread(part.fd, size_bytes, part.offset + self._place)
        except OSError as error:
            self.close()
            raise store.StoreUnreachable(f"{self._what}: {error.strerror}") from error
        if not data:
            self.close()
            raise store.StoreUnreachable(f"{self._what} ends {size_bytes} bytes early")
        self._xxh3.update(data)
        return data

    def close(self) -> None:
        """Let go of the files."""
        self._parts = []
        self._opened.close()

    @property
    def _what(self) -> str:
        return "object " + "/".join(self._name)


def _copy(reader: store.Reader, fd: int) -> tuple[int, str]:
    """Write all that `reader` gives; how many bytes, and their xxh3."""
    size_bytes, xxh3 = 0, xxhash.xxh3_128()
    while chunk := reader.read(store.CHUNK_BYTES):
        xxh3.update(chunk)
        size_bytes += len(chunk)
        try:
            blobs.write_all(fd, chunk)
        except OSError as error:
            raise store.failed(error, "a draft of the object store") from error
    return size_bytes, xxh3.hexdigest()


def _cut(parts: list[Part], offset: int, length: int | None) -> Iterator[Part]:
    """Those of the parts, or what is left of them, that have the bytes from `offset`."""
    at, stop = 0, float("inf") if length is None else offset + length
    for part in parts:
        first, last = max(offset - at, 0), int(min(stop - at, part.size_bytes))
        at += part.size_bytes
        if first < last:
            yield Part(
                fd=part.fd, offset=part.offset + first, size_bytes=last - first,
                whole_bytes=part.whole_bytes, xxh3=part.xxh3,
            )  # fmt: skip


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
