"""Killed at any step of what changes versions or uploads: it happened or it did not, and no part is
left that no object is made of.
"""

import contextlib
import io
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import context, ids
from services.http.endpoint import Request
from services.object import bucket as buckets
from services.object import contents, garbage, sysmeta, undoing, versions, walks
from services.object.bucket import ENABLED, SUSPENDED, Bucket
from services.object.s3 import keeper, multipart
from services.object.s3.bodies import Body
from services.object.s3.call import Call, Caller
from storage.objects import auditor, trashcan
from storage.objects import errors as stored
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from storage.objects.trash import NoBin, Trash
from tests.storage.objects import faults
from tests.storage.objects.test_crash import in_child

ACCOUNT, NAME, KEY = "AUTH_p", "books", "o"
NEW = "new"  # an id that was not there before
Line = tuple[str, str, bytes | None, bool]  # key, version, bytes (a marker has none), is latest
State = tuple[list[Line], dict[str, list[str]]]
Act = Callable[[ObjectStore], object]


def bucket_of(store: ObjectStore) -> Bucket:
    return buckets.find(store, ACCOUNT, NAME)


def call(store: ObjectStore, body: bytes = b"", **query: str) -> Call:
    """An S3 request by the bucket's owner, of the one key."""
    ctx = context.RequestContext(project_id=ids.ProjectId("p"))
    request = Request(
        ctx=ctx, method="PUT", url_path="/", path={}, pairs=(), headers={}, origin="http://box"
    )
    return Call(
        request=request, store=store, caller=Caller(ctx=ctx, access="key"), bucket_name=NAME,
        key=KEY, query=query, headers={}, body=Body(io.BytesIO(body), length_bytes=len(body)),
        found=bucket_of(store),
    )  # fmt: skip


def put(store: ObjectStore, data: bytes, key: str = KEY, *, delete_at: int | None = None) -> None:
    bucket = bucket_of(store)
    with store.put_object(bucket.object(key)) as upload:
        upload.write(data)
        said = Attributes(delete_at=delete_at)
        versions.put(store, bucket, key, upload=upload, said=said)


def start(store: ObjectStore, *parts: bytes) -> str:
    """An upload with these parts."""
    multipart.create(call(store))
    where = buckets.uploads_of(ACCOUNT, NAME)
    rows = store.list_container(where.account, where.container, query=Query())
    (upload_id,) = [row.name.partition("\0")[2] for row in rows]
    for number, data in enumerate(parts, start=1):
        multipart.put_part(call(store, data, uploadId=upload_id, partNumber=str(number)))
    return upload_id


def complete(store: ObjectStore, upload_id: str) -> None:
    """Of the first part alone."""
    parts = store.list_container(ACCOUNT, f"{NAME}+segments", query=Query(prefix=f"{upload_id}/"))
    etag = f"<Part><PartNumber>1</PartNumber><ETag>{parts[0].etag}</ETag></Part>"
    document = f"<CompleteMultipartUpload>{etag}</CompleteMultipartUpload>".encode()
    multipart.complete(call(store, document, uploadId=upload_id))


def furnish(root: Path, versioning: str) -> None:
    """A key with versions whose current one is of parts, an upload, and what has expired."""
    with ObjectStore(root, part_power=4) as store:
        store.put_container(ACCOUNT, NAME)
        put(store, b"null")
        store.post_container(ACCOUNT, NAME, changes={sysmeta.VERSIONING: versioning or None})
        put(store, b"older")
        complete(store, start(store, b"current", b"left out"))
        start(store, b"whole", b"left out")
        put(store, b"over", "expired", delete_at=1)


def current(store: ObjectStore) -> str:
    found = versions.find(store, bucket_of(store), KEY)
    assert found is not None
    return found.id


def oldest(store: ObjectStore) -> str:
    return list(versions.history(store, bucket_of(store), KEY))[-1].id


