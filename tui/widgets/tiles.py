"""A row of boxes as wide as what each takes, and a chart of columns; pure, in terminal cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tui.glyphs import Glyphs
from tui.widgets.spans import Span, fit

_NAMED_FROM: Final = 5  # cells: brackets and three letters; narrower boxes have no name


def row(
    parts: Sequence[tuple[str, float, str]], total: float, *, width: int, glyphs: Glyphs
) -> list[Span]:
    """Return one box for each ``(name, amount, style)``, and the free rest, in ``width`` cells.

    Every box is at least one cell; the last ones give way where there are too many.
    """
    ends, sum_before = [], 0.0
    for _, amount, _ in parts:
        sum_before += amount
        ends.append(sum_before)
    whole = max(total, sum_before, 1e-9)
    spans: list[Span] = []
    at = 0
    for (name, _, style), end in zip(parts, ends, strict=True):
        until = min(max(round(end / whole * width), at + 1), width)
        if until <= at:
            break
        spans.append((_box(name, until - at, glyphs), style))
        at = until
    return [*spans, (glyphs.bar_empty * (width - at), "dim")] if at < width else spans


def _box(name: str, width: int, glyphs: Glyphs) -> str:
    if width < _NAMED_FROM:
        return glyphs.bar_full * (width - 1) + "|" if width > 1 else glyphs.bar_full
    return f"[{fit(name, width - 2, ellipsis=glyphs.ellipsis)}]"


def chart(values: Sequence[float | None], top: float, *, height: int, glyphs: Glyphs) -> list[str]:
    """Return rows of a chart, the highest first: a column a value, blank where there is none."""
    rows = []
    for level in range(height, 0, -1):
        floor, middle = (level - 1) / height * top, (level - 0.5) / height * top
        rows.append("".join(_cell(value, floor, middle, glyphs) for value in values))
    return rows


def _cell(value: float | None, floor: float, middle: float, glyphs: Glyphs) -> str:
    if value is None or value <= floor:
        return " "
    return glyphs.bar_full if value >= middle else glyphs.busy


def buckets(
    samples: Sequence[tuple[float, float]], *, start_s: float, end_s: float, count: int
) -> list[float | None]:
    """Return the highest value of each of ``count`` equal spans of time; None: nothing was seen.

    Samples are in order. A gap after one is filled with it: it was so until somebody looked again.
    """
    before: float | None = None
    found: list[float | None] = [None] * count
    span_s = (end_s - start_s) / max(count, 1)
    for at_s, value in samples:
        index = math.floor((at_s - start_s) / span_s) if span_s > 0 else 0
        if index < 0:
            before = value
        elif index < count:
            known = found[index]
            found[index] = value if known is None else max(known, value)
    for index in range(count):
        before = found[index] = before if found[index] is None else found[index]
    return found
