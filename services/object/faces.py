"""Both faces of the object store on one port: Swift under `/v1`, S3 everywhere else.

A request whose host names a bucket is S3's, whatever its path. It refuses to know what they do.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from services.http.endpoint import Face
from services.object.s3 import addressing
from services.object.s3.addressing import Domains


class Faces:
    """Sends a request to the face that it is meant for (ASGI)."""

    def __init__(self, *, swift: ASGIApp, s3: ASGIApp, of_swift: Face, domains: Domains) -> None:
        self._swift = swift
        self._s3 = s3
        self._domains = domains
        self._heads = frozenset(line.path.split("/")[1] for line in of_swift.paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request by its face."""
        app = self._s3 if scope["type"] == "http" and self._is_s3(scope) else self._swift
        await app(scope, receive, send)

    def _is_s3(self, scope: Scope) -> bool:
        if scope["path"].split("/")[1] not in self._heads:
            return True
        if not self._domains.are_named:
            return False
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return bool(addressing.bucket_of_host(host.decode("latin-1"), self._domains)[0])
