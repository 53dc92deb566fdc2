"""What S3 locks stays as it is, by whichever of Swift's ways somebody comes."""

import datetime
import json
import time

import pytest
from botocore import handlers

from services.object import garbage
from services.object.refusals import Refused
from services.object.swift.access import Caller
from services.object.swift.writing import Writing
from storage.objects.object_file import ObjectName
from storage.objects.transfer import Attributes
from tests.services.object.conftest import login
from tests.services.object.s3.clients import refused
from tests.services.object.s3.test_multipart import MIB, sent
from tests.services.object.swift.test_bulk import packed
from tests.services.object.swift.test_formpost import body, fields, post

A, C, O = "/v1/AUTH_p", "/v1/AUTH_p/vault", "/v1/AUTH_p/vault/o"  # noqa: E741


@pytest.fixture
def vault(s3, swifty):
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    return {"Bucket": "vault", "Key": "o"}


@pytest.fixture(params=["GOVERNANCE", "COMPLIANCE", "legal hold"])
def locked(s3, vault, request) -> dict[str, str]:
    """A locked object, with another version below it."""
    s3.put_object(**vault, Body=b"older")
    if request.param == "legal hold":
        lock = {"ObjectLockLegalHoldStatus": "ON"}
    else:
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        lock = {"ObjectLockMode": request.param, "ObjectLockRetainUntilDate": until}
    named = s3.put_object(**vault, Body=b"kept", Metadata={"n": "1"}, **lock)
    return {**vault, "VersionId": named["VersionId"]}


def everything(s3, store) -> tuple[object, ...]:
    """All that a client can see of the bucket."""
    listed = s3.list_object_versions(Bucket="vault")
    shown = [
        (v["Key"], v["VersionId"], v["IsLatest"], v["LastModified"])
        for kind in ("Versions", "DeleteMarkers")
        for v in listed.get(kind, ())
    ]
    head = s3.head_object(Bucket="vault", Key="o")
    assert s3.get_object(Bucket="vault", Key="o")["Body"].read() == b"kept"
    return shown, head["Metadata"], head["VersionId"], store.head_container("AUTH_p", "vault")


def put(swifty, _):
    return swifty.put(O, content=b"new")


def copy_onto(swifty, _):
    swifty.put(f"{A}/c")
    swifty.put(f"{A}/c/source", content=b"new")
    return swifty.request("COPY", f"{A}/c/source", headers={"Destination": "vault/o"})


def copy_from(swifty, _):
    swifty.put(f"{A}/c")
    swifty.put(f"{A}/c/source", content=b"new")
    return swifty.put(O, headers={"X-Copy-From": "c/source"}, content=b"")


def change(swifty, _):
    return swifty.post(O, headers={"X-Object-Meta-N": "2"})


def let_expire(swifty, _):
    return swifty.post(O, headers={"X-Delete-After": "1"})


def delete(swifty, _):
    return swifty.delete(O)


def delete_version(swifty, version_id):
    return swifty.delete(f"{O}?version-id={version_id}")


def restore(swifty, version_id):
    listed = swifty.get(f"{C}?versions").json()
    (older,) = [row["version_id"] for row in listed if row["version_id"] != version_id]
    return swifty.put(f"{O}?version-id={older}", content=b"")


def manifest(swifty, _):
    swifty.put(f"{A}/c")
    swifty.put(f"{A}/c/part", content=b"new")
    return swifty.put(f"{O}?multipart-manifest=put", content=json.dumps([{"path": "c/part"}]))


def link(swifty, _):
    return swifty.put(O, headers={"X-Symlink-Target": "c/o"}, content=b"")


WAYS = [put, copy_onto, copy_from, change, let_expire, delete, delete_version, restore, manifest,
        link]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_one_request_is_refused_and_changes_nothing(s3, swifty, store, locked, way):
    before = everything(s3, store)

    answer = way(swifty, locked["VersionId"])

    assert answer.status_code == 403
    assert answer.text.startswith("Object vault/o stays as it is: it is ")
    assert everything(s3, store) == before


def test_many_in_one_request_are_refused_one_by_one(s3, swifty, store, locked):
    json_please = {"Accept": "application/json"}
    before = everything(s3, store)

    deleted = swifty.post(f"{A}?bulk-delete", content="vault/o", headers=json_please).json()
    stored = swifty.put(
        f"{C}?extract-archive=tar", content=packed({"o": b"new"}), headers=json_please
    ).json()

    assert deleted["Errors"] == [["vault/o", "403 Forbidden"]]
    assert stored["Errors"] == [["vault/o", "403 Forbidden"]]
    assert everything(s3, store) == before


def test_a_form_is_refused(s3, swifty, store, locked):
    swifty.post(A, headers={"X-Account-Meta-Temp-URL-Key": "key"})
    before = everything(s3, store)

    answer = post(swifty, C, body(fields(C), ("o", b"new")))

    assert (answer.status_code, everything(s3, store)) == (403, before)
    assert "stays as it is" in answer.text


