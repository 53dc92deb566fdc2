"""Which request is which operation of S3, what it needs, and who answers it.

The table is all there is: what it does not name is NotImplemented. `docs/reference/s3.md` is made
from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.http.endpoint import Reply
from services.object.s3 import (
    acls,
    buckets,
    configurations,
    cors,
    details,
    encryption,
    lifecycle,
    listings,
    locks,
    multipart,
    objects,
    tags,
    website,
)
from services.object.s3.access import Need
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

SERVICE, BUCKET, OBJECT = "service", "bucket", "object"
Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: the request that means it, and its handler; None is NotImplemented."""

    name: str
    method: str
    level: str  # SERVICE, BUCKET or OBJECT
    subresource: str  # of the query: `acl`; empty without
    need: Need
    handler: Handler | None


def _op(
    name: str,
    method: str,
    level: str,
    subresource: str,
    handler: Handler | None,
    *,
    action: str = "",
    right: str = "",
    is_on_object: bool = False,
) -> Operation:
    need = Need(
        action=f"s3:{action or name}", right=right, is_on_object=is_on_object,
        is_write=method in ("PUT", "POST", "DELETE"),
    )  # fmt: skip
    return Operation(
        name=name, method=method, level=level, subresource=subresource, need=need, handler=handler
    )


def _form(_: Call) -> Reply:
    """PostObject is signed inside its body: the front gives it to `post_object`."""
    raise Refused("MalformedPOSTRequest")


