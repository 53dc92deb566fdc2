"""Copies, with what comes along and what does not."""

import pytest

from tests.services.object.s3.clients import refused


@pytest.fixture
def source(s3, bucket):
    s3.put_object(
        Bucket=bucket, Key="a b/ü", Body=b"hello", Metadata={"color": "blue"}, Tagging="t=1",
        ContentType="text/x", ACL="public-read",
    )  # fmt: skip
    return {"Bucket": bucket, "Key": "a b/ü"}


def test_a_copy_has_the_metadata_and_not_the_acl(s3, bucket, source, clients):
    copied = s3.copy_object(Bucket=bucket, Key="o", CopySource=source)

    head = s3.head_object(Bucket=bucket, Key="o", ChecksumMode="ENABLED")
    assert (head["Metadata"], head["ContentType"]) == ({"color": "blue"}, "text/x")
    assert copied["CopyObjectResult"]["ETag"] == head["ETag"]
    assert copied["CopyObjectResult"]["ChecksumCRC32"] == head["ChecksumCRC32"]
    assert s3.get_object_tagging(Bucket=bucket, Key="o")["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert refused(clients.of("anonymous").get_object, Bucket=bucket, Key="o") == "AccessDenied"


def test_metadata_may_be_replaced(s3, bucket, source):
    s3.copy_object(
        Bucket=bucket, Key="o", CopySource=source, MetadataDirective="REPLACE",
        Metadata={"n": "1"}, TaggingDirective="REPLACE", Tagging="u=2",
    )  # fmt: skip

    head = s3.head_object(Bucket=bucket, Key="o")
    assert (head["Metadata"], head["TagCount"]) == ({"n": "1"}, 1)


def test_onto_itself_something_must_change(s3, source):
    assert refused(s3.copy_object, **source, CopySource=source) == "InvalidRequest"
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"})
    assert s3.head_object(**source)["Metadata"] == {"n": "2"}
    assert s3.get_object(**source)["Body"].read() == b"hello"


def test_conditions_and_what_is_not_there(s3, bucket, source):
    to = {"Bucket": bucket, "Key": "o"}
    etag = s3.head_object(**source)["ETag"]
    code = refused(s3.copy_object, **to, CopySource=source, CopySourceIfNoneMatch=etag)
    assert code == "PreconditionFailed"
    s3.copy_object(**to, CopySource=source, CopySourceIfMatch=etag)
    assert refused(s3.copy_object, **to, CopySource=f"{bucket}/missing") == "NoSuchKey"
    assert refused(s3.copy_object, **to, CopySource="no-such/o") == "NoSuchBucket"
    assert refused(s3.copy_object, **to, CopySource="nothing") == "InvalidArgument"


def test_what_one_may_not_read_one_may_not_copy(s3, clients, bucket, source):
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x")
    other = clients.of("OTHER")
    other.create_bucket(Bucket="others")

    other.copy_object(Bucket="others", Key="o", CopySource=source)
    secret = {"Bucket": bucket, "Key": "secret"}
    assert refused(other.copy_object, Bucket="others", Key="p", CopySource=secret) == "AccessDenied"
