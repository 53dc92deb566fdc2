"""What is set on a bucket: versioning, policy, tags, ownership, public access block.

Each is kept beside the container, checked when it is put, and given back as it was meant.
"""

from __future__ import annotations

import json
from typing import Any, Final

from services.http.endpoint import Reply
from services.object import sysmeta
from services.object.bucket import ENABLED, SUSPENDED
from services.object.s3 import acls, documents, policies, tags
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

_BLOCKS: Final = (
    "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets",
)  # fmt: skip
_OWNERSHIPS: Final = ("BucketOwnerPreferred", "ObjectWriter", acls.OWNER_ENFORCED)


def keep(call: Call, name: str, value: str | None) -> None:
    """Keep a setting beside the bucket; None removes it."""
    call.store.post_container(call.bucket.account, call.bucket.name, changes={name: value})


def reply(tag: str, tree: documents.Tree) -> Reply:
    """A document as an answer."""
    return Reply(body=documents.write(tag, tree), content_type=documents.CONTENT_TYPE)


def get_versioning(call: Call) -> Reply:
    """GetBucketVersioning."""
    status = call.bucket.versioning
    return reply("VersioningConfiguration", [("Status", status)] if status else [])


def put_versioning(call: Call) -> Reply:
    """PutBucketVersioning."""
    root = call.document("VersioningConfiguration")
    status = root.value("Status")
    if status not in (ENABLED, SUSPENDED):
        raise Refused("MalformedXML")
    if root.value("MfaDelete") == "Enabled":
        raise Refused("NotImplemented", "MFA delete is not served.")
    if any(call.bucket.kept(name) for name in sysmeta.ARCHIVES):
        raise Refused("InvalidBucketState", "Swift's face keeps its versions in another container.")
    if status == SUSPENDED and call.bucket.kept(sysmeta.OBJECT_LOCK):
        raise Refused("InvalidBucketState", "An Object Lock configuration is present.")
    keep(call, sysmeta.VERSIONING, status)
    return Reply()


def get_policy(call: Call) -> Reply:
    """GetBucketPolicy."""
    if not (kept := call.bucket.kept(sysmeta.POLICY)):
        raise Refused("NoSuchBucketPolicy")
    return Reply(body=kept.encode(), content_type="application/json")


def put_policy(call: Call) -> Reply:
    """PutBucketPolicy: one that can be decided, or none."""
    raw = call.body.whole(policies.BYTES_MAX)
    try:
        policies.check(raw, call.bucket.name)
        text = raw.decode()
    except (policies.Malformed, UnicodeDecodeError) as error:
        raise Refused("MalformedPolicy", str(error)) from error
    if policies.is_public(text) and acls.blocks(call.bucket, "BlockPublicPolicy"):
        raise Refused("AccessDenied")
    keep(call, sysmeta.POLICY, text)
    return Reply(status=204)


def delete_policy(call: Call) -> Reply:
    """DeleteBucketPolicy."""
    keep(call, sysmeta.POLICY, None)
    return Reply(status=204)


def get_policy_status(call: Call) -> Reply:
    """GetBucketPolicyStatus."""
    if not (kept := call.bucket.kept(sysmeta.POLICY)):
        raise Refused("NoSuchBucketPolicy")
    return reply("PolicyStatus", [("IsPublic", policies.is_public(kept))])


def get_tagging(call: Call) -> Reply:
    """GetBucketTagging."""
    if not (kept := call.bucket.kept(sysmeta.TAGGING)):
        raise Refused("NoSuchTagSet")
    return Reply(body=tags.document(kept), content_type=documents.CONTENT_TYPE)


def put_tagging(call: Call) -> Reply:
    """PutBucketTagging."""
    root = call.document("Tagging")
    kept = tags.from_document(root, count_max=tags.BUCKET_COUNT_MAX)
    keep(call, sysmeta.TAGGING, kept or None)
    return Reply(status=204)


def delete_tagging(call: Call) -> Reply:
    """DeleteBucketTagging."""
    keep(call, sysmeta.TAGGING, None)
    return Reply(status=204)


def get_ownership(call: Call) -> Reply:
    """GetBucketOwnershipControls."""
    if not (kept := call.bucket.kept(sysmeta.OWNERSHIP)):
        raise Refused("OwnershipControlsNotFoundError")
    return reply("OwnershipControls", [("Rule", [("ObjectOwnership", kept)])])


def put_ownership(call: Call) -> Reply:
    """PutBucketOwnershipControls: what is in a bucket is its owner's, whichever is chosen.

    With `BucketOwnerEnforced` no ACL counts; one that gives others rights must go first.
    """
    rule = call.document("OwnershipControls").find("Rule") or documents.Node("")
    if (chosen := rule.value("ObjectOwnership")) not in _OWNERSHIPS:
        raise Refused("MalformedXML")
    if chosen == acls.OWNER_ENFORCED and acls.of_bucket(call.bucket).grants:
        raise Refused("InvalidBucketAclWithObjectOwnership")
    keep(call, sysmeta.OWNERSHIP, chosen)
    return Reply()


def delete_ownership(call: Call) -> Reply:
    """DeleteBucketOwnershipControls."""
    keep(call, sysmeta.OWNERSHIP, None)
    return Reply(status=204)


def get_public_access_block(call: Call) -> Reply:
    """GetPublicAccessBlock."""
    if not (kept := call.bucket.kept(sysmeta.PUBLIC_ACCESS_BLOCK)):
        raise Refused("NoSuchPublicAccessBlockConfiguration")
    found: dict[str, Any] = json.loads(kept)
    return reply("PublicAccessBlockConfiguration", list(found.items()))


def put_public_access_block(call: Call) -> Reply:
    """PutPublicAccessBlock."""
    root = call.document("PublicAccessBlockConfiguration")
    if any(root.value(name, "false").lower() not in ("true", "false") for name in _BLOCKS):
        raise Refused("MalformedXML")
    kept = {name: root.value(name).lower() == "true" for name in _BLOCKS}
    keep(call, sysmeta.PUBLIC_ACCESS_BLOCK, json.dumps(kept))
    return Reply()


def delete_public_access_block(call: Call) -> Reply:
    """DeletePublicAccessBlock."""
    keep(call, sysmeta.PUBLIC_ACCESS_BLOCK, None)
    return Reply(status=204)


def get_request_payment(_: Call) -> Reply:
    """GetBucketRequestPayment: nobody pays."""
    return reply("RequestPaymentConfiguration", [("Payer", "BucketOwner")])
