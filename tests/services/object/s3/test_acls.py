"""ACLs: canned, granted, kept for both faces."""

import pytest

from services.object.s3 import acls
from tests.services.object.s3.clients import refused

ME = {"Type": "CanonicalUser", "ID": "p", "DisplayName": "p"}
ALL = {"Type": "Group", "URI": acls.ALL}


def test_a_new_bucket_is_its_owners_alone(s3, bucket, clients):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")

    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == [
        {"Grantee": ME, "Permission": "FULL_CONTROL"}
    ]
    for access in ("OTHER", "anonymous"):
        other = clients.of(access)
        assert refused(other.list_objects, Bucket=bucket) == "AccessDenied"
        assert refused(other.get_object, Bucket=bucket, Key="o") == "AccessDenied"
        assert refused(other.get_object, Bucket=bucket, Key="missing") == "AccessDenied"
        assert refused(other.put_object, Bucket=bucket, Key="p", Body=b"") == "AccessDenied"
        assert refused(other.delete_bucket, Bucket=bucket) == "AccessDenied"
        assert refused(other.get_bucket_acl, Bucket=bucket) == "AccessDenied"


@pytest.mark.parametrize(
    ("acl", "access", "reads", "writes"),
    [("public-read", "anonymous", True, False), ("public-read", "OTHER", True, False),
     ("public-read-write", "anonymous", True, True), ("private", "OTHER", False, False),
     ("authenticated-read", "OTHER", True, False),
     ("authenticated-read", "anonymous", False, False)],
)  # fmt: skip
def test_canned_acls_of_a_bucket(s3, bucket, clients, acl, access, reads, writes):
    s3.put_bucket_acl(Bucket=bucket, ACL=acl)
    other = clients.of(access)

    if reads:
        other.list_objects(Bucket=bucket)
    else:
        assert refused(other.list_objects, Bucket=bucket) == "AccessDenied"
    if writes:
        other.put_object(Bucket=bucket, Key="o", Body=b"")
        other.delete_object(Bucket=bucket, Key="o")
    else:
        assert refused(other.put_object, Bucket=bucket, Key="o", Body=b"") == "AccessDenied"


def test_an_objects_acl_opens_it_alone(s3, bucket, clients):
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="p", Body=b"")
    anybody = clients.of("anonymous")

    assert anybody.get_object(Bucket=bucket, Key="o")["Body"].read() == b"hello"
    assert refused(anybody.get_object, Bucket=bucket, Key="p") == "AccessDenied"
    s3.put_object_acl(Bucket=bucket, Key="o", ACL="private")
    assert refused(anybody.get_object, Bucket=bucket, Key="o") == "AccessDenied"
    named = {"Bucket": bucket, "Key": "o", "ResponseContentType": "x"}
    s3.put_object_acl(Bucket=bucket, Key="o", ACL="public-read")
    assert refused(anybody.get_object, **named) == "InvalidRequest"


def test_grants_to_a_project(s3, bucket, clients):
    s3.put_bucket_acl(Bucket=bucket, GrantRead="id=q", GrantReadACP='id="q"')
    other = clients.of("OTHER")

    other.list_objects(Bucket=bucket)
    grants = other.get_bucket_acl(Bucket=bucket)["Grants"]
    assert {(g["Grantee"]["ID"], g["Permission"]) for g in grants} == {
        ("q", "READ"), ("q", "READ_ACP"),
    }  # fmt: skip
    assert refused(other.put_bucket_acl, Bucket=bucket, ACL="private") == "AccessDenied"
    s3.put_bucket_acl(
        Bucket=bucket,
        AccessControlPolicy={
            "Owner": {"ID": "p"},
            "Grants": [
                {"Grantee": {"Type": "CanonicalUser", "ID": "q"}, "Permission": "WRITE_ACP"}
            ],
        },
    )
    other.put_bucket_acl(Bucket=bucket, ACL="public-read")
    clients.of("anonymous").list_objects(Bucket=bucket)


def test_both_faces_say_who_may_read(s3, bucket, swifty):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    head = swifty.head("/v1/AUTH_p/books").headers
    assert head["x-container-read"] == ".r:*,.rlistings"
    assert not [name for name in head if "sysmeta" in name]

    swifty.post("/v1/AUTH_p/books", headers={"X-Container-Read": "q:*"})

    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert [(g["Grantee"].get("ID"), g["Permission"]) for g in grants] == [
        ("p", "FULL_CONTROL"), ("q", "READ"),
    ]  # fmt: skip


def test_what_is_no_acl_is_refused(s3, bucket):
    assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="everything") == "InvalidArgument"
    email = 'emailAddress="a@example.test"'
    assert refused(s3.put_bucket_acl, Bucket=bucket, GrantRead=email) == (
        "UnresolvableGrantByEmailAddress"
    )
    code = refused(s3.put_bucket_acl, Bucket=bucket, GrantRead="uri=http://x.test/", ACL="private")
    assert code == "InvalidRequest"
    assert refused(s3.put_bucket_acl, Bucket=bucket, GrantRead="id=") == "InvalidArgument"


def test_a_bundles_acl_is_taken(s3, bucket):
    """euca-upload-bundle sends it: whoever owns the bundle and the image service may read."""
    s3.put_object(Bucket=bucket, Key="o", Body=b"", ACL="aws-exec-read")
