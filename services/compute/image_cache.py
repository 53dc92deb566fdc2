"""Images kept on the host, each in one file with its facts beside it. Knows no HTTP and no QEMU.

A file is there whole or not at all: it is written under another name, compared with the digest
that Glance gave, synced, and renamed. What is here needs Glance no more.
"""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from appliance.errors import HypervisorError
from appliance.glance import Facts, Fetch
from appliance.ids import ImageId

log = logging.getLogger(__name__)

UNUSED_AGE_S: Final = 24 * 3600.0  # Nova's remove_unused_original_minimum_age_seconds
_FACTS: Final = ".json"
_LOCK: Final = ".lock"
_PART: Final = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """An image that is here."""

    path: Path
    facts: Facts


class ImageCache:
    """The folder of cached images; safe for threads and for processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ensure(self, image_id: ImageId, fetch: Fetch) -> Cached:
        """The image; `fetch` opens its facts and its stream of bytes if it is not here yet.

        Who asks while another fetches waits for that fetch. Raises HypervisorError if the bytes
        hash to something else, and whatever `fetch` raises; then nothing is left but a part file,
        which the next `ensure` overwrites.
        """
        path = self._folder / image_id
        if not path.exists():
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            with _locked(_beside(path, _LOCK)):
                if not path.exists():
                    with fetch(image_id) as (facts, chunks):
                        _download(path, facts, chunks)
        beside = _beside(path, _FACTS)
        os.utime(beside)  # when it was last asked for; the image itself libvirt may have chowned
        return Cached(path=path, facts=Facts(**json.loads(beside.read_text())))

    def drop_unused(self, in_use: Collection[ImageId], *, age_s: float = UNUSED_AGE_S) -> None:
        """Remove images of no instance in `in_use` that were last asked for `age_s` ago."""
        if not self._folder.exists():
            return
        for path in sorted(self._folder.iterdir()):  # an image goes before its facts
            image_id = ImageId(path.name.partition(".")[0])
            if image_id not in in_use and self._age_s(image_id) > age_s:
                log.info("image %s: %s removed from the cache", image_id, path.name)
                path.unlink(missing_ok=True)

    def _age_s(self, image_id: ImageId) -> float:
        """Seconds since the image was last asked for; of a broken download, since it broke."""
        for name in (image_id + _FACTS, image_id, image_id + _PART, image_id + _LOCK):
            with contextlib.suppress(FileNotFoundError):
                return time.time() - (self._folder / name).stat().st_mtime
        return 0.0


def _download(path: Path, facts: Facts, chunks: Iterable[bytes]) -> None:
    part = _beside(path, _PART)
    seen = hashlib.new(facts.hash_algorithm)
    with _synced(part) as file:
        for chunk in chunks:
            seen.update(chunk)
            file.write(chunk)
    if seen.hexdigest() != facts.hash_value:
        part.unlink()
        raise HypervisorError(
            f"image {path.name}: {facts.hash_algorithm} is {seen.hexdigest()}, not "
            f"{facts.hash_value}: the image service gave other bytes than it was given"
        )
    part.chmod(0o644)  # QEMU runs as a user of its own
    with _synced(_beside(path, _FACTS)) as file:
        file.write(json.dumps(asdict(facts)).encode())
    part.rename(path)
    _sync_folder(path.parent)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


@contextlib.contextmanager
def _synced(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel lets go of it when the holder dies
        yield
