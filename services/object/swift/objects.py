"""Swift's verbs on objects: who may is asked by `reading` and `writing`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs, quote, unquote

from appliance import trace
from services.http import stream
from services.http.endpoint import Reader, Reply, Request
from services.object import constraints, contents, headers
from services.object.contents import Chunks, Content
from services.object.refusals import HTML, Refused, Unexplained
from services.object.swift import manifests, sending, symlinks, versioning
from services.object.swift.access import Caller
from services.object.swift.reading import VERSION_ID, Reading
from services.object.swift.writing import Incoming, Writing
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Download

_JSON: Final = "application/json; charset=utf-8"


class Objects:
    """GET, HEAD, PUT, POST, DELETE and COPY of /v1/{account}/{container}/{object}."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, request: Request, caller: Caller) -> Reply:
        """Send an object, or parts of it; of a static large one its manifest, if asked."""
        reading = Reading(self._store, caller)
        asked = name_of(request)
        version_id = versioning.version_id(request)
        name, download = reading.open(asked, is_link=_is_link(request), version_id=version_id)
        try:
            content = contents.describe(reading, name, download, is_raw=_is_raw(request))
            said = _said(content, asked, name) | versioning.told(content.record, version_id)
            if _is_raw(request) and manifests.is_static(content.record):
                with download:
                    return self._manifest(request, content, download)
        except BaseException:
            download.close()
            raise
        return sending.send(request, reading, content, download=download, said=said)

    def head(self, request: Request, caller: Caller) -> Reply:
        """Describe an object."""
        reading = Reading(self._store, caller)
        asked = name_of(request)
        version_id = versioning.version_id(request)
        name, download = reading.open(asked, is_link=_is_link(request), version_id=version_id)
        with download:
            content = contents.describe(reading, name, download, is_raw=_is_raw(request))
        said = _said(content, asked, name) | versioning.told(content.record, version_id)
        if _is_raw(request) and manifests.is_static(content.record):
            said["Content-Type"] = _JSON
        return sending.head(request, content, said)

    def put(self, request: Request, caller: Caller) -> Reply:
        """Store an object: from the body, from another object, as a list of segments, as a link."""
        name = name_of(request)
        writing = Writing(self._store, caller)
        writing.check(name)
        constraints.check_object_name(name.name)
        self._check_absence(request, name)
        if version_id := versioning.version_id(request):
            return self._restore(request, writing, name, version_id)
        if "x-copy-from" in request.headers:
            if _body(request).read(1):
                raise Refused(400, "Copy requires a zero byte body")
            text, _, query = request.headers["x-copy-from"].partition("?")
            source = _path(request, "x-copy-from", "x-copy-from-account", text=text)
            asked = parse_qs(query).get("version-id", [""])[0]
            return self._copy(request, caller, source, target=name, version_id=asked)
        body = _body(request)
        if request.query.get("multipart-manifest") == "put":
            return self._put_manifest(request, caller, name, body=body)
        if link := symlinks.asked(request.headers, name):
            return self._put_link(request, caller, name, link=link, body=body)
        said = headers.attributes(request.headers, name.name)
        _check_dynamic(said.metadata)
        with (
            writing.incoming(
                name, size_bytes=body.length_bytes or 0, must_be_new=_must_be_new(request)
            ) as incoming,
            trace.hop("stream", "write", target="disk", object=str(name)) as span,
        ):
            receive(body, incoming)
            span.bytes = incoming.size_bytes
            if "etag" in request.headers:
                _check_etag(request.headers, incoming.etag)
            return _stored(incoming.commit(said))

    def post(self, request: Request, caller: Caller) -> Reply:
        """Replace an object's metadata; a link's too, and then the client is sent to its target."""
        name = name_of(request)
        writing = Writing(self._store, caller)
        writing.check(name)
        if "version-id" in request.query:
            raise Refused(400, "POST to a specific version is not allowed")
        if symlinks.TARGET.lower() in request.headers:
            raise Refused(400, "A PUT request is required to set a symlink target")
        metadata = headers.object_metadata(request.headers)
        delete_at = headers.delete_at(request.headers)

        def post(old: ObjectRecord) -> ObjectRecord:
            own = headers.system(old.metadata) | _own(old)
            return self._store.post_object(
                name,
                metadata=metadata | own,
                content_type=_new_type(request, name, old),
                delete_at=delete_at,
                written=old.written,
            )

        old, record = writing.change(name, post)
        told = {"X-Timestamp": headers.of_object(record, etag="")["X-Timestamp"]}
        if symlinks.is_link(old.metadata):
            found = symlinks.target(name, old.metadata)
            path = quote(f"/v1/{found.account}/{found.container}/{found.name}")
            return Reply(status=307, headers={**told, "Location": path}, content_type=HTML)
        return Reply(status=202, headers=told, content_type=HTML)

    def delete(self, request: Request, caller: Caller) -> Reply:
        """Remove an object, or one version of it; never what a link stands for."""
        version_id = versioning.version_id(request)
        done = Writing(self._store, caller).delete(name_of(request), version_id=version_id)
        said = {VERSION_ID: done.version_id} if done.version_id else {}
        return Reply(status=204, headers=said, content_type=HTML)

    def copy(self, request: Request, caller: Caller) -> Reply:
        """Store a copy under the name in the Destination header."""
        text = request.headers.get("destination", "")
        target = _path(request, "destination", "destination-account", text=text)
        asked = versioning.version_id(request)
        return self._copy(request, caller, name_of(request), target=target, version_id=asked)

    def _restore(
        self, request: Request, writing: Writing, name: ObjectName, version_id: str
    ) -> Reply:
        """Make an older version the current one: no bytes come with it."""
        if _body(request).read(1):
            raise Refused(400, "PUT version-id requests require a zero byte body")
        return _stored(writing.restore(name, version_id).record)

    def _manifest(self, request: Request, content: Content, download: Download) -> Reply:
        """Send a manifest itself, as it is stored or (`format=raw`) as a client would put it."""
        raw = download.read(0, content.record.size_bytes)
        if request.query.get("format") == "raw":
            raw = manifests.as_put(contents.read_manifest(download))
        said = sending.described(content)
        del said["Content-Type"]
        return Reply(body=raw, headers=said, content_type=_JSON)

    def _put_manifest(
        self, request: Request, caller: Caller, name: ObjectName, *, body: Reader
    ) -> Reply:
        if body.length_bytes and body.length_bytes > contents.MANIFEST_BYTES_MAX:
            raise Refused(413)
        with _whole_body():
            entries = manifests.read(body)
        rows = manifests.checked(entries, Reading(self._store, caller), name)
        whole = manifests.etag(rows)
        _check_etag(request.headers, whole)
        said = manifests.attributes(headers.attributes(request.headers, name.name), rows)
        raw = manifests.stored(rows)
        with Writing(self._store, caller).incoming(
            name, size_bytes=len(raw), must_be_new=_must_be_new(request)
        ) as incoming:
            incoming.write(raw)
            return replace_etag(_stored(incoming.commit(said)), f'"{whole}"')

    def _put_link(
        self,
        request: Request,
        caller: Caller,
        name: ObjectName,
        *,
        link: Mapping[str, str],
        body: Reader,
    ) -> Reply:
        """Store a link; a static one only to an object that is there and has the etag."""
        own = dict(link)
        if wanted := request.headers.get(symlinks.TARGET_ETAG.lower(), "").strip('"'):
            _, download = Reading(self._store, caller).open(symlinks.target(name, link))
            with download:
                own |= symlinks.pinned(download.record, wanted)
        said = headers.attributes(request.headers, name.name)
        said = replace(
            said,
            content_type=symlinks.marked(said.content_type, name, own),
            metadata={**said.metadata, **own},
        )
        with Writing(self._store, caller).incoming(
            name, must_be_new=_must_be_new(request)
        ) as incoming:
            receive(body, incoming)
            if incoming.size_bytes:
                raise Refused(400, "Symlink requests require a zero byte body")
            return _stored(incoming.commit(said))

    def _copy(
        self,
        request: Request,
        caller: Caller,
        source: ObjectName,
        *,
        target: ObjectName,
        version_id: str = "",
    ) -> Reply:
        reading = Reading(self._store, caller)
        asked = source
        source, download = reading.open(source, is_link=_is_link(request), version_id=version_id)
        with download:
            old = download.record
            content = contents.describe(reading, source, download, is_raw=_is_raw(request))
            said = headers.attributes(request.headers, target.name, old=old)
            if not content.is_large:
                said = _keeping_marks(said, old)
            with Writing(self._store, caller).incoming(
                target, size_bytes=content.size_bytes, must_be_new=_must_be_new(request)
            ) as incoming:
                if content.is_large:
                    said = replace(said, metadata=contents.without(said.metadata))
                    _join(reading, content, incoming)
                else:
                    incoming.copy_from(download)
                record = incoming.commit(said)
        came_from = {
            "X-Copied-From": quote(f"{asked.container}/{asked.name}"),
            "X-Copied-From-Account": asked.account,
            "X-Copied-From-Last-Modified": headers.http_date(old.timestamp),
        }
        told = sending.described(replace(content, record=record, etag=record.etag))
        told = {name: told[name] for name in told if name.startswith(headers.OBJECT_META)}
        reply = _stored(record)
        return replace(reply, headers={**told, **reply.headers, **came_from})

    def _check_absence(self, request: Request, name: ObjectName) -> None:
        """Refuse to overwrite if the client says so, before the body comes: 412."""
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


