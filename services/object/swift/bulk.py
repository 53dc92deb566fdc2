"""Many objects in one request: an archive unpacked, a list of names deleted (Swift, bulk.py).

Each object is written or removed as if it came alone, with the same questions asked.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from appliance import errors
from services.http.endpoint import Reader, Reply, Request
from services.object import constraints, contents, headers, refusals
from services.object.refusals import Refused
from services.object.swift import access, archive, manifests, report, versioning
from services.object.swift.access import Caller, Deed
from services.object.swift.reading import Reading
from services.object.swift.report import Report
from services.object.swift.writing import Writing
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

CONTAINERS_MAX: Final = 10_000  # Swift's max_containers_per_extraction
FILES_MAX: Final = 100_000
DELETES_MAX: Final = 10_000
_LINE_BYTES_MAX: Final = 3 * (
    constraints.MAX_CONTAINER_NAME_LENGTH + constraints.MAX_OBJECT_NAME_LENGTH + 2
)  # each byte may be written as %XX


class Bulk:
    """PUT ?extract-archive=, POST or DELETE ?bulk-delete, DELETE ?multipart-manifest=delete."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def extract(self, request: Request, caller: Caller) -> Reply:
        """Store an archive's files below the request's path; containers are made as needed."""
        body, form = request.content, request.query["extract-archive"]
        assert body is not None  # noqa: S101 - the endpoint streams
        media_type = report.form(request)
        if form not in archive.FORMATS:
            raise Refused(400, f"Unsupported archive format {form!r}")
        if body.length_bytes is None and "transfer-encoding" not in request.headers:
            raise Refused(411, "Missing Content-Length header.")
        found = Report(element="extract", counts={"Number Files Created": 0})
        try:
            self._extract(request, caller, archive.files(body, form), found)
        except archive.Unreadable as error:
            found.status, found.body = "400 Bad Request", str(error)
        if not found.counts["Number Files Created"] and not found.errors and not found.status:
            found.status, found.body = "400 Bad Request", "Invalid Tar File: No Valid Files"
        return report.reply(found, media_type, success="201 Created")

    def delete(self, request: Request, caller: Caller) -> Reply:
        """Delete the objects and empty containers that the body names, one a line, URL-quoted."""
        body = request.content
        assert body is not None  # noqa: S101 - the endpoint streams
        media_type = report.form(request)
        found = Report(element="delete", counts={"Number Deleted": 0, "Number Not Found": 0})
        for count, line in enumerate(_lines(body)):
            if count >= DELETES_MAX:
                found.status = "413 Request Entity Too Large"
                found.body = f"Maximum Bulk Deletes: {DELETES_MAX} per request"
                break
            self._delete_one(request.path["account"], caller, line, found)
            if found.is_hopeless:
                found.status, found.body = "400 Bad Request", "Max delete failures exceeded"
                break
        return report.reply(found, media_type, success="200 OK")

    def delete_manifest(self, request: Request, caller: Caller, name: ObjectName) -> Reply:
        """Delete a static large object and all its segments, which the caller may delete.

        Where versions are kept only the object goes: its older version is made of the segments.
        Nothing goes when any of it is locked: 403.
        """
        media_type = report.form(request)
        if "version-id" in request.query:
            raise Refused(400, "One version is deleted without multipart-manifest=delete")
        writing = Writing(self._store, caller)
        writing.check_free(name)
        found = Report(element="delete", counts={"Number Deleted": 0, "Number Not Found": 0})
        segments = manifests.inner(Reading(self._store, caller), name)
        if writing.is_versioned(name):
            segments = []
        for segment in segments:
            writing.check_lock(segment)
        for segment in [*segments, name]:
            path = f"/{segment.container}/{segment.name}"
            _try(found, path, functools.partial(writing.delete, segment))
            if found.is_hopeless:
                break
        return report.reply(found, media_type, success="200 OK")

    def _extract(
        self, request: Request, caller: Caller, files: Iterator[archive.File], found: Report
    ) -> None:
        account = request.path["account"]
        before = "/".join(
            filter(None, (request.path.get(part) for part in ("container", "object")))
        )
        made: set[str] = set()
        for count, file in enumerate(files):
            if count >= FILES_MAX:
                raise archive.Unreadable(f"More than {FILES_MAX} files")
            path = "/".join(filter(None, (before, file.path.removeprefix("./").strip("/"))))
            container, slash, name = path.partition("/")
            if not slash:
                continue  # a file beside the containers belongs nowhere
            status = self._store_file(caller, ObjectName(account, container, name), file, made)
            if status:
                found.fail(path, status)
            else:
                found.counts["Number Files Created"] += 1
            if found.is_hopeless:
                raise archive.Unreadable("Too many failures")

    def _store_file(
        self, caller: Caller, name: ObjectName, file: archive.File, made: set[str]
    ) -> str:
        """Store one file; return the status line of a failure, or ""."""
        try:
            with refusals.translated():
                _check_path(name)
                self._make_container(caller, name, made)
                writing = Writing(self._store, caller)
                with writing.incoming(name, size_bytes=file.size_bytes) as incoming:
                    while data := file.read(contents.CHUNK_BYTES):
                        incoming.write(data)
                    incoming.commit(Attributes(content_type=headers.guess_type(name.name)))
        except errors.NovaboxError as error:
            return _status_line(error.status)
        return ""

    def _make_container(self, caller: Caller, name: ObjectName, made: set[str]) -> None:
        if name.container in made:
            return
        if len(made) >= CONTAINERS_MAX:
            raise Refused(400, f"More than {CONTAINERS_MAX} containers")
        place = ObjectName(name.account, name.container, "")
        if access.allows(self._store, caller, Deed.WRITE_CONTAINER, name=place):
            constraints.check_container_name(name.container)
            self._store.put_container(name.account, name.container)
        made.add(name.container)

    def _delete_one(self, account: str, caller: Caller, line: str, found: Report) -> None:
        path = unquote(line).strip().lstrip("/")
        if not path:
            return
        container, slash, name = path.partition("/")
        place = ObjectName(account, container, name)

        def delete() -> None:
            constraints.check_text(container, name)
            if slash and name:
                Writing(self._store, caller).delete(place)
            else:
                access.check(self._store, caller, Deed.WRITE_CONTAINER, name=place)
                versioning.delete_container(self._store, account, container)

        _try(found, path, delete)


def _try(found: Report, path: str, delete: Callable[[], object]) -> None:
    """Delete something and count what came of it."""
    try:
        with refusals.translated():
            delete()
    except errors.NovaboxError as error:
        if error.status == 404:
            found.counts["Number Not Found"] += 1
        else:
            found.fail(path, _status_line(error.status))
    else:
        found.counts["Number Deleted"] += 1


def _check_path(name: ObjectName) -> None:
    """Refuse a name that a client would take for another place, or that is no text: 400, 412."""
    constraints.check_text(name.container, name.name)
    if ".." in (name.container, *name.name.split("/")):
        raise Refused(400, "Invalid path")


def _lines(body: Reader) -> Iterator[str]:
    """Yield a body's lines. Refuses one too long to be a name: 400."""
    rest = b""
    while data := body.read(contents.CHUNK_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        for line in [*lines, rest]:
            if len(line) > _LINE_BYTES_MAX:
                raise Refused(400, "Invalid File Name: too long")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")


def _status_line(status: int) -> str:
    phrase = HTTPStatus(status).phrase if status != 499 else "Client Disconnect"
    return f"{status} {phrase}"
