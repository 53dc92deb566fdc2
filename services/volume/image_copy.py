"""The bytes of an image, copied into a new volume. Knows no row and no HTTP.

Raw ones stream straight into the volume; a qcow2 is kept beside, inspected, and converted by
qemu-img within limits. Zeros are not written: a new volume reads as zeros.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from appliance import command, glance
from appliance.errors import VolumeError
from appliance.ids import ImageId
from services.volume.doing import doing
from storage.blocks.pool import Pool
from storage.images import inspect

_PIECE_BYTES: Final = 64 << 10  # of zeros that are left out; a cluster of qcow2 is as large
_ZEROS: Final = bytes(_PIECE_BYTES)
_CONVERT_S: Final = 3600.0
# Nova's limit on qemu-img's memory; the time is for large images, theirs for a look at a header.
# With an arena for each thread, malloc alone could reserve all of it: threads then fail to start.
_PRLIMIT: Final = (
    "prlimit", "--as=1073741824", "--cpu=1800", "--", "env", "MALLOC_ARENA_MAX=1",
)  # fmt: skip


class ImageCopy:
    """Copies into the volumes of one pool; `folder` keeps an image while it is converted."""

    def __init__(self, pool: Pool, *, fetch: glance.Fetch, folder: Path) -> None:
        self._pool = pool
        self._fetch = fetch
        self._folder = folder

    def fill(self, volume_id: str, image_id: ImageId, *, size_bytes: int) -> None:
        """Make the volume with the image's bytes.

        Raises VolumeError when they are not what the image says, are too many or not safe to be
        opened, and what fetching raises; then there is no volume, and nothing is kept.
        """
        with (
            doing("fill", target="pool", volume=volume_id, image=image_id) as span,
            self._fetch(image_id) as (facts, chunks),
        ):
            span.note(format=facts.disk_format, size_bytes=size_bytes)
            try:
                self._fill(volume_id, facts, _checked(image_id, facts, chunks), size_bytes)
            except OSError as error:
                raise VolumeError(f"image {image_id} into volume {volume_id}: {error}") from error

    def forget(self, *, unless: Callable[[str], bool]) -> None:
        """Remove what killed processes left of images, `unless` the volume is still being made.

        That is asked after a file was seen: its volume's row was there before it.
        """
        for path in self._folder.iterdir() if self._folder.exists() else ():
            if not unless(path.name):
                path.unlink(missing_ok=True)

    def _fill(
        self, volume_id: str, facts: glance.Facts, chunks: Iterable[bytes], size_bytes: int
    ) -> None:
        if inspect.FORMATS.get(facts.disk_format) == "raw":
            with self._pool.filling(volume_id, size_bytes=size_bytes) as path:
                _write(path, chunks, size_bytes)
            return
        with self._kept(volume_id, chunks) as file:
            disk = _inspected(file, facts.disk_format)
            _check_fits(disk.virtual_size_bytes, size_bytes)
            with self._pool.filling(volume_id, size_bytes=size_bytes) as path:
                _convert(disk, path)

    @contextlib.contextmanager
    def _kept(self, volume_id: str, chunks: Iterable[bytes]) -> Iterator[Path]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / volume_id
        try:
            with path.open("wb") as file:
                file.writelines(chunks)
            yield path
        finally:
            path.unlink()


def _checked(image_id: ImageId, facts: glance.Facts, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks as they come. Raises VolumeError after the last if they hash to something else."""
    seen = hashlib.new(facts.hash_algorithm)
    for chunk in chunks:
        seen.update(chunk)
        yield chunk
    if seen.hexdigest() != facts.hash_value:
        raise VolumeError(
            f"image {image_id}: {facts.hash_algorithm} is {seen.hexdigest()}, not "
            f"{facts.hash_value}: the image service gave other bytes than it was given"
        )


def _write(path: Path, chunks: Iterable[bytes], size_bytes: int) -> None:
    at = 0
    with path.open("r+b") as volume:
        for chunk in chunks:
            _check_fits(at + len(chunk), size_bytes)
            for start in range(0, len(chunk), _PIECE_BYTES):
                piece = chunk[start : start + _PIECE_BYTES]
                if piece != _ZEROS[: len(piece)]:
                    volume.seek(at + start)
                    volume.write(piece)
            at += len(chunk)


def _inspected(file: Path, disk_format: str) -> inspect.Disk:
    try:
        return inspect.inspect(file, disk_format=disk_format)
    except inspect.Refused as error:
        raise VolumeError(str(error)) from error


def _check_fits(needed_bytes: int, size_bytes: int) -> None:
    if needed_bytes > size_bytes:
        raise VolumeError(
            f"the image needs {needed_bytes} bytes and the volume has {size_bytes}: "
            f"ask for a larger volume"
        )


def _convert(disk: inspect.Disk, path: Path) -> None:
    command.run(
        # -n: the volume is there, as large as it is to be
        [*_PRLIMIT, "qemu-img", "convert", "-q", "-n", "--target-is-zero", "-f", disk.format,
         "-O", "raw", str(disk.path), str(path)],
        failing_as=VolumeError, timeout_s=_CONVERT_S,
    )  # fmt: skip
