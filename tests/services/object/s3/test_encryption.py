"""Objects encrypted by the box (SSE-S3) and with keys that clients bring (SSE-C)."""

import base64
import hashlib
import io
import itertools
import logging
import os
import tarfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from services.identity import keys
from services.identity.api.data_keys import DataKeys
from services.object import encryption
from storage.objects.errors import ObjectDamaged
from storage.objects.object_file import ObjectName
from tests.services.object.s3.clients import refused
from tests.services.object.s3.test_multipart import sent, started

MIB = 1 << 20
MARK = b"nobody may read this: " * 4
KEY, OTHER = os.urandom(32), os.urandom(32)
BOX = {"ServerSideEncryption": "AES256"}
MINE = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
ANOTHERS = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER}
OF_SOURCE = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY}
WRITES = {"plain": {}, "box": BOX, "customer": MINE}
SMALL, LARGE = MARK, MARK * 40_000  # in the container's file, and in files of 3.4 MiB
DATA = {"Body": b"x"}
HEADER = "x-amz-server-side-encryption"
RULE = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def reads(kind: str) -> dict:
    """What a reader of an object has to say."""
    return MINE if kind == "customer" else {}


def read(s3, key="k", **said) -> bytes:
    return s3.get_object(Bucket="books", Key=key, **said)["Body"].read()


def on_disk(tmp_path: Path, *needles: bytes) -> list[Path]:
    """The files of the store in which any of these stands."""
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert files
    return [f for f in files if any(needle in f.read_bytes() for needle in needles)]


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def by_hand(s3, operation: str, **said: str) -> str:
    """The code of the answer to a request with headers that boto3 would not send so."""

    def add(params, **_) -> None:
        params["headers"] |= said

    event = f"before-call.s3.{operation}"
    s3.meta.events.register(event, add)
    try:
        verb = s3.put_object if operation == "PutObject" else s3.get_object
        return refused(verb, Bucket="books", Key="k", **({} if verb == s3.get_object else DATA))
    finally:
        s3.meta.events.unregister(event, add)


@pytest.mark.parametrize("data", [SMALL, LARGE, b""], ids=["small", "large", "empty"])
@pytest.mark.parametrize("kind", ["box", "customer"])
def test_what_is_encrypted_is_read_back_and_is_not_on_the_disk(s3, bucket, tmp_path, kind, data):
    put = s3.put_object(Bucket=bucket, Key="k", Body=data, ChecksumAlgorithm="SHA256",
                        Metadata={"color": "blue"}, **WRITES[kind])  # fmt: skip

    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED", **reads(kind))
    head = s3.head_object(Bucket=bucket, Key="k", **reads(kind))
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert got["Body"].read() == data
    assert (got["ContentLength"], head["ContentLength"]) == (len(data), len(data))
    assert (got["Metadata"], got["ETag"], head["ETag"]) == ({"color": "blue"}, *2 * (put["ETag"],))
    assert (put["ChecksumSHA256"], got["ChecksumSHA256"]) == (digest, digest)
    (row,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (row["Size"], row["ETag"]) == (len(data), put["ETag"])
    if data:
        assert (put["ETag"] == f'"{md5(data)}"') == (kind == "box")
    assert on_disk(tmp_path, MARK, MARK[:22]) == []


def test_the_answers_say_how_it_is_kept(s3, bucket):
    mark = base64.b64encode(hashlib.md5(KEY).digest()).decode()
    s3.put_object(Bucket=bucket, Key="plain", Body=SMALL)
    for said, name, value in (
        (BOX, "ServerSideEncryption", "AES256"), (MINE, "SSECustomerKeyMD5", mark),
    ):  # fmt: skip
        keyed = MINE if said is MINE else {}
        assert s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **said)[name] == value
        assert s3.get_object(Bucket=bucket, Key="k", **keyed)[name] == value
        assert s3.head_object(Bucket=bucket, Key="k", **keyed)[name] == value
        copied = s3.copy_object(Bucket=bucket, Key="c", CopySource="books/plain", **said)
        assert copied[name] == value
    assert "ServerSideEncryption" not in s3.head_object(Bucket=bucket, Key="plain")


def test_the_same_bytes_are_never_kept_the_same(s3, bucket, store):
    kept = set()
    for key, said in itertools.product("ab", (BOX, MINE)):
        s3.put_object(Bucket=bucket, Key=key, Body=LARGE, **said)
        record = store.head_object(ObjectName("AUTH_p", bucket, key))
        kept |= {record.xxh3, record.metadata[encryption.KEY]}
    assert len(kept) == 8