def receive(body: Reader, incoming: Incoming) -> None:
    """Write the whole body. Refuses one that ends too early: 499, or 408 after a long silence."""
    with _whole_body():
        while data := body.read(contents.CHUNK_BYTES):
            incoming.write(data)
    if body.length_bytes is not None and incoming.size_bytes != body.length_bytes:
        raise Refused(499)


def replace_etag(reply: Reply, etag: str) -> Reply:
    """Return an answer with another etag."""
    return replace(reply, headers={**reply.headers, "Etag": etag})


def _path(request: Request, header: str, account_header: str, *, text: str) -> ObjectName:
    """Return the object that a header's text names: 412 if it names none."""
    container, slash, name = unquote(text).lstrip("/").partition("/")
    if not (container and slash and name):
        raise Refused(
            412, f"{header.title()} header must be of the form <container name>/<object name>"
        )
    account = unquote(request.headers.get(account_header, "")) or request.path["account"]
    if "/" in account:
        raise Refused(412, "Account name cannot contain slashes")
    constraints.check_text(account, container, name)
    return ObjectName(account, container, name)


def _must_be_new(request: Request) -> bool:
    """Whether a PUT is to overwrite nothing: then what it says of it was looked at."""
    return request.method == "PUT" and "if-none-match" in request.headers


