"""Cinder's lists: filters, order, `limit`, `marker`, `offset` and `with_count`, on rows.

Which fields a list has is for its own face to say.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

from appliance import errors
from services.http import values
from services.http.endpoint import Request

Json = dict[str, Any]

ROWS_MAX: Final = 100_000  # that one list is chosen from: a cloud of one machine has fewer
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


class Row(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id, which is what a marker names."""
        ...


R = TypeVar("R", bound=Row)
Columns = Mapping[str, Callable[[R], Any]]  # name in the API → how it is read


def is_for_all(request: Request) -> bool:
    """Whether all projects are asked for, by who may ask that; of others it is not read."""
    return request.ctx.is_admin and flag(request, "all_tenants")


def keep(
    request: Request, columns: Columns[R], *, metadata: Callable[[R], Mapping[str, str]]
) -> Callable[[R], bool]:
    """What the query keeps; a filter that is none of `columns` is not read, as Cinder does.

    Raises BadRequest for a filter of metadata that is no dictionary.
    """
    exact = [(columns[name], text) for name, text in request.query.items() if name in columns]
    pairs = _pairs(request.query.get("metadata", "{}"))

    def is_kept(row: R) -> bool:
        if any(str(read(row)) != text for read, text in exact):
            return False
        return not pairs or pairs.items() <= dict(metadata(row)).items()

    return is_kept


def page(
    request: Request,
    name: str,
    rows: Sequence[R],
    columns: Columns[R],
    *,
    view: Callable[[R], Json],
    page_max: int,
) -> Json:
    """The page of `rows` that the query asks for, under `name`, with a link to the next.

    Raises BadRequest for a limit, an order or a marker that is none.
    """
    asked = min(number(request, "limit", default=page_max), page_max)
    rest = _after(request, _sorted(request, rows, columns))
    shown = rest[:asked]
    answer: Json = {name: [view(row) for row in shown]}
    if shown and len(rest) > len(shown):
        answer[f"{name}_links"] = [{"rel": "next", "href": _next(request, shown[-1].id)}]
    if flag(request, "with_count"):
        answer["count"] = len(rows)
    return answer


def flag(request: Request, name: str) -> bool:
    """A boolean of the query. Raises BadRequest for what is none."""
    return values.flag(name, request.query.get(name, "false"))


def number(request: Request, name: str, *, default: int) -> int:
    """A number of the query. Raises BadRequest for what is none."""
    text = request.query.get(name, str(default))
    if not _NUMBER.fullmatch(text):
        raise errors.BadRequest(f"{name} param must be an integer, not '{text}'")
    return int(text)


def _pairs(text: str) -> dict[str, str]:
    """`{'key': 'value'}`: a literal of Python's, as Cinder reads it and its clients write it."""
    try:
        pairs = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise errors.BadRequest(f"Invalid filter: metadata={text}") from error
    if not isinstance(pairs, dict):
        raise errors.BadRequest(f"Invalid filter: metadata={text}")
    return {str(key): str(value) for key, value in pairs.items()}


def _sorted(request: Request, rows: Sequence[R], columns: Columns[R]) -> list[R]:
    found = list(rows)
    for key, way in reversed(_order(request.query)):
        if key not in columns or way not in ("asc", "desc"):
            raise errors.BadRequest(f"Invalid input received: cannot sort by {key}:{way}.")
        found = _by(found, columns[key], is_down=way == "desc")
    return found


def _by(rows: list[R], read: Callable[[R], Any], *, is_down: bool) -> list[R]:
    return sorted(rows, key=lambda row: read(row) or "", reverse=is_down)


def _order(query: Mapping[str, str]) -> list[tuple[str, str]]:
    """`sort=name:asc,size`, or the older pair; the newest first when nothing is said."""
    if "sort" not in query:
        return [(query.get("sort_key", "created_at"), query.get("sort_dir", "desc"))]
    if "sort_key" in query or "sort_dir" in query:
        raise errors.BadRequest(
            "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the "
            "'sort' parameter."
        )
    parts = [part.strip().partition(":") for part in query["sort"].split(",")]
    return [(key, way or "desc") for key, _, way in parts]


def _after(request: Request, rows: list[R]) -> list[R]:
    marker = request.query.get("marker")
    if marker is not None:
        keys = [row.id for row in rows]
        if marker not in keys:
            raise errors.BadRequest(f"marker [{marker}] not found")
        rows = rows[keys.index(marker) + 1 :]
    return rows[number(request, "offset", default=0) :]


def _next(request: Request, marker: str) -> str:
    kept = [pair for pair in request.pairs if pair[0] not in ("marker", "offset")]
    return f"{request.origin}{request.url_path}?{urlencode([*kept, ('marker', marker)])}"
