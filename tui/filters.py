"""The language of ``/``: words that must all hold for a row; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Fields = Mapping[str, str]
"""What a row says in each of its columns, by the column's lower-case name."""


def parse(text: str) -> Callable[[Fields], bool]:
    """Return a test for rows.

    ``word`` is found in any column, ``column:word`` in that one, ``!`` before either turns it
    round; a column that does not exist is found in nothing. Case does not count.
    """
    terms = [_term(word) for word in text.lower().split()]
    return lambda fields: all(term(fields) for term in terms)


def _term(word: str) -> Callable[[Fields], bool]:
    if word.startswith("!") and len(word) > 1:
        inner = _term(word[1:])
        return lambda fields: not inner(fields)
    column, colon, value = word.partition(":")
    if colon and column:
        return lambda fields: value in fields.get(column, "").lower()
    return lambda fields: any(word in text.lower() for text in fields.values())
