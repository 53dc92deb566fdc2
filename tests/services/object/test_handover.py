"""Objects change hands as files: whole or not at all, and never bytes that are not theirs."""

import contextlib
import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from services.identity import keys
from services.identity.api.data_keys import DataKeys
from services.object import bucket as buckets
from services.object import encryption, sysmeta, versions
from services.object.handover import NAME, Handover
from services.object.trash import Bin
from storage.images import handover as asking
from storage.images import store as images
from storage.images.pieces import Pieces
from storage.objects.errors import ObjectNotFound
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

DATA = os.urandom(3 << 20) + b"and a rest"
KEY = ("AUTH_p", "glance", "disk")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path / "objects") as opened:
        yield opened


@pytest.fixture
def run_dir(tmp_path: Path, store: ObjectStore) -> Path:
    Handover(store, tmp_path / "run", Bin(config.Settings(home=tmp_path))).start()
    return tmp_path / "run"


@pytest.fixture
def client(run_dir: Path) -> asking.Handover:
    return asking.Handover(run_dir, trace=str)


def _reader(data: bytes):
    return Pieces(io.BytesIO(data)).next(1 << 40)


def _bytes(client: asking.Handover, *, offset: int = 0, length: int | None = None) -> bytes:
    chunks = client.read(KEY, offset=offset, length=length)
    assert chunks is not None
    return b"".join(chunks)


def _files(store: ObjectStore) -> list[Path]:
    return list(store.files.walk())


def test_what_is_written_is_the_object(client, store):
    stored = client.write(KEY, _reader(DATA))

    assert stored is not None
    with store.get_object(ObjectName(*KEY)) as download:
        record = download.record
        assert download.read(0, len(DATA) + 1) == DATA
    assert (stored.size_bytes, stored.etag) == (record.size_bytes, record.etag)
    assert _bytes(client) == DATA


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, None), (5, None), (0, 1), (1 << 20, 2 << 20), (len(DATA) - 3, 3), (len(DATA), None)],
)
def test_a_part_is_read_as_a_part(client, offset, length):
    client.write(KEY, _reader(DATA))

    stop = None if length is None else offset + length
    assert _bytes(client, offset=offset, length=length) == DATA[offset:stop]


def test_an_empty_object_has_no_bytes(client):
    client.write(KEY, _reader(b""))

    assert _bytes(client) == b""


def test_a_reader_that_fails_leaves_nothing(client, store):
    class Failing:
        md5 = ""

        def read(self, size_bytes: int, /) -> bytes:
            raise OSError("the client went away")

    with pytest.raises(OSError, match="went away"):
        client.write(KEY, Failing())

    client.write((*KEY[:2], "other"), _reader(b"x"))  # the store goes on
    with pytest.raises(ObjectNotFound):
        store.head_object(ObjectName(*KEY))
    assert len(_files(store)) == 1


def test_what_is_written_over_a_version_keeps_it(client, store):
    store.put_container(*KEY[:2], metadata={sysmeta.VERSIONING: "Enabled"})
    client.write(KEY, _reader(b"first"))
    client.write(KEY, _reader(b"second"))

    bucket = buckets.find(store, *KEY[:2])
    sizes = [v.size_bytes for v in versions.history(store, bucket, KEY[2])]
    assert sizes == [len(b"second"), len(b"first")]


def test_a_locked_object_is_not_written_over(client, store):
    bucket_settings = {sysmeta.VERSIONING: "Enabled", sysmeta.OBJECT_LOCK: "{}"}
    store.put_container(*KEY[:2], metadata=bucket_settings)
    client.write(KEY, _reader(b"first"))
    store.post_object(ObjectName(*KEY), metadata={sysmeta.LEGAL_HOLD: "ON"})

    with pytest.raises(images.StoreUnreachable, match="403"):
        client.write(KEY, _reader(b"second"))
    assert _bytes(client) == b"first"


def test_a_wrong_size_makes_no_object(run_dir, store):
    with _raw(run_dir) as peer:
        peer.send(_message("write"))
        _, (fd,), _, _ = socket.recv_fds(peer, 1000, 1)
        os.write(fd, b"four")
        os.close(fd)
        said = json.dumps({"size_bytes": 5, "etag": "x", "xxh3": "y"}).encode()
        with (run_dir / "sums").open("wb+") as sums:
            socket.send_fds(peer, [said], [sums.fileno()])
        assert peer.recv(1000) == b""

    with pytest.raises(ObjectNotFound):
        store.head_object(ObjectName(*KEY))
    assert _files(store) == []