@pytest.mark.parametrize("kind", ["box", "customer"])
def test_ranges_start_and_end_anywhere(s3, bucket, kind):
    data = os.urandom(3 * MIB + 77)
    s3.put_object(Bucket=bucket, Key="k", Body=data, **WRITES[kind])
    for start, stop in (
        (0, 1), (15, 17), (16, 32), (31, 100), (MIB - 1, MIB + 1), (MIB, MIB + 1),
        (MIB - 9, 2 * MIB + 9), (3 * MIB + 70, 3 * MIB + 77), (1, 3 * MIB + 77),
    ):  # fmt: skip
        got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={start}-{stop - 1}",
                            **reads(kind))  # fmt: skip
        assert got["Body"].read() == data[start:stop], (start, stop)
        assert got["ContentRange"] == f"bytes {start}-{stop - 1}/{len(data)}"
    assert read(s3, Range="bytes=-5", **reads(kind)) == data[-5:]


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_without_the_right_key_there_is_nothing_to_read(s3, bucket, data):
    named = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**named, Body=data, **MINE)

    assert refused(s3.get_object, **named) == "InvalidRequest"
    assert refused(s3.get_object, **named, **ANOTHERS) == "AccessDenied"
    assert refused(s3.head_object, **named) == "400"
    assert refused(s3.head_object, **named, **ANOTHERS) == "403"
    asked = {"ObjectAttributes": ["ETag"]}
    assert refused(s3.get_object_attributes, **named, **asked) == "InvalidRequest"
    mark = base64.b64encode(hashlib.md5(KEY).digest()).decode()
    mine = {**MINE, "SSECustomerKey": base64.b64encode(KEY).decode(), "SSECustomerKeyMD5": mark}
    assert s3.get_object_attributes(**named, **asked, **mine)["ETag"]
    source = {"Bucket": bucket, "Key": "copy", "CopySource": "books/k"}
    wrong = {**OF_SOURCE, "CopySourceSSECustomerKey": OTHER}
    assert refused(s3.copy_object, **source) == "InvalidRequest"
    assert refused(s3.copy_object, **source, **wrong) == "AccessDenied"
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]
    s3.delete_object(**named)  # whose object it is needs no key for that


def test_a_key_for_what_has_none_is_refused(s3, bucket):
    for said in ({}, BOX):
        s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **said)
        assert refused(s3.get_object, Bucket=bucket, Key="k", **MINE) == "InvalidRequest"
        assert refused(s3.head_object, Bucket=bucket, Key="k", **MINE) == "400"


def test_what_cannot_be_meant_is_refused_and_nothing_is_stored(s3, bucket):
    key = base64.b64encode(KEY).decode()
    mark = base64.b64encode(hashlib.md5(KEY).digest()).decode()
    short = base64.b64encode(KEY[:16]).decode()
    short_mark = base64.b64encode(hashlib.md5(KEY[:16]).digest()).decode()
    all_three = {"algorithm": "AES256", "key": key, "key-md5": mark}
    wrong = [
        ({"algorithm": "AES128"}, "InvalidEncryptionAlgorithmError"),
        ({"algorithm": None}, "InvalidArgument"),
        ({"key": None}, "InvalidArgument"),
        ({"key-md5": None}, "InvalidArgument"),
        ({"key-md5": short_mark}, "InvalidArgument"),
        ({"key": short, "key-md5": short_mark}, "InvalidArgument"),
        ({"key": "no base64 %"}, "InvalidArgument"),
        ({"": "AES256"}, "InvalidArgument"),
    ]
    for change, code in wrong:
        said = {f"{HEADER}-customer-{n}": v for n, v in (all_three | change).items() if v and n}
        said |= {HEADER: "AES256"} if "" in change else {}
        assert by_hand(s3, "PutObject", **said) == code, change
    for value, code in (
        ("aws:kms", "NotImplemented"), ("aws:kms:dsse", "NotImplemented"),
        ("AES512", "InvalidEncryptionAlgorithmError"),
    ):  # fmt: skip
        assert by_hand(s3, "PutObject", **{HEADER: value}) == code
    by_id = {f"{HEADER}-aws-kms-key-id": "mine"}
    assert by_hand(s3, "PutObject", **by_id) == "NotImplemented"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)

    s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **BOX)
    assert by_hand(s3, "GetObject", **{HEADER: "AES256"}) == "InvalidArgument"


