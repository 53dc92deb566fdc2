"""Objects answer as S3's do, and both faces show the same ones."""

import hashlib

import pytest

from tests.services.object.s3.clients import refused

DATA = bytes(range(256)) * 20
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


def test_what_is_put_is_got(s3, bucket):
    put = s3.put_object(
        Bucket=bucket, Key="a b/ü+%", Body=DATA, Metadata={"color": "blue"},
        ContentType="text/x", CacheControl="no-cache",
    )  # fmt: skip
    got = s3.get_object(Bucket=bucket, Key="a b/ü+%")

    assert put["ETag"] == got["ETag"] == f'"{MD5}"'
    assert got["Body"].read() == DATA
    assert (got["Metadata"], got["ContentType"]) == ({"color": "blue"}, "text/x")
    assert (got["ContentLength"], got["CacheControl"]) == (5120, "no-cache")
    assert put["ChecksumCRC32"] == got["ChecksumCRC32"]
    head = s3.head_object(Bucket=bucket, Key="a b/ü+%")
    assert {k: head[k] for k in ("ETag", "LastModified", "Metadata", "ContentLength")} == {
        k: got[k] for k in ("ETag", "LastModified", "Metadata", "ContentLength")
    }


def test_both_faces_show_the_same_object(s3, bucket, swifty):
    s3.put_object(Bucket=bucket, Key="one", Body=b"from s3", Metadata={"color": "blue"})
    put = swifty.put(
        "/v1/AUTH_p/books/two", content=b"from swift", headers={"X-Object-Meta-Color": "red"}
    )

    assert put.status_code == 201
    got = swifty.get("/v1/AUTH_p/books/one")
    assert (got.content, got.headers["x-object-meta-color"]) == (b"from s3", "blue")
    assert not [name for name in got.headers if "sysmeta" in name]
    got = s3.get_object(Bucket=bucket, Key="two")
    assert (got["Body"].read(), got["Metadata"]) == (b"from swift", {"color": "red"})
    assert swifty.post("/v1/AUTH_p/books/one", headers={"X-Object-Meta-A": "1"}).status_code == 202
    assert s3.get_object(Bucket=bucket, Key="one")["ChecksumCRC32"]


@pytest.mark.parametrize(
    ("asked", "span"),
    [("bytes=0-9", (0, 10)), ("bytes=5110-", (5110, 5120)), ("bytes=-3", (5117, 5120))],
)
def test_a_range_is_sent_alone(s3, bucket, asked, span):
    s3.put_object(Bucket=bucket, Key="o", Body=DATA)

    got = s3.get_object(Bucket=bucket, Key="o", Range=asked)

    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["Body"].read() == DATA[slice(*span)]
    assert got["ContentRange"] == f"bytes {span[0]}-{span[1] - 1}/5120"


def test_a_range_after_the_end_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")

    assert refused(s3.get_object, Bucket=bucket, Key="o", Range="bytes=1-") == "InvalidRange"


def test_what_is_not_there_has_its_code(s3, bucket):
    assert refused(s3.get_object, Bucket=bucket, Key="o") == "NoSuchKey"
    assert refused(s3.head_object, Bucket=bucket, Key="o") == "404"
    assert refused(s3.get_object, Bucket="no-such", Key="o") == "NoSuchBucket"
    assert refused(s3.put_object, Bucket="no-such", Key="o", Body=b"") == "NoSuchBucket"
    s3.delete_object(Bucket=bucket, Key="o")


def test_conditions_of_a_read(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="o", Body=b"x")
    named = {"Bucket": bucket, "Key": "o"}

    assert refused(s3.get_object, **named, IfNoneMatch=put["ETag"]) == "304"
    assert refused(s3.get_object, **named, IfMatch='"other"') == "PreconditionFailed"
    assert s3.get_object(**named, IfMatch=put["ETag"])["ETag"] == put["ETag"]
    modified = s3.head_object(**named)["LastModified"]
    assert refused(s3.head_object, **named, IfModifiedSince=modified) == "304"


