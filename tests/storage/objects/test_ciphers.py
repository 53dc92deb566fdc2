"""What is kept encrypted is hidden on its way in and shown on its way out, wherever it lies."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from storage.objects import ring
from storage.objects.ciphers import AS_KEPT, Cipher
from storage.objects.errors import StoreUnusable
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

MIB = 1 << 20
NAME, COPY = ObjectName("a", "c", "o"), ObjectName("a", "c", "copy")
SIZES = (0, 100, 3 * MIB + 5)


class Turning:
    """Adds to each byte where it stands; as safe as that sounds."""

    def hide(self, data: bytes | bytearray | memoryview, *, offset: int) -> bytes:
        return bytes((each + offset + i) % 256 for i, each in enumerate(bytes(data)))

    def show(self, data: bytes | bytearray | memoryview, *, offset: int) -> bytes:
        return bytes((each - offset - i) % 256 for i, each in enumerate(bytes(data)))


class Turnings:
    """Knows what is turned by one metadata."""

    def of(self, record: ObjectRecord) -> Cipher | None:
        return Turning() if "Turned" in record.metadata else None

    def new(self) -> tuple[Cipher, Mapping[str, str]]:
        return Turning(), {"Turned": "yes"}


@pytest.fixture(params=[1, 2], ids=["one device", "two replicas"])
def store(request: pytest.FixtureRequest, tmp_path: Path):
    wishes = [ring.Wish(directory=f"d{n}") for n in (1, 2)]
    with ObjectStore(
        tmp_path / "objects", part_power=4, devices=wishes, replicas=request.param,
        ciphers=Turnings(),
    ) as opened:  # fmt: skip
        opened.put_container("a", "c")
        yield opened


def put(store: ObjectStore, data: bytes, *, name: ObjectName = NAME, **how: bool) -> ObjectRecord:
    cipher, kept = store.ciphers.new()
    with store.put_object(name) as upload:
        upload.encrypt(cipher, **how)
        for start in range(0, len(data), 700_001):
            upload.write(data[start : start + 700_001])
        return upload.commit(Attributes(metadata=kept))


def read(store: ObjectStore, name: ObjectName = NAME, **how) -> bytes:
    with store.get_object(name, **how) as download:
        return download.read(0, download.record.size_bytes)


@pytest.mark.parametrize("size_bytes", SIZES)
def test_it_is_read_back_and_kept_turned(store, size_bytes):
    data = os.urandom(size_bytes)
    record = put(store, data)

    assert (record.size_bytes, record.etag) == (size_bytes, hashlib.md5(data).hexdigest())
    assert read(store) == data
    kept = read(store, ciphers=AS_KEPT)
    assert kept == Turning().hide(data, offset=0)
    with store.get_object(NAME) as download:
        for start, count in ((0, 7), (MIB - 3, 7), (MIB, MIB), (size_bytes - 3, 99)):
            at = max(start, 0)
            assert download.read(at, count) == data[at : at + count]


@pytest.mark.parametrize("size_bytes", SIZES[1:])
def test_the_md5_of_what_is_hidden_can_be_hidden_too(store, size_bytes):
    data = os.urandom(size_bytes)
    hidden = hashlib.md5(Turning().hide(data, offset=0)).hexdigest()
    assert put(store, data, is_md5_hidden=True).etag == hidden


@pytest.mark.parametrize("size_bytes", SIZES)
def test_a_copy_as_kept_is_the_same_to_the_byte(store, size_bytes):
    data = os.urandom(size_bytes)
    record = put(store, data)
    with store.get_object(NAME, ciphers=AS_KEPT) as source, store.put_object(COPY) as upload:
        upload.copy_from(source)
        assert upload.etag == record.etag
        copy = upload.commit(Attributes(metadata=record.metadata))
    assert (copy.etag, copy.xxh3, copy.size_bytes) == (record.etag, record.xxh3, size_bytes)
    assert read(store, COPY) == data


@pytest.mark.parametrize("size_bytes", SIZES)
@pytest.mark.parametrize("is_turned", [False, True])
def test_a_copy_is_decrypted_and_encrypted_on_the_way(store, size_bytes, is_turned):
    data = os.urandom(size_bytes)
    etag = put(store, data).etag
    cipher, kept = store.ciphers.new()
    with store.get_object(NAME) as source, store.put_object(COPY) as upload:
        if is_turned:
            upload.encrypt(cipher)
        upload.copy_from(source)
        copy = upload.commit(Attributes(metadata=kept if is_turned else {}))
    assert (copy.etag, read(store, COPY)) == (etag, data)
    assert (read(store, COPY, ciphers=AS_KEPT) == data) == (not is_turned or not data)


def test_a_copy_of_what_is_plain_is_encrypted(store):
    data = os.urandom(SIZES[-1])
    with store.put_object(NAME) as upload:
        upload.write(data)
        upload.commit(Attributes())
    cipher, kept = store.ciphers.new()
    with store.get_object(NAME) as source, store.put_object(COPY) as upload:
        upload.encrypt(cipher)
        upload.copy_from(source)
        upload.commit(Attributes(metadata=kept))
    assert read(store, COPY) == data
    assert read(store, COPY, ciphers=AS_KEPT) == Turning().hide(data, offset=0)


def test_a_store_without_ciphers_makes_none(tmp_path):
    with ObjectStore(tmp_path / "plain") as plain, pytest.raises(StoreUnusable):
        plain.ciphers.new()
