"""What the face refuses, and how Swift writes it.

Swift answers most refusals with one sentence a status, in HTML (common/swob.py,
RESPONSE_REASONS), and a broken constraint with its own sentence, in plain text.
"""

from __future__ import annotations

import contextlib
import html
import logging
from collections.abc import Iterator
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


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise what the store says as what Swift answers."""
    try:
        yield
    except stored.ObjectDamaged as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence is the store's
        raise Refused(404) from error
    except stored.NotFound as error:
        raise Refused(404) from error
    except (stored.ContainerNotEmpty, stored.AccountNotEmpty) as error:
        raise Refused(409) from error
    except stored.ObjectSealed as error:
        raise Refused(409, str(error)) from error
    except stored.StoreFull as error:
        log.error("%s", error)  # noqa: TRY400
        raise Refused(507) from error
    except stored.StoreError as error:
        log.exception("the store failed")
        raise Refused(503) from error
