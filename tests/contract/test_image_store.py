"""What every image store promises, each on its real server: a folder, our own object store, that of
another cloud of ours, OpenStack's Swift, and its S3.
"""

import dataclasses
import hashlib
import io
import random
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from appliance import config
from services.image import web_store
from storage.images import file, s3, store, swift
from tests import certificates, client
from tests.contract import image_places
from tests.contract.image_places import Folder, OwnCloud, Place, Vendor
from tests.openstack_swift import OpenStackSwift

SERVED: Final = ("swift", "remote-swift", "vendor-swift", "s3")
BYTES: Final = random.Random(2010).randbytes(4 * image_places.PART_BYTES)


class Interrupted:
    """A reader of `size_bytes` that does something before it says its end; or raises, if told."""

    def __init__(self, size_bytes: int, then: Callable[[], None]) -> None:
        self._data = io.BytesIO(BYTES[:size_bytes])
        self._then = then

    def read(self, size_bytes: int, /) -> bytes:
        data = self._data.read(size_bytes)
        if not data:
            self._then()
        return data


def _cut_off() -> None:
    raise ValueError("cut off")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCloud]:
    own = OwnCloud(tmp_path_factory.mktemp("cloud"))
    own.start()
    yield own
    own.close()


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackSwift]:
    server = OpenStackSwift(tmp_path_factory.mktemp("vendor"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["file", *SERVED])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "file":
        return Folder(tmp_path / "images")
    return _served(request, tmp_path)


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """One of those that have a server, which may die, and takes any name."""
    return _served(request, tmp_path)


def _served(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    name = image_places.new_name()
    if request.param == "swift":
        return request.getfixturevalue("cloud").local(name)
    if request.param == "remote-swift":
        return request.getfixturevalue("cloud").remote(tmp_path / "home", name)
    server = request.getfixturevalue("vendor")
    if request.param == "vendor-swift":
        return image_places.vendor_swift(server, name)
    return image_places.vendor_s3(server, name, spool=tmp_path)


@pytest.fixture
def images(place: Place) -> store.Store:
    return place.store


def _whole(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


@pytest.mark.parametrize("pieces", [0.0, 0.01, 1.0, 1.2, 2.0, 3.5])
def test_what_was_put_in_comes_out_and_goes(place: Place, pieces: float):
    data = BYTES[: int(pieces * place.piece_bytes)]

    stored = place.store.add("a", io.BytesIO(data))

    assert stored == store.Stored(size_bytes=len(data), etag=hashlib.md5(data).hexdigest())
    assert _whole(place.store.get("a")) == data
    assert place.lies()[0] == "a"
    place.store.delete("a")
    assert place.lies() == []


class Announced(io.BytesIO):
    """A reader that tells how many bytes will come, or lies."""

    def __init__(self, size_bytes: int, told_bytes: int) -> None:
        super().__init__(BYTES[:size_bytes])
        self._told_bytes = told_bytes

    def __length_hint__(self) -> int:
        return self._told_bytes


@pytest.mark.parametrize(
    ("pieces", "told"), [(0.5, 0.5), (1.0, 1.0), (2.5, 2.5), (0.5, 2.5), (1.0, 2.5), (2.5, 0.5)]
)
def test_what_is_announced_is_not_believed(place: Place, pieces: float, told: float):
    size_bytes = int(pieces * place.piece_bytes)
    reader = Announced(size_bytes, int(told * place.piece_bytes))

    stored = place.store.add("a", reader)

    assert stored.etag == hashlib.md5(BYTES[:size_bytes]).hexdigest()
    assert _whole(place.store.get("a")) == BYTES[:size_bytes]
    place.store.delete("a")
    assert place.lies() == []


def test_a_large_image_that_never_comes_leaves_nothing(place: Place):
    if not isinstance(place.store, swift.SwiftStore):
        place.store.add("a", Announced(0, 2 * place.piece_bytes))
        return
    with pytest.raises(store.ImageStoreError, match="announced, and none came"):
        place.store.add("a", Announced(0, 2 * place.piece_bytes))
    assert place.lies() == []


def test_what_needs_no_pieces_is_one(place: Place):
    place.store.add("a", io.BytesIO(BYTES[: place.piece_bytes]))

    assert place.lies() == ["a"]


@pytest.mark.parametrize(
    ("start", "length"), [(0.0, 10), (0.9, 1), (0.9999, 2000), (1.0, 1), (0.5, None)]
)
def test_a_part_comes_out_across_pieces_too(place: Place, start: float, length: int | None):
    data = BYTES[: int(2.5 * place.piece_bytes)]
    place.store.add("a", io.BytesIO(data))
    offset = int(start * place.piece_bytes)

    end = None if length is None else offset + length
    assert _whole(place.store.get("a", offset=offset, length=length)) == data[offset:end]


def test_an_empty_part_is_empty(images: store.Store):
    images.add("a", io.BytesIO(BYTES[:1000]))

    assert _whole(images.get("a", offset=3, length=0)) == b""


@pytest.mark.parametrize("pieces", [0.0, 0.001, 1.0, 1.1, 2.0, 2.3])
def test_an_upload_that_fails_leaves_nothing(place: Place, pieces: float):
    size_bytes = int(pieces * place.piece_bytes)

    with pytest.raises(ValueError, match="cut off"):
        place.store.add("a", Interrupted(size_bytes, _cut_off))

    with pytest.raises(store.DataNotFound):
        _whole(place.store.get("a"))
    assert place.lies() == []
    place.store.add("a", io.BytesIO(BYTES[:size_bytes]))
    assert _whole(place.store.get("a")) == BYTES[:size_bytes]


@pytest.mark.parametrize("pieces", [0.5, 1.7])
def test_what_has_no_room_leaves_nothing(place: Place, pieces: float):
    place.store.add("b", io.BytesIO(BYTES[:1000]))
    size_bytes = int(pieces * place.piece_bytes)

    with place.full(size_bytes // 2), pytest.raises(store.StoreFull):
        place.store.add("a", io.BytesIO(BYTES[:size_bytes]))

    assert place.lies() == ["b"]
    place.store.add("a", io.BytesIO(BYTES[:size_bytes]))
    assert _whole(place.store.get("a")) == BYTES[:size_bytes]


@pytest.mark.parametrize("pieces", [0.5, 1.7, 2.0])
def test_a_server_killed_in_the_middle_publishes_nothing(served: Place, pieces: float):
    size_bytes = int(pieces * served.piece_bytes)
    try:
        with pytest.raises(store.StoreUnreachable):
            served.store.add("a", Interrupted(size_bytes, served.kill))
    finally:
        served.start()

    with pytest.raises(store.DataNotFound):
        _whole(served.store.get("a"))
    assert bool(served.lies()) == (pieces > 1), "what was whole before stays, as after a crash"
    served.store.delete("a")
    assert served.lies() == []
    served.store.add("a", io.BytesIO(BYTES[:size_bytes]))
    assert _whole(served.store.get("a")) == BYTES[:size_bytes]


def test_what_was_never_there_is_not_found(images: store.Store):
    with pytest.raises(store.DataNotFound):
        images.get("nothing")
    images.add("a", io.BytesIO(b"something"))
    with pytest.raises(store.DataNotFound):
        images.get("nothing")


def test_deleting_what_is_not_there_is_nothing(images: store.Store):
    images.delete("a")
    images.add("a", io.BytesIO(b"something"))
    images.delete("a")
    images.delete("a")

    with pytest.raises(store.DataNotFound):
        images.get("a")


def test_a_deletion_takes_no_other_image_along(place: Place):
    size_bytes = int(1.5 * place.piece_bytes)
    for name in ("a", "ab"):
        place.store.add(name, io.BytesIO(BYTES[:size_bytes]))

    place.store.delete("a")

    assert _whole(place.store.get("ab")) == BYTES[:size_bytes]
    assert {name.split("/")[0] for name in place.lies()} == {"ab"}


def test_a_reader_may_stop_early(images: store.Store):
    images.add("a", io.BytesIO(BYTES[:3_000_000]))
    chunks = images.get("a")

    assert next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # stores give generators


@pytest.mark.parametrize("name", ["a b", "ä", "a+b&c=d?e#f%41", "~a", "a.b_c-d"])
def test_any_name_is_one_name(served: Place, name: str):
    size_bytes = int(1.1 * served.piece_bytes)

    served.store.add(name, io.BytesIO(BYTES[:size_bytes]))

    assert served.lies()[0] == name
    assert _whole(served.store.get(name)) == BYTES[:size_bytes]
    served.store.delete(name)
    assert served.lies() == []


@pytest.mark.parametrize("location", ["../a", "/etc/passwd", ".hidden", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, location: str):
    images = file.FileStore(tmp_path / "images")

    with pytest.raises(store.ImageStoreError):
        images.add(location, io.BytesIO(BYTES[:1000]))
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "images"]


def test_a_file_in_place_is_not_overwritten(tmp_path: Path):
    images = file.FileStore(tmp_path / "images")
    images.add("a", io.BytesIO(b"first"))

    with pytest.raises(store.ImageStoreError, match="exists"):
        images.add("a", io.BytesIO(b"second"))
    assert _whole(images.get("a")) == b"first"


def test_a_server_that_is_away_is_unreachable(tmp_path: Path):
    url = "http://127.0.0.1:1"
    key = image_places.aws_signing.Key(access="a", secret="b", region="c")
    bucket = s3.Bucket(endpoint=url, name="images", key=key)
    for images in (
        swift.SwiftStore(lambda: swift.Access(url=f"{url}/v1/AUTH_x", headers={})),
        s3.S3Store(bucket, spool=tmp_path),
    ):
        for ask in (
            lambda images=images: images.add("a", io.BytesIO(b"something")),
            lambda images=images: images.get("a"),
            lambda images=images: images.delete("a"),
        ):
            with pytest.raises(store.StoreUnreachable, match=url):
                ask()


def test_a_token_that_is_refused_is_said(cloud: OwnCloud):
    url = cloud.account().url
    images = swift.SwiftStore(lambda: swift.Access(url=url, headers={"X-Auth-Token": "bad"}))

    for ask in (
        lambda: images.add("a", io.BytesIO(BYTES[:1000])),
        lambda: images.get("a"),
        lambda: images.delete("a"),
    ):
        with pytest.raises(store.ImageStoreError, match="401"):
            ask()


@pytest.mark.parametrize("kind", ["swift", "vendor-swift"])
def test_a_token_that_ends_in_the_middle_is_had_anew(
    kind: str, cloud: OwnCloud, vendor: OpenStackSwift
):
    """Between two segments, and before the manifest: the next is another login's."""
    own = cloud.account()
    url, good = own.url, own.headers["X-Auth-Token"]
    if kind != "swift":
        url, good = vendor.account_url, vendor.token()
    held, logins = {"token": good}, list[str]()

    def forget() -> None:
        logins.append(held["token"])
        held["token"] = good

    def access() -> swift.Access:
        return swift.Access(url=url, headers={"X-Auth-Token": held["token"]}, forget=forget)

    images = swift.SwiftStore(access, container=image_places.new_name(), segment_bytes=1000)
    reader = Interrupted(2500, lambda: held.update(token="ended"))
    held["token"] = "ended before"

    images.add("a", reader)

    assert logins == ["ended before", "ended"]
    assert _whole(images.get("a")) == BYTES[:2500]


@pytest.mark.parametrize(
    ("user", "secret"),
    [("test:tester", "wrong-secret"), ("nobody:no", "any-secret")],
)
def test_a_wrong_key_is_said(vendor: OpenStackSwift, tmp_path: Path, user: str, secret: str):
    bucket = image_places.bucket(vendor, "images", user=user, secret=secret)
    images = s3.S3Store(bucket, spool=tmp_path)

    for ask in (
        lambda: images.add("a", io.BytesIO(BYTES[:1000])),
        lambda: images.get("a"),
        lambda: images.delete("a"),
    ):
        with pytest.raises(store.ImageStoreError, match="SignatureDoesNotMatch") as raised:
            ask()
        assert secret not in str(raised.value)


@pytest.mark.parametrize("kind", ["vendor-swift", "s3"])
def test_a_container_that_somebody_deleted_is_made_again(
    kind: str, vendor: OpenStackSwift, tmp_path: Path
):
    name = image_places.new_name()
    if kind == "s3":
        place = image_places.vendor_s3(vendor, name, spool=tmp_path)
    else:
        place = image_places.vendor_swift(vendor, name)
    place.store.add("a", io.BytesIO(BYTES[:1000]))
    place.store.delete("a")
    headers = {"X-Auth-Token": place.token}
    assert client.ask("DELETE", place.url, headers=headers).status == 204

    place.store.add("a", io.BytesIO(BYTES[:1000]))

    assert place.lies() == ["a"]


def test_another_client_reads_what_ours_wrote(vendor: OpenStackSwift, tmp_path: Path):
    name = image_places.new_name()
    images = image_places.vendor_s3(vendor, name, spool=tmp_path).store
    data = BYTES[: 2 * image_places.PART_BYTES + 7]
    images.add("a", io.BytesIO(data))

    assert image_places.boto(vendor).get_object(Bucket=name, Key="a")["Body"].read() == data


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[OpenStackSwift, Path]]:
    """A server that speaks TLS too, and its certificate."""
    certificate = certificates.of_localhost(tmp_path)
    server = OpenStackSwift(tmp_path, certificate=certificate)
    server.start()
    yield server, certificate
    server.stop()


def test_an_s3_over_tls_is_one_that_proves_who_it_is(
    tls: tuple[OpenStackSwift, Path], tmp_path: Path
):
    """Its bytes are not signed then; a service with a certificate of nobody's is not spoken to."""
    server, certificate = tls
    bucket = dataclasses.replace(image_places.bucket(server, "images"), endpoint=server.tls_url)
    size_bytes = 2 * image_places.PART_BYTES + 7
    images = s3.S3Store(
        bucket, spool=tmp_path, part_bytes=image_places.PART_BYTES,
        tls=ssl.create_default_context(cafile=str(certificate)),
    )  # fmt: skip

    images.add("a", io.BytesIO(BYTES[:size_bytes]))

    assert _whole(images.get("a")) == BYTES[:size_bytes]
    with pytest.raises(store.StoreUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        s3.S3Store(bucket, spool=tmp_path).get("a")


def test_a_swift_over_tls_is_one_too(tls: tuple[OpenStackSwift, Path], monkeypatch):
    server, certificate = tls
    access = swift.Access(
        url=f"{server.tls_url}/v1/AUTH_test", headers={"X-Auth-Token": server.token()}
    )
    images = swift.SwiftStore(lambda: access, segment_bytes=image_places.SEGMENT_BYTES)
    data = BYTES[: 2 * image_places.SEGMENT_BYTES + 7]

    with pytest.raises(store.StoreUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        images.add("a", io.BytesIO(data))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # as if the system trusted it
    images.add("a", io.BytesIO(data))

    assert _whole(images.get("a")) == data


@pytest.mark.parametrize("pieces", [0.0, 0.5, 1.5])
def test_the_web_is_read_as_other_stores_are(vendor: OpenStackSwift, pieces: float):
    images, place, url = _web(vendor)
    data = BYTES[: int(pieces * place.piece_bytes)]
    place.store.add("a", io.BytesIO(data))

    assert _whole(images.get(f"{url}/a")) == data
    assert _whole(images.get(f"{url}/a", offset=7, length=0)) == b""
    if data:
        assert _whole(images.get(f"{url}/a", offset=7)) == data[7:]
        assert _whole(images.get(f"{url}/a", offset=7, length=9)) == data[7:16]
    with pytest.raises(store.DataNotFound):
        images.get(f"{url}/nothing")


def test_the_web_is_only_read(vendor: OpenStackSwift):
    images, place, url = _web(vendor)
    place.store.add("a", io.BytesIO(BYTES[:1000]))

    with pytest.raises(store.ImageStoreError, match="only read"):
        images.add(f"{url}/b", io.BytesIO(BYTES[:1000]))
    images.delete(f"{url}/a")
    assert place.lies() == ["a"]


def test_a_server_of_the_web_that_dies_breaks_off(vendor: OpenStackSwift):
    images, place, url = _web(vendor)
    place.store.add("a", io.BytesIO(BYTES))

    _read_while_it_dies(place, images.get(f"{url}/a"))


def _web(vendor: OpenStackSwift) -> tuple[web_store.WebStore, Vendor, str]:
    """The store `http`, a container that everybody may read, and its URL."""
    name = image_places.new_name()
    place = image_places.vendor_swift(vendor, name)
    place.store.add("made", io.BytesIO(b""))
    place.store.delete("made")
    headers = {"X-Auth-Token": place.token, "X-Container-Read": ".r:*"}
    assert client.ask("POST", place.url, headers=headers).status == 204
    port = str(urlsplit(vendor.url).port)
    settings = config.Image(download_hosts=("127.0.0.1",), download_ports=(port,))
    return web_store.WebStore(settings), place, place.url


def test_a_server_that_dies_while_an_image_is_read_breaks_it_off(served: Place):
    served.store.add("a", io.BytesIO(BYTES))

    _read_while_it_dies(served, served.store.get("a"))


def _read_while_it_dies(place: Place, chunks: Iterator[bytes]) -> None:
    assert next(chunks)
    place.kill()
    try:
        with pytest.raises(store.StoreUnreachable):
            _whole(chunks)
    finally:
        place.start()


GROWTH_KIB_MAX: Final = 32 << 10


class Endless:
    """A large image that is nowhere: so many bytes of nothing."""

    def __init__(self, size_bytes: int) -> None:
        self._left = size_bytes

    def read(self, size_bytes: int, /) -> bytes:
        data = bytes(min(size_bytes, self._left))
        self._left -= len(data)
        return data


def test_a_large_image_needs_little_memory(place: Place):
    """128 MiB in and out, while the process grows by a quarter of that at most."""
    size_bytes = 128 << 20
    before = _peak_kib(reset=True)

    place.store.add("a", Endless(size_bytes))
    assert sum(len(chunk) for chunk in place.store.get("a", length=size_bytes // 2)) > 0

    assert _peak_kib() - before < GROWTH_KIB_MAX


def _peak_kib(*, reset: bool = False) -> int:
    """The most memory that this process has had since the last reset (proc(5), clear_refs)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
