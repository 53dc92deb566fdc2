"""Lists: rows → the views that the filters keep, a page at a time.

A filter looks into what is shown: `instance-state-name` is what stands at `State.Name` of a view.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from services.api.ec2 import filters, paging
from services.api.ec2.actions import Call
from services.api.ec2.paging import View

T = TypeVar("T", bound=paging.Row)


class _Entry(Generic[T]):
    """A row, and its view once somebody looks at it."""

    def __init__(self, row: T, make: Callable[[T], View]) -> None:
        self.id = row.id
        self.created_at = row.created_at
        self._row = row
        self._make = make

    @functools.cached_property
    def view(self) -> View:
        return self._make(self._row)


def listed(
    call: Call,
    rows: Iterable[T],
    view: Callable[[T], View],
    *,
    paths: Mapping[str, str],
    ids: str = "",
) -> tuple[list[View], str | None]:
    """The views that a call asks for, and the token of the next page if there is one.

    `paths`: a filter's name → where it looks in a view (`State.Name`). `ids` as in `paging.page`.
    Raises Refused.
    """
    entries = (_Entry(row, view) for row in rows)
    kept = filters.sift(entries, call.values.get("Filters"), _facts(paths), tags_of=_tags)
    return paging.page(call, kept, lambda entry: entry.view, ids=ids)


def _facts(paths: Mapping[str, str]) -> "filters.Facts[_Entry[T]]":
    return {name: functools.partial(_look, path.split(".")) for name, path in paths.items()}


def _look(path: Sequence[str], entry: _Entry[T]) -> Any:
    found = _at(entry.view, path)
    return found[0] if len(found) == 1 else tuple(str(each) for each in found)


def _at(value: Any, path: Sequence[str]) -> list[Any]:
    """What stands at the path; below a list, in each of its items."""
    if value is None:
        return []
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    return _at(value.get(path[0]), path[1:]) if path else [value]


def _tags(entry: _Entry[T]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entry.view.get("Tags", ())}
