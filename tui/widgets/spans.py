"""Lines of text with named styles, cut and padded by terminal cells; knows no colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size

from tui.plain import clean as clean  # for those who draw

Span: TypeAlias = tuple[str, str]
"""A text and the name of its style: a meaning of ``tui.glyphs``, head, dim, title, or nothing."""

STYLES: Final = (
    "good", "busy", "off", "attention", "failed", "unknown",
    "head", "dim", "title", "cursor", "key", "found",
)  # fmt: skip


def fit(text: str, width: int, *, ellipsis: str, right: bool = False) -> str:
    """Return ``text`` in exactly ``width`` cells, its end cut off or spaces added."""
    text = clean(text)
    length = cell_len(text)
    if length > width:
        cut = max(0, width - cell_len(ellipsis))
        return set_cell_size(set_cell_size(text, cut) + ellipsis, width)
    space = " " * (width - length)
    return space + text if right else text + space


def width_of(spans: Iterable[Span]) -> int:
    """Return the cells that ``spans`` take."""
    return sum(cell_len(text) for text, _ in spans)


def crop(spans: Iterable[Span], width: int) -> list[Span]:
    """Return ``spans`` in exactly ``width`` cells."""
    result: list[Span] = []
    for text, style in spans:
        room = width - width_of(result)
        if room <= 0:
            break
        result.append((text if cell_len(text) <= room else set_cell_size(text, room), style))
    return [*result, (" " * (width - width_of(result)), "")]
