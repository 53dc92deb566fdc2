"""Objects in parts: nothing is copied, Swift reads the whole, and what is wrong is refused."""

import concurrent.futures
import hashlib
import os

import pytest

from services.object import garbage
from tests.services.object.s3.clients import refused

MIB = 1 << 20


@pytest.fixture
def parts():
    return [os.urandom(5 * MIB), os.urandom(5 * MIB + 7), os.urandom(100)]


def started(s3, key="big", **said):
    made = s3.create_multipart_upload(Bucket="books", Key=key, **said)
    return {"Bucket": "books", "Key": key, "UploadId": made["UploadId"]}


def sent(s3, where, parts):
    return [
        {"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=part)["ETag"]}
        for n, part in enumerate(parts, start=1)
    ]


def uploaded(s3, parts, **said):
    where = started(s3, **said)
    return s3.complete_multipart_upload(**where, MultipartUpload={"Parts": sent(s3, where, parts)})


def test_parts_become_one_object(s3, bucket, swifty, parts):
    done = uploaded(s3, parts, Metadata={"color": "blue"}, ContentType="text/x")

    digest = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in parts)).hexdigest()
    assert done["ETag"] == f'"{digest}-3"'
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == b"".join(parts)
    assert (got["Metadata"], got["ContentType"]) == ({"color": "blue"}, "text/x")
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["ETag"], listed["Size"]) == (done["ETag"], sum(map(len, parts)))
    assert swifty.get("/v1/AUTH_p/books/big").content == b"".join(parts)
    (seen,) = swifty.get("/v1/AUTH_p/books?format=json").json()
    assert (seen["bytes"], seen["content_type"]) == (sum(map(len, parts)), "text/x")
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["books"]


def test_a_range_over_parts_and_a_part_alone(s3, bucket, parts):
    uploaded(s3, parts)
    whole, start = b"".join(parts), 5 * MIB - 3

    got = s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={start}-{start + 9}")
    assert got["Body"].read() == whole[start : start + 10]
    part = s3.get_object(Bucket=bucket, Key="big", PartNumber=2)
    assert (part["Body"].read(), part["PartsCount"]) == (parts[1], 3)
    assert s3.head_object(Bucket=bucket, Key="big", PartNumber=3)["ContentLength"] == 100
    assert refused(s3.get_object, Bucket=bucket, Key="big", PartNumber=4) == "InvalidPartNumber"


def test_what_is_listed_wrongly_is_refused_and_nothing_is_made(s3, bucket):
    where = started(s3)
    listed = sent(s3, where, [b"x" * (5 * MIB), b"y"])

    def completed(parts):
        return refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": parts})

    assert completed(listed[::-1]) == "InvalidPartOrder"
    assert completed([{**listed[0], "ETag": '"wrong"'}]) == "InvalidPart"
    assert completed([{"PartNumber": 9, "ETag": listed[0]["ETag"]}]) == "InvalidPart"
    assert completed([]) == "MalformedXML"
    assert refused(s3.head_object, Bucket=bucket, Key="big") == "404"
    assert refused(s3.upload_part, **where, PartNumber=10_001, Body=b"") == "InvalidArgument"
    assert refused(s3.upload_part, **where, PartNumber=0, Body=b"") == "InvalidArgument"


def test_a_small_part_may_only_be_the_last(s3, bucket):
    where = started(s3)
    listed = sent(s3, where, [b"small", b"last"])

    code = refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": listed})

    assert code == "EntityTooSmall"


def test_parts_in_any_order_sent_at_once(s3, clients, bucket, parts):
    where = started(s3)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        etags = dict(
            pool.map(
                lambda n: (n, s3.upload_part(**where, PartNumber=n, Body=parts[n - 1])["ETag"]),
                (3, 1, 2),
            )
        )

    listed = [{"PartNumber": n, "ETag": etags[n]} for n in (1, 2, 3)]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})

    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == b"".join(parts)


def test_ten_thousand_parts_out_of_order_are_one_refusal(s3, bucket):
    where = started(s3)
    listed = [{"PartNumber": n, "ETag": '"x"'} for n in range(10_000, 0, -1)]

    code = refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": listed})

    assert code == "InvalidPartOrder"


