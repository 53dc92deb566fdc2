"""Rules remove what is due, and nothing else."""

import time

import pytest

from services.object.s3 import keeper
from tests.services.object.s3.clients import refused

DAY_S = 86_400


@pytest.fixture
def ruled(s3, bucket):
    def put(*rules):
        for number, rule in enumerate(rules):
            rule.setdefault("ID", f"r{number}")
            rule.setdefault("Status", "Enabled")
            rule.setdefault("Filter", {"Prefix": ""})
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}
        )

    return put


def keys(s3):
    return [o["Key"] for o in s3.list_objects_v2(Bucket="books").get("Contents", ())]


def test_rules_come_back_as_they_were_put(s3, bucket, ruled):
    rule = {
        "ID": "old logs", "Status": "Enabled", "Expiration": {"Days": 3},
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "1"}]}},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }  # fmt: skip
    ruled(rule)

    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == (
        "NoSuchLifecycleConfiguration"
    )


def test_what_is_old_expires_by_prefix_tag_and_size(s3, bucket, store, ruled):
    for key, data, tags in (
        ("logs/a", b"x", ""), ("logs/b", b"x", "keep=no"), ("big", b"x" * 100, ""),
        ("other", b"", ""),
    ):  # fmt: skip
        s3.put_object(Bucket=bucket, Key=key, Body=data, Tagging=tags)
    tagged = {"And": {"Prefix": "logs/", "Tags": [{"Key": "keep", "Value": "no"}]}}
    ruled(
        {"Filter": tagged, "Expiration": {"Days": 2}},
        {"Filter": {"ObjectSizeGreaterThan": 50}, "Expiration": {"Days": 1}},
        {"Filter": {"Prefix": "other"}, "Expiration": {"Days": 1}, "Status": "Disabled"},
    )

    assert "r1" in s3.head_object(Bucket=bucket, Key="big")["Expiration"]
    now = time.time()
    assert keeper.once(store, now=now) == 0
    assert keeper.once(store, now=now + 2 * DAY_S) == 1
    assert keys(s3) == ["logs/a", "logs/b", "other"]
    assert keeper.once(store, now=now + 9 * DAY_S) == 1
    assert keys(s3) == ["logs/a", "other"]


def test_versions_expire_after_what_replaced_them(s3, bucket, store, ruled):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for data in (b"1", b"2", b"3"):
        s3.put_object(Bucket=bucket, Key="o", Body=data)
    ruled({"NoncurrentVersionExpiration": {"NoncurrentDays": 5, "NewerNoncurrentVersions": 1}})

    now = time.time()
    assert keeper.once(store, now=now + 4 * DAY_S) == 0
    assert keeper.once(store, now=now + 7 * DAY_S) == 1
    assert [v["Size"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == [1, 1]
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"3"


def test_an_expired_object_with_versions_has_a_marker(s3, bucket, store, ruled):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="o", Body=b"1")["VersionId"]
    ruled({"Expiration": {"Days": 1}})

    keeper.once(store, now=time.time() + 3 * DAY_S)

    assert keys(s3) == []
    assert s3.get_object(Bucket=bucket, Key="o", VersionId=version)["Body"].read() == b"1"
    s3.delete_object(Bucket=bucket, Key="o", VersionId=version)
    assert keeper.once(store, now=time.time() + 3 * DAY_S) == 1
    assert "DeleteMarkers" not in s3.list_object_versions(Bucket=bucket)


def test_a_locked_version_outlives_its_rule(s3, store):
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="vault", Key="o", Body=b"1", ObjectLockLegalHoldStatus="ON")
    s3.put_object(Bucket="vault", Key="o", Body=b"2")
    rule = {
        "ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket="vault", LifecycleConfiguration={"Rules": [rule]})

    assert keeper.once(store, now=time.time() + 9 * DAY_S) == 0


def test_an_upload_that_nobody_ends_is_ended(s3, bucket, store, ruled):
    where = {"Bucket": bucket, "Key": "big"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    s3.upload_part(**where, PartNumber=1, Body=b"x")
    ruled({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})

    assert keeper.once(store, now=time.time() + DAY_S) == 0
    assert keeper.once(store, now=time.time() + 4 * DAY_S) == 1
    assert refused(s3.list_parts, **where) == "NoSuchUpload"
    assert store.head_container("AUTH_p", "books+segments").object_count == 0


def test_what_is_no_rule_is_refused(ruled):
    transition = {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
    assert refused(ruled, transition) == "NotImplemented"
    assert refused(ruled, {"Expiration": {"Days": 0}}) == "InvalidArgument"
    assert refused(ruled, {}) == "InvalidRequest"
    twice = [{"ID": "a", "Expiration": {"Days": 1}}, {"ID": "a", "Expiration": {"Days": 2}}]
    assert refused(ruled, *twice) == "InvalidArgument"