OPERATIONS: Final = (
    _op("ListBuckets", "GET", SERVICE, "", buckets.list_buckets, action="ListAllMyBuckets"),
    _op("CreateBucket", "PUT", BUCKET, "", buckets.create),
    _op("HeadBucket", "HEAD", BUCKET, "", buckets.head, action="ListBucket", right="READ"),
    _op("DeleteBucket", "DELETE", BUCKET, "", buckets.delete),
    _op("GetBucketLocation", "GET", BUCKET, "location", buckets.location),
    _op("ListObjects", "GET", BUCKET, "", listings.list_objects, action="ListBucket", right="READ"),
    _op("ListObjectsV2", "GET", BUCKET, "list-type", listings.list_objects_v2,
        action="ListBucket", right="READ"),
    _op("ListObjectVersions", "GET", BUCKET, "versions", listings.list_versions,
        action="ListBucketVersions", right="READ"),
    _op("ListMultipartUploads", "GET", BUCKET, "uploads", multipart.list_uploads,
        action="ListBucketMultipartUploads", right="READ"),
    _op("DeleteObjects", "POST", BUCKET, "delete", objects.delete_many),
    _op("PostObject", "POST", BUCKET, "", _form, action="PutObject", right="WRITE"),
    _op("GetObject", "GET", OBJECT, "", objects.get, right="READ", is_on_object=True),
    _op("HeadObject", "HEAD", OBJECT, "", objects.head,
        action="GetObject", right="READ", is_on_object=True),
    _op("PutObject", "PUT", OBJECT, "", objects.put, right="WRITE"),
    _op("DeleteObject", "DELETE", OBJECT, "", objects.delete, right="WRITE"),
    _op("GetObjectAttributes", "GET", OBJECT, "attributes", details.get,
        right="READ", is_on_object=True),
    _op("CreateMultipartUpload", "POST", OBJECT, "uploads", multipart.create,
        action="PutObject", right="WRITE"),
    _op("UploadPart", "PUT", OBJECT, "uploadId", multipart.put_part,
        action="PutObject", right="WRITE"),
    _op("CompleteMultipartUpload", "POST", OBJECT, "uploadId", multipart.complete,
        action="PutObject", right="WRITE"),
    _op("AbortMultipartUpload", "DELETE", OBJECT, "uploadId", multipart.abort, right="WRITE"),
    _op("ListParts", "GET", OBJECT, "uploadId", multipart.list_parts,
        action="ListMultipartUploadParts", right="READ"),
    _op("GetBucketAcl", "GET", BUCKET, "acl", acls.get_bucket_acl, right="READ_ACP"),
    _op("PutBucketAcl", "PUT", BUCKET, "acl", acls.put_bucket_acl, right="WRITE_ACP"),
    _op("GetObjectAcl", "GET", OBJECT, "acl", acls.get_object_acl,
        right="READ_ACP", is_on_object=True),
    _op("PutObjectAcl", "PUT", OBJECT, "acl", acls.put_object_acl,
        right="WRITE_ACP", is_on_object=True),
    _op("GetBucketVersioning", "GET", BUCKET, "versioning", configurations.get_versioning),
    _op("PutBucketVersioning", "PUT", BUCKET, "versioning", configurations.put_versioning),
    _op("GetBucketPolicy", "GET", BUCKET, "policy", configurations.get_policy),
    _op("PutBucketPolicy", "PUT", BUCKET, "policy", configurations.put_policy),
    _op("DeleteBucketPolicy", "DELETE", BUCKET, "policy", configurations.delete_policy),
    _op("GetBucketPolicyStatus", "GET", BUCKET, "policyStatus", configurations.get_policy_status),
    _op("GetObjectTagging", "GET", OBJECT, "tagging", tags.get),
    _op("PutObjectTagging", "PUT", OBJECT, "tagging", tags.put),
    _op("DeleteObjectTagging", "DELETE", OBJECT, "tagging", tags.delete),
    _op("GetBucketTagging", "GET", BUCKET, "tagging", configurations.get_tagging),
    _op("PutBucketTagging", "PUT", BUCKET, "tagging", configurations.put_tagging),
    _op("DeleteBucketTagging", "DELETE", BUCKET, "tagging", configurations.delete_tagging,
        action="PutBucketTagging"),
    _op("GetBucketCors", "GET", BUCKET, "cors", cors.get, action="GetBucketCORS"),
    _op("PutBucketCors", "PUT", BUCKET, "cors", cors.put, action="PutBucketCORS"),
    _op("DeleteBucketCors", "DELETE", BUCKET, "cors", cors.delete, action="PutBucketCORS"),
    _op("GetBucketLifecycleConfiguration", "GET", BUCKET, "lifecycle", lifecycle.get,
        action="GetLifecycleConfiguration"),
    _op("PutBucketLifecycleConfiguration", "PUT", BUCKET, "lifecycle", lifecycle.put,
        action="PutLifecycleConfiguration"),
    _op("DeleteBucketLifecycle", "DELETE", BUCKET, "lifecycle", lifecycle.delete,
        action="PutLifecycleConfiguration"),
    _op("GetObjectLockConfiguration", "GET", BUCKET, "object-lock", locks.get_configuration,
        action="GetBucketObjectLockConfiguration"),
    _op("PutObjectLockConfiguration", "PUT", BUCKET, "object-lock", locks.put_configuration,
        action="PutBucketObjectLockConfiguration"),
    _op("GetObjectRetention", "GET", OBJECT, "retention", locks.get_retention),
    _op("PutObjectRetention", "PUT", OBJECT, "retention", locks.put_retention),
    _op("GetObjectLegalHold", "GET", OBJECT, "legal-hold", locks.get_legal_hold),
    _op("PutObjectLegalHold", "PUT", OBJECT, "legal-hold", locks.put_legal_hold),
    _op("GetBucketWebsite", "GET", BUCKET, "website", website.get),
    _op("PutBucketWebsite", "PUT", BUCKET, "website", website.put),
    _op("DeleteBucketWebsite", "DELETE", BUCKET, "website", website.delete),
    _op("GetBucketEncryption", "GET", BUCKET, "encryption", encryption.get,
        action="GetEncryptionConfiguration"),
    _op("PutBucketEncryption", "PUT", BUCKET, "encryption", encryption.put,
        action="PutEncryptionConfiguration"),
    _op("DeleteBucketEncryption", "DELETE", BUCKET, "encryption", encryption.delete,
        action="PutEncryptionConfiguration"),
    _op("GetBucketOwnershipControls", "GET", BUCKET, "ownershipControls",
        configurations.get_ownership),
    _op("PutBucketOwnershipControls", "PUT", BUCKET, "ownershipControls",
        configurations.put_ownership),
    _op("DeleteBucketOwnershipControls", "DELETE", BUCKET, "ownershipControls",
        configurations.delete_ownership, action="PutBucketOwnershipControls"),
    _op("GetPublicAccessBlock", "GET", BUCKET, "publicAccessBlock",
        configurations.get_public_access_block, action="GetBucketPublicAccessBlock"),
    _op("PutPublicAccessBlock", "PUT", BUCKET, "publicAccessBlock",
        configurations.put_public_access_block, action="PutBucketPublicAccessBlock"),
    _op("DeletePublicAccessBlock", "DELETE", BUCKET, "publicAccessBlock",
        configurations.delete_public_access_block, action="PutBucketPublicAccessBlock"),
    _op("GetBucketRequestPayment", "GET", BUCKET, "requestPayment",
        configurations.get_request_payment),
    _op("PutBucketRequestPayment", "PUT", BUCKET, "requestPayment", None),
    *(
        _op(f"{verb}Bucket{name}", method, BUCKET, subresource, None)
        for name, subresource in (
            ("AccelerateConfiguration", "accelerate"), ("Analytics", "analytics"),
            ("IntelligentTiering", "intelligent-tiering"), ("Inventory", "inventory"),
            ("Logging", "logging"), ("Metrics", "metrics"), ("MetadataTable", "metadataTable"),
            ("Notification", "notification"), ("Replication", "replication"),
        )
        for verb, method in (("Get", "GET"), ("Put", "PUT"), ("Delete", "DELETE"))
    ),
    _op("GetObjectTorrent", "GET", OBJECT, "torrent", None),
    _op("RestoreObject", "POST", OBJECT, "restore", None),
    _op("SelectObjectContent", "POST", OBJECT, "select", None),
    _op("CreateSession", "GET", BUCKET, "session", None),
    _op("RenameObject", "PUT", OBJECT, "renameObject", None),
)  # fmt: skip
SUBRESOURCES: Final = frozenset(op.subresource for op in OPERATIONS if op.subresource)
_LEVELS: Final = frozenset((op.level, op.subresource) for op in OPERATIONS)
_BY_REQUEST: Final[Mapping[tuple[str, str, str], Operation]] = {
    (op.method, op.level, op.subresource): op for op in OPERATIONS
}
# with a version's id an action has another name in policies
_OF_VERSION: Final = frozenset({
    "s3:GetObject", "s3:DeleteObject", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:GetObjectTagging",
    "s3:PutObjectTagging", "s3:DeleteObjectTagging", "s3:GetObjectAttributes",
})  # fmt: skip


