"""Downloads, uploads and checksums over HTTP, whole and cut off."""

from __future__ import annotations

import asyncio
import gc
import hashlib
from pathlib import Path

import pytest

from tests.tui.fake_cloud import ENVIRON, FakeCloud
from tui import transfers
from tui.client import credentials
from tui.client.errors import CutOff, Refused
from tui.client.nouns import Entry, Image
from tui.client.session import Session
from tui.client.verbs import object_store

FILM = Entry(kind="object", container="films", name="film.mp4", size_bytes=30_000)
README = Entry(kind="object", container="backups", name="README.txt", size_bytes=15)


def session(cloud: FakeCloud) -> Session:
    return Session(credentials.find(ENVIRON), transport=cloud)


def test_a_download_is_the_bytes_and_tells_how_far_it_is(cloud: FakeCloud, tmp_path: Path) -> None:
    told: list[int] = []
    path = tmp_path / "film.mp4"
    asyncio.run(transfers.download(session(cloud), FILM, path, size_bytes=30_000, at=told.append))
    assert path.read_bytes() == b"A" * 10_000 + b"B" * 10_000 + b"C" * 10_000
    assert sum(told) == 30_000
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]


def test_a_download_writes_over_nothing_and_leaves_nothing_behind(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        asyncio.run(
            transfers.download(session(cloud), FILM, path, size_bytes=30_000, at=lambda _: None)
        )
    assert path.read_text() == "mine"
    other = tmp_path / "other"
    for size_bytes, error in ((30_001, CutOff), (None, Refused)):
        if error is Refused:
            del cloud.swift.containers["films"]["film.mp4"]
        with pytest.raises(error):
            asyncio.run(
                transfers.download(
                    session(cloud), FILM, other, size_bytes=size_bytes, at=lambda _: None
                )
            )
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]


def test_an_upload_is_the_file(cloud: FakeCloud, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 600_000)
    told: list[int] = []
    call = object_store.put_object("empty", "a b/ć?")
    asyncio.run(transfers.upload(session(cloud), call, path, at=told.append))
    assert cloud.swift.containers["empty"]["a b/ć?"] == b"x" * 600_000
    assert sum(told) == 600_000


def test_an_upload_that_is_stopped_at_once_leaves_no_file_open(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    """An open file that nobody closes is a ResourceWarning, and each of them fails its test."""
    path = tmp_path / "data"
    path.write_bytes(b"x" * 600_000)

    async def scene() -> None:
        call = object_store.put_object("empty", "data")
        upload = asyncio.create_task(
            transfers.upload(session(cloud), call, path, at=lambda _: None)
        )
        await asyncio.sleep(0)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(scene())
    gc.collect()
    assert cloud.swift.containers["empty"] == {}


def _verify(cloud: FakeCloud, noun: Image | Entry) -> transfers.Verdict:
    return asyncio.run(transfers.verify(session(cloud), noun, at=lambda _: None))


def test_checksums_of_objects_large_objects_and_images(cloud: FakeCloud) -> None:
    assert _verify(cloud, README).is_right
    assert _verify(cloud, FILM).is_right
    data = b"image" * 1000
    sha512 = hashlib.sha512(data).hexdigest()
    cloud.image_data["i1"] = data
    for document, expected in (
        ({"os_hash_algo": "sha512", "os_hash_value": sha512}, ("sha512", True)),
        ({"checksum": hashlib.md5(data).hexdigest()}, ("md5", True)),
        ({"os_hash_algo": "sha512", "os_hash_value": "0" * 128}, ("sha512", False)),
        ({"checksum": None}, ("md5", False)),
    ):
        cloud.answers["GET /image/v2/images/i1"] = (200, document)
        verdict = _verify(cloud, Image(id="i1"))
        assert (verdict.algorithm, verdict.is_right) == expected


def test_what_rotted_is_found_and_a_segment_named(cloud: FakeCloud) -> None:
    swift, part = cloud.swift, "segments/film/00001"
    swift.written[part] = hashlib.md5(b"B" * 10_000).hexdigest()
    assert _verify(cloud, FILM).is_right
    swift.containers["segments"]["film/00001"] = b"B" * 9_999 + b"b"
    verdict = _verify(cloud, FILM)
    assert not verdict.is_right
    assert verdict.known == f"{swift.written[part]} of {part}"
    swift.written["backups/README.txt"] = "0" * 32
    assert not _verify(cloud, README).is_right


def test_a_range_is_read(cloud: FakeCloud) -> None:
    async def read() -> bytes:
        call = transfers.content_of(FILM)
        pieces = transfers.read(session(cloud), call, first=9_998, last=10_001)
        return b"".join([piece async for piece in pieces])

    assert asyncio.run(read()) == b"AABB"
