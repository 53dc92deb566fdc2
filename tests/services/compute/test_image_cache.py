import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from appliance.errors import HypervisorError, Unavailable
from appliance.glance import Facts, Source
from appliance.ids import ImageId
from services.compute.image_cache import ImageCache

IMAGE = ImageId("image-1")
FACTS = Facts(
    disk_format="raw", hash_algorithm="sha256", hash_value=hashlib.sha256(b"ab").hexdigest()
)


class Glance:
    """Counts its streams."""

    def __init__(self, chunks: Iterable[bytes] = (b"a", b"b")) -> None:
        self.streams = 0
        self._chunks = chunks

    @contextlib.contextmanager
    def fetch(self, image_id: ImageId) -> Iterator[Source]:
        self.streams += 1
        yield FACTS, self._chunks


def broken() -> Iterator[bytes]:
    yield b"a"
    raise Unavailable("the stream broke off")


def test_an_image_is_fetched_once_and_kept_with_its_facts(tmp_path: Path) -> None:
    glance = Glance()
    cache = ImageCache(tmp_path / "images")
    first, second = cache.ensure(IMAGE, glance.fetch), cache.ensure(IMAGE, glance.fetch)

    assert first == second
    assert (first.path.read_bytes(), first.facts) == (b"ab", FACTS)
    assert glance.streams == 1


def test_bytes_with_another_digest_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path)
    with pytest.raises(HypervisorError, match="image image-1: sha256 is"):
        cache.ensure(IMAGE, Glance([b"abc"]).fetch)

    assert {path.name for path in tmp_path.iterdir()} == {"image-1.lock"}


def test_a_stream_that_breaks_off_publishes_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path)
    with pytest.raises(Unavailable):
        cache.ensure(IMAGE, Glance(broken()).fetch)
    assert not (tmp_path / IMAGE).exists()

    assert cache.ensure(IMAGE, Glance().fetch).path.read_bytes() == b"ab"


def test_many_who_ask_at_once_fetch_once(tmp_path: Path) -> None:
    held = threading.Event()

    def slow() -> Iterator[bytes]:
        held.wait(30)
        yield b"ab"

    glance = Glance(slow())
    threads = [
        threading.Thread(target=lambda: ImageCache(tmp_path).ensure(IMAGE, glance.fetch))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    held.set()
    for thread in threads:
        thread.join(30)

    assert glance.streams == 1
    assert (tmp_path / IMAGE).read_bytes() == b"ab"


def test_only_images_that_nobody_uses_or_asked_for_lately_are_dropped(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path)
    used, fresh, old = ImageId("used"), ImageId("fresh"), ImageId("old")
    for image_id in (used, fresh, old):
        cache.ensure(image_id, Glance().fetch)
    long_ago = time.time() - 1000
    for image_id in (used, old):
        os.utime(tmp_path / f"{image_id}.json", (long_ago, long_ago))
        os.utime(tmp_path / f"{image_id}.lock", (long_ago, long_ago))
    cache.drop_unused({used}, age_s=500)

    assert {path.stem for path in tmp_path.iterdir()} == {used, fresh}
