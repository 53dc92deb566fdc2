"""URLs that carry a right for a while: a method, a path and an expiry, signed (Swift, tempurl.py).

It refuses to know what the verb does with the right.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from services.http.endpoint import Reply, Request
from services.object import headers
from services.object.refusals import Refused
from services.object.swift import signatures, symlinks
from services.object.swift.access import Pass
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")
_WRITING: Final = frozenset({"PUT", "POST", "DELETE"})
# a HEAD is allowed to whoever may do one of these
_SIGNED_FOR: Final = {"HEAD": ("HEAD", "GET", "POST", "PUT")}
# What would let the holder of a URL to write one object read others by it.
_FORBIDDEN: Final = ("x-object-manifest", symlinks.TARGET.lower())
_HIDDEN: Final = "X-Object-Meta-"
_SHOWN: Final = "X-Object-Meta-Public-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the query of a signed URL says."""

    signature: signatures.Signature | None
    expires: int | None
    prefix: str | None
    ip_range: str | None


def find(request: Request) -> Signed | None:
    """Return what a request's URL says of a signature, or None if nothing."""
    query = request.query
    if "temp_url_sig" not in query and "temp_url_expires" not in query:
        return None
    return Signed(
        signature=signatures.Signature.read(query.get("temp_url_sig", "")),
        expires=signatures.moment(query.get("temp_url_expires", "")),
        prefix=query.get("temp_url_prefix"),
        ip_range=query.get("temp_url_ip_range"),
    )


def check(store: ObjectStore, request: Request, said: Signed, name: ObjectName) -> Pass:
    """Return the pass that a signed URL is. Refuses one that is wrong, or no longer holds: 401."""
    if said.signature is None or said.expires is None or said.expires < time.time():
        raise _invalid()
    if said.prefix is not None and not name.name.startswith(said.prefix):
        raise _invalid()
    if said.ip_range is not None and not _is_in(request.client_ip, said.ip_range):
        raise _invalid()
    path = request.url_path
    if said.prefix is not None:
        path = f"prefix:/v1/{name.account}/{name.container}/{said.prefix}"
    before = f"ip={said.ip_range}\n" if said.ip_range is not None else ""
    methods = _SIGNED_FOR.get(request.method, (request.method,))
    texts = [f"{before}{method}\n{said.expires}\n{path}" for method in methods]
    scopes = [
        scope
        for key, scope in signatures.keys(store, name)
        for text in texts
        if said.signature.is_by(key, text)
    ]
    if request.method not in METHODS or not scopes:
        raise _invalid()
    _check_incoming(request)
    return Pass(scope=scopes[0], name=name, is_writing=request.method in _WRITING)


def dressed(request: Request, reply: Reply, said: Signed, name: ObjectName) -> Reply:
    """Return the answer to a signed request: told to be a file, and without the owner's notes."""
    found = {
        key: value
        for key, value in reply.headers.items()
        if not key.startswith(_HIDDEN) or key.startswith(_SHOWN)
    }
    if request.method in {"GET", "HEAD"} and reply.status < 300:
        found["Content-Disposition"] = _disposition(request, reply, name)
        if said.expires is not None:
            found["Expires"] = headers.http_date(said.expires * 100_000)
    return replace(reply, headers=found)


def _disposition(request: Request, reply: Reply, name: ObjectName) -> str:
    """Return how a browser is to take the object (RFC 6266), as the URL or its owner says."""
    query = request.query
    file_name = query.get("filename") or name.name.rstrip("/").rpartition("/")[2]
    plain = "".join(
        char if " " <= char < "\x7f" and char not in '"\\' else "_" for char in file_name
    )
    parts = f"filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
    if "inline" in query:
        return f"inline; {parts}" if query.get("filename") else "inline"
    if query.get("filename"):
        return f"attachment; {parts}"
    return reply.headers.get("Content-Disposition") or f"attachment; {parts}"


def _check_incoming(request: Request) -> None:
    for name in _FORBIDDEN:
        if name in request.headers:
            raise Refused(400, f"The header {name.title()!r} is not allowed in this tempurl")
    if request.query.get("multipart-manifest") == "put":
        raise Refused(400, "A manifest is not put by a tempurl")


def _is_in(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _invalid() -> Refused:
    return Refused(401, "Temp URL invalid")
