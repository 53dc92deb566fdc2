"""A locked version stays, whoever asks, until its lock ends."""

import datetime

import pytest

from tests.services.object.s3.clients import refused


@pytest.fixture
def locked(s3):
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    return {"Bucket": "vault", "Key": "o"}


def ahead(**span):
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(**span)


def test_a_bucket_with_locks_has_versions(s3, locked):
    assert s3.get_bucket_versioning(Bucket="vault")["Status"] == "Enabled"
    suspended = {"Status": "Suspended"}
    code = refused(s3.put_bucket_versioning, Bucket="vault", VersioningConfiguration=suspended)
    assert code == "InvalidBucketState"


def test_compliance_yields_to_nobody(s3, locked):
    until = ahead(days=1)
    version = s3.put_object(
        **locked, Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )["VersionId"]
    named = {**locked, "VersionId": version}

    assert refused(s3.delete_object, **named) == "AccessDenied"
    assert refused(s3.delete_object, **named, BypassGovernanceRetention=True) == "AccessDenied"
    shorter = {"Mode": "COMPLIANCE", "RetainUntilDate": ahead(hours=1)}
    assert refused(s3.put_object_retention, **named, Retention=shorter) == "AccessDenied"
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": ahead(days=2)}
    s3.put_object_retention(**named, Retention=longer)
    assert s3.get_object_retention(**named)["Retention"] == longer
    s3.delete_object(**locked)  # a marker takes nothing away
    assert s3.get_object(**named)["Body"].read() == b"x"
    done = s3.delete_objects(
        Bucket="vault", Delete={"Objects": [{"Key": "o", "VersionId": version}]}
    )
    assert done["Errors"][0]["Code"] == "AccessDenied"


def test_governance_yields_to_the_owner_who_says_so(s3, locked):
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": ahead(days=1)}
    version = s3.put_object(**locked, Body=b"x")["VersionId"]
    s3.put_object_retention(**locked, Retention=retention)
    named = {**locked, "VersionId": version}

    assert refused(s3.delete_object, **named) == "AccessDenied"
    s3.delete_object(**named, BypassGovernanceRetention=True)
    assert refused(s3.head_object, **locked) == "404"


def test_a_legal_hold_is_on_until_it_is_off(s3, locked):
    version = s3.put_object(**locked, Body=b"x", ObjectLockLegalHoldStatus="ON")["VersionId"]
    named = {**locked, "VersionId": version}

    assert s3.head_object(**locked)["ObjectLockLegalHoldStatus"] == "ON"
    assert refused(s3.delete_object, **named, BypassGovernanceRetention=True) == "AccessDenied"
    s3.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})
    s3.delete_object(**named)


def test_a_bucket_locks_what_is_put(s3, locked):
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
    s3.put_object_lock_configuration(
        Bucket="vault", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )

    s3.put_object(**locked, Body=b"x")

    found = s3.get_object_lock_configuration(Bucket="vault")["ObjectLockConfiguration"]
    assert found["Rule"] == rule
    head = s3.head_object(**locked)
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"] > ahead(days=2)


def test_what_cannot_be_locked_is_refused(s3, bucket, locked):
    until = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": ahead(days=-1)}
    assert refused(s3.put_object, **locked, Body=b"", **until) == "InvalidArgument"
    until["ObjectLockRetainUntilDate"] = ahead(days=1)
    assert refused(s3.put_object, Bucket=bucket, Key="o", Body=b"", **until) == "InvalidRequest"
    assert refused(s3.get_object_lock_configuration, Bucket=bucket) == (
        "ObjectLockConfigurationNotFoundError"
    )
    s3.put_object(**locked, Body=b"")
    assert refused(s3.get_object_retention, **locked) == "NoSuchObjectLockConfiguration"