def test_a_body_that_is_not_what_it_says_leaves_nothing(s3, bucket):
    wrong = base64.b64encode(hashlib.md5(b"another").digest()).decode()
    for said in (BOX, MINE):
        put = refused(s3.put_object, Bucket=bucket, Key="k", Body=LARGE, ContentMD5=wrong, **said)
        assert put == "BadDigest"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(("source", "target"), list(itertools.product(WRITES, WRITES)))
def test_copies_are_kept_as_they_ask(s3, bucket, tmp_path, source, target, data):
    s3.put_object(Bucket=bucket, Key="a", Body=data, ChecksumAlgorithm="CRC32", **WRITES[source])
    opened = OF_SOURCE if source == "customer" else {}
    copied = s3.copy_object(Bucket=bucket, Key="b", CopySource="books/a", **opened,
                            **WRITES[target])  # fmt: skip

    assert read(s3, "b", **reads(target)) == data
    etag = copied["CopyObjectResult"]["ETag"]
    assert (etag == f'"{md5(data)}"') == (target != "customer")
    assert s3.head_object(Bucket=bucket, Key="b", **reads(target))["ETag"] == etag
    assert bool(on_disk(tmp_path, MARK)) == ("plain" in (source, target))


def test_an_object_is_encrypted_in_its_place(s3, bucket, tmp_path):
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE, Metadata={"a": "b"})
    s3.copy_object(Bucket=bucket, Key="k", CopySource="books/k", **BOX)
    assert on_disk(tmp_path, MARK) == []
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (LARGE, {"a": "b"})
    assert refused(s3.copy_object, Bucket=bucket, Key="k", CopySource="books/k") == "InvalidRequest"


@pytest.mark.parametrize("kind", ["box", "customer"])
def test_an_object_in_parts(s3, bucket, tmp_path, kind):
    parts = [(MARK * 60_000)[: 5 * MIB], (MARK * 60_000)[: 5 * MIB + 7], MARK]
    said = WRITES[kind]
    s3.put_object(Bucket=bucket, Key="source", Body=parts[1], **said)
    where = started(s3, **said)
    opened = OF_SOURCE if kind == "customer" else {}
    etags = [
        s3.upload_part(**where, PartNumber=1, Body=parts[0], **reads(kind))["ETag"],
        s3.upload_part_copy(**where, PartNumber=2, CopySource="books/source", **opened,
                            **reads(kind))["CopyPartResult"]["ETag"],
        s3.upload_part(**where, PartNumber=3, Body=parts[2], **reads(kind))["ETag"],
    ]  # fmt: skip
    listed = s3.list_parts(**where)["Parts"]
    assert [part["Size"] for part in listed] == [len(part) for part in parts]
    made = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, start=1)]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": made})

    whole = b"".join(parts)
    assert read(s3, "big", **reads(kind)) == whole
    start = 5 * MIB - 3
    asked = f"bytes={start}-{start + 5 * MIB + 20}"
    assert read(s3, "big", Range=asked, **reads(kind)) == whole[start : start + 5 * MIB + 21]
    assert read(s3, "big", PartNumber=2, **reads(kind)) == parts[1]
    head = s3.head_object(Bucket=bucket, Key="big", **reads(kind))
    assert head["ContentLength"] == len(whole)
    assert (etags[0] == f'"{md5(parts[0])}"') == (kind == "box")
    assert on_disk(tmp_path, MARK) == []
    if kind == "box":
        assert head["ServerSideEncryption"] == "AES256"
    else:
        assert refused(s3.get_object, Bucket=bucket, Key="big") == "InvalidRequest"
        assert refused(s3.get_object, Bucket=bucket, Key="big", **ANOTHERS) == "AccessDenied"
        assert refused(s3.head_object, Bucket=bucket, Key="big") == "400"


def test_a_part_is_kept_as_its_upload_began(s3, bucket):
    where = started(s3, **MINE)
    part = {"PartNumber": 1, "Body": SMALL}
    assert refused(s3.upload_part, **where, **part) == "InvalidRequest"
    assert refused(s3.upload_part, **where, **part, **ANOTHERS) == "InvalidRequest"
    assert "Parts" not in s3.list_parts(**where)
    plain = started(s3, key="plain")
    assert refused(s3.upload_part, **plain, **part, **MINE) == "InvalidRequest"
    boxed = started(s3, key="boxed", **BOX)
    assert refused(s3.upload_part, **boxed, **part, **MINE) == "InvalidRequest"


