"""Bucket policies: what can be decided is, and what cannot is refused when it is put."""

import json

import pytest

from services.object.s3 import policies
from tests.services.object.s3.clients import refused

ARN = "arn:aws:s3:::books"


def statement(**changes):
    return {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*",
        **changes,
    }  # fmt: skip


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def said(kept, action="s3:GetObject", resource=f"{ARN}/o", caller="p", **keys):
    names = {name.replace("_", ":", 1): value for name, value in keys.items()}
    asked = policies.Asked(action=action, resource=resource, caller_id=caller, keys=names)
    return policies.decide(kept, asked)


def test_a_denial_outdoes_whatever_allows():
    kept = policy(statement(), statement(Effect="Deny", Resource=f"{ARN}/secret/*"))

    assert said(kept) is True
    assert said(kept, resource=f"{ARN}/secret/o") is False
    assert said(kept, action="s3:PutObject") is None


@pytest.mark.parametrize(
    ("action", "asked", "holds"),
    [("s3:*", "s3:PutObject", True), ("s3:Get*", "s3:GetObjectAcl", True), ("*", "s3:X", True),
     ("s3:getobject", "s3:GetObject", True), ("s3:Get?bject", "s3:GetObject", True),
     ("s3:GetObject", "s3:GetObjectAcl", False), ("s3:Put*", "s3:GetObject", False)],
)  # fmt: skip
def test_actions_have_wildcards(action, asked, holds):
    assert said(policy(statement(Action=[action])), action=asked) is (True if holds else None)


@pytest.mark.parametrize(
    ("principal", "caller", "holds"),
    [("*", "", True), ({"AWS": "*"}, "q", True), ({"AWS": "q"}, "q", True),
     ({"AWS": ["arn:aws:iam::q:root", "x"]}, "q", True), ({"CanonicalUser": "q"}, "q", True),
     ({"AWS": "arn:aws:iam::q:user/somebody"}, "q", True), ({"AWS": "q"}, "p", False),
     ({"AWS": "q"}, "", False)],
)  # fmt: skip
def test_principals(principal, caller, holds):
    assert said(policy(statement(Principal=principal)), caller=caller) is (True if holds else None)


@pytest.mark.parametrize(
    ("condition", "keys", "holds"),
    [
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": "10.1.2.3"}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}, {"aws_sourceip": "11.1.2.3"}, False),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": "11.1.2.3"}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws_securetransport": "false"}, False),
        ({"Bool": {"aws:SecureTransport": True}}, {"aws_securetransport": "true"}, True),
        ({"StringEquals": {"s3:prefix": ["a/", "b/"]}}, {"s3_prefix": "b/"}, True),
        ({"StringEquals": {"s3:prefix": "a/"}}, {}, False),
        ({"StringEqualsIfExists": {"s3:prefix": "a/"}}, {}, True),
        ({"StringNotEquals": {"s3:prefix": "a/"}}, {}, True),
        ({"StringLike": {"s3:prefix": "home/*"}}, {"s3_prefix": "home/x"}, True),
        ({"StringNotLike": {"s3:prefix": ["a*", "b*"]}}, {"s3_prefix": "bx"}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3_max-keys": "11"}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
         {"aws_currenttime": "2021-01-01T00:00:00Z"}, True),
        ({"Null": {"s3:prefix": "true"}}, {}, True),
        ({"Null": {"s3:prefix": "false"}}, {}, False),
    ],
)  # fmt: skip
def test_conditions(condition, keys, holds):
    kept = policy(statement(Condition=condition))
    policies.check(kept.encode(), "books")

    assert said(kept, **keys) is (True if holds else None)


@pytest.mark.parametrize(
    "wrong",
    [
        "", "[]", "{}", "x" * 30_000, "[" * 10_000,
        policy(), policy(statement(Effect="Maybe")), policy(statement(Action="ec2:Run")),
        policy(statement(Resource="arn:aws:s3:::other/*")), policy(statement(Principal={"X": "y"})),
        policy(statement(Principal=None)), policy(statement(Extra=1)), policy({"Effect": "Allow"}),
        policy(statement(Condition={"Sometimes": {"s3:prefix": "a"}})),
        policy(statement(Condition={"StringEquals": {"aws:Unknown": "a"}})),
        policy(statement(Condition={"IpAddress": {"aws:SourceIp": "everywhere"}})),
        policy(statement(Condition={"NumericEquals": {"s3:max-keys": "x"}})),
        policy(statement(Condition={"DateEquals": {"aws:CurrentTime": "x"}})),
        policy(statement(Condition={"StringEquals": {"s3:prefix": []}})),
        policy(statement(Action=[])), policy(statement(Action=[1])),
        policy(statement(NotPrincipal="*")), json.dumps({"Statement": [1]}),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(wrong):
    with pytest.raises(policies.Malformed):
        policies.check(wrong.encode(), "books")


def test_a_policy_opens_a_bucket_to_others(s3, clients, bucket):
    other, anybody = clients.of("OTHER"), clients.of("anonymous")
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello")
    named = {"Bucket": bucket, "Key": "o"}
    assert refused(other.get_object, **named) == "AccessDenied"

    s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement(Principal={"AWS": "q"})))

    assert other.get_object(**named)["Body"].read() == b"hello"
    assert refused(other.put_object, **named, Body=b"") == "AccessDenied"
    assert refused(anybody.get_object, **named) == "AccessDenied"
    assert refused(other.list_objects_v2, Bucket=bucket) == "AccessDenied"
    assert not s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    s3.delete_bucket_policy(Bucket=bucket)
    assert refused(other.get_object, **named) == "AccessDenied"
    assert refused(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"


def test_a_denial_binds_the_owner_too_but_not_from_taking_it_back(s3, bucket):
    everything = statement(Effect="Deny", Action="s3:*", Resource=[ARN, f"{ARN}/*"])
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(everything))

    assert refused(s3.get_object, Bucket=bucket, Key="o") == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=bucket) == "AccessDenied"
    s3.delete_bucket_policy(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="o")["Body"].read() == b"hello"


def test_a_tag_may_decide(s3, clients, bucket):
    wanted = {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement(Condition=wanted)))
    s3.put_object(Bucket=bucket, Key="a", Body=b"a", Tagging="public=yes")
    s3.put_object(Bucket=bucket, Key="b", Body=b"b", Tagging="public=no")
    anybody = clients.of("anonymous")

    assert anybody.get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"
    assert refused(anybody.get_object, Bucket=bucket, Key="b") == "AccessDenied"


def test_a_block_keeps_a_bucket_shut(s3, clients, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"", ACL="public-read")
    anybody = clients.of("anonymous")
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    assert anybody.get_object(Bucket=bucket, Key="o")

    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)

    assert refused(anybody.get_object, Bucket=bucket, Key="o") == "AccessDenied"
    assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessDenied"
    new = {"Bucket": bucket, "Key": "new", "Body": b"", "ACL": "public-read"}
    assert refused(s3.put_object, **new) == "AccessDenied"
    opened = policy(statement())
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=opened) == "AccessDenied"
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block


def test_who_may_only_read_may_not_write(s3, clients, bucket):
    reader = clients.of("READER")
    s3.put_object(Bucket=bucket, Key="o", Body=b"hello")

    assert reader.get_object(Bucket=bucket, Key="o")["Body"].read() == b"hello"
    assert refused(reader.put_object, Bucket=bucket, Key="o", Body=b"") == "AccessDenied"
    assert refused(reader.create_bucket, Bucket="another") == "AccessDenied"
    done = reader.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "o"}]})
    assert done["Errors"][0]["Code"] == "AccessDenied"
