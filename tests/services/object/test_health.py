"""What the object store says of itself to a person."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.object.health import Health
from storage.objects import auditor
from storage.objects.devices import MARKER
from storage.objects.object_file import ObjectName
from storage.objects.ring import Wish
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes


def put(store: ObjectStore, name: str) -> list[Path]:
    """Put an object, and return where its copies are."""
    whole = ObjectName("AUTH_a", "c", name)
    with store.put_object(whole) as upload:
        upload.write(random.Random(name).randbytes(5000))
        written = upload.commit(Attributes()).written
    return store.files.copies(whole, written)


def rot(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[99] ^= 1
    path.write_bytes(data)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    """Two devices with a copy of everything on each."""
    devices = [Wish(directory=str(tmp_path / name)) for name in ("one", "two")]
    with ObjectStore(tmp_path / "store", part_power=2, devices=devices, replicas=2) as opened:
        opened.put_container("AUTH_a", "c")
        yield opened


def test_a_store_that_is_whole_says_nothing(store):
    health = Health(store)
    put(store, "o")
    health.note(auditor.once(store), is_whole=True)
    assert health.trouble == ""


def test_what_rotted_is_told_until_it_is_whole_again(store):
    health = Health(store)
    copies = [put(store, name) for name in ("a", "b", "c")]
    rot(copies[0][0])
    for path in (*copies[1], *copies[2]):
        rot(path)
    health.note(auditor.once(store), is_whole=True)
    assert health.trouble == (
        "2 objects lost, the log names them: put them again; "
        "1 object rotted and made whole: is a disk failing?"
    )

    put(store, "b")
    health.note(auditor.mend(store))
    assert "2 objects lost" in health.trouble  # nobody looked at all of it yet
    health.note(auditor.once(store), is_whole=True)
    assert health.trouble.startswith("1 object lost")


def test_a_small_object_that_rotted_is_told(tmp_path):
    with ObjectStore(tmp_path / "store") as store:
        health = Health(store)
        store.put_container("AUTH_a", "c")
        put(store, "small")
        with store.catalog.borrow("AUTH_a", "c") as opened:
            opened._db.change(lambda db: db.execute("UPDATE bodies SET data = zeroblob(5000)"))
        health.note(auditor.once(store), is_whole=True)
        assert health.trouble.startswith("1 object lost")


def test_a_lost_device_is_told_with_what_helps(store, tmp_path):
    health = Health(store)
    (tmp_path / "two" / MARKER).unlink()
    for path in (tmp_path / "two" / "objects").iterdir():
        path.rmdir()
    (tmp_path / "two" / "objects").rmdir()
    put(store, "o")
    assert health.trouble == (
        f"device {tmp_path / 'two'} is lost: "
        "mount it, or take it out of object.devices, and restart"
    )
