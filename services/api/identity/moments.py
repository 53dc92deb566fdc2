"""Moments that a client wrote, as rows keep them."""

from datetime import datetime
from typing import Final

from appliance import errors

_FORMS: Final = (
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
)


def parsed(text: str, *, what: str) -> str:
    """The moment, in UTC, with its digits below the second. Raises BadRequest."""
    for form in _FORMS:
        try:
            return f"{datetime.strptime(text, form).isoformat(timespec='microseconds')}Z"  # noqa: DTZ007  # UTC
        except ValueError:
            continue
    raise errors.BadRequest(
        f"Invalid {what} {text[:50]!r}: it is like 2030-01-31T12:00:00.000000Z."
    )
