"""PostObject: a browser's form that uploads a file, with a policy that the form's maker signed.

The form is read as it comes: small fields are kept, the file goes straight to the store (S3 API,
"Browser-based uploads using POST").
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from appliance import clock
from services.http import aws_signature
from services.http.endpoint import Reply
from services.object import versions
from services.object.s3 import access, attributes, documents, encryption, writing
from services.object.s3.bodies import CHUNK_BYTES, Source
from services.object.s3.call import Call, Caller, find_bucket
from services.object.s3.forms import Form
from services.object.s3.refusals import Refused
from services.object.s3.signatures import FindSigner

NEED: Final = access.Need(action="s3:PutObject", right="WRITE", is_write=True)
POLICY_BYTES_MAX: Final = 20 * 1024
_UNCHECKED: Final = frozenset({  # fields that a policy need not name
    "awsaccesskeyid", "signature", "policy", "file", "x-amz-signature", "x-amz-security-token",
    "submit",
})  # fmt: skip
_OF_URLS: Final = "%/:=&?~#+!$,;'@()*[]"
_SCOPE: Final = re.compile(r"(?P<access>[^/]+)/(?P<scope>\d{8}/[^/]+/s3/aws4_request)")


def post(call: Call, find_signer: FindSigner) -> Reply:
    """Store the file of a form, if its policy lets it and whoever signed the policy may."""
    form = Form(_Content(call), call.headers.get("content-type", ""))
    fields = form.fields()
    if "key" not in fields:
        raise Refused("InvalidArgument", "Bucket POST must contain a field named 'key'.")
    caller, conditions = _signed(call, fields, find_signer)
    key = fields["key"].replace("${filename}", form.filename)
    if not key or "\0" in key or len(key.encode()) > 1024:
        raise Refused("KeyTooLongError" if key else "InvalidArgument")
    named = {**fields, "key": key, "bucket": call.bucket_name}
    least, most = _check_conditions(conditions, named)
    headers = {k: v for k, v in named.items() if k.startswith("x-amz-") or k in _HEADERS}
    if "acl" in fields:
        headers["x-amz-acl"] = fields["acl"]
    if "tagging" in fields:
        headers["x-amz-tagging"] = attributes.tags_of_form(fields["tagging"])
    request = replace(call.request, headers=_latin(headers))
    bucket = find_bucket(call.store, caller, call.bucket_name)
    if bucket is None:
        raise Refused("NoSuchBucket", facts={"BucketName": call.bucket_name})
    there = replace(
        call, caller=caller, key=key, headers=headers, request=request, found=bucket, query={}
    )
    access.check(there, NEED)
    said = attributes.of_request(there)
    with there.store.put_object(there.name) as upload:
        kept_beside = encryption.begin(there, upload)
        said = replace(said, metadata={**said.metadata, **kept_beside})
        while data := form.read(CHUNK_BYTES):
            upload.write(data)
            if upload.size_bytes > most:
                raise Refused("EntityTooLarge", facts={"MaxSizeAllowed": str(most)})
        if upload.size_bytes < least:
            raise Refused("EntityTooSmall", facts={"MinSizeAllowed": str(least)})
        version = versions.put(call.store, bucket, key, upload=upload, said=said)
    return _answer(there, fields, version)


_HEADERS: Final = frozenset({"content-type", *(name.lower() for name in attributes.KEPT)})


class _Content:
    """The body as it came: a form's bytes have no digest of their own."""

    def __init__(self, call: Call) -> None:
        self._body: Source = call.body

    def read(self, size_bytes: int = CHUNK_BYTES) -> bytes:
        """Up to so many bytes; empty at the end."""
        return self._body.read(size_bytes)


