"""`limit` and `marker` of the Compute API: how they are read, and the link to the next page."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from appliance import errors
from services.http.endpoint import Request


def limit(request: Request, *, page_max: int) -> int:
    """How many entries the answer may hold. Raises BadRequest for what is no such number."""
    text = request.query.get("limit")
    if text is None:
        return page_max
    if not (text.isascii() and text.isdecimal()):
        raise errors.BadRequest(
            f"Invalid input for query parameters limit. Value: {text}. "
            f"'{text}' does not match '^[0-9]*$'"
        )
    return min(int(text), page_max)


def with_next(
    request: Request, name: str, entries: Sequence[Any], *, asked: int, marker: str
) -> dict[str, Any]:
    """The list under its name, with a link to what follows `marker` when the page is full."""
    answer: dict[str, Any] = {name: entries}
    if asked and len(entries) >= asked and marker:
        kept = [pair for pair in request.pairs if pair[0] not in ("marker", "limit")]
        query = urlencode([*kept, ("limit", asked), ("marker", marker)])
        href = f"{request.origin}{request.url_path}?{query}"
        answer[f"{name}_links"] = [{"rel": "next", "href": href}]
    return answer
