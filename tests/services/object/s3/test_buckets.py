"""Buckets are containers, and their names one world."""

import pytest

from tests.services.object.s3.clients import URL, refused
from tests.services.object.s3.test_signatures import code


def test_a_bucket_is_made_listed_and_deleted(s3, swifty):
    s3.create_bucket(Bucket="shelf")
    swifty.put("/v1/AUTH_p/from-swift")

    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["from-swift", "shelf"]
    assert s3.list_buckets()["Owner"]["ID"] == "p"
    assert swifty.head("/v1/AUTH_p/shelf").status_code == 204
    assert s3.get_bucket_location(Bucket="shelf")["LocationConstraint"] is None
    s3.head_bucket(Bucket="from-swift")
    s3.delete_bucket(Bucket="shelf")
    assert refused(s3.head_bucket, Bucket="shelf") == "404"
    assert refused(s3.delete_bucket, Bucket="shelf") == "NoSuchBucket"


def test_again_by_its_owner_is_no_error_and_by_another_it_is(s3, clients, bucket):
    s3.create_bucket(Bucket=bucket)
    other = clients.of("OTHER")

    assert refused(other.create_bucket, Bucket=bucket) == "BucketAlreadyExists"


def test_what_is_left_of_a_bucket_is_in_nobodys_way(s3, clients, bucket, store):
    s3.create_multipart_upload(Bucket=bucket, Key="big")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="o", Body=b"")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="o", VersionId=version)
    assert refused(clients.of("OTHER").create_bucket, Bucket=bucket) == "BucketAlreadyExists"
    s3.delete_bucket(Bucket=bucket)

    assert refused(clients.of("OTHER").head_bucket, Bucket=bucket) == "404"
    clients.of("OTHER").create_bucket(Bucket=bucket)
    assert store.accounts_with(bucket) == ["AUTH_q"]
    assert store.head_account("AUTH_p").container_count == 0


def test_a_region_may_be_named(clients):
    s3 = clients.of("MEMBER", region="RegionOne")

    s3.create_bucket(Bucket="shelf", CreateBucketConfiguration={"LocationConstraint": "RegionOne"})


def test_a_bucket_with_objects_stays(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"")

    assert refused(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"


@pytest.mark.parametrize(
    "name", ["ab", "Upper", "under_score", "a..b", "-a", "192.168.1.1", "x" * 64, "xn--abc"]
)
def test_some_names_are_none(s3, clients, name):
    made = clients.of("MEMBER")
    made.meta.events.unregister("before-parameter-build.s3.CreateBucket")
    from botocore.handlers import validate_bucket_name

    made.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)

    assert refused(made.create_bucket, Bucket=name) == "InvalidBucketName"


def test_nobody_lists_no_buckets(http):
    answer = http.get(f"{URL}/")

    assert (answer.status_code, code(answer)) == (403, "AccessDenied")
    assert answer.headers["x-amz-request-id"].startswith("req-")


def test_another_owner_than_expected(s3, bucket):
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="p")
    assert refused(s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="q") == "403"


def test_the_head_of_a_bundle_upload(s3, bucket):
    """euca-upload-bundle asks for a page of none."""
    assert s3.list_objects(Bucket=bucket, MaxKeys=0)["MaxKeys"] == 0


def test_tags_of_a_bucket(s3, bucket):
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b c", "Value": "ü&"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"


def test_ownership(s3, bucket):
    assert refused(s3.get_bucket_ownership_controls, Bucket=bucket) == (
        "OwnershipControlsNotFoundError"
    )
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == rules


def test_no_acl_counts_in_a_bucket_that_its_owner_owns_alone(s3, clients, bucket):
    s3.put_object(Bucket=bucket, Key="before", Body=b"", ACL="public-read")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    said = {"Bucket": bucket, "OwnershipControls": {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}],
    }}  # fmt: skip
    assert refused(s3.put_bucket_ownership_controls, **said) == (
        "InvalidBucketAclWithObjectOwnership"
    )
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(**said)

    reading = {"Bucket": bucket, "Key": "before"}
    assert refused(clients.of("anonymous").get_object, **reading) == "AccessDenied"
    for call, what in (
        (s3.put_bucket_acl, {}), (s3.put_object_acl, {"Key": "before"}),
        (s3.put_object, {"Key": "o", "Body": b""}),
        (s3.copy_object, {"Key": "o", "CopySource": reading}),
        (s3.create_multipart_upload, {"Key": "o"}),
    ):  # fmt: skip
        assert refused(call, Bucket=bucket, ACL="public-read", **what) == (
            "AccessControlListNotSupported"
        )
    s3.put_object(Bucket=bucket, Key="o", Body=b"", ACL="bucket-owner-full-control")
