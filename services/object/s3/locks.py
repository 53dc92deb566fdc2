"""S3's verbs on object locks: how one is put on a version, and who gets past it.

GOVERNANCE yields to who owns the bucket and says `x-amz-bypass-governance-retention`; COMPLIANCE
to nobody. Only buckets with versioning have locks, so a write never takes a locked version away.
What a lock keeps is `services/object/locks.py`'s to say.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from appliance import clock
from services.http.endpoint import Reply
from services.object import locks, stripes, sysmeta, versions
from services.object.bucket import ENABLED
from services.object.locks import COMPLIANCE, GOVERNANCE, MODES
from services.object.s3 import documents, lookup
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from storage.objects.object_file import ObjectRecord

DAYS_MAX: Final = 36_500
_LOCKED: Final = "Access Denied because object protected by object lock."


def from_headers(call: Call) -> dict[str, str]:
    """What a PUT locks its object with: its headers', else the bucket's default. Raises Refused."""
    given = call.headers
    mode = given.get("x-amz-object-lock-mode", "")
    until = given.get("x-amz-object-lock-retain-until-date", "")
    hold = given.get("x-amz-object-lock-legal-hold", "")
    if (mode or until or hold) and not call.bucket.kept(sysmeta.OBJECT_LOCK):
        raise Refused("InvalidRequest", "Bucket is missing Object Lock Configuration")
    if bool(mode) != bool(until):
        raise Refused(
            "InvalidArgument",
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
        )
    found = locks.default(call.bucket)
    if mode:
        found = {sysmeta.LOCK_MODE: _mode(mode), sysmeta.LOCK_UNTIL: _future(until)}
    if hold:
        found[sysmeta.LEGAL_HOLD] = _hold(hold)
    return found


def headers_of(record: ObjectRecord) -> dict[str, str]:
    """An object's lock as headers."""
    names = {
        sysmeta.LOCK_MODE: "x-amz-object-lock-mode",
        sysmeta.LOCK_UNTIL: "x-amz-object-lock-retain-until-date",
        sysmeta.LEGAL_HOLD: "x-amz-object-lock-legal-hold",
    }
    return {names[k]: v for k, v in record.metadata.items() if k in names}


def check_deletion(call: Call, version: versions.Version | None) -> None:
    """Refuse to remove a version for good while it is locked."""
    if version is None:
        return
    held = locks.held(version.record.metadata)
    if held is not None and not (held.mode == GOVERNANCE and _bypasses(call)):
        raise Refused("AccessDenied", _LOCKED)


def get_configuration(call: Call) -> Reply:
    """GetObjectLockConfiguration."""
    if not (kept := call.bucket.kept(sysmeta.OBJECT_LOCK)):
        raise Refused("ObjectLockConfigurationNotFoundError")
    tree: list[tuple[str, object]] = [("ObjectLockEnabled", "Enabled")]
    if rule := json.loads(kept):
        unit = "Days" if "Days" in rule else "Years"
        retention = [("Mode", rule["Mode"]), (unit, rule[unit])]
        tree.append(("Rule", [("DefaultRetention", retention)]))
    body = documents.write("ObjectLockConfiguration", tree)
    return Reply(body=body, content_type=documents.CONTENT_TYPE)


def put_configuration(call: Call) -> Reply:
    """PutObjectLockConfiguration."""
    root = call.document("ObjectLockConfiguration")
    if root.value("ObjectLockEnabled") != "Enabled":
        raise Refused("MalformedXML")
    if call.bucket.versioning != ENABLED:
        raise Refused("InvalidBucketState", "Versioning must be 'Enabled' on the bucket")
    rule: dict[str, str | int] = {}
    if (found := root.find("Rule")) is not None:
        retention = found.find("DefaultRetention") or documents.Node("")
        unit = "Days" if retention.find("Days") is not None else "Years"
        count, per = retention.value(unit), 1 if unit == "Days" else 365
        if not (count.isascii() and count.isdigit() and 0 < int(count) * per <= DAYS_MAX):
            raise Refused("InvalidArgument", "Default retention period must be a positive integer.")
        if retention.find("Days") is not None and retention.find("Years") is not None:
            raise Refused("MalformedXML")
        rule = {"Mode": _mode(retention.value("Mode"), code="MalformedXML"), unit: int(count)}
    bucket = call.bucket
    call.store.post_container(
        bucket.account, bucket.name, changes={sysmeta.OBJECT_LOCK: json.dumps(rule)}
    )
    return Reply()


