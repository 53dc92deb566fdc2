"""Swift's Object Storage API v1: which verb answers which path, and who asks.

A caller is known by a token, by a signed URL, or not at all; what it may do each verb asks
`access`. Accounts are called `AUTH_<project id>`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from appliance import context, errors
from services.http.endpoint import (
    Brief,
    Endpoint,
    Face,
    Path,
    Quick,
    Reply,
    Request,
    endpoint,
    never_brief,
    never_quick,
    path,
)
from services.http.headers import Headers
from services.object import constraints, refusals
from services.object.refusals import Refused
from services.object.swift import access, cors, formpost, tempurl
from services.object.swift import info as infos
from services.object.swift.access import Caller, Deed
from services.object.swift.bulk import Bulk
from services.object.swift.containers import Accounts, Containers
from services.object.swift.objects import Objects, name_of
from services.object.swift.ratelimit import RateLimit, Rates
from services.object.swift.staticweb import StaticWeb
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

Handler = Callable[[Request, Caller], Reply]

_OF_ACCOUNTS: Final = "GET, HEAD, POST, DELETE, OPTIONS"
_OF_CONTAINERS: Final = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
_OF_OBJECTS: Final = "GET, HEAD, PUT, POST, DELETE, COPY, OPTIONS"
_WRITING: Final = frozenset({"PUT", "DELETE", "COPY"})
_KEEPING: Final = frozenset({"PUT", "POST", "COPY"})


def _is_plain(query: bytes, headers: Headers) -> bool:
    """Whether a PUT only keeps its body."""
    return not query and "x-copy-from" not in headers


def face(store: ObjectStore, *, rates: Rates | None = None) -> Face:
    """Return the whole API over one store."""
    rates = rates or Rates()
    verbs = _Verbs(store, RateLimit(rates, time.monotonic))
    about = infos.info(rates)
    return Face(
        prefix="",
        fault=refusals.write,
        service_types=("object-store",),
        keeps_slash=True,
        paths=(
            path("/info", GET=_public(lambda: Reply(body=about))),
            path("/healthcheck", GET=_public(lambda: Reply(body=b"OK", content_type="text/plain"))),
            *_table("/v1/{account}", verbs.of_accounts()),
            *_table("/v1/{account}/{container}", verbs.of_containers()),
            path("/v1/{account}/{container}/{object:path}", **verbs.of_objects()),
        ),
    )


class _Verbs:
    """The verbs of every path, each with what holds for all of them around it."""

    def __init__(self, store: ObjectStore, rate_limit: RateLimit) -> None:
        self._store = store
        self._rate_limit = rate_limit
        self._accounts = Accounts(store)
        self._containers = Containers(store)
        self._objects = Objects(store)
        self._bulk = Bulk(store)
        self._form = formpost.FormPost(store)
        self._web = StaticWeb(store, self._containers, self._objects)

    def of_accounts(self) -> dict[str, Endpoint]:
        return {
            "GET": self._endpoint(self._accounts.get),
            "HEAD": self._endpoint(self._accounts.head),
            "PUT": self._endpoint(self._put_account, streams=True),
            "POST": self._endpoint(self._post_account, streams=True),
            "DELETE": self._endpoint(self._delete_account, streams=True),
            "OPTIONS": self._options(_OF_ACCOUNTS),
        }

    def of_containers(self) -> dict[str, Endpoint]:
        return {
            "GET": self._endpoint(self._web.container),
            "HEAD": self._endpoint(self._web.container),
            "PUT": self._endpoint(self._put_container, streams=True),
            "POST": self._endpoint(self._post(self._containers.post), streams=True),
            "DELETE": self._endpoint(self._containers.delete),
            "OPTIONS": self._options(_OF_CONTAINERS),
        }

    def of_objects(self) -> dict[str, Endpoint]:
        return {
            "GET": self._endpoint(self._web.object, is_quick=self._is_at_hand),
            "HEAD": self._endpoint(self._web.object, is_quick=self._is_at_hand),
            "PUT": self._endpoint(self._put_object, streams=True, is_brief=_is_plain),
            "POST": self._endpoint(self._post(self._objects.post), streams=True),
            "DELETE": self._endpoint(self._delete_object),
            "COPY": self._endpoint(self._objects.copy),
            "OPTIONS": self._options(_OF_OBJECTS),
        }

    def _put_account(self, request: Request, caller: Caller) -> Reply:
        if "extract-archive" not in request.query:
            raise Refused(405)
        return self._bulk.extract(request, caller)

    def _post_account(self, request: Request, caller: Caller) -> Reply:
        is_bulk = "bulk-delete" in request.query
        return (self._bulk.delete if is_bulk else self._accounts.post)(request, caller)

    def _delete_account(self, request: Request, caller: Caller) -> Reply:
        is_bulk = "bulk-delete" in request.query
        return (self._bulk.delete if is_bulk else self._accounts.delete)(request, caller)

    def _put_container(self, request: Request, caller: Caller) -> Reply:
        is_archive = "extract-archive" in request.query
        return (self._bulk.extract if is_archive else self._containers.put)(request, caller)

    def _put_object(self, request: Request, caller: Caller) -> Reply:
        is_archive = "extract-archive" in request.query
        return (self._bulk.extract if is_archive else self._objects.put)(request, caller)

    def _delete_object(self, request: Request, caller: Caller) -> Reply:
        if request.query.get("multipart-manifest") == "delete":
            return self._bulk.delete_manifest(request, caller, name_of(request))
        return self._objects.delete(request, caller)

    def _post(self, plain: Handler) -> Handler:
        """Return what answers a POST: of a form's files, or of metadata."""

        def post(request: Request, caller: Caller) -> Reply:
            is_form = formpost.is_form(request)
            return (self._form.post if is_form else plain)(request, caller)

        return post

    def _endpoint(
        self,
        handler: Handler,
        *,
        streams: bool = False,
        is_brief: Brief = never_brief,
        is_quick: Quick = never_quick,
    ) -> Endpoint:
        run = functools.partial(self._run, handler=handler)
        return endpoint(run, is_open=True, streams=streams, is_brief=is_brief, is_quick=is_quick)

    def _is_at_hand(self, path: Mapping[str, str], query: bytes, headers: Headers) -> bool:
        """Whether a row is all that has to be read, as far as can be known before."""
        is_plain = not query and "range" not in headers
        return is_plain and self._store.is_at_hand(path["account"], path["container"])

    def _options(self, allowed: str) -> Endpoint:
        def answer(request: Request) -> Reply:
            return cors.preflight(request.headers, self._metadata(request), allowed)

        return endpoint(answer, is_public=True)

    def _run(self, request: Request, *, handler: Handler) -> Reply:
        """Answer with what the verb says, or raise it: with the headers that every answer has."""
        told: dict[str, str] = {"X-Trans-Id": _transaction_id(request)}
        try:
            constraints.check_text(*request.path.values())
            if request.method in _KEEPING:
                constraints.check_headers(request.headers)
            with refusals.translated():
                reply = self._answer(request, handler)
            return reply.saying({**told, **self._cors(request, reply)})
        except errors.NovaboxError as error:
            error.headers = {**error.headers, **told, **self._cors(request, Reply())}
            raise

    def _answer(self, request: Request, handler: Handler) -> Reply:
        caller = Caller(ctx=request.ctx, referrer=request.headers.get("referer", ""))
        signed = tempurl.find(request) if request.path.get("object") else None
        if signed is None:
            self._count(request, caller)
            return handler(request, caller)
        name = name_of(request)
        # whoever brings a signature is nobody else: its token counts for nothing
        caller = Caller(
            ctx=context.RequestContext(request_id=request.ctx.request_id),
            signed=tempurl.check(self._store, request, signed, name),
        )
        return tempurl.dressed(request, handler(request, caller), signed, name)

    def _count(self, request: Request, caller: Caller) -> None:
        """Count a write by somebody who may: others cannot use up what is the owner's."""
        path = request.path
        if not self._rate_limit.is_on or request.method not in _WRITING or "container" not in path:
            return
        name = ObjectName(path["account"], path["container"], path.get("object", ""))
        deed = Deed.WRITE_OBJECT if name.name else Deed.WRITE_CONTAINER
        if access.allows(self._store, caller, deed, name=name):
            self._rate_limit.count(name)

    def _cors(self, request: Request, reply: Reply) -> dict[str, str]:
        if (origin := request.headers.get("origin")) is None:
            return {}
        return cors.told(self._metadata(request), origin, reply.headers)

    def _metadata(self, request: Request) -> Mapping[str, str]:
        """Return a container's metadata, empty if it has none or is not there."""
        if not (container := request.path.get("container")):
            return {}
        try:
            return self._store.head_container(request.path["account"], container).metadata
        except stored.StoreError:
            return {}


def _table(text: str, verbs: dict[str, Endpoint]) -> tuple[Path, Path]:
    """Return a path with and without the slash at its end: to Swift they are one."""
    return path(text, **verbs), path(text + "/", **verbs)


def _transaction_id(request: Request) -> str:
    """Return the request's id as Swift writes it: `tx`, 21 digits of it, `-`, and the time."""
    digits = request.ctx.request_id.removeprefix("req-").replace("-", "")
    return f"tx{digits[:21]}-{int(time.time()):010x}"


def _public(answer: Callable[[], Reply]) -> Endpoint:
    """Return what everybody is told, whoever it is."""

    def run(request: Request) -> Reply:
        return replace(answer(), headers={"X-Trans-Id": _transaction_id(request)})

    return endpoint(run, is_public=True)
