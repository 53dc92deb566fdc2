"""One text for equal texts: 100 000 instances have a handful of hosts, states and flavors.

Decoded one by one each would have its own; shared, a list of them takes half the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")
_FEW = 16  # a field with more different values among the first is not shared
_SAMPLE = 256


def share(items: Iterable[T]) -> list[T]:
    """Return the items with equal values of their fields made one, as they come."""
    shared: list[T] = []
    known: dict[Any, Any] = {}
    names: list[str] | None = None
    for item in items:
        shared.append(item)
        if names is None and len(shared) > _SAMPLE:
            names = _repeating(shared)
            for one in shared[:-1]:
                _replace(one, names, known)
        if names is not None:
            _replace(item, names, known)
    return shared


def _repeating(items: list[Any]) -> list[str]:
    """Return the fields that have few values, none of which Python shares by itself."""
    names = []
    for field in fields(items[0]):
        values = [getattr(item, field.name) for item in items]
        if not isinstance(values[0], bool | int | float | list | dict) and len(set(values)) <= _FEW:
            names.append(field.name)
    return names


def _replace(item: Any, names: list[str], known: dict[Any, Any]) -> None:
    for name in names:
        value = getattr(item, name)
        if value is not None and (one := known.setdefault(value, value)) is not value:
            object.__setattr__(item, name, one)  # equal and frozen: nobody can tell
