"""Files from an HTML form, whose fields are signed (Swift, common/middleware/formpost.py).

The signature covers where the files go, how large and how many they may be, until when, and where
the browser is sent afterwards; nothing is stored or followed before it is checked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from appliance import errors
from services.http.endpoint import Reply, Request
from services.object import contents, headers, refusals
from services.object.refusals import Refused
from services.object.swift import form, signatures
from services.object.swift.access import Caller, Pass
from services.object.swift.writing import Writing
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

_VALUE_BYTES_MAX: Final = 4096  # Swift's MAX_VALUE_LENGTH
_FIELDS_MAX: Final = 100
_IN_URL: Final = "%/:=&?~#+!$,;'@()*[]"
_SIGNED: Final = ("redirect", "max_file_size", "max_file_count", "expires")


class FormPost:
    """POST of a form to /v1/{account}/{container} or a prefix below it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def post(self, request: Request, caller: Caller) -> Reply:
        """Store the files of a form, and send the browser on."""
        boundary = form.boundary(request.headers.get("content-type", ""))
        if boundary is None or request.content is None:
            raise Refused(400, "FormPost: invalid starting boundary")
        fields: dict[str, str] = {}
        try:
            status, message = self._store_files(
                request, caller, form.Form(request.content, boundary=boundary), fields
            )
        except form.Malformed as error:
            raise Refused(400, f"FormPost: {error}") from error
        if redirect := fields.get("redirect"):
            return _redirect(redirect, status, message)
        text = f"{message}\r\n" if message else ""
        return Reply(status=status, body=text.encode(), content_type="text/plain; charset=UTF-8")

    def _store_files(
        self, request: Request, caller: Caller, parts: form.Form, fields: dict[str, str]
    ) -> tuple[int, str]:
        """Store each file; return the status and sentence for the browser."""
        signed: Pass | None = None
        left = 0
        for part in parts.parts():
            if part.file_name is None:
                _note(fields, part, is_signed=signed is not None)
                continue
            if signed is None:
                signed = self._check(request, fields)
                left = int(fields["max_file_count"])
            if left <= 0:
                return 400, "max_file_count exceeded"
            left -= 1
            who = Caller(ctx=caller.ctx, signed=signed)
            if failure := self._store_file(who, signed.name, part, fields):
                return failure
        return (201, "") if signed else (400, "no files to process")

    def _store_file(
        self, caller: Caller, place: ObjectName, part: form.Part, fields: Mapping[str, str]
    ) -> tuple[int, str] | None:
        """Store one file; return the status and sentence of a failure."""
        name = ObjectName(
            place.account, place.container, place.name + (part.file_name or "filename")
        )
        limit = int(fields["max_file_size"])
        try:
            with (
                refusals.translated(),
                Writing(self._store, caller).incoming(name) as incoming,
            ):
                while data := part.read(contents.CHUNK_BYTES):
                    if incoming.size_bytes + len(data) > limit:
                        raise Refused(413, "max_file_size exceeded")
                    incoming.write(data)
                incoming.commit(_attributes(name, part, fields))
        except errors.NovaboxError as error:
            return error.status, str(error) or HTTPStatus(error.status).phrase
        return None

    def _check(self, request: Request, fields: Mapping[str, str]) -> Pass:
        """Return the pass that a form's fields are. Refuses a wrong or old signature: 401."""
        name = ObjectName(
            request.path["account"], request.path["container"], request.path.get("object", "")
        )
        for field in ("max_file_size", "max_file_count", "expires"):
            text = fields.get(field, "")
            if not (text.isascii() and text.isdigit() and len(text) < 20):
                raise Refused(400, f"FormPost: {field} not an integer")
        if int(fields["expires"]) < time.time():
            raise Refused(401, "FormPost: Form Expired")
        signature = signatures.Signature.read(fields.get("signature", ""))
        text = "\n".join((request.url_path, *(fields.get(field, "") for field in _SIGNED)))
        for key, scope in signatures.keys(self._store, name):
            if signature is not None and signature.is_by(key, text):
                return Pass(scope=scope, name=name, is_prefix=True, is_writing=True)
        raise Refused(401, "FormPost: Invalid Signature")


def is_form(request: Request) -> bool:
    """Return whether a POST brings a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "multipart/form-data"


def _note(fields: dict[str, str], part: form.Part, *, is_signed: bool) -> None:
    """Keep a field's value; what is signed counts only before the first file."""
    value = b""
    while data := part.read(_VALUE_BYTES_MAX + 1 - len(value)):
        value += data
        if len(value) > _VALUE_BYTES_MAX:
            raise form.Malformed(f"field {part.name} is too long")
    if len(fields) >= _FIELDS_MAX:
        raise form.Malformed("too many fields")
    if not (is_signed and part.name in _SIGNED):
        fields[part.name] = value.decode(errors="replace")


def _attributes(name: ObjectName, part: form.Part, fields: Mapping[str, str]) -> Attributes:
    said = {
        field.replace("_", "-"): fields[field]
        for field in ("x_delete_at", "x_delete_after")
        if field in fields
    }
    return headers.attributes({"content-type": part.content_type, **said}, name.name)


def _redirect(url: str, status: int, message: str) -> Reply:
    """Send the browser on, with what came of it in the query."""
    mark = "&" if "?" in url else "?"
    location = f"{quote(url, safe=_IN_URL)}{mark}status={status}&message={quote(message)}"
    return Reply(status=303, headers={"Location": location}, content_type=refusals.HTML)