def test_conditions_of_a_write(s3, bucket):
    named = {"Bucket": bucket, "Key": "o"}

    first = s3.put_object(**named, Body=b"1", IfNoneMatch="*")
    assert refused(s3.put_object, **named, Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert refused(s3.put_object, **named, Body=b"2", IfMatch='"x"') == "PreconditionFailed"
    s3.put_object(**named, Body=b"3", IfMatch=first["ETag"])
    assert s3.get_object(**named)["Body"].read() == b"3"
    assert refused(s3.delete_object, **named, IfMatch=first["ETag"]) == "PreconditionFailed"
    missing = {"Bucket": bucket, "Key": "missing"}
    assert refused(s3.put_object, **missing, Body=b"", IfMatch='"x"') == "NoSuchKey"


def test_headers_of_the_answer_may_be_chosen_by_who_signs(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")

    got = s3.get_object(Bucket=bucket, Key="o", ResponseContentType="text/other")

    assert got["ContentType"] == "text/other"


def test_many_are_deleted_at_once(s3, bucket):
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    done = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in ("a", "b", "missing")]}
    )

    assert [each["Key"] for each in done["Deleted"]] == ["a", "b", "missing"]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]


def test_metadata_has_its_limit(s3, bucket):
    big = {"a": "x" * 3000}

    assert refused(s3.put_object, Bucket=bucket, Key="o", Metadata=big) == "MetadataTooLarge"
    assert refused(s3.put_object, Bucket=bucket, Key="k" * 1025) == "KeyTooLongError"


def test_what_is_not_served_is_never_a_silent_success(s3, bucket):
    named = {"Bucket": bucket, "Key": "o"}

    sse = refused(s3.put_object, **named, ServerSideEncryption="aws:kms")
    assert sse == "NotImplemented"
    assert refused(s3.put_object, **named, StorageClass="GLACIER") == "InvalidStorageClass"
    assert refused(s3.restore_object, **named, RestoreRequest={}) == "NotImplemented"
    assert refused(s3.get_object, **named) == "NoSuchKey"


def test_a_large_object_of_swifts_is_read_and_has_no_etag_of_its_bytes(s3, bucket, swifty):
    swifty.put("/v1/AUTH_p/books/parts/1", content=b"one")
    swifty.put("/v1/AUTH_p/books/parts/2", content=b"two")
    swifty.put("/v1/AUTH_p/books/dynamic", headers={"X-Object-Manifest": "books/parts/"})
    manifest = [{"path": "/books/parts/1"}, {"path": "/books/parts/2"}]
    swifty.put("/v1/AUTH_p/books/static?multipart-manifest=put", json=manifest)

    for key in ("dynamic", "static"):
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == b"onetwo"
        head = s3.head_object(Bucket=bucket, Key=key)
        assert (head["ETag"], head["ContentLength"]) == (got["ETag"], 6)
        assert got["ETag"].endswith('-N"')


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_sizes(s3, bucket, size):
    data = b"x" * size

    s3.put_object(Bucket=bucket, Key="o", Body=data)

    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == data


def test_keys_are_any_text(s3, bucket):
    keys = ["/", "//a", "a%2Fb", "\n", "é", "日本", "a&<>\"'", "x" * 1024, " "]

    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    for key in keys:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == sorted(keys)


def test_what_would_be_another_deed_without_its_header_is_not_done(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"data")

    more = {"Bucket": bucket, "Key": "o", "Body": b"more", "WriteOffsetBytes": 4}
    assert refused(s3.put_object, **more) == "NotImplemented"
    assert refused(s3.delete_object, Bucket=bucket, Key="o", IfMatchSize=7) == "NotImplemented"
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"data"


def test_a_header_that_is_too_long_is_not_kept(s3, bucket):
    said = {"Bucket": bucket, "Key": "o", "Body": b"", "ContentType": "a" * 8193}
    assert refused(s3.put_object, **said) == "RequestHeaderSectionTooLarge"
