"""What came of many objects at once, as text, JSON or XML (Swift, common/middleware/bulk.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from services.http.endpoint import Reply, Request
from services.object.refusals import Refused

_TYPES: Final = ("text/plain", "application/json", "application/xml", "text/xml")
ERRORS_MAX: Final = 1000  # Swift's max_failed_extractions, max_failed_deletes


@dataclass(slots=True, kw_only=True)
class Report:
    """Counts by their names in Swift, and what failed: a name and a status line each."""

    element: str  # of the XML
    counts: dict[str, int]
    errors: list[tuple[str, str]] = field(default_factory=list)
    status: str = ""  # of the whole, when it ended early
    body: str = ""

    def fail(self, name: str, status: str) -> None:
        """Note a failure."""
        self.errors.append((quote(name, safe="/", errors="replace"), status))

    @property
    def is_hopeless(self) -> bool:
        """Whether so much failed that it is not worth going on."""
        return len(self.errors) >= ERRORS_MAX


def form(request: Request) -> str:
    """Return the media type a client reads. Refuses one that we do not write: 406."""
    accepted = [
        one.partition(";")[0].strip() for one in request.headers.get("accept", "").split(",")
    ]
    for one in accepted:
        if one in _TYPES:
            return one
        if one in ("", "*/*", "text/*"):
            return _TYPES[0]
        if one == "application/*":
            return _TYPES[1]
    raise Refused(406)


def reply(report: Report, media_type: str, *, success: str) -> Reply:
    """Write a report; `success` is the status line of the whole when nothing failed."""
    status = report.status or ("400 Bad Request" if report.errors else success)
    said: dict[str, object] = {
        **report.counts, "Response Status": status, "Response Body": report.body,
    }  # fmt: skip
    if media_type == "application/json":
        text = json.dumps({**said, "Errors": [list(error) for error in report.errors]})
    elif media_type.endswith("xml"):
        text = _xml(report, said)
    else:
        lines = [f"{key}: {said[key]}" for key in sorted(said)]
        lines += ["Errors:", *(", ".join(error) for error in report.errors)]
        text = "\n".join(lines) + "\n"
    return Reply(body=text.encode(), content_type=f"{media_type}; charset=utf-8")


def _xml(report: Report, said: dict[str, object]) -> str:
    values = "".join(
        f"<{tag}>{escape(str(said[key]))}</{tag}>\n"
        for key in sorted(said)
        for tag in [key.replace(" ", "_").lower()]
    )
    errors = "".join(
        f"<object><name>{escape(name)}</name><status>{escape(status)}</status></object>\n"
        for name, status in report.errors
    )
    return f"<{report.element}>\n{values}<errors>\n{errors}</errors>\n</{report.element}>\n"