def _is_raw(request: Request) -> bool:
    return request.query.get("multipart-manifest") == "get"


def _is_link(request: Request) -> bool:
    return request.query.get("symlink") == "get"


def _said(content: Content, asked: ObjectName, name: ObjectName) -> dict[str, str]:
    """Return the headers of an object, and where it is if that is not where it was asked for."""
    said = sending.described(content)
    if contents.SLO_ETAG in content.record.metadata:
        said["X-Manifest-Etag"] = content.record.etag
    if name != asked:
        said["Content-Location"] = quote(f"/v1/{name.account}/{name.container}/{name.name}")
    return said


def _new_type(request: Request, name: ObjectName, old: ObjectRecord) -> str:
    """Return the content type that a POST sets; what listings show of the object stays in it."""
    said = headers.attributes(request.headers, name.name, old=old)
    return headers.marked(said.content_type, **headers.marks(old.content_type))


def _keeping_marks(said: Attributes, old: ObjectRecord) -> Attributes:
    """Return what a copy is, for the copy of a manifest or a link to stay one."""
    marks = headers.marks(old.content_type)
    marks.pop(headers.S3_MARK, None)
    marked = headers.marked(said.content_type, **marks)
    return replace(said, content_type=marked, metadata={**said.metadata, **_own(old)})


def _own(old: ObjectRecord) -> dict[str, str]:
    """Return what makes an object a manifest or a link."""
    return contents.kept(old.metadata) | symlinks.kept(old.metadata)


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


@contextlib.contextmanager
def _whole_body() -> Iterator[None]:
    """Say as Swift does that a client went away (499) or fell silent (408)."""
    try:
        yield
    except stream.Silent as error:
        raise Unexplained(408, str(error)) from error
    except stream.Disconnected as error:
        raise Unexplained(499, str(error)) from error


def _join(source: Reading, content: Content, incoming: Incoming) -> None:
    """Write a large object's bytes as one. Refuses one whose segments are not what they were."""
    try:
        with contextlib.closing(Chunks(source, content.segments)) as chunks:
            for data in chunks:
                incoming.write(data)
    except contents.Broken as error:
        raise Unexplained(409, str(error)) from error


def _check_etag(said: Mapping[str, str], etag: str) -> None:
    if (wanted := said.get("etag", "").strip('"').lower()) and wanted != etag:
        raise Refused(422)


def _check_dynamic(metadata: Mapping[str, str]) -> None:
    """Refuse a dynamic large object that names no container and prefix: 400."""
    if (text := metadata.get(contents.DLO)) is None:
        return
    container, slash, _ = unquote(text).lstrip("/").partition("/")
    if not (container and slash) or "?" in text or "&" in text:
        raise Refused(400, f"{contents.DLO} must be in the format container/prefix")


def _stored(record: ObjectRecord) -> Reply:
    said = headers.of_version(record, etag=record.etag)
    return Reply(status=201, headers=said | versioning.told(record), content_type=HTML)