def get_retention(call: Call) -> Reply:
    """GetObjectRetention."""
    metadata = _version(call).record.metadata
    if sysmeta.LOCK_MODE not in metadata:
        raise Refused("NoSuchObjectLockConfiguration")
    tree = [
        ("Mode", metadata[sysmeta.LOCK_MODE]),
        ("RetainUntilDate", metadata[sysmeta.LOCK_UNTIL]),
    ]
    return Reply(body=documents.write("Retention", tree), content_type=documents.CONTENT_TYPE)


def put_retention(call: Call) -> Reply:
    """PutObjectRetention: longer by anybody who may, shorter only by who may bypass."""
    root = call.document("Retention")
    mode = until = ""
    if root.children:
        mode = _mode(root.value("Mode"), code="MalformedXML")
        until = _future(root.value("RetainUntilDate"))
    with stripes.lock(call.name):
        version = _version(call)
        metadata = version.record.metadata
        old_mode = metadata.get(sysmeta.LOCK_MODE, "")
        if old_mode and locks.moment(metadata[sysmeta.LOCK_UNTIL]) > _now():
            is_less = not until or locks.moment(until) < locks.moment(metadata[sysmeta.LOCK_UNTIL])
            is_weaker = is_less or (old_mode == COMPLIANCE and mode == GOVERNANCE)
            may = old_mode == GOVERNANCE and _bypasses(call)
            if (is_weaker or mode != old_mode) and not (
                may or _only_harder(old_mode, mode, is_less)
            ):
                raise Refused("AccessDenied", _LOCKED)
        changes = {sysmeta.LOCK_MODE: mode or None, sysmeta.LOCK_UNTIL: until or None}
        versions.update(call.store, version, changes)
    return Reply()


def get_legal_hold(call: Call) -> Reply:
    """GetObjectLegalHold."""
    metadata = _version(call).record.metadata
    if sysmeta.LEGAL_HOLD not in metadata:
        raise Refused("NoSuchObjectLockConfiguration")
    body = documents.write("LegalHold", [("Status", metadata[sysmeta.LEGAL_HOLD])])
    return Reply(body=body, content_type=documents.CONTENT_TYPE)


def put_legal_hold(call: Call) -> Reply:
    """PutObjectLegalHold."""
    status = _hold(call.document("LegalHold").value("Status"), code="MalformedXML")
    with stripes.lock(call.name):
        versions.update(call.store, _version(call), {sysmeta.LEGAL_HOLD: status})
    return Reply()


def _only_harder(old_mode: str, mode: str, is_less: bool) -> bool:
    """Whether a change of mode only locks more."""
    return old_mode == GOVERNANCE and mode == COMPLIANCE and not is_less


def _version(call: Call) -> versions.Version:
    if not call.bucket.kept(sysmeta.OBJECT_LOCK):
        raise Refused("InvalidRequest", "Bucket is missing Object Lock Configuration")
    return lookup.version(call.store, call.bucket, call.key, call.query.get("versionId", ""))


def _bypasses(call: Call) -> bool:
    asked = call.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
    return asked and call.caller.account == call.bucket.account


def _mode(text: str, *, code: str = "InvalidArgument") -> str:
    if text not in MODES:
        raise Refused(code)
    return text


def _hold(text: str, *, code: str = "InvalidArgument") -> str:
    if text not in {"ON", "OFF"}:
        raise Refused(code)
    return text


def _future(text: str) -> str:
    try:
        moment = locks.moment(text)
    except ValueError as error:
        raise Refused("InvalidArgument", "The retain until date is no date.") from error
    if moment <= _now():
        raise Refused("InvalidArgument", "The retain until date must be in the future!")
    return locks.written(moment)


def _now() -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)
