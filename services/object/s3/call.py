"""One S3 request on its way to a handler: who asks, of which bucket and key, with which body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from appliance import context
from services.http.endpoint import Request
from services.object import bucket as buckets
from services.object.bucket import HIDDEN, RESELLER_PREFIX, Bucket
from services.object.s3 import documents
from services.object.s3.bodies import Body
from services.object.s3.refusals import Refused
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

_XML_BYTES_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks; `ctx` of one who did not sign says nothing."""

    ctx: context.RequestContext
    access: str = ""
    is_presigned: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody signed the request."""
        return not self.access

    @property
    def id(self) -> str:
        """The canonical user id of S3: the project, whose objects they are."""
        return self.ctx.project_id

    @property
    def account(self) -> str:
        """The account that the caller's buckets are in."""
        return f"{RESELLER_PREFIX}{self.ctx.project_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler is told."""

    request: Request
    store: ObjectStore
    caller: Caller
    bucket_name: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case, values as they came
    body: Body
    found: Bucket | None = None  # of every operation but those on a bucket that is not there yet

    @property
    def bucket(self) -> Bucket:
        """The bucket that the request is about."""
        assert self.found is not None  # noqa: S101 - the front found it
        return self.found

    @property
    def name(self) -> ObjectName:
        """The object that the request is about."""
        return self.bucket.object(self.key)

    def document(self, tag: str, *, limit_bytes: int = _XML_BYTES_MAX) -> documents.Node:
        """The XML that the body is. Raises Refused: MalformedXML, MaxMessageLengthExceeded."""
        raw = self.body.whole(limit_bytes)
        try:
            root = documents.read(raw)
        except documents.Unreadable as error:
            raise Refused("MalformedXML") from error
        if root.tag != tag:
            raise Refused("MalformedXML")
        return root

    def number(self, name: str, *, default: int, most: int) -> int:
        """A number of the query, cut down to `most`. Raises Refused: InvalidArgument."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refused(
                "InvalidArgument", f"{name} must be an integer between 0 and 2147483647",
                facts={"ArgumentName": name, "ArgumentValue": text},
            )  # fmt: skip
        return min(int(text), most)


def find_bucket(store: ObjectStore, caller: Caller, name: str) -> Bucket | None:
    """The bucket of that name: the caller's own, or whoever has had it longest."""
    if not name or "\0" in name:
        return None
    for account in _accounts(store, caller, name):
        with suppress(stored.ContainerNotFound):
            return buckets.find(store, account, name)
    return None


def _accounts(store: ObjectStore, caller: Caller, name: str) -> Iterator[str]:
    """Where a bucket of that name may be; others' accounts are only asked for when they matter."""
    if caller.ctx.project_id:
        yield caller.account
    yield from (each for each in store.accounts_with(name) if not each.startswith(HIDDEN))
