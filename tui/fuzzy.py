"""How well letters fit a name that has them in this order.

Scored as Textual's own palette does. Its search tries every way in which the letters may fit, which
for a long name of few letters takes years; this one tries one way from each word's beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.fuzzy import FuzzySearch

_SEARCH: Final = FuzzySearch()


def match(wanted: str, name: str) -> float:
    """Return how well, the more the better; 0 if the letters are not there in this order."""
    wanted, name = wanted.lower(), name.lower()
    if wanted in name:
        score: float = _SEARCH.match(wanted, name)[0]
        return score
    ways = (_places(wanted, name, start) for start in {0, *_SEARCH.get_first_letters(name)})
    return max((_SEARCH.score(name, places) for places in ways if places), default=0.0)


def _places(wanted: str, name: str, start: int) -> Sequence[int]:
    """Return the first place of each letter after the one before; none if one is missing."""
    found: list[int] = []
    for letter in wanted:
        start = name.find(letter, start) + 1
        if not start:
            return ()
        found.append(start - 1)
    return found