def _latin(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they would have come: a character a byte, and on one line."""
    if any(ord(c) < 32 or ord(c) == 127 for value in headers.values() for c in value):
        raise Refused("InvalidArgument", "A field that becomes a header has a line end in it.")
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


def _signed(
    call: Call, fields: Mapping[str, str], find_signer: FindSigner
) -> tuple[Caller, list[Any]]:
    """Who signed the form's policy, and its conditions; nobody, with none, when it has none."""
    policy = fields.get("policy", "")
    if not policy:
        return call.caller, []
    if "x-amz-signature" in fields:
        scope = _SCOPE.fullmatch(fields.get("x-amz-credential", ""))
        if fields.get("x-amz-algorithm") != aws_signature.V4 or scope is None:
            raise Refused("InvalidArgument", "The form's credential cannot be read.")
        name, signature = scope["access"], fields["x-amz-signature"]
    elif "signature" in fields:
        scope, name = None, fields.get("awsaccesskeyid", "")
        signature = fields["signature"]
    else:
        raise Refused("InvalidArgument", "The form has a policy and no signature.")
    signer = find_signer(name)
    if signer is None:
        raise Refused("InvalidAccessKeyId", facts={"AWSAccessKeyId": name})
    secret = signer.secret.reveal()
    if scope is not None:
        key = aws_signature.signing_key(secret, tuple(scope["scope"].split("/")))
        made = hmac.digest(key, policy.encode(), "sha256").hex()
    else:
        made = base64.b64encode(hmac.digest(secret.encode(), policy.encode(), "sha1")).decode()
    if not hmac.compare_digest(made.encode(), signature.encode()):
        raise Refused("SignatureDoesNotMatch")
    return Caller(ctx=call.caller.ctx.by(signer.ctx), access=name), _conditions(policy)


def _conditions(policy: str) -> list[Any]:
    """A policy's conditions, if it still holds. Raises Refused."""
    if len(policy) > POLICY_BYTES_MAX:
        raise Refused("MaxMessageLengthExceeded")
    try:
        document = json.loads(base64.b64decode(policy, validate=True))
        until = datetime.fromisoformat(document["expiration"])
        conditions = document["conditions"]
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError) as error:
        raise _invalid("it is not JSON with an expiration and conditions") from error
    if not isinstance(conditions, list):
        raise _invalid("its conditions are no list")
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until.timestamp() <= clock.now():
        raise Refused("AccessDenied", "Invalid according to Policy: Policy expired.")
    return conditions


def _check_conditions(conditions: list[Any], fields: Mapping[str, str]) -> tuple[int, int]:
    """Refuse fields that the policy does not let through; return the file's least and most size."""
    least, most = 0, writing.SIZE_MAX
    named: set[str] = set()
    for condition in conditions:
        match condition:
            case dict():
                for name, value in condition.items():
                    named.add(_check_one("eq", str(name), value, fields))
            case ["content-length-range", low, high]:
                least, most = _range(low, high)
            case [str(operator), str(name), value]:
                if not name.startswith("$"):
                    raise _invalid("a field is written with $")
                named.add(_check_one(operator.lower(), name[1:], value, fields))
            case _:
                raise _invalid("a condition cannot be read")
    if conditions:
        for name in fields:
            if not (name in named or name in _UNCHECKED or name.startswith("x-ignore-")):
                if name == "bucket":
                    continue
                raise Refused(
                    "AccessDenied", f"Invalid according to Policy: Extra input fields: {name}"
                )
    return least, most


def _check_one(operator: str, name: str, value: Any, fields: Mapping[str, str]) -> str:
    name = name.lower()
    given = fields.get(name, "")
    if not isinstance(value, str) or operator not in ("eq", "starts-with"):
        raise _invalid("a condition cannot be read")
    holds = given == value if operator == "eq" else _starts(name, given, value)
    if not holds:
        shown = json.dumps([operator, f"${name}", value])
        raise Refused(
            "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {shown}"
        )
    return name


def _starts(name: str, given: str, value: str) -> bool:
    if name == "content-type":  # a list of types
        return all(part.strip().startswith(value) for part in given.split(","))
    return given.startswith(value)


def _range(low: Any, high: Any) -> tuple[int, int]:
    try:
        return int(low), int(high)
    except (TypeError, ValueError) as error:
        raise _invalid("content-length-range has no two numbers") from error


def _invalid(why: str) -> Refused:
    return Refused("InvalidPolicyDocument", f"The policy of the form is invalid: {why}.")


def _answer(call: Call, fields: Mapping[str, str], version: versions.Version) -> Reply:
    headers = writing.stored(call, version)
    location = f"{call.request.origin}/{call.bucket.name}/{quote(call.key)}"
    headers["Location"] = location
    target = fields.get("success_action_redirect") or fields.get("redirect", "")
    parts = urlsplit(target)
    if target and parts.scheme in ("http", "https") and parts.netloc:
        told = {"bucket": call.bucket.name, "key": call.key, "etag": f'"{version.etag}"'}
        query = "&".join(filter(None, (parts.query, urlencode(told))))
        to = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
        return Reply(status=303, headers=headers | {"Location": quote(to, safe=_OF_URLS)})
    status = fields.get("success_action_status", "204")
    if status != "201":
        return Reply(status=200 if status == "200" else 204, headers=headers)
    tree = [
        ("Location", location), ("Bucket", call.bucket.name), ("Key", call.key),
        ("ETag", f'"{version.etag}"'),
    ]  # fmt: skip
    body = documents.write("PostResponse", tree, namespace="")
    return Reply(body=body, status=201, headers=headers, content_type=documents.CONTENT_TYPE)
