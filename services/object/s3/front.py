"""The way of every S3 request: address → signature → operation → access → its handler.

Whatever is refused on the way is answered in S3's own form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from appliance import context, errors
from services.http.endpoint import Endpoint, Face, Reply, Request, endpoint, path
from services.http.headers import Headers
from services.object import constraints
from services.object.bucket import Bucket
from services.object.s3 import (
    access,
    addressing,
    bodies,
    cors,
    documents,
    operations,
    post_object,
    refusals,
    signatures,
    website,
)
from services.object.s3.addressing import Address, Domains
from services.object.s3.call import Call, find_bucket
from services.object.s3.refusals import Refused
from storage.objects.store import ObjectStore

_READING: Final = ("GET", "HEAD", "DELETE", "OPTIONS")
_WRITING: Final = ("PUT", "POST")
# each changes what a request does: to pass over it would be another deed than was asked for
_UNSERVED: Final = frozenset({
    "x-amz-write-offset-bytes", "x-amz-if-match-last-modified-time", "x-amz-if-match-size",
    "x-amz-if-match-initiated-time",
})  # fmt: skip


def _is_plain(query: bytes, headers: Headers) -> bool:
    """Whether a request only keeps its body: without a query it is of an object, or of a form."""
    return not query and "x-amz-copy-source" not in headers


class Front:
    """S3 over one store; may be used by many threads."""

    def __init__(
        self, store: ObjectStore, find_signer: signatures.FindSigner, domains: Domains
    ) -> None:
        self._store = store
        self._find_signer = find_signer
        self._domains = domains

    def face(self) -> Face:
        """The face: one path, as a key may be anything."""
        # Who asks is known by the signature, which needs more than headers: so "public".
        verbs: dict[str, Endpoint] = {
            **{name: endpoint(self.answer, is_public=True) for name in _READING},
            **{
                name: endpoint(self.answer, is_public=True, streams=True, is_brief=_is_plain)
                for name in _WRITING
            },
        }
        return Face(
            prefix="", keeps_slash=True, fault=refusals.formatter,
            paths=(path("/{rest:path}", **verbs),),
        )  # fmt: skip

    def answer(self, request: Request) -> Reply:
        """Answer a request; refusals are documents too."""
        headers = signatures.headers_of(request)
        seen = _Seen()
        try:
            with refusals.translated():
                reply = self._served(request, headers, seen)
        except errors.NovaboxError as error:
            refused = refusals.of(error)
            reply = Reply(
                body=refusals.write(refused, seen.facts(refused)), status=refused.status,
                headers=refused.headers, content_type=documents.CONTENT_TYPE,
            )  # fmt: skip
        own = {"x-amz-request-id": request.ctx.request_id, "x-amz-id-2": "novabox"}
        if "expect" in headers and not (seen.body and seen.body.size_bytes):
            # botocore takes such an answer's status for the next one's on the same connection
            own["Connection"] = "close"
        shared = cors.headers_for(seen.bucket, headers, request.method)
        return replace(reply, headers={**own, **shared, **reply.headers})

    def _served(self, request: Request, headers: Mapping[str, str], seen: _Seen) -> Reply:
        address = addressing.of(request.raw_path, headers.get("host", ""), self._domains)
        seen.address = address
        query = request.query
        if any("\0" in text for pair in request.pairs for text in pair):
            raise Refused("InvalidArgument", "A NUL stands in the query.")
        if request.method == "OPTIONS" or address.is_website:
            return self._unsigned(request, headers, address, seen)
        signature = signatures.identify(request, headers, address, self._find_signer)
        ctx = request.ctx.by(signature.caller.ctx)
        context.current.set(ctx)  # in this request's own copy of the context
        caller = replace(signature.caller, ctx=ctx)
        operation = operations.find(
            request.method, bucket=address.bucket, key=address.key, query=query
        )
        request.rename(f"{request.method} {request.url_path} {operation.name}")
        seen.bucket = bucket = find_bucket(self._store, caller, address.bucket)
        call = Call(
            request=request, store=self._store, caller=caller, bucket_name=address.bucket,
            key=address.key, query=query, headers=headers, found=bucket,
            body=bodies.of(request.content, headers, chain=signature.chain),
        )  # fmt: skip
        if operation.name == "PostObject":
            return post_object.post(call, self._find_signer)
        seen.body = call.body
        _check(call, operation)
        assert operation.handler is not None  # noqa: S101 - `operations.find` refuses others
        return operation.handler(call)

    def _unsigned(
        self, request: Request, headers: Mapping[str, str], address: Address, seen: _Seen
    ) -> Reply:
        """A browser's question before its request, or a page of a website."""
        caller = signatures.nobody()
        seen.bucket = bucket = find_bucket(self._store, caller, address.bucket)
        call = Call(
            request=request, store=self._store, caller=caller, bucket_name=address.bucket,
            key=address.key, query=request.query, headers=headers, found=bucket,
            body=bodies.of(None, headers, chain=None),
        )  # fmt: skip
        if request.method == "OPTIONS":
            return cors.preflight(call)
        if request.method not in ("GET", "HEAD"):
            raise Refused("MethodNotAllowed")
        return website.serve(call)


class _Seen:
    """How far a request came: for its refusal."""

    def __init__(self) -> None:
        self.address: Address | None = None
        self.bucket: Bucket | None = None
        self.body: bodies.Body | None = None

    def facts(self, refused: Refused) -> dict[str, str]:
        """What a refusal tells of where it was."""
        if self.address is None:
            return {}
        facts = {"BucketName": self.address.bucket, "Key": self.address.key}
        facts["Resource"] = f"/{self.address.bucket}/{self.address.key}".rstrip("/") or "/"
        return {k: v for k, v in facts.items() if v and k not in refused.facts}


def _check(call: Call, operation: operations.Operation) -> None:
    """Refuse what may not be, before any of the body is read."""
    if unserved := next((name for name in call.headers if name in _UNSERVED), ""):
        raise Refused("NotImplemented", f"{unserved} is not served.")
    if any(len(value) > constraints.MAX_HEADER_SIZE for value in call.headers.values()):
        raise Refused("RequestHeaderSectionTooLarge")
    if operation.level == operations.SERVICE or operation.name == "CreateBucket":
        access.check_service(call, is_write=operation.need.is_write)
        return
    if call.found is None:
        raise Refused("NoSuchBucket", facts={"BucketName": call.bucket_name})
    expected = call.headers.get("x-amz-expected-bucket-owner")
    if expected is not None and expected != call.found.owner_id:
        raise Refused("AccessDenied")
    if operation.name != "DeleteObjects":  # which asks for each key
        access.check(call, operations.need_of(operation, call.query))
