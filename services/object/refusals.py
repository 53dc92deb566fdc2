"""What the face refuses, and how Swift writes it.

Swift answers most refusals with one sentence a status, in HTML (common/swob.py,
RESPONSE_REASONS), and a broken constraint with its own sentence, in plain text.
"""

from __future__ import annotations

import html
import logging
from types import TracebackType
from typing import Final

from appliance import errors
from services.http import faults
from storage.objects import errors as stored

PLAIN: Final = "Refused"
HTML: Final = "text/html; charset=UTF-8"
_REASONS: Final = {
    400: (
        "Bad Request",
        "The server could not comply with the request since it is either malformed or otherwise"
        " incorrect.",
    ),
    401: (
        "Unauthorized",
        "This server could not verify that you are authorized to access the document you"
        " requested.",
    ),
    403: ("Forbidden", "Access was denied to this resource."),
    404: ("Not Found", "The resource could not be found."),
    405: ("Method Not Allowed", "The method is not allowed for this resource."),
    406: (
        "Not Acceptable",
        "The resource is not available in a format acceptable to your browser.",
    ),
    408: ("Request Timeout", "The server has waited too long for the request to be sent."),
    409: ("Conflict", "There was a conflict when trying to complete your request."),
    411: ("Length Required", "Content-Length header required."),
    412: ("Precondition Failed", "A precondition for this request was not met."),
    413: (
        "Request Entity Too Large",
        "The body of your request was too large for this server.",
    ),
    416: ("Requested Range Not Satisfiable", "The Range requested is not available."),
    422: ("Unprocessable Entity", "Unable to process the contained instructions"),
    499: ("Client Disconnect", "The client was disconnected during request."),
    500: (
        "Internal Error",
        "The server has either erred or is incapable of performing the requested operation.",
    ),
    503: (
        "Service Unavailable",
        "The server is currently unavailable. Please try again at a later time.",
    ),
    507: ("Insufficient Storage", "There was not enough space to save the resource."),
}

log = logging.getLogger(__name__)


class Refused(errors.NovaboxError):
    """A request that Swift refuses with this status; `text` is the plain body, if it has one."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


class Unexplained(Refused):
    """One whose reason the trace is told, and the client is not: it may name what is private."""


def write(fault: faults.Fault) -> tuple[str, bytes]:
    """Write a refusal as Swift does: the face's formatter."""
    if fault.kind == PLAIN and fault.message:
        return "text/plain; charset=UTF-8", fault.message.encode()
    return HTML, page(fault.status)


def page(status: int) -> bytes:
    """Return Swift's HTML body of a status."""
    title, text = _REASONS.get(status, _REASONS[500])
    return f"<html><h1>{title}</h1><p>{html.escape(text)}</p></html>".encode()


class translated:  # noqa: N801 - it reads as what it does
    """Raise what the store says as what Swift answers."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing is known yet."""

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Raise it as Swift's, if it was the store's."""
        if isinstance(error, stored.StoreError):
            raise _refusal(error) from error


def _refusal(error: stored.StoreError) -> Refused:
    match error:
        case stored.ObjectDamaged():
            log.error("%s", error)
            return Refused(404)
        case stored.NotFound():
            return Refused(404)
        case stored.ContainerNotEmpty() | stored.AccountNotEmpty():
            return Refused(409)
        case stored.ObjectSealed():
            return Refused(409, str(error))
        case stored.StoreFull():
            log.error("%s", error)
            return Refused(507)
        case _:
            log.error("the store failed", exc_info=error)
            return Refused(503)
