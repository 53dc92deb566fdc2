"""Text that users typed, made harmless for a terminal; imports no library, as commands must not."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """Return ``text`` with control and direction characters as spaces: names come from users."""
    return _CONTROL.sub(" ", text)