def delete(store: ObjectStore, version_id: str = "", *, promotes: bool = True) -> None:
    versions.delete(store, bucket_of(store), KEY, version_id=version_id, promotes=promotes)


def restore(store: ObjectStore) -> None:
    known = list(versions.history(store, bucket_of(store), KEY))
    versions.restore(store, bucket_of(store), KEY, known[1].id, condition=lambda _: None)


ACTS: dict[str, tuple[Act, tuple[str, ...]]] = {
    "put": (lambda store: put(store, b"new"), ("", ENABLED, SUSPENDED)),
    "delete": (delete, ("", ENABLED, SUSPENDED)),
    "delete current": (lambda store: delete(store, current(store)), ("", ENABLED, SUSPENDED)),
    "delete oldest": (lambda store: delete(store, oldest(store)), (ENABLED,)),
    "delete as Swift": (lambda store: delete(store, current(store), promotes=False), (ENABLED,)),
    "restore": (restore, (ENABLED,)),
    "complete": (lambda store: complete(store, under_way(store)), ("", ENABLED, SUSPENDED)),
    "abort": (lambda store: abort(store, under_way(store)), ("", ENABLED)),
    "expire": (lambda store: auditor.expire(store, versions.expire), ("", ENABLED)),
}
UNDONE = ("delete", "delete current", "delete oldest")  # also into the trash, and back from it
CASES = [(name, versioning) for name, (_, settings) in ACTS.items() for versioning in settings]
CASES += [(f"{verb} {name}", versioning) for verb in ("trash by", "undo")
          for name in UNDONE for versioning in ACTS[name][1] if versioning]  # fmt: skip


class Rubbish(NoBin):
    """Keeps what is deleted: by a marker under one entry, by an id under another."""

    def trash(
        self, account: str, container: str, name: str = "", *, is_mark: bool = False
    ) -> Trash | None:
        note = json.dumps({"is_mark": is_mark})
        return Trash(entry="mark" if is_mark else "e", until_s=trashcan.EVER, note=note)


def undo(store: ObjectStore) -> None:
    for account, entry, turn in (
        (ACCOUNT, "e", undoing.restore),
        (buckets.shelf_of(ACCOUNT, NAME).account, "e", undoing.restore),
        (buckets.shelf_of(ACCOUNT, NAME).account, "mark", undoing.again),
    ):
        with contextlib.suppress(stored.ContainerNotFound):  # nothing was shelved ever
            if trashcan.held(store, account, NAME, entry):
                turn(store, account, NAME, entry, until_s=trashcan.EVER)


def opened(root: Path, name: str) -> ObjectStore:
    """The store, with a trash where the act is to have one."""
    has_trash = name.startswith(("trash by", "undo"))
    return ObjectStore(root, part_power=4, rubbish=Rubbish() if has_trash else None)


def under_way(store: ObjectStore) -> str:
    (upload_id,) = uploads(store)
    return upload_id


def abort(store: ObjectStore, upload_id: str) -> None:
    multipart.abort(call(store, uploadId=upload_id))


def uploads(store: ObjectStore) -> dict[str, list[str]]:
    """The uploads that are listed, with their parts."""
    where = buckets.uploads_of(ACCOUNT, NAME)
    rows = store.list_container(where.account, where.container, query=Query())
    found = [row.name.partition("\0")[2] for row in rows]
    return {each: [name for name in parts(store) if name.startswith(each)] for each in found}


def parts(store: ObjectStore) -> list[str]:
    return [row.name for row in store.list_container(ACCOUNT, f"{NAME}+segments", query=Query())]


def lines(store: ObjectStore) -> list[Line]:
    """All versions; the container's own listing has those that are current."""
    bucket, found = bucket_of(store), []
    for entry in walks.entries(store, bucket, Query()):
        version = entry.version
        assert version is not None
        data = None
        if not version.is_marker:
            with store.get_object(version.name) as download:
                content = contents.describe(store, bucket.object(entry.key), download)
                data = download.read(0, download.record.size_bytes)
            if content.is_large:
                data = b"".join(contents.Chunks(store, content.segments))
        if entry.is_latest and data is not None:
            listed = store.list_container(ACCOUNT, NAME, query=Query(prefix=entry.key))
            assert [row.name for row in listed] == [entry.key]
        found.append((entry.key, version.id, data, entry.is_latest))
    return found


