"""How each API writes an error. A formatter turns a Fault into a content type and a body.

It refuses to know what went wrong: status and text were decided where the error was raised.
"""

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from appliance import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One answer that says no. `kind` is the error's own name; `accept` what the client reads."""

    status: int
    message: str
    kind: str = ""
    accept: str = ""
    is_coded: bool = False  # whether `kind` is a code of the API's own

    @property
    def title(self) -> str:
        """The status in words: `Not Found`."""
        return HTTPStatus(self.status).phrase


class Coded(errors.NovaboxError):
    """A refusal with a code of its API's own (EC2's, S3's), for that API's formatter."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


Formatter = Callable[[Fault], tuple[str, bytes]]  # a content type and a body

_JSON: Final = "application/json"
_MESSAGE_CHARS_MAX: Final = 2000  # what a client sent is repeated to it, and traced, to here
_NOVA_NAMES: Final = {
    400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound",
    405: "badMethod", 409: "conflictingRequest", 413: "overLimit", 415: "badMediaType",
    429: "overLimit", 501: "notImplemented", 503: "serviceUnavailable",
}  # fmt: skip


def of(error: errors.NovaboxError, *, accept: str = "") -> Fault:
    """The fault that answers `error`."""
    message = str(error)
    if len(message) > _MESSAGE_CHARS_MAX:
        message = f"{message[:_MESSAGE_CHARS_MAX]}…"
    return Fault(
        status=error.status, message=message, kind=_kind(error), accept=accept,
        is_coded=isinstance(error, Coded),
    )  # fmt: skip


def keystone(fault: Fault) -> tuple[str, bytes]:
    """Identity v3 (Keystone, server/flask/application.py)."""
    error = {"code": fault.status, "message": fault.message, "title": fault.title}
    return _JSON, _json({"error": error})


def nova(fault: Fault) -> tuple[str, bytes]:
    """Compute v2.1 (Nova, api/openstack/wsgi.py, Fault)."""
    name = _NOVA_NAMES.get(fault.status, "computeFault")
    return _JSON, _json({name: {"code": fault.status, "message": fault.message}})


def cinder(fault: Fault) -> tuple[str, bytes]:
    """Block Storage v3 (Cinder, api/openstack/wsgi.py, Fault): Nova's form, and when to retry."""
    name = _NOVA_NAMES.get(fault.status, "computeFault")
    body: dict[str, object] = {"code": fault.status, "message": fault.message}
    if fault.status == 413:
        body["retryAfter"] = "0"
    return _JSON, _json({name: body})


def neutron(fault: Fault) -> tuple[str, bytes]:
    """Networking v2.0 (neutron-lib, api/faults.py)."""
    kind = fault.kind or f"HTTP{fault.title.replace(' ', '')}"
    return _JSON, _json({"NeutronError": {"type": kind, "message": fault.message, "detail": ""}})


def glance(fault: Fault) -> tuple[str, bytes]:
    """Image v2, as WebOb writes it: HTML, or JSON for those who ask for nothing else."""
    if "json" in fault.accept and "html" not in fault.accept and "*/*" not in fault.accept:
        code = f"{fault.status} {fault.title}"
        return _JSON, _json({"message": fault.message, "code": code, "title": fault.title})
    title = f"{fault.status} {fault.title}"
    text = (
        f"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n"
        f"  {html.escape(fault.message)}<br /><br />\n\n\n\n </body>\n</html>"
    )
    return "text/html; charset=UTF-8", text.encode()


def swift(fault: Fault) -> tuple[str, bytes]:
    """Object store v1 (Swift, common/swob.py)."""
    text = f"<html><h1>{fault.title}</h1><p>{html.escape(fault.message)}</p></html>"
    return "text/html; charset=UTF-8", text.encode()


def novabox(fault: Fault) -> tuple[str, bytes]:
    """novabox's own API, and every path that belongs to no API."""
    error = {"code": fault.status, "type": fault.kind, "message": fault.message}
    return _JSON, _json({"error": error})


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _kind(error: errors.NovaboxError) -> str:
    """A code of the API's own, `NetworkNotFound` for a missing network, or the class's name."""
    if isinstance(error, Coded):
        return error.code
    if isinstance(error, errors.NotFound):
        return "".join(word.capitalize() for word in error.noun.split()) + "NotFound"
    return type(error).__name__
