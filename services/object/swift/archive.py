"""The files of a tar, tar.gz or tar.bz2, one after another as they arrive.

A hostile one costs no more memory than a friendly one: what unpacks is asked for in small pieces,
names are short, and the whole has a limit. It refuses to know where the files go.
"""

from __future__ import annotations

import bz2
import contextlib
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final, Protocol

from services.http.endpoint import Reader

FORMATS: Final = ("tar", "tar.gz", "tar.bz2")
UNPACKED_BYTES_MAX: Final = 64 << 30  # of one archive; quotas count besides
_READ_BYTES: Final = 64 << 10
_NAME_BYTES_MAX: Final = 64 << 10  # of a name, or of a pax header: names are at most 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
# What a header may bring before a file: its name, or attributes. Python reads it whole.
_PREFACES: Final = (
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)  # fmt: skip


class Unreadable(Exception):
    """It is no archive of that kind, or unpacks into too much; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in an archive; its bytes are read before the next one is asked for."""

    path: str
    size_bytes: int
    _content: IO[bytes]

    def read(self, size_bytes: int) -> bytes:
        """Return up to `size_bytes`; empty at the end. Raises Unreadable."""
        with _translated():
            return self._content.read(size_bytes)


def files(body: Reader, form: str) -> Iterator[File]:
    """Yield the regular files of an archive; links, devices and directories are passed over.

    Raises Unreadable, and what reading the body raises.
    """
    with (
        _translated(),
        tarfile.open(
            fileobj=_Unpacked(body, form),  # type: ignore[call-overload]  # it has a `read`
            mode="r|",
            tarinfo=_Member,
            bufsize=_READ_BYTES,
        ) as archive,
    ):
        for member in archive:
            archive.members = []  # or each stays in memory
            if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
                content = archive.extractfile(member)
                assert content is not None  # noqa: S101 - it is a regular file
                yield File(path=member.name, size_bytes=member.size, _content=content)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise Unreadable(f"Invalid Tar File: {error}") from error


class _Member(tarfile.TarInfo):
    """A member whose headers are of a size that names have."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _PREFACES and self.size > _NAME_BYTES_MAX:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(archive)  # type: ignore[misc, no-any-return]  # not in typeshed


class _Packing(Protocol):
    """One way of packing, unpacked a little at a time."""

    @property
    def is_over(self) -> bool:
        """Whether the stream has ended; another may follow."""
        ...

    @property
    def is_hungry(self) -> bool:
        """Whether nothing more comes without more input."""
        ...

    def unpack(self, packed: bytes, size_bytes: int) -> tuple[bytes, bytes]:
        """Return up to `size_bytes`, and what of the input is to be given again."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def is_over(self) -> bool:
        return self._stream.eof

    is_hungry = True  # what it could not use it gives back

    def unpack(self, packed: bytes, size_bytes: int) -> tuple[bytes, bytes]:
        data = self._stream.decompress(packed, size_bytes)
        return data, self._stream.unconsumed_tail or self._stream.unused_data


class _Bzip2:
    def __init__(self) -> None:
        self._stream = bz2.BZ2Decompressor()

    @property
    def is_over(self) -> bool:
        return self._stream.eof

    @property
    def is_hungry(self) -> bool:
        return self._stream.needs_input

    def unpack(self, packed: bytes, size_bytes: int) -> tuple[bytes, bytes]:
        data = self._stream.decompress(packed, size_bytes)
        return data, self._stream.unused_data if self._stream.eof else b""


_PACKINGS: Final[dict[str, type[_Gzip | _Bzip2]]] = {"tar.gz": _Gzip, "tar.bz2": _Bzip2}


class _Unpacked:
    """A body unpacked a little at a time."""

    def __init__(self, body: Reader, form: str) -> None:
        self._body = body
        self._packing = _PACKINGS.get(form)
        self._stream: _Packing | None = None
        self._packed = b""
        self._read_bytes = 0

    def read(self, size_bytes: int) -> bytes:
        """Return up to `size_bytes`; empty at the end."""
        data = self._body.read(size_bytes) if self._packing is None else self._unpack(size_bytes)
        self._read_bytes += len(data)
        if self._read_bytes > UNPACKED_BYTES_MAX:
            raise Unreadable(f"It unpacks into more than {UNPACKED_BYTES_MAX} bytes")
        return data

    def _unpack(self, size_bytes: int) -> bytes:
        assert self._packing is not None  # noqa: S101 - a plain archive is not unpacked
        while True:
            if self._stream is None or self._stream.is_over:
                self._stream = self._packing()
            if not self._packed and self._stream.is_hungry:
                self._packed = self._body.read(_READ_BYTES)
                if not self._packed:
                    return b""
            data, self._packed = self._stream.unpack(self._packed, size_bytes)
            if data:
                return data
