"""Versions: every write is kept, a delete is a marker, each can be had and removed by its id."""

import pytest

from storage.objects.store import ObjectStore
from tests.services.object.s3.clients import refused


@pytest.fixture
def named(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return {"Bucket": bucket, "Key": "o"}


def body(s3, **named):
    return s3.get_object(**named)["Body"].read()


def shown(s3, **asked):
    """Kind, key, body's size and whether it is the latest, of each version."""
    listed = s3.list_object_versions(**asked)
    found = [
        (v["Key"], v["VersionId"], v["IsLatest"], kind)
        for kind in ("Versions", "DeleteMarkers")
        for v in listed.get(kind, ())
    ]
    return sorted(found, key=lambda v: (v[0], v[1] != "null", v[1]))


def test_versioning_is_off_until_it_is_on(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    put = s3.put_object(Bucket=bucket, Key="o", Body=b"1")
    assert "VersionId" not in put
    assert shown(s3, Bucket=bucket) == [("o", "null", True, "Versions")]


def test_every_write_is_kept(s3, named):
    ids = [s3.put_object(**named, Body=data)["VersionId"] for data in (b"1", b"22", b"333")]

    assert body(s3, **named) == b"333"
    assert [body(s3, **named, VersionId=v) for v in ids] == [b"1", b"22", b"333"]
    listed = s3.list_object_versions(Bucket=named["Bucket"])["Versions"]
    assert [(v["VersionId"], v["Size"], v["IsLatest"]) for v in listed] == [
        (ids[2], 3, True), (ids[1], 2, False), (ids[0], 1, False),
    ]  # fmt: skip
    assert len(s3.list_objects_v2(Bucket=named["Bucket"])["Contents"]) == 1


def test_a_delete_is_a_marker_that_can_be_removed(s3, named):
    version = s3.put_object(**named, Body=b"1")["VersionId"]

    done = s3.delete_object(**named)

    assert done["DeleteMarker"] is True
    assert refused(s3.get_object, **named) == "NoSuchKey"
    assert refused(s3.get_object, **named, VersionId=done["VersionId"]) == "MethodNotAllowed"
    assert body(s3, **named, VersionId=version) == b"1"
    assert "Contents" not in s3.list_objects_v2(Bucket=named["Bucket"])
    s3.delete_object(**named, VersionId=done["VersionId"])
    assert body(s3, **named) == b"1"
    assert shown(s3, Bucket=named["Bucket"]) == [("o", version, True, "Versions")]


def test_the_newest_removed_makes_the_one_before_current(s3, named):
    first = s3.put_object(**named, Body=b"1", Metadata={"n": "1"})
    second = s3.put_object(**named, Body=b"2")
    modified = s3.head_object(**named, VersionId=first["VersionId"])["LastModified"]

    s3.delete_object(**named, VersionId=second["VersionId"])

    head = s3.head_object(**named)
    assert (head["VersionId"], head["Metadata"]) == (first["VersionId"], {"n": "1"})
    assert (head["ETag"], head["LastModified"]) == (first["ETag"], modified)
    assert len(shown(s3, Bucket=named["Bucket"])) == 1
    s3.delete_object(**named, VersionId=first["VersionId"])
    assert shown(s3, Bucket=named["Bucket"]) == []


def test_what_was_there_before_is_version_null(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    new = s3.put_object(Bucket=bucket, Key="o", Body=b"new")["VersionId"]

    assert body(s3, Bucket=bucket, Key="o", VersionId="null") == b"old"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.put_object(Bucket=bucket, Key="o", Body=b"newer")["VersionId"] == "null"
    assert body(s3, Bucket=bucket, Key="o", VersionId="null") == b"newer"
    assert body(s3, Bucket=bucket, Key="o", VersionId=new) == b"new"
    assert [v[1] for v in shown(s3, Bucket=bucket)] == ["null", new]
    s3.delete_object(Bucket=bucket, Key="o")
    assert [v[1:] for v in shown(s3, Bucket=bucket)] == [
        ("null", True, "DeleteMarkers"), (new, False, "Versions"),
    ]  # fmt: skip


def test_pages_of_versions_meet_without_a_gap(s3, named):
    bucket = named["Bucket"]
    for key in ("a", "b/1", "b/2", "c"):
        for number in range(3):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x" * number)
    s3.delete_object(Bucket=bucket, Key="b/1")
    whole = shown(s3, Bucket=bucket)
    assert len(whole) == 13

    pages, asked = [], {"Bucket": bucket, "MaxKeys": 2}
    while True:
        page = s3.list_object_versions(**asked)
        pages += [v["VersionId"] for k in ("Versions", "DeleteMarkers") for v in page.get(k, ())]
        if not page["IsTruncated"]:
            break
        asked |= {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }
    assert sorted(pages) == sorted(v[1] for v in whole)
    rolled = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in rolled["CommonPrefixes"]] == ["b/"]
    assert {v["Key"] for v in rolled["Versions"]} == {"a", "c"}


def test_a_bucket_with_versions_is_not_deleted(s3, named):
    version = s3.put_object(**named, Body=b"1")["VersionId"]
    marker = s3.delete_object(**named)["VersionId"]

    assert refused(s3.delete_bucket, Bucket=named["Bucket"]) == "BucketNotEmpty"
    for each in (version, marker):
        s3.delete_object(**named, VersionId=each)
    s3.delete_bucket(Bucket=named["Bucket"])


def test_a_version_can_be_copied_over_the_current_one(s3, named):
    first = s3.put_object(**named, Body=b"1")["VersionId"]
    s3.put_object(**named, Body=b"2")

    copied = s3.copy_object(**named, CopySource={**named, "VersionId": first})

    assert copied["CopySourceVersionId"] == first
    assert body(s3, **named) == b"1"


def test_swift_sees_what_is_current_and_no_shelf(s3, named, swifty):
    s3.put_object(**named, Body=b"1")
    s3.put_object(**named, Body=b"2")

    assert swifty.get("/v1/AUTH_p/books/o").content == b"2"
    assert swifty.get("/v1/AUTH_p").text == "books\n"
    assert swifty.head("/v1/AUTH_p").headers["x-account-object-count"] == "1"


def test_no_such_version(s3, named):
    s3.put_object(**named, Body=b"1")

    assert refused(s3.get_object, **named, VersionId="0" * 32) == "NoSuchVersion"


def test_a_kill_between_shelf_and_row_leaves_the_version_once(s3, named, store: ObjectStore):
    """As if the process had died after the old version was shelved and before the new was put."""
    from services.object import bucket, versions

    version = s3.put_object(**named, Body=b"1")["VersionId"]
    caller_bucket = bucket.find(store, "AUTH_p", "books")
    current = versions.find(store, caller_bucket, "o")
    versions._shelve(store, caller_bucket, "o", current)

    assert shown(s3, Bucket="books") == [("o", version, True, "Versions")]
    s3.delete_object(**named, VersionId=version)
    assert shown(s3, Bucket="books") == []
