"""An AMI bundle as the image in it: parts, AES-128-CBC, gzip, tar, in bounded memory.

Bytes flow through as they are asked for, and each layer says at its end whether they were right.
The names in the archive are never used: the image is the first member, whatever it is called.
"""

import hashlib
import tarfile
import zlib
from collections.abc import Callable, Generator
from typing import IO, Any, Final

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from appliance import errors
from services.image.inspection import Reader
from services.image.manifests import Manifest

CHUNK_BYTES: Final = 1 << 20
BESIDES_BYTES: Final = 1 << 20  # an archive is at most this much larger than its image
_GZIP: Final = 16 + zlib.MAX_WBITS
_BROKEN: Final = (tarfile.TarError, zlib.error, ValueError, OverflowError, EOFError)

OpenPart = Callable[[str], Generator[bytes]]


class Bundle:
    """The image of a bundle, as a reader whose end says that all of it was right.

    `open_part` gives a part's bytes by its name. Raises BadRequest that names the part or the layer
    that is wrong, and whatever `open_part` raises.
    """

    def __init__(self, manifest: Manifest, open_part: OpenPart, *, key: bytes, iv: bytes) -> None:
        self._manifest = manifest
        self._parts = _Parts(manifest, open_part)
        self._archive = _Archive(
            _Inflated(_Decrypted(self._parts, key=key, iv=iv)),
            size_bytes_max=manifest.size_bytes + BESIDES_BYTES,
        )
        self._image: IO[bytes] | None = None

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end, where digests and sizes are compared."""
        try:
            self._image = self._image or self._first_member()
            data = self._image.read(size_bytes)
            if not data:
                self._conclude()
        except _BROKEN as error:
            self._parts.finish_part()  # a wrong part is a better reason than what came of it
            raise errors.BadRequest(
                "The bundle's parts are what the manifest says, but together they are no encrypted "
                f"tar archive: {error}"
            ) from error
        return data

    def _first_member(self) -> IO[bytes]:
        source: Any = self._archive  # tarfile asks for a whole file, and calls nothing but `read`
        tar = tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK_BYTES)  # noqa: SIM115  read to its end, nothing to close
        member = tar.next()
        image = tar.extractfile(member) if member is not None and member.isreg() else None
        if member is None or image is None:
            raise errors.BadRequest("The bundle's archive begins with no file.")
        if member.size != self._manifest.size_bytes:
            raise errors.BadRequest(
                f"The image in the bundle has {member.size} bytes, "
                f"not {self._manifest.size_bytes} as the manifest says."
            )
        self._archive.headers_end()
        return image

    def _conclude(self) -> None:
        while self._archive.read(CHUNK_BYTES):
            pass
        self._parts.check_all_read()
        if self._archive.digest != self._manifest.digest:
            raise errors.BadRequest(
                f"The bundle's archive has SHA-1 {self._archive.digest}, "
                f"not {self._manifest.digest} as the manifest says."
            )


class _Parts:
    """The parts' bytes, one after another, each of the size and digest that the manifest says."""

    def __init__(self, manifest: Manifest, open_part: OpenPart) -> None:
        self._manifest = manifest
        self._open_part = open_part
        self._waiting = iter(manifest.parts)
        self._current = next(self._waiting)
        self._chunks: Generator[bytes] | None = None
        self._digest = hashlib.sha1(usedforsecurity=False)
        self._size_bytes = 0

    def read(self, _size_bytes: int, /) -> bytes:
        """The next chunk, of whatever size the store sends."""
        while True:
            if self._chunks is None:
                self._chunks = self._open_part(self._current.filename)
                self._digest = hashlib.sha1(usedforsecurity=False)
            for chunk in self._chunks:
                self._count(chunk)
                return chunk
            self._check_digest()
            following = next(self._waiting, None)
            if following is None:
                return b""
            self._current, self._chunks = following, None

    def finish_part(self) -> None:
        """Read on to the end of the part under way, to see whether it is right."""
        for chunk in self._chunks or ():
            self._count(chunk)
        self._check_digest()

    def check_all_read(self) -> None:
        """Raise BadRequest unless the parts together are as large as the manifest says."""
        if self.read(CHUNK_BYTES) or self._size_bytes != self._manifest.bundled_size_bytes:
            raise self._wrong_size()

    def _count(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._size_bytes += len(chunk)
        if self._size_bytes > self._manifest.bundled_size_bytes:
            raise self._wrong_size()

    def _check_digest(self) -> None:
        if self._digest.hexdigest() != self._current.digest:
            raise errors.BadRequest(
                f"Part {self._current.filename} of the bundle has SHA-1 "
                f"{self._digest.hexdigest()}, not {self._current.digest} as the manifest says."
            )

    def _wrong_size(self) -> errors.BadRequest:
        return errors.BadRequest(
            f"The bundle's parts do not have {self._manifest.bundled_size_bytes} bytes, "
            "as the manifest says."
        )


class _Decrypted:
    """AES-128-CBC with PKCS 7 padding, as `openssl enc -aes-128-cbc` writes it."""

    def __init__(self, reader: Reader, *, key: bytes, iv: bytes) -> None:
        self._reader = reader
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        self._padding = padding.PKCS7(algorithms.AES.block_size).unpadder()
        self._is_over = False

    def read(self, size_bytes: int, /) -> bytes:
        while not self._is_over:
            data = self._reader.read(size_bytes)
            plain = self._padding.update(self._cipher.update(data))
            if not data:
                self._is_over = True
                plain += self._padding.update(self._cipher.finalize()) + self._padding.finalize()
            if plain:
                return plain
        return b""


class _Inflated:
    """What gzip packed; it is never more than was asked for, however small it was packed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._inflate = zlib.decompressobj(wbits=_GZIP)

    def read(self, size_bytes: int, /) -> bytes:
        while not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._reader.read(CHUNK_BYTES)
            plain = self._inflate.decompress(data, size_bytes)
            if plain:
                return plain
            if not data:
                raise EOFError("gzip's data ends early")
        if self._inflate.unused_data or self._reader.read(CHUNK_BYTES):
            raise ValueError("there are bytes after the end of gzip's data")
        return b""


class _Archive:
    """The tar archive: summed, and never larger than its image lets it be.

    A header may say that it goes on for a terabyte, and tarfile would hold all of it: until the
    image begins, `BESIDES_BYTES` are the most that is read.
    """

    def __init__(self, reader: Reader, *, size_bytes_max: int) -> None:
        self._reader = reader
        self._size_bytes_max = size_bytes_max
        self._is_header = True
        self._size_bytes = 0
        self._sha1 = hashlib.sha1(usedforsecurity=False)

    @property
    def digest(self) -> str:
        """SHA-1 of what was read so far."""
        return self._sha1.hexdigest()

    def headers_end(self) -> None:
        """Let the image itself be read."""
        self._is_header = False

    def read(self, size_bytes: int, /) -> bytes:
        data = self._reader.read(size_bytes)
        self._sha1.update(data)
        self._size_bytes += len(data)
        if self._size_bytes > (BESIDES_BYTES if self._is_header else self._size_bytes_max):
            raise errors.TooLarge(
                "The bundle's archive is larger than the image that the manifest says is in it."
            )
        return data
