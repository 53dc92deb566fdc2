"""The auditor finds rot, removes what nothing points at, and leaves the rest alone."""

import os
import time
from pathlib import Path

import pytest

from storage.objects import auditor
from storage.objects.errors import ObjectDamaged
from storage.objects.store import ObjectStore
from tests.storage.objects.verbs import ACCOUNT, data_files, get, named, names, put


@pytest.fixture
def container(store: ObjectStore) -> ObjectStore:
    store.put_container(ACCOUNT, "c")
    return store


def test_a_healthy_store_is_read_and_left_alone(container: ObjectStore):
    put(container, "a", b"healthy")

    audit = auditor.once(container)

    assert audit == auditor.Audit(objects=1, size_bytes=7)
    assert get(container, "a") == b"healthy"


def test_rot_is_quarantined_and_still_listed(container: ObjectStore):
    put(container, "a", b"healthy")
    put(container, "b", b"healthy")
    path = container.files.path(named("a"), container.head_object(named("a")).written)
    path.write_bytes(b"heal7hy")

    (target,) = auditor.once(container).quarantined

    assert Path(target).read_bytes() == b"heal7hy"
    assert names(container) == ["a", "b"]
    with pytest.raises(ObjectDamaged):
        container.get_object(named("a"))
    assert auditor.once(container).missing == ["AUTH_p/c/a"]


def test_expired_objects_are_deleted(container: ObjectStore):
    put(container, "a", b"old", delete_at=int(time.time()) - 1)
    put(container, "b", b"new", delete_at=int(time.time()) + 100)

    assert auditor.expire(container) == 1
    assert names(container) == ["b"]
    assert len(data_files(container)) == 1


def test_a_file_without_a_row_is_removed(container: ObjectStore):
    put(container, "a", b"old")
    (path,) = container.files.walk()
    kept = path.with_name("kept")
    os.link(path, kept)
    container.delete_object(named("a"))
    kept.rename(path)

    assert auditor.tidy(container) == auditor.Audit(orphans=1)
    assert data_files(container) == []


def test_a_file_that_describes_nothing_is_quarantined(container: ObjectStore):
    partition = container.root / "d1" / "objects" / "0"
    partition.mkdir()
    (partition / "what.data").write_bytes(b"?")

    (target,) = auditor.once(container).quarantined
    assert Path(target).read_bytes() == b"?"


def test_a_file_being_named_now_is_no_orphan(container: ObjectStore):
    """Audited between the naming of the file and the row, an upload still succeeds."""
    audits = []
    real_link = os.link

    def link_then_audit(*args, **kwargs):
        real_link(*args, **kwargs)
        audits.append(auditor.once(container))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "link", link_then_audit)
        put(container, "a", b"new")

    assert [audit.orphans for audit in audits] == [0]
    assert get(container, "a") == b"new"


def test_a_damaged_container_is_rebuilt_from_its_objects(tmp_path: Path):
    with ObjectStore(tmp_path, part_power=1, inline_bytes_max=-1) as store:
        store.put_container(ACCOUNT, "c")
        put(store, "a", b"first", metadata={"k": "v"})
        put(store, "a", b"second", metadata={"k": "w"})
        put(store, "gone", b"deleted")
        store.delete_object(named("gone"))
    (file,) = (tmp_path / "containers").glob("*.sqlite")
    file.write_bytes(file.read_bytes()[:4096] + os.urandom(20_000))

    with ObjectStore(tmp_path, inline_bytes_max=-1) as store:
        assert auditor.once(store).rebuilt == ["AUTH_p/c"]
        assert names(store) == ["a"]
        assert get(store, "a") == b"second"
        assert store.head_object(named("a")).metadata == {"k": "w"}
        assert store.head_account(ACCOUNT).object_count == 1
        assert len(list((tmp_path / "containers").glob("*.damaged"))) == 1
        assert auditor.once(store) == auditor.Audit(objects=1, size_bytes=6)


def test_a_container_file_nobody_points_at_is_removed(container: ObjectStore):
    stray = container.root / "containers" / "0123.sqlite"
    stray.write_bytes(b"")

    assert auditor.once(container).strays == 1
    assert not stray.exists()
