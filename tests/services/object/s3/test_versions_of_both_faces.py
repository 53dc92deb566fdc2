"""One shelf: what Swift replaces or deletes S3 finds again, and the other way round."""

import json
import time

import pytest

from services.object import bucket as buckets
from services.object import garbage, versions
from storage.objects import auditor
from tests.services.object.s3.clients import refused
from tests.services.object.s3.test_multipart import MIB, started, uploaded

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/books", "/v1/AUTH_p/books/o"  # noqa: E741
ID = "x-object-version-id"


@pytest.fixture
def named(s3, bucket, swifty):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return {"Bucket": bucket, "Key": "o"}


def body(s3, **named) -> bytes:
    return s3.get_object(**named)["Body"].read()


def shown(s3, key: str = "o") -> list[tuple[str, bool, str]]:
    """Id, whether it is the latest, and kind of each version, the newest first."""
    listed = s3.list_object_versions(Bucket="books", Prefix=key)
    found = [
        (v["VersionId"], v["IsLatest"], kind)
        for kind in ("Versions", "DeleteMarkers")
        for v in listed.get(kind, ())
    ]
    return sorted(found)


def let_expire(store) -> None:
    """As if its time had come."""
    name = buckets.find(store, "AUTH_p", "books").object("o")
    record = store.head_object(name)
    assert record.delete_at is not None
    store.post_object(name, metadata=record.metadata, delete_at=1)


def test_what_swift_replaces_is_kept(s3, swifty, named):
    swifty.put(f"{A}/c")
    swifty.put(f"{A}/c/source", content=b"copied")
    first = s3.put_object(**named, Body=b"1")["VersionId"]
    second = swifty.put(O, content=b"2").headers[ID]
    copied = swifty.request("COPY", f"{A}/c/source", headers={"Destination": "books/o"})

    third = copied.headers[ID]
    assert [body(s3, **named, VersionId=v) for v in (first, second, third)] == [
        b"1", b"2", b"copied",
    ]  # fmt: skip
    assert shown(s3) == [
        (third, True, "Versions"), (second, False, "Versions"), (first, False, "Versions"),
    ]  # fmt: skip


def test_what_swift_deletes_is_marked(s3, swifty, named):
    first = swifty.put(O, content=b"1").headers[ID]

    gone = swifty.delete(O)

    assert (gone.status_code, swifty.get(O).status_code) == (204, 404)
    assert shown(s3) == [(gone.headers[ID], True, "DeleteMarkers"), (first, False, "Versions")]
    s3.delete_object(**named, VersionId=gone.headers[ID])
    assert swifty.get(O).content == b"1"


def test_what_many_deletes_and_archives_replace_is_kept(s3, swifty, named):
    first = swifty.put(O, content=b"1").headers[ID]
    plain = {"Accept": "application/json"}
    done = swifty.post(f"{A}?bulk-delete", content="books/o", headers=plain).json()

    assert done["Number Deleted"] == 1
    assert body(s3, **named, VersionId=first) == b"1"


def test_a_deleted_manifest_keeps_its_segments_where_there_are_versions(s3, swifty, named):
    swifty.put(f"{A}/c")
    swifty.put(f"{A}/c/part", content=b"part")
    put = swifty.put(f"{O}?multipart-manifest=put", content=json.dumps([{"path": "c/part"}]))

    done = swifty.delete(
        f"{O}?multipart-manifest=delete", headers={"Accept": "application/json"}
    ).json()

    assert done["Number Deleted"] == 1
    assert swifty.get(O).status_code == 404
    assert swifty.get(f"{O}?version-id={put.headers[ID]}").content == b"part"