@pytest.mark.parametrize("kind", ["box", "customer"])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_versions_stay_encrypted_and_readable(s3, bucket, tmp_path, kind, data):
    named = {"Bucket": bucket, "Key": "k"}
    status = {"VersioningConfiguration": {"Status": "Enabled"}}
    s3.put_bucket_versioning(Bucket=bucket, **status)
    first = s3.put_object(**named, Body=data, **WRITES[kind])
    second = s3.put_object(**named, Body=b"newer", **ANOTHERS)

    old = s3.get_object(**named, VersionId=first["VersionId"], **reads(kind))
    assert (old["Body"].read(), old["ETag"]) == (data, first["ETag"])
    shown = {v["VersionId"]: v for v in s3.list_object_versions(Bucket=bucket)["Versions"]}
    assert shown[first["VersionId"]]["ETag"] == first["ETag"]
    s3.delete_object(**named, VersionId=second["VersionId"])
    back = s3.get_object(**named, **reads(kind))
    assert (back["Body"].read(), back["ETag"]) == (data, first["ETag"])
    assert on_disk(tmp_path, MARK) == []


@pytest.mark.parametrize("kind", ["box", "customer"])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_versions_that_swift_replaces_stay_encrypted(s3, bucket, swifty, tmp_path, kind, data):
    named = {"Bucket": bucket, "Key": "k"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(**named, Body=data, **WRITES[kind])
    assert swifty.put(f"/v1/AUTH_p/{bucket}/k", content=b"newer").status_code == 201
    assert swifty.delete(f"/v1/AUTH_p/{bucket}/k").status_code == 204

    old = s3.get_object(**named, VersionId=first["VersionId"], **reads(kind))
    assert (old["Body"].read(), old["ETag"]) == (data, first["ETag"])
    assert on_disk(tmp_path, MARK) == []


@pytest.mark.parametrize("kind", ["box", "customer"])
def test_conditions_and_what_is_set_afterwards(s3, bucket, kind):
    named = {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**named, Body=SMALL, **WRITES[kind])["ETag"]
    assert refused(s3.get_object, **named, IfNoneMatch=etag, **reads(kind)) == "304"
    assert refused(s3.get_object, **named, IfMatch='"no"', **reads(kind)) == "PreconditionFailed"
    assert refused(s3.put_object, **named, Body=b"x", IfNoneMatch="*") == "PreconditionFailed"
    s3.put_object_tagging(**named, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    got = s3.get_object(**named, IfMatch=etag, **reads(kind))
    assert (got["Body"].read(), got["TagCount"]) == (SMALL, 1)


def test_swift_reads_what_the_box_encrypted(s3, bucket, swifty):
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE, **BOX)
    where = started(s3, **BOX)
    made = sent(s3, where, [LARGE + LARGE, SMALL])
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": made})

    got = swifty.get("/v1/AUTH_p/books/k")
    assert (got.content, got.headers["Etag"]) == (LARGE, md5(LARGE))
    assert "sysmeta" not in str(got.headers).lower()
    part = swifty.get("/v1/AUTH_p/books/k", headers={"Range": "bytes=1048570-1048590"})
    assert part.content == LARGE[1048570:1048591]
    assert swifty.get("/v1/AUTH_p/books/big").content == LARGE + LARGE + SMALL
    rows = {row["name"]: row for row in swifty.get("/v1/AUTH_p/books?format=json").json()}
    assert (rows["k"]["bytes"], rows["k"]["hash"]) == (len(LARGE), md5(LARGE))

    assert swifty.post("/v1/AUTH_p/books/k", headers={"X-Object-Meta-A": "b"}).status_code == 202
    copied = swifty.request(
        "COPY", "/v1/AUTH_p/books/k", headers={"Destination": "books/copy"}
    )  # fmt: skip
    assert copied.status_code == 201
    assert swifty.get("/v1/AUTH_p/books/copy").content == LARGE
    assert read(s3, "copy") == read(s3, "k") == LARGE


def test_swift_has_no_key_for_what_a_client_encrypted(s3, bucket, swifty):
    where = started(s3, **MINE)
    s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **MINE)
    part = s3.upload_part(**where, PartNumber=1, Body=SMALL, **MINE)
    s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    for key in ("k", "big"):
        got = swifty.get(f"/v1/AUTH_p/books/{key}")
        assert (got.status_code, "SSE-C" in got.text) == (409, True)
        copied = swifty.request(
            "COPY", f"/v1/AUTH_p/books/{key}", headers={"Destination": "books/copy"}
        )  # fmt: skip
        assert copied.status_code == 409
    assert swifty.head("/v1/AUTH_p/books/k").status_code == 409
    assert swifty.get("/v1/AUTH_p/books/copy").status_code == 404
    assert swifty.delete("/v1/AUTH_p/books/k").status_code == 204


