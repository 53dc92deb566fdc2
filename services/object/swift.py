"""Swift's Object Storage API v1: which verb answers which path, and who may use it.

An account is `AUTH_<project id>` and its project's; admins and the cloud's own services use any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from appliance import policy
from services.http.endpoint import Endpoint, Face, Path, Reply, Request, endpoint, path
from services.object import constraints, contents, manifests, refusals
from services.object.containers import Accounts, Containers
from services.object.objects import Objects
from storage.objects.store import ObjectStore

RESELLER_PREFIX: Final = "AUTH_"
# What is advertised in /info is what clients such as python-swiftclient then use.
INFO: Final = {
    "swift": {
        "version": "2.38.0",
        "policies": [{"name": "Policy-0", "default": True, "aliases": "Policy-0"}],
        "strict_cors_mode": True,
        **constraints.LIMITS,
    },
    "slo": {
        "max_manifest_segments": contents.SEGMENTS_MAX,
        "max_manifest_size": manifests.MANIFEST_BYTES_MAX,
        "min_segment_size": 1,
    },
    "dlo": {"max_segments": constraints.LISTING_LIMIT},
}

_READING: Final = frozenset({"GET", "HEAD"})

Handler = Callable[[Request], Reply]


def face(store: ObjectStore) -> Face:
    """Return the whole API over one store."""
    return Face(
        prefix="",
        fault=refusals.write,
        service_types=("object-store",),
        keeps_slash=True,
        paths=(
            path("/info", GET=endpoint(lambda _: INFO, is_public=True)),
            path("/healthcheck", GET=endpoint(_healthy, is_public=True)),
            *_table("/v1/{account}", _account_verbs(store)),
            *_table("/v1/{account}/{container}", _container_verbs(store)),
            path("/v1/{account}/{container}/{object:path}", **_object_verbs(store)),
        ),
    )


def _table(text: str, verbs: dict[str, Endpoint]) -> tuple[Path, Path]:
    """Return a path with and without the slash at its end: to Swift they are one."""
    return path(text, **verbs), path(text + "/", **verbs)


def _account_verbs(store: ObjectStore) -> dict[str, Endpoint]:
    verbs = Accounts(store)
    return {
        "GET": _verb(verbs.get),
        "HEAD": _verb(verbs.head),
        "POST": _verb(verbs.post),
        "DELETE": _verb(verbs.delete),
        "OPTIONS": _options("GET, HEAD, POST, DELETE, OPTIONS"),
    }


def _container_verbs(store: ObjectStore) -> dict[str, Endpoint]:
    verbs = Containers(store)
    return {
        "GET": _verb(verbs.get),
        "HEAD": _verb(verbs.head),
        "PUT": _verb(verbs.put),
        "POST": _verb(verbs.post),
        "DELETE": _verb(verbs.delete),
        "OPTIONS": _options("GET, HEAD, PUT, POST, DELETE, OPTIONS"),
    }


def _object_verbs(store: ObjectStore) -> dict[str, Endpoint]:
    verbs = Objects(store)
    return {
        "GET": _verb(verbs.get),
        "HEAD": _verb(verbs.head),
        "PUT": _verb(verbs.put, streams=True),
        "POST": _verb(verbs.post),
        "DELETE": _verb(verbs.delete),
        "COPY": _verb(verbs.copy),
        "OPTIONS": _options("GET, HEAD, PUT, POST, DELETE, COPY, OPTIONS"),
    }


def _verb(handler: Handler, *, streams: bool = False) -> Endpoint:
    """Return the endpoint of a verb: owner checked, the store's errors as Swift's."""

    def run(request: Request) -> Reply:
        constraints.check_text(*request.path.values())
        _check_policy(request)
        with refusals.translated():
            reply = handler(request)
        return replace(reply, headers={**reply.headers, "X-Trans-Id": request.ctx.request_id})

    return endpoint(run, streams=streams)


def _check_policy(request: Request) -> None:
    """Refuse who may not use the account in this way: 403."""
    ctx, account = request.ctx, request.path["account"]
    is_reading = request.method in _READING
    policy.check(ctx, "object_store:read" if is_reading else "object_store:write")
    if not ctx.project_id or account != f"{RESELLER_PREFIX}{ctx.project_id}":
        policy.check(ctx, "object_store:any_account")


def _options(allowed: str) -> Endpoint:
    return endpoint(lambda _: Reply(headers={"Allow": allowed}), is_public=True)


def _healthy(_: Request) -> Reply:
    return Reply(body=b"OK", content_type="text/plain")