def test_an_upload_is_listed_until_it_ends(s3, bucket):
    first, second = started(s3, key="a/1"), started(s3, key="b")
    sent(s3, first, [b"x", b"yy", b"zzz"])

    listed = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [(u["Key"], u["UploadId"]) for u in listed] == [
        ("a/1", first["UploadId"]), ("b", second["UploadId"]),
    ]  # fmt: skip
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1)
    rest = s3.list_multipart_uploads(
        Bucket=bucket, KeyMarker=page["NextKeyMarker"], UploadIdMarker=page["NextUploadIdMarker"]
    )
    assert [u["Key"] for u in rest["Uploads"]] == ["b"]
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in rolled["CommonPrefixes"]] == ["a/"]
    parts = s3.list_parts(**first, MaxParts=2)
    assert [(p["PartNumber"], p["Size"]) for p in parts["Parts"]] == [(1, 1), (2, 2)]
    more = s3.list_parts(**first, PartNumberMarker=parts["NextPartNumberMarker"])
    assert [p["PartNumber"] for p in more["Parts"]] == [3]
    s3.abort_multipart_upload(**first)
    assert refused(s3.list_parts, **first) == "NoSuchUpload"
    assert refused(s3.upload_part, **first, PartNumber=1, Body=b"") == "NoSuchUpload"
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1


def test_an_upload_completed_twice_is_answered_twice(s3, bucket):
    where = started(s3)
    listed = {"Parts": sent(s3, where, [b"x"])}

    first = s3.complete_multipart_upload(**where, MultipartUpload=listed)
    again = s3.complete_multipart_upload(**where, MultipartUpload=listed)

    assert first["ETag"] == again["ETag"]
    assert refused(s3.upload_part, **where, PartNumber=1, Body=b"late") == "NoSuchUpload"
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == b"x"


def test_a_part_can_be_copied_from_an_object(s3, bucket, parts):
    s3.put_object(Bucket=bucket, Key="source", Body=parts[0])
    where = started(s3)
    source = {"Bucket": bucket, "Key": "source"}

    first = s3.upload_part_copy(**where, PartNumber=1, CopySource=source)
    second = s3.upload_part_copy(
        **where, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19"
    )
    listed = [
        {"PartNumber": n, "ETag": copied["CopyPartResult"]["ETag"]}
        for n, copied in ((1, first), (2, second))
    ]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})

    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == parts[0] + parts[0][10:20]
    code = refused(
        s3.upload_part_copy,
        **where,
        PartNumber=3,
        CopySource=source,
        CopySourceRange="bytes=0-99999999",
    )
    assert code == "NoSuchUpload"


@pytest.mark.parametrize(
    ("algorithm", "kind", "is_composite"),
    [("CRC32", "COMPOSITE", True), ("SHA256", "COMPOSITE", True), ("CRC32", "FULL_OBJECT", False),
     ("CRC64NVME", "FULL_OBJECT", False), ("CRC32C", "FULL_OBJECT", False)],
)  # fmt: skip
def test_the_whole_has_a_checksum_from_its_parts(s3, bucket, parts, algorithm, kind, is_composite):
    where = started(s3, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    name = f"Checksum{algorithm}"
    listed = []
    for n, part in enumerate(parts, start=1):
        put = s3.upload_part(**where, PartNumber=n, Body=part, ChecksumAlgorithm=algorithm)
        listed.append({"PartNumber": n, "ETag": put["ETag"], name: put[name]})

    done = s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": listed}, ChecksumType=kind
    )

    assert done[name].endswith("-3") == is_composite
    got = s3.get_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")
    assert got[name] == done[name]
    assert got["Body"].read() == b"".join(parts)  # botocore checks a whole one
    if not is_composite:
        s3.put_object(Bucket=bucket, Key="o", Body=b"".join(parts), ChecksumAlgorithm=algorithm)
        assert s3.head_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")[name] == done[name]


def test_parts_of_what_is_gone_are_removed_an_hour_later(s3, bucket, store, parts, monkeypatch):
    uploaded(s3, parts)
    uploaded(s3, parts[:1])
    segments = ("AUTH_p", "books+segments")
    assert store.head_container(*segments).object_count == 4

    assert garbage.sweep(store, now=garbage.time.time()) == 0
    later = garbage.time.time() + garbage.KEPT_S + 1
    assert garbage.sweep(store, now=later) == 3
    assert store.head_container(*segments).object_count == 1
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == parts[0]
    s3.delete_object(Bucket=bucket, Key="big")
    assert garbage.sweep(store, now=later) == 1


def test_a_version_keeps_its_parts(s3, bucket, store, parts):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = uploaded(s3, parts)["VersionId"]
    s3.put_object(Bucket=bucket, Key="big", Body=b"new")

    garbage.sweep(store, now=garbage.time.time() + garbage.KEPT_S + 1)

    got = s3.get_object(Bucket=bucket, Key="big", VersionId=first)
    assert got["Body"].read() == b"".join(parts)
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert listed[1]["Size"] == sum(map(len, parts))


def test_a_copy_of_a_large_object_has_its_own_bytes(s3, bucket, parts):
    uploaded(s3, parts)

    s3.copy_object(Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "big"})
    s3.delete_object(Bucket=bucket, Key="big")

    got = s3.get_object(Bucket=bucket, Key="copied")
    assert got["ETag"] == f'"{hashlib.md5(b"".join(parts)).hexdigest()}"'
    assert got["Body"].read() == b"".join(parts)
