"""Whether a caller may do what is asked: its role, the bucket's policy, the ACLs; in that order.

The owner's project may what its role lets it, unless the bucket's policy denies it; others may
what the policy or an ACL grants. A refusal is AccessDenied, whatever is or is not there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from appliance import policy
from services.object import locks, sysmeta, versions
from services.object.s3 import acls, policies, tags
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

# an owner that denied itself everything can still take the policy back
_POLICY_ACTIONS: Final = frozenset({
    "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What an operation needs: the action's name in policies, and the ACL's right on what."""

    action: str
    right: str = ""  # READ, WRITE, READ_ACP, WRITE_ACP; empty: no ACL gives it
    is_on_object: bool = False  # whether the right is one on the object, else on its bucket
    is_write: bool = False


LIST: Final = Need(action="s3:ListBucket", right="READ")


def check_service(call: Call, *, is_write: bool) -> None:
    """Whether the caller may look at its buckets, or make one."""
    if call.caller.is_anonymous:
        raise Refused("AccessDenied")
    _check_role(call, is_write)


def check(call: Call, need: Need, *, key: str | None = None) -> None:
    """Refuse what the caller may not do. `key`: of another object than the call's own."""
    bucket = call.bucket
    key = call.key if key is None else key
    if need.is_write and locks.are_parts_kept(call.store, bucket.account, bucket.name):
        raise Refused("AccessDenied", "The parts of a bucket with object lock stay as they are.")
    said = _by_policy(call, need, key)
    is_owner = not call.caller.is_anonymous and call.caller.account == bucket.account
    if is_owner and need.action in _POLICY_ACTIONS:
        said = None
    if said is False:
        raise Refused("AccessDenied")
    if is_owner or (
        not call.caller.is_anonymous and policy.allows(call.caller.ctx, "object_store:any_account")
    ):
        _check_role(call, need.is_write)
        return
    if not (said or _by_acl(call, need, key)):
        raise Refused("AccessDenied")


def _check_role(call: Call, is_write: bool) -> None:
    rule = "object_store:write" if is_write else "object_store:read"
    if not policy.allows(call.caller.ctx, rule):
        raise Refused("AccessDenied")


def _by_policy(call: Call, need: Need, key: str) -> bool | None:
    kept = call.bucket.kept(sysmeta.POLICY)
    if not kept:
        return None
    resource = policies.ARN + call.bucket.name + (f"/{key}" if key else "")
    keys = _keys(call)
    if "s3:ExistingObjectTag/" in kept and key:
        keys = keys | _tag_keys(call, key)
    asked = policies.Asked(
        action=need.action, resource=resource, keys=keys,
        caller_id="" if call.caller.is_anonymous else call.caller.id,
    )  # fmt: skip
    said = policies.decide(kept, asked)
    is_foreign = call.caller.account != call.bucket.account or call.caller.is_anonymous
    if said and is_foreign and acls.blocks(call.bucket, "RestrictPublicBuckets"):
        return None if policies.is_public(kept) else said
    return said


def _by_acl(call: Call, need: Need, key: str) -> bool:
    if not need.right:
        return False
    if need.is_on_object:
        version_id = call.query.get("versionId", "")
        version = versions.find(call.store, call.bucket, key, version_id)
        if version is None:  # who may list the bucket may know what is not in it
            return need.right == "READ" and _by_acl(call, LIST, "")
        acl = acls.of_object(version)
    else:
        acl = acls.of_bucket(call.bucket)
    if acls.has_none(call.bucket):
        acl = acls.Acl()
    elif acls.blocks(call.bucket, "IgnorePublicAcls"):
        acl = acls.Acl(grants=tuple(g for g in acl.grants if "/" not in g[0]))
    return acl.allows(need.right, caller_id="" if call.caller.is_anonymous else call.caller.id)


def _keys(call: Call) -> dict[str, str]:
    """The condition keys of a request."""
    request, now = call.request, time.time()
    keys = {
        "aws:securetransport": str(request.origin.startswith("https:")).lower(),
        "aws:currenttime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "aws:epochtime": str(int(now)),
        "aws:principaltype": "Anonymous" if call.caller.is_anonymous else "User",
        "s3:authtype": _auth_type(call),
    }
    if request.client_ip:
        keys["aws:sourceip"] = request.client_ip
    if not call.caller.is_anonymous:
        keys |= {"aws:userid": call.caller.ctx.user_id, "aws:username": call.caller.ctx.user_name}
    for name, key in (("referer", "aws:referer"), ("user-agent", "aws:useragent")):
        if name in call.headers:
            keys[key] = call.headers[name]
    for name in ("prefix", "delimiter", "max-keys"):
        if name in call.query:
            keys[f"s3:{name}"] = call.query[name]
    if "versionId" in call.query:
        keys["s3:versionid"] = call.query["versionId"]
    for name, value in call.headers.items():
        if f"s3:{name}" in policies.KEYS:
            keys[f"s3:{name}"] = value
    for tag, value in tags.pairs(call.headers.get("x-amz-tagging", "")):
        keys[f"s3:requestobjecttag/{tag}".lower()] = value
    return keys


def _auth_type(call: Call) -> str:
    return "REST-QUERY-STRING" if call.caller.is_presigned else "REST-HEADER"


def _tag_keys(call: Call, key: str) -> dict[str, str]:
    version = versions.find(call.store, call.bucket, key, call.query.get("versionId", ""))
    kept = version.record.metadata.get(sysmeta.TAGS, "") if version else ""
    return {f"s3:existingobjecttag/{tag}".lower(): value for tag, value in tags.pairs(kept)}


def is_allowed(call: Call, need: Need, *, key: str) -> bool:
    """Whether the caller may do it to another object of the bucket."""
    try:
        check(call, need, key=key)
    except Refused:
        return False
    return True