@pytest.mark.parametrize("message", [b"", b"no JSON", b"[]", b"{}", b'{"verb": "rm"}'])
def test_what_is_no_request_ends_the_conversation(run_dir, client, message):
    with _raw(run_dir) as peer:
        peer.send(message)
        if message:
            assert peer.recv(1000) == b""

    assert client.write(KEY, _reader(b"x")) is not None


def test_rotten_bytes_are_withheld(client, store):
    client.write(KEY, _reader(DATA))
    (path,) = _files(store)
    with path.open("r+b") as file:
        file.seek(2 << 20)
        file.write(b"rot")

    chunks = client.read(KEY, offset=0, length=None)
    assert chunks is not None
    got: list[bytes] = []
    with pytest.raises(images.StoreUnreachable, match="not what was stored"):
        got.extend(chunks)
    assert b"".join(got) == DATA[: 2 << 20]


def test_a_large_object_is_read_from_all_of_its_files(client, store):
    segments = []
    for number, data in enumerate((DATA[:1000], DATA[1000:])):
        name = f"disk/{number}"
        written = client.write((*KEY[:2], name), _reader(data))
        assert written is not None
        segments.append({"name": f"/glance/{name}", "bytes": len(data), "hash": written.etag})
    _put_manifest(store, segments)

    assert _bytes(client) == DATA
    assert _bytes(client, offset=990, length=20) == DATA[990:1010]


def test_a_manifest_whose_segment_changed_gives_nothing(client, store):
    client.write((*KEY[:2], "disk/0"), _reader(b"another"))
    _put_manifest(store, [{"name": "/glance/disk/0", "bytes": 7, "hash": "0" * 32}])

    with pytest.raises(images.DataNotFound, match="not what the manifest says"):
        client.read(KEY, offset=0, length=None)


def test_a_missing_object_is_not_found(client):
    client.write((*KEY[:2], "other"), _reader(b"x"))

    with pytest.raises(images.DataNotFound):
        client.read(KEY, offset=0, length=None)


def test_where_nobody_listens_there_is_nothing_to_be_had(tmp_path):
    nobody = asking.Handover(tmp_path / "run", trace=str)

    assert nobody.read(KEY, offset=0, length=None) is None
    assert nobody.write(KEY, _reader(b"x")) is None


def test_a_full_disk_says_so():
    with open("/dev/full", "wb") as full, pytest.raises(images.StoreFull):  # noqa: PTH123
        asking._copy(io.BytesIO(b"x"), full.fileno())


def test_the_socket_is_this_user_s_alone(run_dir):
    assert (run_dir / NAME).stat().st_mode & 0o777 == 0o600


def _put_manifest(store: ObjectStore, segments: list[dict[str, object]]) -> None:
    from services.object import contents
    from storage.objects.transfer import Attributes

    size_bytes = sum(int(str(one["bytes"])) for one in segments)
    with store.put_object(ObjectName(*KEY)) as upload:
        upload.write(json.dumps(segments).encode())
        metadata = {
            contents.SLO: "True", contents.SLO_SIZE: str(size_bytes), contents.SLO_ETAG: "x",
        }  # fmt: skip
        upload.commit(Attributes(metadata=metadata))


@contextlib.contextmanager
def _raw(run_dir: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
        peer.settimeout(10)
        peer.connect(str(run_dir / NAME))
        yield peer


def _message(verb: str) -> bytes:
    account, container, name = KEY
    said = {
        "verb": verb, "account": account, "container": container, "name": name, "hint_bytes": 0,
    }  # fmt: skip
    return json.dumps(said).encode()


def test_what_is_kept_encrypted_changes_no_hands(tmp_path):
    keys.ensure(tmp_path / "etc")
    ciphers = encryption.BoxKeys(DataKeys(tmp_path / "etc"))
    with ObjectStore(tmp_path / "objects", ciphers=ciphers) as store:
        Handover(store, tmp_path / "run", Bin(config.Settings(home=tmp_path))).start()
        asker = asking.Handover(tmp_path / "run", trace=str)
        store.put_container("AUTH_p", "glance", metadata={encryption.CONTAINER: "AES256"})
        assert asker.write(KEY, _reader(DATA)) is None  # by HTTP, then
        assert not _files(store)
        store.post_container("AUTH_p", "glance", changes={encryption.CONTAINER: None})
        keyed = encryption.CustomerKey(key=os.urandom(32), others=ciphers)
        for mine in (ciphers, keyed):
            with store.put_object(ObjectName(*KEY)) as upload:
                kept = encryption.begin(upload, mine)
                upload.write(DATA)
                upload.commit(Attributes(metadata=kept))
            assert asker.read(KEY, offset=0, length=None) is None
