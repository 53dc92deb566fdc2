"""Neutron's lists: filters by any field, `fields`, `sort_key`, `limit` and `marker`, on views."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from appliance import errors
from services.http.endpoint import Request

Json = dict[str, Any]

_CONTROLS: Final = frozenset(
    {"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "all_projects"}
)


def page(request: Request, name: str, views: Sequence[Json], *, page_max: int) -> Json:
    """What the query asks of `views`, under `name`, with a link to the next page.

    Raises BadRequest for a filter that is no field, and for a limit or marker that is none.
    """
    kept = _sorted(request, [view for view in views if _is_wanted(request, view)])
    asked = _limit(request, page_max)
    kept = _after(request, kept)
    shown = kept[:asked]
    answer: Json = {name: [shape(request, view) for view in shown]}
    if len(kept) > len(shown) and shown:
        answer[f"{name}_links"] = [{"rel": "next", "href": _next(request, asked, shown[-1]["id"])}]
    return answer


def shape(request: Request, view: Json) -> Json:
    """Only the fields that `fields=` names; all when it names none."""
    fields = [value for name, value in request.pairs if name == "fields"]
    return {name: view[name] for name in fields if name in view} if fields else view


def _is_wanted(request: Request, view: Json) -> bool:
    """Whether for every field that is filtered by, one of the values asked for is the view's."""
    wanted: dict[str, list[str]] = {}
    for name, value in request.pairs:
        if name not in _CONTROLS:
            wanted.setdefault(name, []).append(value)
    unknown = sorted(set(wanted) - set(view))
    if unknown:
        raise errors.BadRequest(f"{unknown} is invalid attribute for filtering")
    return all(
        any(_is_equal(view[name], value) for value in values) for name, values in wanted.items()
    )


def _is_equal(have: Any, text: str) -> bool:
    if isinstance(have, bool):
        return text.lower() in (("true", "1") if have else ("false", "0"))
    if have is None:
        return text == ""
    if isinstance(have, list):
        return any(_is_equal(item, text) for item in have)
    if isinstance(have, dict):  # `fixed_ips=ip_address=10.0.0.5`
        name, _, value = text.partition("=")
        return str(have.get(name)) == value
    return str(have) == text


def _sorted(request: Request, views: list[Json]) -> list[Json]:
    keys = [value for name, value in request.pairs if name == "sort_key"]
    ways = [value for name, value in request.pairs if name == "sort_dir"]
    for index in reversed(range(len(keys))):
        is_down = index < len(ways) and ways[index] == "desc"
        views = sorted(views, key=lambda view: str(view.get(keys[index], "")), reverse=is_down)
    return views


def _limit(request: Request, page_max: int) -> int:
    text = request.query.get("limit", str(page_max))
    if not (text.isascii() and text.isdecimal()):
        raise errors.BadRequest(f"Limit must be an integer 0 or greater and not '{text}'")
    return min(int(text) or page_max, page_max)


def _after(request: Request, views: list[Json]) -> list[Json]:
    marker = request.query.get("marker")
    if marker is None:
        return views
    ids = [view["id"] for view in views]
    if marker not in ids:
        raise errors.BadRequest(f"Invalid marker: {marker} is not in this list")
    return views[ids.index(marker) + 1 :]


def _next(request: Request, asked: int, marker: str) -> str:
    kept = [pair for pair in request.pairs if pair[0] not in ("limit", "marker")]
    query = urlencode([*kept, ("limit", asked), ("marker", marker)])
    return f"{request.origin}{request.url_path}?{query}"
