"""Swift's verbs on objects. It refuses to know who may use them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from appliance import policy, trace
from services.http import stream
from services.http.endpoint import Reader, Reply, Request
from services.object import (
    conditions,
    constraints,
    contents,
    headers,
    manifests,
    refusals,
)
from services.object.contents import Chunks, Content
from services.object.refusals import Refused
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Download, Upload


class Objects:
    """GET, HEAD, PUT, POST, DELETE and COPY of /v1/{account}/{container}/{object}."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, request: Request) -> Reply:
        """Send an object, or a part of it."""
        name = name_of(request)
        with contextlib.ExitStack() as stack:
            download = stack.enter_context(self._store.get_object(name))
            content = contents.describe(self._store, name, download, is_raw=_is_raw(request))
            described = _headers(content)
            if refusal := _refusal(request, content, described):
                return refusal
            try:
                span, is_part = conditions.span(request.headers, size_bytes=content.size_bytes)
            except conditions.Unsatisfiable:
                return _unsatisfiable(content, described)
            stack.pop_all()
            return self._send(download, content, span, described=described, is_part=is_part)

    def head(self, request: Request) -> Reply:
        """Describe an object."""
        name = name_of(request)
        with self._store.get_object(name) as download:
            content = contents.describe(self._store, name, download, is_raw=_is_raw(request))
        described = _headers(content)
        if refusal := _refusal(request, content, described):
            return replace(refusal, body=None)
        return Reply(headers=described | {"Content-Length": str(content.size_bytes)})

    def put(self, request: Request) -> Reply:
        """Store an object: from the body, from another object, or as a manifest of segments."""
        name = name_of(request)
        constraints.check_object_name(name.name)
        self._check_absence(request, name)
        if "x-copy-from" in request.headers:
            return self._copy(request, _path(request, "x-copy-from", "x-copy-from-account"), name)
        if request.query.get("multipart-manifest") == "put":
            return manifests.put(self._store, request, name)
        body = _body(request)
        said = headers.attributes(request.headers, name.name)
        with (
            self._store.put_object(name) as upload,
            trace.hop("stream", "write", target="disk", object=str(name)) as span,
        ):
            _receive(body, upload)
            span.bytes = upload.size_bytes
            _check_etag(request.headers, upload.etag)
            return _stored(upload.commit(said))

    def post(self, request: Request) -> Reply:
        """Replace an object's metadata."""
        name = name_of(request)
        metadata = headers.object_metadata(request.headers)
        delete_at = headers.delete_at(request.headers)
        old = self._store.head_object(name)
        record = self._store.post_object(
            name,
            metadata=metadata | manifests.kept(old.metadata),
            content_type=manifests.content_type(request.headers.get("content-type"), old),
            delete_at=delete_at,
        )
        return Reply(
            status=202, headers={"X-Timestamp": headers.of_object(record, etag="")["X-Timestamp"]}
        )

    def delete(self, request: Request) -> Reply:
        """Remove an object; of a static large one its segments too, if asked."""
        name = name_of(request)
        if request.query.get("multipart-manifest") == "delete":
            return manifests.delete(self._store, request, name)
        self._store.head_object(name)
        self._store.delete_object(name)
        return Reply(status=204)

    def copy(self, request: Request) -> Reply:
        """Store a copy under the name in the Destination header."""
        target = _path(request, "destination", "destination-account")
        constraints.check_object_name(target.name)
        return self._copy(request, name_of(request), target)

    def _send(
        self,
        download: Download,
        content: Content,
        span: conditions.Span,
        *,
        described: dict[str, str],
        is_part: bool,
    ) -> Reply:
        """Answer with a span's bytes, at once if they are few; the file is closed with them."""
        segments = contents.cut(content.segments, span.start, span.stop)
        if content.is_large:
            download.close()
        chunks = Chunks(self._store, segments, opened=None if content.is_large else download)
        described = described | {"Content-Length": str(span.stop - span.start)}
        if is_part:
            described["Content-Range"] = str(span)
        body: bytes | Chunks = chunks
        if span.stop - span.start <= contents.CHUNK_BYTES:
            with contextlib.closing(chunks):
                body = b"".join(chunks)
        return Reply(body=body, status=206 if is_part else 200, headers=described)

    def _copy(self, request: Request, source: ObjectName, target: ObjectName) -> Reply:
        with self._store.get_object(source) as download:
            old = download.record
            content = contents.describe(self._store, source, download, is_raw=_is_raw(request))
            said = headers.attributes(request.headers, target.name, old=old)
            with self._store.put_object(target) as upload:
                if content.is_large:
                    said = replace(said, metadata=manifests.without(said.metadata))
                    _join(self._store, content, upload)
                else:
                    upload.copy_from(download)
                reply = _stored(upload.commit(said))
        came_from = {
            "X-Copied-From": f"{source.container}/{source.name}",
            "X-Copied-From-Account": source.account,
            "X-Copied-From-Last-Modified": headers.http_date(old.timestamp),
        }
        return replace(reply, headers={**reply.headers, **came_from})

    def _check_absence(self, request: Request, name: ObjectName) -> None:
        """Refuse to overwrite if the client says so: 412."""
        if (condition := request.headers.get("if-none-match")) is None:
            return
        if condition.strip() != "*":
            raise Refused(400, "If-None-Match only supports *")
        with contextlib.suppress(stored.ObjectNotFound):
            self._store.head_object(name)
            raise Refused(412)


