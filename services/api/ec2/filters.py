"""EC2's filters: all of them must hold, any value of one is enough, `*` and `?` stand for text."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from services.api.ec2 import document, refusals

T = TypeVar("T")

# what a filter looks at: text, a number, a boolean, None for nothing, or several of them
Fact = str | int | bool | datetime | None | Sequence[str] | Sequence[int]
Facts = Mapping[str, Callable[[T], Fact]]
TagsOf = Callable[[T], Mapping[str, str]]


def sift(
    items: Iterable[T],
    asked: Sequence[Mapping[str, Any]] | None,
    facts: "Facts[T]",
    *,
    tags_of: TagsOf[T] | None = None,
) -> list[T]:
    """The items that every filter keeps. `asked` is a call's `Filters`.

    `tags_of` gives `tag:KEY`, `tag-key` and `tag-value`. Raises Refused for an unknown filter.
    """
    tests = [_test(each, facts, tags_of) for each in asked or ()]
    return [item for item in items if all(test(item) for test in tests)]


def _test(
    asked: Mapping[str, Any], facts: "Facts[T]", tags_of: TagsOf[T] | None
) -> Callable[[T], bool]:
    name = asked.get("Name", "")
    look = _look(name, facts, tags_of)
    if look is None:
        raise refusals.Refused("InvalidParameterValue", f"The filter '{name}' is invalid")
    wanted = [_pattern(value) for value in asked.get("Values", ())]

    def test(item: T) -> bool:
        found = _texts(look(item))
        return any(pattern.fullmatch(text) for pattern in wanted for text in found)

    return test


def _look(name: str, facts: "Facts[T]", tags_of: TagsOf[T] | None) -> Callable[[T], Fact] | None:
    if tags_of is None or not name.startswith("tag"):
        return facts.get(name)
    if name == "tag-key":
        return lambda item: tuple(tags_of(item))
    if name == "tag-value":
        return lambda item: tuple(tags_of(item).values())
    key = name.removeprefix("tag:")
    return None if key in ("", name) else lambda item: tags_of(item).get(key)


def _pattern(value: str) -> re.Pattern[str]:
    """`*` is any text, `?` any character; a backslash before one makes it itself.

    What stands between two stars is looked for once, and never again further on: without that, a
    value of many stars takes for ever to be found wrong.
    """
    pieces = [""]
    for part in re.findall(r"\\[*?\\]|.", value, flags=re.DOTALL):
        if part == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if part == "?" else re.escape(part[-1])
    first, *between = pieces
    last = f".*{between.pop()}" if between else ""
    middle = "".join(f"(?>.*?{piece})" for piece in between if piece)
    return re.compile(f"{first}{middle}{last}", flags=re.DOTALL)


def _texts(fact: Fact) -> tuple[str, ...]:
    match fact:
        case None:
            return ()
        case bool():
            return ("true" if fact else "false",)
        case datetime():
            return (document.moment(fact),)
        case str() | int():
            return (str(fact),)
        case _:
            return tuple(str(each) for each in fact)