def test_versions_that_swift_archives_stay_readable(s3, bucket, swifty, tmp_path):
    assert swifty.put("/v1/AUTH_p/old").status_code == 201
    swifty.post("/v1/AUTH_p/books", headers={"X-Versions-Location": "old"})
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE, **BOX)
    assert swifty.put("/v1/AUTH_p/books/k", content=b"newer").status_code == 201
    (row,) = swifty.get("/v1/AUTH_p/old?format=json").json()
    assert (row["bytes"], row["hash"]) == (len(LARGE), md5(LARGE))
    assert swifty.get(f"/v1/AUTH_p/old/{row['name']}").content == LARGE
    assert swifty.delete("/v1/AUTH_p/books/k").status_code == 204
    assert swifty.get("/v1/AUTH_p/books/k").content == read(s3) == LARGE
    assert on_disk(tmp_path, MARK) == []


def test_a_bucket_encrypts_whatever_is_put_into_it(s3, bucket, swifty, tmp_path):
    code = "ServerSideEncryptionConfigurationNotFoundError"
    assert refused(s3.get_bucket_encryption, Bucket=bucket) == code
    said = {"ServerSideEncryptionConfiguration": {"Rules": [RULE]}}
    s3.put_bucket_encryption(Bucket=bucket, **said)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule == {**RULE, "BucketKeyEnabled": False}

    assert s3.put_object(Bucket=bucket, Key="k", Body=LARGE)["ServerSideEncryption"] == "AES256"
    where = started(s3)
    made = sent(s3, where, [SMALL])
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": made})
    assert swifty.put("/v1/AUTH_p/books/s", content=LARGE).headers["Etag"] == md5(LARGE)
    wrong = {"Etag": md5(b"another")}
    assert swifty.put("/v1/AUTH_p/books/t", content=LARGE, headers=wrong).status_code == 422
    s3.put_object(Bucket=bucket, Key="mine", Body=SMALL, **MINE)
    assert on_disk(tmp_path, MARK) == []
    assert (read(s3), read(s3, "big"), read(s3, "s")) == (LARGE, SMALL, LARGE)
    assert read(s3, "mine", **MINE) == SMALL
    assert s3.head_object(Bucket=bucket, Key="s")["ServerSideEncryption"] == "AES256"

    s3.delete_bucket_encryption(Bucket=bucket)
    assert refused(s3.get_bucket_encryption, Bucket=bucket) == code
    s3.put_object(Bucket=bucket, Key="plain", Body=SMALL)
    assert on_disk(tmp_path, MARK) != []
    assert read(s3) == LARGE


def test_large_objects_of_swift_in_a_bucket_that_encrypts(s3, bucket, swifty, tmp_path):
    said = {"ServerSideEncryptionConfiguration": {"Rules": [RULE]}}
    s3.put_bucket_encryption(Bucket=bucket, **said)
    for name in ("seg/1", "seg/2"):
        swifty.put(f"/v1/AUTH_p/books/{name}", content=LARGE)
    manifest = [{"path": "/books/seg/1"}, {"path": "/books/seg/2", "etag": md5(LARGE)}]
    put = swifty.put("/v1/AUTH_p/books/slo?multipart-manifest=put", json=manifest)
    assert put.status_code == 201, put.text
    swifty.put("/v1/AUTH_p/books/dlo", headers={"X-Object-Manifest": "books/seg/"})
    for key in ("slo", "dlo"):
        assert swifty.get(f"/v1/AUTH_p/books/{key}").content == read(s3, key) == LARGE + LARGE
    assert on_disk(tmp_path, MARK) == []


