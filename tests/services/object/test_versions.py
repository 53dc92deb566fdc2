"""Writes that wait for no lock, between another's look at an object and its change of it."""

from pathlib import Path

import pytest

from services.object import bucket as buckets
from services.object import versions
from services.object.bucket import Bucket
from services.object.refusals import Refused
from services.object.swift import history
from services.object.swift.access import Caller
from services.object.swift.writing import Writing
from services.object.versions import Version
from storage.objects.object_file import ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Upload
from tests.services.object.conftest import login

KEY = "o"


@pytest.fixture
def store(tmp_path: Path):
    with ObjectStore(tmp_path / "store") as opened:
        opened.put_container("AUTH_p", "c")
        yield opened


@pytest.fixture
def bucket(store: ObjectStore) -> Bucket:
    return buckets.find(store, "AUTH_p", "c")


def put(
    store: ObjectStore,
    bucket: Bucket,
    data: bytes,
    condition: versions.Condition | None = None,
    **metadata: str,
) -> Version:
    with store.put_object(bucket.object(KEY)) as upload:
        upload.write(data)
        said = Attributes(metadata=metadata)
        return versions.put(store, bucket, KEY, upload=upload, said=said, condition=condition)


def got(store: ObjectStore, bucket: Bucket) -> tuple[bytes, dict[str, str]]:
    with store.get_object(bucket.object(KEY)) as download:
        return download.read(0, 100), dict(download.record.metadata)


@pytest.mark.parametrize("before", [None, b"before"])
def test_a_condition_is_held_against_what_is_replaced(store, bucket, before):
    if before:
        put(store, bucket, before)
    seen: list[bytes | None] = []

    def condition(old: Version | None) -> None:
        seen.append(got(store, bucket)[0] if old else None)
        if len(seen) == 1:
            put(store, bucket, b"between")
        elif old is None or seen[1] != before:
            raise Refused(412)

    with pytest.raises(Refused):
        put(store, bucket, b"late", condition)

    assert seen == [before, b"between"]
    assert got(store, bucket)[0] == b"between"


def test_a_condition_that_holds_the_second_time(store, bucket):
    seen: list[str] = []

    def condition(old: Version | None) -> None:
        seen.append(old.etag if old else "")
        if len(seen) == 1:
            put(store, bucket, b"between")

    put(store, bucket, b"late", condition)

    assert len(set(seen)) == 2
    assert got(store, bucket)[0] == b"late"


def test_what_is_said_of_an_object_later_is_not_what_another_was(store, bucket):
    old = put(store, bucket, b"old", colour="red", shape="round")
    put(store, bucket, b"new", colour="blue")

    updated = versions.update(store, old, {"tag": "t"})

    data, metadata = got(store, bucket)
    assert (data, metadata["colour"], metadata["tag"]) == (b"new", "blue", "t")
    assert "shape" not in metadata
    assert updated.record == store.head_object(bucket.object(KEY))


def test_a_post_begins_again_when_the_object_was_replaced(store, bucket):
    put(store, bucket, b"old", own="old's")
    name = bucket.object(KEY)
    seen: list[str] = []

    def post(old: ObjectRecord) -> ObjectRecord:
        seen.append(old.metadata["own"])
        if len(seen) == 1:
            put(store, bucket, b"new", own="new's")
        kept = {"own": old.metadata["own"], "said": "later"}
        return store.post_object(name, metadata=kept, written=old.written)

    old, record = Writing(store, Caller(ctx=login("member"))).change(name, post)

    assert seen == ["old's", "new's"]
    assert (old.metadata["own"], record.metadata) == ("new's", {"own": "new's", "said": "later"})
    assert got(store, bucket) == (b"new", {"own": "new's", "said": "later"})


@pytest.mark.parametrize("archive", [{}, {history.STACK: "old"}])
def test_what_must_be_new_is_also_where_it_was_looked_for(store, bucket, archive, monkeypatch):
    """Another write comes after the look at the place, and before the change."""
    store.post_container("AUTH_p", "c", changes=archive)
    commit = Upload.commit

    def late(upload: Upload, *said, **kwargs) -> ObjectRecord:
        monkeypatch.undo()
        put(store, bucket, b"between")
        return commit(upload, *said, **kwargs)

    writing = Writing(store, Caller(ctx=login("member")))
    with writing.incoming(bucket.object(KEY), must_be_new=True) as incoming:
        incoming.write(b"late")
        monkeypatch.setattr(Upload, "commit", late)
        with pytest.raises(Refused) as refused:
            incoming.commit(Attributes())

    assert refused.value.status == 412
    assert got(store, bucket)[0] == b"between"
