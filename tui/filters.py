"""The language of ``/``: words that must all hold for a row; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

SEPARATOR: Final = "\n"
"""Stands between the columns of all that a row says: no word of a filter has it."""

Fields = Mapping[str, str]
"""What a row says in each of its columns, by the column's lower-case name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter taken apart: words that stand in all a row says, and tests of its columns."""

    words: tuple[str, ...]
    tests: tuple[Callable[[Fields], bool], ...]

    def __call__(self, fields: Fields) -> bool:
        """Whether the row passes."""
        said = SEPARATOR.join(fields.values()).lower()
        return all(word in said for word in self.words) and self.tests_pass(fields)

    def tests_pass(self, fields: Fields) -> bool:
        """Whether the tests of columns, and what must not be there, pass."""
        return all(test(fields) for test in self.tests)


def parse(text: str) -> Filter:
    """Return a test for rows.

    ``word`` is found in any column, ``column:word`` in that one, ``!`` before either turns it
    round; a column that does not exist is found in nothing. Case does not count.
    """
    words = text.lower().split()
    plain = tuple(word for word in words if _is_plain(word))
    return Filter(words=plain, tests=tuple(_term(word) for word in words if not _is_plain(word)))


def _is_plain(word: str) -> bool:
    return not (word.startswith("!") and len(word) > 1) and word.find(":") < 1


def _term(word: str) -> Callable[[Fields], bool]:
    if word.startswith("!") and len(word) > 1:
        inner = _term(word[1:])
        return lambda fields: not inner(fields)
    column, colon, value = word.partition(":")
    if colon and column:
        return lambda fields: value in fields.get(column, "").lower()
    return lambda fields: any(word in text.lower() for text in fields.values())
