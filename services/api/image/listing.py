"""The query of a list of images: filters, order and page (Glance, api/v2/images.py)."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from appliance import errors
from appliance.db import images
from appliance.db.images import Condition, Query
from appliance.model.image import Visibility
from appliance.model.image_member import MemberStatus
from services.http.endpoint import Request

_FILTERS_MAX: Final = 200  # of a query; each is a condition of one statement, which has limits
_VALUES_MAX: Final = 1000  # after `in:`, of all filters
_PAGING: Final = frozenset(
    {"limit", "marker", "sort", "sort_key", "sort_dir", "tag", "member_status"}
)
# name in the API → column, of texts
_TEXTS: Final = {
    "id": "id", "name": "name", "status": "status", "owner": "project_id",
    "visibility": "visibility", "disk_format": "disk_format",
    "container_format": "container_format", "checksum": "checksum_md5",
    "os_hash_value": "checksum_sha512",
}  # fmt: skip
_LISTS: Final = frozenset({"id", "name", "status", "disk_format", "container_format"})
# name in the API → column and operator, of numbers
_NUMBERS: Final = {
    "size": ("size_bytes", "="), "size_min": ("size_bytes", ">="), "size_max": ("size_bytes", "<="),
    "min_disk": ("min_disk_gib", "="), "min_ram": ("min_memory_mib", "="),
}  # fmt: skip
_FLAGS: Final = {"protected": "is_protected", "os_hidden": "is_hidden"}
_TIMES: Final = ("created_at", "updated_at")
_OPERATORS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "neq": "!="}


def query(request: Request, *, page_max: int) -> Query:
    """What the request asks for. Raises BadRequest."""
    given = request.query
    conditions: list[Condition] = []
    properties: dict[str, str] = {}
    for name, value in given.items():
        if name in _PAGING:
            continue
        condition = _condition(name, value)
        if condition is not None:
            conditions.append(condition)
        elif not (name == "visibility" and value == "all"):
            properties[name] = value
    tags = tuple(value for name, value in request.pairs if name == "tag")
    _check_counts(conditions, len(tags) + len(properties))
    if "os_hidden" not in given:
        conditions.append(Condition(column="is_hidden", operator="=", values=(0,)))
    if given.get("visibility") == "all":
        conditions.append(Condition(column="visibility", operator="=", values=tuple(Visibility)))
    return Query(
        conditions=tuple(conditions),
        properties=properties,
        tags=tags,
        sort=_sort(request),
        marker=given.get("marker"),
        member_status=_member_status(given),
        limit=limit(request, page_max=page_max),
    )


def _check_counts(conditions: list[Condition], others: int) -> None:
    values = sum(len(condition.values) for condition in conditions)
    if others > _FILTERS_MAX or values > _VALUES_MAX:
        raise errors.BadRequest(
            f"A list is filtered by at most {_FILTERS_MAX} tags and properties, and {_VALUES_MAX} "
            "values of others."
        )


def limit(request: Request, *, page_max: int) -> int:
    """How many a page shows. Raises BadRequest."""
    return min(_number("limit", request.query.get("limit", str(page_max))), page_max)


def links(request: Request, plural: str, page: list[str], *, limit: int) -> dict[str, str]:
    """Where a list begins, and goes on if its page (of these ids) is full."""
    rest = [(name, value) for name, value in request.pairs if name != "marker"]
    found = {"first": _link(plural, rest), "schema": f"/v2/schemas/{plural}"}
    if page and len(page) == limit:
        found["next"] = _link(plural, [*rest, ("marker", page[-1])])
    return found


def _link(plural: str, pairs: list[tuple[str, str]]) -> str:
    return f"/v2/{plural}?{urlencode(pairs)}" if pairs else f"/v2/{plural}"


def _condition(name: str, value: str) -> Condition | None:
    """The condition that a filter is; None for an image's own property."""
    if name in _NUMBERS:
        column, operator = _NUMBERS[name]
        return Condition(column=column, operator=operator, values=(_number(name, value),))
    if name in _FLAGS:
        return Condition(column=_FLAGS[name], operator="=", values=(_flag(name, value),))
    if name in _TIMES:
        return _time(name, value)
    if name not in _TEXTS or (name == "visibility" and value == "all"):
        return None
    is_list = name in _LISTS and value.startswith("in:")
    values = _split(value.removeprefix("in:")) if is_list else (value,)
    if name == "visibility" and value not in set(Visibility):
        raise errors.BadRequest(f"Invalid visibility value: {value}")
    return Condition(column=_TEXTS[name], operator="=", values=values)


def _split(text: str) -> tuple[str, ...]:
    """Values between commas; one in double quotes may have commas of its own."""
    parts = text.split('"')
    if len(parts) % 2 == 0:
        raise errors.BadRequest(f"Invalid filter value {text}. The quote is not closed.")
    values: list[str] = []
    for place, part in enumerate(parts):
        values += [part] if place % 2 else [each for each in part.split(",") if each]
    return tuple(values)


def _time(name: str, value: str) -> Condition:
    word, _, moment = value.partition(":")
    operator = _OPERATORS.get(word)
    if operator is None:
        operator, moment = "=", value
    try:
        at = datetime.fromisoformat(moment)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # in UTC some are before the year 1
        raise errors.BadRequest(f"{name}: {moment!r} is no time in ISO 8601") from error
    seconds = at.strftime("%Y-%m-%dT%H:%M:%S")
    return Condition(column=name, operator=operator, values=(seconds,))


def _sort(request: Request) -> tuple[tuple[str, str], ...]:
    keys = [value for name, value in request.pairs if name == "sort_key"]
    ways = [value for name, value in request.pairs if name == "sort_dir"]
    if "sort" in request.query:
        if keys or ways:
            raise errors.BadRequest("Old and new sorting syntax cannot be combined")
        parts = [part.strip().partition(":") for part in request.query["sort"].split(",")]
        keys, ways = [part[0] for part in parts], [part[2] or "desc" for part in parts]
    keys = keys or ["created_at"]
    ways = ways if len(ways) > 1 else (ways or ["desc"]) * len(keys)
    if len(keys) != len(ways):
        raise errors.BadRequest("Number of sort dirs does not match the number of sort keys")
    for key, way in zip(keys, ways, strict=True):
        if key not in images.SORT_COLUMNS or way not in ("asc", "desc"):
            known = ", ".join(sorted(images.SORT_COLUMNS))
            raise errors.BadRequest(f"Invalid sort {key}:{way}. The keys are {known}.")
    return (*zip(keys, ways, strict=True), ("created_at", ways[-1]), ("id", ways[-1]))


def _member_status(given: dict[str, str]) -> str:
    status = given.get("member_status", "accepted")
    if status not in {*MemberStatus, "all"}:
        raise errors.BadRequest(f"Invalid status: {status[:50]}")
    return status


def _number(name: str, text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise errors.BadRequest(f"{name} param must be a number that is not negative, not {text!r}")
    return int(text)


def _flag(name: str, text: str) -> int:
    flags: dict[str, int] = {"true": 1, "1": 1, "false": 0, "0": 0}
    if text.lower() not in flags:
        raise errors.BadRequest(f"{name} is true or false, not {text!r}")
    return flags[text.lower()]
