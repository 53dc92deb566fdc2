"""Nova's `name=` filter, a regular expression, kept to what takes linear time to match.

A stranger's pattern given to `re` can hold the whole process for hours. Read are the anchors `^`
and `$`, `.*`, and escaped characters; a dot is a dot, and all other operators are refused.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from appliance import errors

_ESCAPED: Final = re.compile(r"\\(.)")
_OPERATOR: Final = re.compile(r"(?<!\\)[\[\](){}*+?|]")


def matcher(text: str) -> Callable[[str], bool]:
    """Whether a name matches. Raises BadRequest for an expression that is not understood."""
    is_from_start = text.startswith("^")
    is_to_end = text.endswith("$") and not text.endswith("\\$")
    pieces = text[is_from_start : len(text) - is_to_end].split(".*")
    if any(_OPERATOR.search(piece) for piece in pieces):
        raise errors.BadRequest(
            f"Invalid input for query parameters name. Value: {text}. Of regular expressions, "
            f"'^', '$', '.*' and '\\' are understood."
        )
    # an end that is open is as good as `.*` and nothing there
    first = [] if is_from_start else [""]
    last = [] if is_to_end else [""]
    literals = [*first, *(_ESCAPED.sub(r"\1", piece) for piece in pieces), *last]
    return lambda name: _matches(name, literals)


def _matches(name: str, literals: Sequence[str]) -> bool:
    """Whether `name` is the literals in their order, with anything between them."""
    first, *middle = literals
    if not middle:
        return name == first
    *middle, last = middle
    at = len(first)
    for literal in middle:
        found = name.find(literal, at)
        if found < 0:
            return False
        at = found + len(literal)
    return name.startswith(first) and name.endswith(last) and len(name) - len(last) >= at