def test_an_upload_that_began_before_the_lock_is_refused_at_its_end(s3, store, vault):
    """The lock comes while the bytes do."""
    s3.put_object(**vault, Body=b"kept")

    caller = Caller(ctx=login("member"))
    with Writing(store, caller).incoming(ObjectName("AUTH_p", "vault", "o")) as incoming:
        incoming.write(b"newer")
        s3.put_object_legal_hold(**vault, LegalHold={"Status": "ON"})
        with pytest.raises(Refused, match="under a legal hold"):
            incoming.commit(Attributes())

    assert s3.get_object(**vault)["Body"].read() == b"kept"


def test_a_manifest_is_refused_before_any_of_its_segments_goes(s3, swifty, vault):
    swifty.put(f"{A}/c")
    swifty.put(f"{A}/c/free", content=b"free")
    s3.put_object(**vault, Body=b"kept", ObjectLockLegalHoldStatus="ON")
    whole = json.dumps([{"path": "c/free"}, {"path": "vault/o"}])
    swifty.put(f"{A}/c/whole?multipart-manifest=put", content=whole)

    answer = swifty.delete(f"{A}/c/whole?multipart-manifest=delete")

    assert answer.status_code == 403
    assert swifty.get(f"{A}/c/whole").content == b"freekept"


def test_the_parts_of_locked_objects_are_out_of_reach(s3, swifty, store, vault):
    where = {**vault, "UploadId": s3.create_multipart_upload(
        **vault, ObjectLockLegalHoldStatus="ON")["UploadId"]}  # fmt: skip
    done = {"Parts": sent(s3, where, [b"p" * 5 * MIB, b"q"])}
    s3.complete_multipart_upload(**where, MultipartUpload=done)
    name = f"{where['UploadId']}/00002"
    part = f"{A}/vault+segments/{name}"

    assert swifty.delete(part).status_code == 403
    assert swifty.put(part, content=b"x").status_code == 403
    assert swifty.post(part, headers={"X-Delete-After": "1"}).status_code == 403
    s3.meta.events.unregister("before-parameter-build.s3", handlers.validate_bucket_name)
    assert refused(s3.delete_object, Bucket="vault+segments", Key=name) == "AccessDenied"
    assert swifty.delete(f"{O}?multipart-manifest=delete").status_code == 403
    garbage.sweep(store, now=time.time() + garbage.KEPT_S + 1)
    assert swifty.get(O).content == b"p" * 5 * MIB + b"q"


def test_what_expires_does_not_when_it_is_locked(s3, swifty, store, vault):
    swifty.put(O, content=b"kept", headers={"X-Delete-After": "100"})
    assert "x-delete-at" in swifty.head(O).headers

    s3.put_object_legal_hold(**vault, LegalHold={"Status": "ON"})

    assert "x-delete-at" not in swifty.head(O).headers
    assert store.head_object(ObjectName("AUTH_p", "vault", "o")).delete_at is None
    assert swifty.get(O).content == b"kept"


def test_a_bucket_locks_what_swift_puts(s3, swifty, vault):
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
    s3.put_object_lock_configuration(
        Bucket="vault", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )

    answer = swifty.put(O, content=b"x", headers={"X-Delete-After": "100"})
    assert (answer.status_code, "X-Delete-At" in answer.text) == (400, True)
    assert swifty.put(O, content=b"kept").status_code == 201

    assert s3.head_object(**vault)["ObjectLockMode"] == "GOVERNANCE"
    assert swifty.put(O, content=b"new").status_code == 403


def test_a_lock_that_ended_binds_nobody(s3, swifty, vault):
    s3.put_object(**vault, Body=b"1", ObjectLockLegalHoldStatus="ON")
    s3.put_object_legal_hold(**vault, LegalHold={"Status": "OFF"})

    assert swifty.put(O, content=b"2").status_code == 201
    assert swifty.delete(O).status_code == 204


def test_a_vault_keeps_its_versions_on_and_its_container(s3, swifty, locked):
    off = swifty.post(C, headers={"X-Versions-Enabled": "false"})
    archive = swifty.post(C, headers={"X-Versions-Location": "c"})

    assert (off.status_code, archive.status_code) == (409, 400)
    assert swifty.delete(C).status_code == 409
    deleted = swifty.post(f"{A}?bulk-delete", content="vault", headers={"Accept": "text/plain"})
    assert "409 Conflict" in deleted.text


def test_an_archive_with_locks_gives_nothing_away(s3, swifty, vault):
    """X-Versions-Location moves what it restores, and what is locked does not move."""
    swifty.put(f"{A}/c", headers={"X-Versions-Location": "vault"})
    swifty.put(f"{A}/c/o", content=b"1")
    swifty.put(f"{A}/c/o", content=b"2")
    (row,) = swifty.get(f"{C}?format=json").json()
    s3.put_object_legal_hold(Bucket="vault", Key=row["name"], LegalHold={"Status": "ON"})

    assert swifty.delete(f"{A}/c/o").status_code == 403
    assert swifty.get(f"{A}/c/o").content == b"2"
    assert swifty.get(f"{C}/{row['name']}").content == b"1"
