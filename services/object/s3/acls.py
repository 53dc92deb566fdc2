"""Access control lists: who was granted what on a bucket or an object, beside its owner.

A bucket's READ and WRITE are Swift's X-Container-Read and -Write, so that both faces say the same;
the rest stands beside them. The owner of a bucket owns all that is in it, and always may.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.http.endpoint import Reply
from services.object import stripes, sysmeta, versions
from services.object.bucket import Bucket
from services.object.s3 import documents, lookup
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

ALL: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"
PERMISSIONS: Final = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
OWNER_ENFORCED: Final = "BucketOwnerEnforced"  # the ownership of a bucket without ACLs
GRANTS_MAX: Final = 100
_READ, _WRITE = "X-Container-Read", "X-Container-Write"
_XSI: Final = 'Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="{}"'
_ID: Final = re.compile(r"[0-9A-Za-z_.-]{1,128}")

# canned ACL → what it grants to whom besides the owner's FULL_CONTROL
_CANNED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "private": (),
    "public-read": ((ALL, "READ"),),
    "public-read-write": ((ALL, "READ"), (ALL, "WRITE")),
    "authenticated-read": ((AUTHENTICATED, "READ"),),
    "aws-exec-read": (),  # the image service, which reads anything
    "bucket-owner-read": (),  # who owns the bucket owns its objects
    "bucket-owner-full-control": (),
    "log-delivery-write": ((_LOG_DELIVERY, "WRITE"), (_LOG_DELIVERY, "READ_ACP")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acl:
    """Grants to others than the owner: pairs of a grantee (an id, or a group's URI) and a right."""

    grants: tuple[tuple[str, str], ...] = ()
    has_owner: bool = True  # whether the owner's own grant is listed; it counts anyway

    def allows(self, permission: str, *, caller_id: str) -> bool:
        """Whether it gives this to a caller; with an empty id to anybody."""
        grantees = {ALL} | ({caller_id, AUTHENTICATED} if caller_id else set())
        return any(g in grantees and p in (permission, "FULL_CONTROL") for g, p in self.grants)

    @property
    def is_public(self) -> bool:
        """Whether it grants something to everybody, or to everybody with a key."""
        return any(grantee in (ALL, AUTHENTICATED) for grantee, _ in self.grants)

    def dump(self) -> str:
        """As it is kept."""
        return json.dumps([self.has_owner, *self.grants])


def of_bucket(bucket: Bucket) -> Acl:
    """A bucket's ACL."""
    kept = _loaded(bucket.kept(sysmeta.BUCKET_ACL))
    wide = {grantee for grantee, permission in kept.grants if permission == "FULL_CONTROL"}
    grants = [grant for grant in kept.grants if grant[1] not in ("READ", "WRITE")]
    for header, permission in ((_READ, "READ"), (_WRITE, "WRITE")):
        for grantee in _from_swift(bucket.metadata.get(header, "")):
            if grantee not in wide:
                grants.append((grantee, permission))
    # what Swift's form cannot say stays as it was given
    grants += [g for g in kept.grants if g[0] in (AUTHENTICATED, _LOG_DELIVERY) and g not in grants]
    return Acl(grants=tuple(grants), has_owner=kept.has_owner)


def of_object(version: versions.Version) -> Acl:
    """An object's ACL."""
    return _loaded(version.record.metadata.get(sysmeta.ACL, ""))


def bucket_metadata(acl: Acl) -> dict[str, str | None]:
    """A bucket's ACL as it is kept beside it, for both faces."""
    by_permission: dict[str, list[str]] = {"READ": [], "WRITE": []}
    for grantee, permission in acl.grants:
        for each in ("READ", "WRITE"):
            if permission in (each, "FULL_CONTROL") and (said := _to_swift(grantee)):
                by_permission[each].append(said)
    reading = by_permission["READ"]
    if ".r:*" in reading:
        reading.append(".rlistings")
    return {
        sysmeta.BUCKET_ACL: acl.dump() if acl.grants or not acl.has_owner else None,
        _READ: ",".join(reading) or None,
        _WRITE: ",".join(by_permission["WRITE"]) or None,
    }


def from_headers(call: Call) -> Acl | None:
    """The ACL that x-amz-acl, or the grant headers, ask for; None when they do not."""
    canned = call.headers.get("x-amz-acl")
    granted = {
        permission: call.headers[name]
        for permission in PERMISSIONS
        if (name := f"x-amz-grant-{permission.lower().replace('_', '-')}") in call.headers
    }
    if canned is not None and granted:
        raise Refused(
            "InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed"
        )
    owner_id = call.found.owner_id if call.found else call.caller.id
    if granted:
        grants = [
            (grantee, permission)
            for permission, text in granted.items()
            for grantee in map(_grantee, text.split(","))
        ]
        return _acl(grants, owner_id)
    return canned_acl(canned) if canned is not None else None


def canned_acl(name: str) -> Acl:
    """A canned ACL. Raises Refused: InvalidArgument."""
    if name not in _CANNED:
        facts = {"ArgumentName": "x-amz-acl", "ArgumentValue": name}
        raise Refused("InvalidArgument", facts=facts)
    return Acl(grants=_CANNED[name])


def get_bucket_acl(call: Call) -> Reply:
    """GetBucketAcl."""
    return _reply(of_bucket(call.bucket), call.bucket.owner_id)


def put_bucket_acl(call: Call) -> Reply:
    """PutBucketAcl."""
    acl = _given(call)
    refuse_public(call, acl)
    bucket = call.bucket
    call.store.post_container(bucket.account, bucket.name, changes=bucket_metadata(acl))
    return Reply()


def get_object_acl(call: Call) -> Reply:
    """GetObjectAcl."""
    return _reply(of_object(_version(call)), call.bucket.owner_id)


def put_object_acl(call: Call) -> Reply:
    """PutObjectAcl."""
    acl = _given(call)
    refuse_public(call, acl)
    with stripes.lock(call.name):
        version = _version(call)
        versions.update(call.store, version, {sysmeta.ACL: acl.dump()})
    return Reply()


def has_none(bucket: Bucket | None) -> bool:
    """Whether no ACL counts in a bucket: its owner alone owns what is in it, whoever put it."""
    return bucket is not None and bucket.kept(sysmeta.OWNERSHIP) == OWNER_ENFORCED


def blocks(bucket: Bucket | None, what: str) -> bool:
    """Whether the bucket's public access block says so: `IgnorePublicAcls` …"""
    kept = bucket.kept(sysmeta.PUBLIC_ACCESS_BLOCK) if bucket else ""
    return bool(kept) and bool(json.loads(kept).get(what))


def refuse_public(call: Call, acl: Acl) -> None:
    """Refuse an ACL that opens something, where the bucket blocks such, or has no ACLs."""
    if acl.grants and has_none(call.found):
        raise Refused("AccessControlListNotSupported")
    if acl.is_public and blocks(call.found, "BlockPublicAcls"):
        raise Refused("AccessDenied")


def _version(call: Call) -> versions.Version:
    return lookup.version(call.store, call.bucket, call.key, call.query.get("versionId", ""))


def _given(call: Call) -> Acl:
    """The ACL of the headers, or of the body."""
    if (acl := from_headers(call)) is not None:
        call.body.whole(0)
        return acl
    root = call.document("AccessControlPolicy")
    owner, listed = root.find("Owner"), root.find("AccessControlList")
    if listed is None or owner is None:
        raise Refused("MalformedACLError")
    if owner.value("ID") != call.bucket.owner_id:
        raise Refused("AccessDenied")
    grants = []
    for grant in listed.all("Grant"):
        found = grant.find("Grantee")
        permission = grant.value("Permission")
        if found is None or permission not in PERMISSIONS:
            raise Refused("MalformedACLError")
        grants.append((_grantee_of(found), permission))
    return _acl(grants, call.bucket.owner_id)


def _grantee_of(node: documents.Node) -> str:
    for tag, kind in (("ID", "id"), ("URI", "uri"), ("EmailAddress", "emailAddress")):
        if node.find(tag) is not None:
            return _grantee(f"{kind}={node.value(tag)}")
    raise Refused("MalformedACLError")


def _grantee(text: str) -> str:
    """Whom `id="…"`, `uri="…"` or `emailAddress="…"` means."""
    kind, _, value = text.strip().partition("=")
    value = value.strip().strip('"')
    if kind == "emailAddress":
        raise Refused("UnresolvableGrantByEmailAddress")
    if kind == "uri" and value in (ALL, AUTHENTICATED, _LOG_DELIVERY):
        return value
    if kind == "id" and _ID.fullmatch(value):
        return value
    raise Refused("InvalidArgument", "Invalid id" if kind == "id" else "Invalid group uri")


def _acl(grants: Iterable[tuple[str, str]], owner_id: str) -> Acl:
    found = tuple(dict.fromkeys(grants))
    if len(found) > GRANTS_MAX:
        raise Refused("MalformedACLError", f"An ACL has at most {GRANTS_MAX} grants.")
    others = tuple(grant for grant in found if grant[0] != owner_id)
    return Acl(grants=others, has_owner=(owner_id, "FULL_CONTROL") in found)


def _reply(acl: Acl, owner_id: str) -> Reply:
    grants = [*([(owner_id, "FULL_CONTROL")] if acl.has_owner else []), *acl.grants]
    tree: list[tuple[str, Any]] = [
        ("Owner", [("ID", owner_id), ("DisplayName", owner_id)]),
        ("AccessControlList", [("Grant", _grant(grantee, p)) for grantee, p in grants]),
    ]
    body = documents.write("AccessControlPolicy", tree)
    return Reply(body=body, content_type=documents.CONTENT_TYPE)


def _grant(grantee: str, permission: str) -> documents.Tree:
    if "/" in grantee:
        who = (_XSI.format("Group"), [("URI", grantee)])
    else:
        who = (_XSI.format("CanonicalUser"), [("ID", grantee), ("DisplayName", grantee)])
    return [who, ("Permission", permission)]


def _loaded(text: str) -> Acl:
    if not text:
        return Acl()
    has_owner, *grants = json.loads(text)
    return Acl(grants=tuple((g, p) for g, p in grants), has_owner=has_owner)


def _to_swift(grantee: str) -> str:
    if grantee == ALL:
        return ".r:*"
    return "" if "/" in grantee else f"{grantee}:*"


def _from_swift(text: str) -> list[str]:
    """Whom Swift's form of an ACL names: everybody, or all of a project."""
    found = []
    for part in text.replace(" ", "").split(","):
        project, _, user = part.partition(":")
        if part == ".r:*":
            found.append(ALL)
        elif project and not project.startswith(".") and user in ("", "*"):
            found.append(project)
    return found