def known_as(found: list[Line], old: list[Line]) -> list[Line]:
    """The same with one name for all ids that were not there before."""
    known = {line[1] for line in old}
    return [(key, each if each in known else NEW, *rest) for key, each, *rest in found]


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("name", "versioning"), CASES)
def test_killed_at_any_step_it_happened_or_not(
    tmp_path: Path, name: str, versioning: str, when: str
):
    act = undo if name.startswith("undo") else ACTS[name.removeprefix("trash by ")][0]
    furnish(tmp_path / "old", versioning)
    if act is undo:
        with opened(tmp_path / "old", name) as store:
            ACTS[name.removeprefix("undo ")][0](store)
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    with opened(tmp_path / "old", name) as store:
        old, old_uploads = lines(store), uploads(store)
    with opened(tmp_path / "new", name) as store:
        act(store)
        new, new_uploads = known_as(lines(store), old), uploads(store)
    for number in range(1, 1000):
        root = tmp_path / str(number)
        shutil.copytree(tmp_path / "old", root)
        hook = {when: faults.Nth(number, faults.kill_myself)}

        def work(root: Path = root, hook: dict[str, faults.Nth] = hook) -> None:
            with faults.watched(**hook), opened(root, name) as store:
                act(store)

        is_acknowledged = in_child(work)
        with opened(root, name) as store:
            if name == "expire":  # nobody asked for it: the next round ends what this one began
                act(store)
                assert known_as(lines(store), old) == new
            found = known_as(lines(store), old)
            assert found in ([new] if is_acknowledged else [old, new]), number
            assert set(uploads(store)) in (set(old_uploads), set(new_uploads)), number
            if set(uploads(store)) == set(old_uploads) and found == old:
                assert uploads(store) == old_uploads
            check_goes_on(store, found)
        shutil.rmtree(root)
        if is_acknowledged:
            assert number > 1
            return
    pytest.fail("the act never ends")


def check_goes_on(store: ObjectStore, found: list[Line]) -> None:
    """What comes after a kill finds the store as it seems, and the sweep leaves what is needed."""
    for upload_id in uploads(store):
        abort(store, upload_id)
    trashcan.empty(store)
    before = lines(store)
    assert [line[2:] for line in before] == [line[2:] for line in found]
    keeper.once(store, now=time.time() + 2 * garbage.KEPT_S)
    assert lines(store) == before
    assert parts(store) == sorted(needed(store))
    with contextlib.suppress(stored.ContainerNotFound):
        assert store.list_container("\0garbage", "parts", query=Query()) == []
    delete(store)  # which meets what the kill left, and takes no older version along
    was = [line for line in before if line[0] == KEY]
    left = [line for line in lines(store) if line[0] == KEY and line[2] is not None]
    if bucket_of(store).versioning == ENABLED:
        kept = [line[1:3] for line in was if line[2] is not None]
        assert sorted(line[1:3] for line in left) == sorted(kept)  # one restored goes back down


def needed(store: ObjectStore) -> set[str]:
    """The parts that some version is made of."""
    found: set[str] = set()
    for account in (ACCOUNT, buckets.shelf_of(ACCOUNT, NAME).account):
        if NAME not in [row.name for row in store.list_account(account, Query())]:
            continue
        for row in store.list_container(account, NAME, query=Query()):
            name = ObjectName(account, NAME, row.name)
            if store.head_object(name, even_expired=True).metadata.get(contents.SLO):
                with store.get_object(name, even_expired=True) as download:
                    rows = json.loads(download.read(0, download.record.size_bytes))
                found |= {each["name"].removeprefix(f"/{NAME}+segments/") for each in rows}
    return found
