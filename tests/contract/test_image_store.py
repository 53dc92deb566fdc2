"""What every image store promises, on a folder and on the real object store over HTTP."""

import hashlib
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from appliance.db import connection, migrations
from services.identity.api import Identity, bootstrap
from storage.images import file, store, swift
from tests.cloud import eventually

DATA = bytes(range(256)) * 10_000  # more than two chunks


class Failing:
    """An upload that is cut off after `size_bytes`."""

    def __init__(self, size_bytes: int) -> None:
        self._data = io.BytesIO(DATA[:size_bytes])

    def read(self, size_bytes: int, /) -> bytes:
        data = self._data.read(size_bytes)
        if not data:
            raise ValueError("cut off")
        return data


@pytest.fixture(scope="module")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Identity]]:
    """A cloud's object store in a process of its own; the URL of an account, and the tokens."""
    home = tmp_path_factory.mktemp("cloud")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "novabox.toml").write_text(f"[object]\nport = {port}\n")
    settings = config.load(home)
    migrations.migrate(home)
    db = connection.open_db(home)
    bootstrap(settings, db)
    identity = Identity(settings, db)
    project_id = identity.resolve(identity.service_token("glance")).project_id
    process = subprocess.Popen(
        [sys.executable, "-m", "services.object"], env=os.environ | {"NOVABOX_HOME": str(home)}
    )
    eventually(
        lambda: _listens(port) or process.poll() is not None, timeout_s=60, what="it listens"
    )
    yield f"http://127.0.0.1:{port}/v1/AUTH_{project_id}", identity
    process.terminate()
    process.wait(60)
    db.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=["file", "swift"])
def images(request: pytest.FixtureRequest, tmp_path: Path) -> store.Store:
    if request.param == "file":
        return file.FileStore(tmp_path / "images")
    url, identity = request.getfixturevalue("object_store")

    def access() -> swift.Access:
        return swift.Access(url=url, headers={"X-Auth-Token": identity.service_token("glance")})

    return swift.SwiftStore(access, container=tmp_path.name)


def _whole(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


def test_what_was_put_in_comes_out(images: store.Store):
    stored = images.add("a", io.BytesIO(DATA))

    etag = hashlib.md5(DATA).hexdigest()
    assert stored == store.Stored(size_bytes=len(DATA), etag=etag)
    assert _whole(images.get("a")) == DATA


def test_nothing_at_all_can_be_stored(images: store.Store):
    assert images.add("a", io.BytesIO(b"")).size_bytes == 0
    assert _whole(images.get("a")) == b""


@pytest.mark.parametrize(("offset", "length"), [(0, 10), (5, 1), (1_500_000, 1_000_000), (7, None)])
def test_a_part_comes_out(images: store.Store, offset: int, length: int | None):
    images.add("a", io.BytesIO(DATA))

    end = None if length is None else offset + length
    assert _whole(images.get("a", offset=offset, length=length)) == DATA[offset:end]


def test_an_empty_part_is_empty(images: store.Store):
    images.add("a", io.BytesIO(DATA))

    assert _whole(images.get("a", offset=3, length=0)) == b""


@pytest.mark.parametrize("size_bytes", [0, 1000, len(DATA)])
def test_an_upload_that_fails_leaves_nothing(images: store.Store, size_bytes: int):
    with pytest.raises(ValueError, match="cut off"):
        images.add("a", Failing(size_bytes))

    with pytest.raises(store.DataNotFound):
        _whole(images.get("a"))
    images.add("a", io.BytesIO(DATA))
    assert _whole(images.get("a")) == DATA


def test_what_was_never_there_is_not_found(images: store.Store):
    with pytest.raises(store.DataNotFound):
        images.get("nothing")


def test_deleted_bytes_are_gone_and_deleting_twice_is_nothing(images: store.Store):
    images.add("a", io.BytesIO(DATA))

    images.delete("a")
    images.delete("a")

    with pytest.raises(store.DataNotFound):
        images.get("a")


def test_a_reader_may_stop_early(images: store.Store):
    images.add("a", io.BytesIO(DATA))
    chunks = images.get("a")

    assert next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # stores give generators


@pytest.mark.parametrize("location", ["../a", "/etc/passwd", ".hidden", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, location: str):
    images = file.FileStore(tmp_path / "images")

    with pytest.raises(store.ImageStoreError):
        images.add(location, io.BytesIO(DATA))
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "images"]


def test_a_file_in_place_is_not_overwritten(tmp_path: Path):
    images = file.FileStore(tmp_path / "images")
    images.add("a", io.BytesIO(b"first"))

    with pytest.raises(store.ImageStoreError, match="exists"):
        images.add("a", io.BytesIO(b"second"))
    assert _whole(images.get("a")) == b"first"


def test_an_object_store_that_is_away_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/AUTH_x"
        images = swift.SwiftStore(lambda: swift.Access(url=url, headers={}))
        for ask in (lambda: images.add("a", io.BytesIO(DATA)), lambda: images.delete("a")):
            with pytest.raises(store.StoreUnreachable):
                ask()


def test_a_token_that_is_refused_is_said(object_store: tuple[str, Identity]):
    images = swift.SwiftStore(
        lambda: swift.Access(url=object_store[0], headers={"X-Auth-Token": "bad"})
    )

    with pytest.raises(store.ImageStoreError, match="401"):
        images.add("a", io.BytesIO(DATA))