def name_of(request: Request) -> ObjectName:
    """Return the object that a request's path names."""
    path = request.path
    return ObjectName(path["account"], path["container"], path["object"])


def _path(request: Request, header: str, account_header: str) -> ObjectName:
    """Return the object that a header names: 412 if it names none."""
    container, slash, name = unquote(request.headers.get(header, "")).lstrip("/").partition("/")
    if not (container and slash and name):
        raise Refused(
            412, f"{header.title()} header must be of the form <container name>/<object name>"
        )
    account = unquote(request.headers.get(account_header, "")) or request.path["account"]
    if account != request.path["account"]:
        policy.check(request.ctx, "object_store:any_account")
    return ObjectName(account, container, name)


def _is_raw(request: Request) -> bool:
    return request.query.get("multipart-manifest") == "get"


def _headers(content: Content) -> dict[str, str]:
    described = headers.of_object(content.record, etag=content.etag)
    return {name: value for name, value in described.items() if "-Sysmeta-" not in name}


def _refusal(request: Request, content: Content, described: Mapping[str, str]) -> Reply | None:
    ticks = content.record.timestamp
    status = conditions.status(request.headers, etag=content.etag, ticks=ticks)
    if status == 200:
        return None
    kept = {name: described[name] for name in ("Etag", "Last-Modified", "X-Timestamp")}
    body = refusals.page(status) if status == 412 else None
    return Reply(body=body, status=status, headers=kept)


def _unsatisfiable(content: Content, described: Mapping[str, str]) -> Reply:
    return Reply(
        body=refusals.page(416),
        status=416,
        headers={
            "Content-Range": f"bytes */{content.size_bytes}",
            "Accept-Ranges": "bytes",
            "Etag": described["Etag"],
        },
        content_type="text/html; charset=UTF-8",
    )


def _body(request: Request) -> Reader:
    """Return the body to read, if its size is known or it says where it ends: 411, 413."""
    body = request.content
    assert body is not None  # noqa: S101 - the endpoint streams
    if body.length_bytes is None:
        if "chunked" not in request.headers.get("transfer-encoding", "").lower():
            raise Refused(411, "Missing Content-Length header.")
    else:
        constraints.check_size(body.length_bytes)
    return body


def _receive(body: Reader, upload: Upload) -> None:
    """Write the whole body; one that ends too early is refused: 499."""
    try:
        while data := body.read(contents.CHUNK_BYTES):
            constraints.check_size(upload.size_bytes + len(data))
            upload.write(data)
    except stream.Disconnected as error:
        raise Refused(499) from error
    if body.length_bytes is not None and upload.size_bytes != body.length_bytes:
        raise Refused(499)


def _join(store: ObjectStore, content: Content, upload: Upload) -> None:
    """Write a large object's bytes as one."""
    with contextlib.closing(Chunks(store, content.segments)) as chunks:
        for data in chunks:
            upload.write(data)


def _check_etag(said: Mapping[str, str], etag: str) -> None:
    if (wanted := said.get("etag", "").strip('"').lower()) and wanted != etag:
        raise Refused(422)


def _stored(record: ObjectRecord) -> Reply:
    described = headers.of_object(record, etag=record.etag)
    return Reply(
        status=201,
        headers={name: described[name] for name in ("Etag", "Last-Modified", "X-Timestamp")},
        content_type="text/html; charset=UTF-8",
    )