def find(method: str, *, bucket: str, key: str, query: Mapping[str, str]) -> Operation:
    """The operation that a request means. Raises Refused: NotImplemented, MethodNotAllowed."""
    level = OBJECT if key else BUCKET if bucket else SERVICE
    if level == SERVICE:
        named: list[str] = []
    elif level == BUCKET and query.get("list-type") not in (None, "2"):
        raise Refused("InvalidArgument", "list-type is 2, or not given.")
    else:
        named = [name for name in query if name in SUBRESOURCES and _is_of(level, name)]
    if len(named) > 1 and not (len(named) == 2 and "list-type" in named):
        raise Refused("InvalidArgument", f"Conflicting query parameters {' and '.join(named)}.")
    subresource = next((name for name in named if name != "list-type"), "".join(named))
    found = _BY_REQUEST.get((method, level, subresource))
    if found is None:
        if method == "HEAD" and subresource:
            return find(method, bucket=bucket, key=key, query={})
        raise Refused("MethodNotAllowed", facts={"Method": method, "ResourceType": level.upper()})
    if found.handler is None:
        raise Refused("NotImplemented", f"{found.name} is not served.")
    return found


def need_of(operation: Operation, query: Mapping[str, str]) -> Need:
    """What it needs, by the name that policies give it; a version's deletion by no ACL."""
    need = operation.need
    if "versionId" not in query or need.action not in _OF_VERSION:
        return need
    right = "" if need.action == "s3:DeleteObject" else need.right
    return Need(
        action=_version_action(need.action), right=right, is_on_object=need.is_on_object,
        is_write=need.is_write,
    )  # fmt: skip


def _version_action(action: str) -> str:
    return action.replace("Object", "ObjectVersion", 1)


def _is_of(level: str, subresource: str) -> bool:
    return (level, subresource) in _LEVELS