def test_every_way_that_swift_has(s3, bucket, swifty, tmp_path):
    """Several ranges, links and archives: read decrypted, written encrypted, or refused."""
    said = {"ServerSideEncryptionConfiguration": {"Rules": [RULE]}}
    s3.put_bucket_encryption(Bucket=bucket, **said)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("unpacked")
        entry.size = len(LARGE)
        archive.addfile(entry, io.BytesIO(LARGE))
    put = swifty.put("/v1/AUTH_p/books?extract-archive=tar", content=packed.getvalue())
    assert (put.status_code, "201 Created" in put.text) == (200, True)
    link = {"X-Symlink-Target": "books/unpacked"}
    assert swifty.put("/v1/AUTH_p/books/link", headers=link).status_code == 201
    assert swifty.get("/v1/AUTH_p/books/link").content == LARGE
    several = swifty.get("/v1/AUTH_p/books/link", headers={"Range": "bytes=3-21,1048570-1048590"})
    assert several.status_code == 206
    assert LARGE[3:22] in several.content
    assert LARGE[1048570:1048591] in several.content
    assert read(s3, "unpacked") == LARGE
    assert on_disk(tmp_path, MARK) == []

    s3.put_object(Bucket=bucket, Key="unpacked", Body=LARGE, **MINE)
    assert swifty.get("/v1/AUTH_p/books/link").status_code == 409
    manifest = [{"path": "/books/unpacked"}]
    put = swifty.put("/v1/AUTH_p/books/slo?multipart-manifest=put", json=manifest)
    assert put.status_code == 409


def test_a_lost_key_of_the_box_is_an_error_and_not_other_bytes(s3, bucket, store, swifty, tmp_path):
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE, **BOX)
    keys.ensure(tmp_path / "another")
    store.ciphers = encryption.BoxKeys(DataKeys(tmp_path / "another"))
    assert refused(s3.get_object, Bucket=bucket, Key="k") == "ServiceUnavailable"
    assert swifty.get("/v1/AUTH_p/books/k").status_code == 503


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        ([RULE, RULE], "MalformedXML"),
        ([{"BucketKeyEnabled": True}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES"}}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}], "NotImplemented"),
    ],
)
def test_a_default_that_cannot_be_kept_is_refused(s3, bucket, rules, code):
    said = {"ServerSideEncryptionConfiguration": {"Rules": rules}}
    assert refused(s3.put_bucket_encryption, Bucket=bucket, **said) == code
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    assert refused(s3.get_bucket_encryption, Bucket=bucket) == missing


def test_a_form_can_ask_for_it(s3, bucket, http, tmp_path):
    fields = {"x-amz-server-side-encryption": "AES256"}
    form = s3.generate_presigned_post(
        bucket, "k", Fields=fields, Conditions=[{"x-amz-server-side-encryption": "AES256"}]
    )
    done = http.post(form["url"], data=form["fields"], files={"file": LARGE})
    assert (done.status_code, done.headers[HEADER]) == (204, "AES256")
    assert on_disk(tmp_path, MARK) == []
    assert read(s3) == LARGE


@pytest.mark.parametrize("kind", ["box", "customer"])
@pytest.mark.parametrize("place", [0, MIB + 5, len(LARGE) - 1])
def test_a_flipped_bit_never_comes_out(s3, bucket, store, kind, place):
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE, **WRITES[kind])
    (path,) = [p for p in store.files.walk() if p.stat().st_size >= len(LARGE)]
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    with pytest.raises((ClientError, ObjectDamaged)):  # refused, or cut off where it is met
        read(s3, **reads(kind))


def test_no_key_is_kept_or_told(s3, bucket, swifty, store, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE, **MINE)
    read(s3, **MINE)
    refused(s3.get_object, Bucket=bucket, Key="k", **ANOTHERS)
    forms = [form for key in (KEY, OTHER) for form in (
        key, base64.b64encode(key), key.hex().encode(), hashlib.md5(key).digest(),
        base64.b64encode(hashlib.md5(key).digest()), hashlib.md5(key).hexdigest().encode(),
    )]  # fmt: skip
    assert on_disk(tmp_path, *forms) == []
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("boto", "urllib"))]
    assert not any(form.decode("latin-1") in line for form in forms for line in ours)
    assert repr(KEY) not in repr(encryption.CustomerKey(key=KEY, others=store.ciphers))
    box_key = (tmp_path / "etc" / "credential-keys").read_bytes().split()[0]
    s3.put_object(Bucket=bucket, Key="b", Body=LARGE, **BOX)
    assert on_disk(tmp_path, box_key) == []