def test_what_was_there_before_versions_is_null_to_both(s3, bucket, swifty):
    swifty.put(O, content=b"old")
    assert swifty.post(C, headers={"X-Versions-Enabled": "true"}).status_code == 204
    new = swifty.put(O, content=b"new").headers[ID]

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert swifty.get(f"{O}?version-id=null").content == b"old"
    swifty.post(C, headers={"X-Versions-Enabled": "false"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    assert ID not in swifty.put(O, content=b"newer").headers
    assert swifty.get(f"{O}?version-id=null").content == b"newer"
    assert [v[0] for v in shown(s3)] == sorted([new, "null"])


def test_what_expires_where_there_are_versions_is_kept(s3, swifty, store, named):
    first = swifty.put(O, content=b"1", headers={"X-Delete-After": "100"}).headers[ID]
    let_expire(store)
    assert swifty.get(O).status_code == 404

    assert auditor.expire(store, versions.expire) == 1

    assert body(s3, **named, VersionId=first) == b"1"
    assert [kind for _, is_latest, kind in shown(s3) if is_latest] == ["DeleteMarkers"]


def test_what_is_put_over_an_expired_version_keeps_it(s3, swifty, store, named):
    """Before the round that would have shelved it."""
    first = swifty.put(O, content=b"1", headers={"X-Delete-After": "100"}).headers[ID]
    let_expire(store)
    swifty.put(O, content=b"2")

    assert body(s3, **named, VersionId=first) == b"1"


def test_an_expired_object_takes_its_parts_along(s3, bucket, swifty, store):
    uploaded(s3, [b"p" * 5 * MIB, b"q"], key="o")
    swifty.post(O, headers={"X-Delete-After": "100"})
    let_expire(store)

    assert auditor.expire(store, versions.expire) == 1
    garbage.sweep(store, now=time.time() + garbage.KEPT_S + 1)

    assert store.head_container("AUTH_p", "books+segments").object_count == 0


@pytest.mark.parametrize("way", ["PUT", "COPY", "DELETE"])
def test_the_parts_of_what_swift_replaces_or_deletes_are_swept(s3, bucket, swifty, store, way):
    uploaded(s3, [b"p" * 5 * MIB, b"q"], key="o")
    if way == "COPY":
        swifty.put(f"{C}/other", content=b"x")
        swifty.request("COPY", f"{C}/other", headers={"Destination": "books/o"})
    else:
        swifty.request(way, O, content=b"x" if way == "PUT" else None)

    assert garbage.sweep(store, now=time.time()) == 0
    assert garbage.sweep(store, now=time.time() + garbage.KEPT_S + 1) == 2
    assert store.head_container("AUTH_p", "books+segments").object_count == 0


def test_an_upload_that_is_aborted_after_a_killed_completion_leaves_the_object(
    s3, bucket, store, swifty
):
    """As if the process had died when the object was there and the upload not yet forgotten."""
    where = uploaded_but_not_forgotten(s3, store)

    s3.abort_multipart_upload(**where)

    assert body(s3, Bucket=bucket, Key="o") == b"p" * 5 * MIB + b"q"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert store.head_container("AUTH_p", "books+segments").object_count == 2


def test_a_completion_that_is_asked_for_again_after_a_kill_makes_no_second_version(
    s3, named, store
):
    where = uploaded_but_not_forgotten(s3, store)
    first = s3.head_object(**named)["VersionId"]
    parts = s3.list_parts(**where)["Parts"]

    done = s3.complete_multipart_upload(
        **where,
        MultipartUpload={"Parts": [{k: p[k] for k in ("PartNumber", "ETag")} for p in parts]},
    )

    assert done["VersionId"] == first
    assert shown(s3) == [(first, True, "Versions")]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="books")


def uploaded_but_not_forgotten(s3, store) -> dict[str, str]:
    """An upload that is complete, and is listed all the same."""
    where = started(s3, key="o")
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=part)["ETag"]}
        for n, part in enumerate([b"p" * 5 * MIB, b"q"], start=1)
    ]
    marker = f"o\0{where['UploadId']}"
    place = buckets.uploads_of("AUTH_p", "books")
    name = type(place)(place.account, place.container, marker)
    with store.get_object(name) as download:
        record = download.record
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    with store.put_object(name) as upload:
        upload.commit(
            versions.Attributes(content_type=record.content_type, metadata=record.metadata)
        )
    return where


def test_a_kill_between_mark_and_row_leaves_no_marker(s3, named, store, swifty):
    """As if the process had died when the marker was there and the object still."""
    first = s3.put_object(**named, Body=b"1")["VersionId"]
    bucket = buckets.find(store, "AUTH_p", "books")
    current = versions.find(store, bucket, "o")
    marker = versions._mark(store, bucket, "o", current)
    with store.put_object(bucket.object("o")) as upload:
        upload.write(b"1")
        upload.commit(versions.Attributes(metadata=current.record.metadata))

    assert shown(s3) == [(first, True, "Versions")]
    second = swifty.put(O, content=b"2").headers[ID]
    assert shown(s3) == [(second, True, "Versions"), (first, False, "Versions")]
    assert all(v.id != marker.version_id for v in versions.shelved(store, bucket, "o"))


def test_an_object_that_calls_itself_a_marker_is_none(s3, named, swifty):
    first = swifty.put(O, content=b"1", headers={"Content-Type": "application/x-deleted"})
    swifty.put(O, content=b"2")

    assert body(s3, **named, VersionId=first.headers[ID]) == b"1"


def test_swifts_archive_and_versions_exclude_each_other(s3, bucket, swifty):
    swifty.put(f"{A}/old")
    swifty.post(C, headers={"X-Versions-Location": "old"})

    enabled = {"Status": "Enabled"}
    code = refused(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=enabled)
    assert code == "InvalidBucketState"


def test_a_container_with_versions_is_not_deleted(s3, swifty, named, store):
    first = swifty.put(O, content=b"1").headers[ID]
    marker = swifty.delete(O).headers[ID]
    started(s3, key="o")

    assert swifty.delete(C).status_code == 409
    for each in (first, marker):
        assert swifty.delete(f"{O}?version-id={each}").status_code == 204
    assert swifty.delete(C).status_code == 204
    assert store.accounts_with("books") == ["\0uploads\0AUTH_p"]


def test_the_uploads_of_a_container_that_swift_deleted_are_ended(s3, bucket, swifty, store):
    from services.object.s3 import keeper

    where = started(s3, key="o")
    s3.upload_part(**where, PartNumber=1, Body=b"x")
    assert swifty.delete(C).status_code == 204

    keeper.once(store, now=time.time())

    assert store.accounts_with("books") == []
    assert store.accounts_with("books+segments") == []
